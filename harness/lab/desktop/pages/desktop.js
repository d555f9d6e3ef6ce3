import { computer, folder, picture, recycleBin, flag, searchGlass, smallPower } from './art.js';
import { drawing, h } from './dom.js';

/** What a user sees once signed in: enough of it to recognise it, and the account's name. */
export const desktop = (look, user) => (look.theme === 'win7' ? aero(look, user) : startScreen(look, user));

const time = (culture) => new Date().toLocaleTimeString(culture, { hour: 'numeric', minute: '2-digit' });

const aero = ({ culture, captions }, user) =>
  h(
    'div',
    { class: 'aero' },
    drawing(flag, 'big-flag'),
    h(
      'div',
      { class: 'icons' },
      ...[
        [recycleBin, captions.desktop.recycleBin],
        [folder, user.displayName],
        [computer, captions.desktop.computer],
      ].map(([icon, label]) => h('figure', {}, drawing(icon), h('figcaption', {}, label))),
    ),
    h('footer', { class: 'taskbar' }, drawing(flag, 'orb'), h('span', { class: 'clock' }, time(culture))),
  );

/** The tiles of a new account, by group: keys of `apps` in the captions, sizes (w: wide), colours. */
const TILES = [
  [
    ['mail', 'w', '#0a7a8f'],
    ['calendar', 'w', '#5133ab'],
    ['Internet Explorer', '', '#2673ec'],
    ['store', '', '#008a00'],
    ['desktop', 'w', '#1e4f8f'],
  ],
  [
    ['photos', 'w', '#b01e5f'],
    ['weather', 'w', '#1b6ac9'],
    ['maps', '', '#7a3ba8'],
    ['camera', '', '#a8450f'],
    ['help', 'w', '#c4380d'],
  ],
];

const startScreen = ({ theme, captions }, user) =>
  h(
    'div',
    { class: 'start' },
    h('h1', {}, captions.desktop.start),
    h(
      'p',
      { class: 'account' },
      user.displayName,
      drawing(picture(theme, user.index), 'picture'),
      ...(theme === 'win81' ? [drawing(smallPower, 'tool'), drawing(searchGlass, 'tool')] : []),
    ),
    h(
      'div',
      { class: 'groups' },
      ...TILES.map((group) =>
        h(
          'div',
          { class: 'group' },
          ...group.map(([name, size, color]) => {
            const tile = h(
              'div',
              { class: size === 'w' ? 'app wide' : 'app' },
              captions.desktop.apps[name] ?? name,
            );
            tile.style.background = color;
            return tile;
          }),
        ),
      ),
    ),
  );
