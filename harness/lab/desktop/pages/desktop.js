import { computer, folder, picture, recycleBin, flag, searchGlass, smallPower } from './art.js';
import { drawing, h } from './dom.js';

/** What a user sees once signed in: enough of it to recognise it, and the account's name. */
export const desktop = (theme, user) => (theme === 'win7' ? aero(user) : startScreen(theme, user));

const time = () => new Date().toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' });

const aero = (user) =>
  h(
    'div',
    { class: 'aero' },
    drawing(flag, 'big-flag'),
    h(
      'div',
      { class: 'icons' },
      ...[
        [recycleBin, 'Recycle Bin'],
        [folder, user.displayName],
        [computer, 'Computer'],
      ].map(([icon, label]) => h('figure', {}, drawing(icon), h('figcaption', {}, label))),
    ),
    h('footer', { class: 'taskbar' }, drawing(flag, 'orb'), h('span', { class: 'clock' }, time())),
  );

/** Names and sizes (w: wide) of the tiles of a new account, by group. */
const TILES = [
  [
    ['Mail', 'w', '#0a7a8f'],
    ['Calendar', 'w', '#5133ab'],
    ['Internet Explorer', '', '#2673ec'],
    ['Store', '', '#008a00'],
    ['Desktop', 'w', '#1e4f8f'],
  ],
  [
    ['Photos', 'w', '#b01e5f'],
    ['Weather', 'w', '#1b6ac9'],
    ['Maps', '', '#7a3ba8'],
    ['Camera', '', '#a8450f'],
    ['Help and Tips', 'w', '#c4380d'],
  ],
];

const startScreen = (theme, user) =>
  h(
    'div',
    { class: 'start' },
    h('h1', {}, 'Start'),
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
            const tile = h('div', { class: size === 'w' ? 'app wide' : 'app' }, name);
            tile.style.background = color;
            return tile;
          }),
        ),
      ),
    ),
  );
