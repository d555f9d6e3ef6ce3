import { arrow, backArrow, easeOfAccess, errorIcon, flag, picture, power } from './art.js';
import { desktop } from './desktop.js';
import { drawing, h, sleep } from './dom.js';
import { resetDialog } from './reset-dialog.js';
import { busy } from './scenes.js';

/** How long the greeting and the signed-in desktop stay, in milliseconds. */
const WELCOME_MS = 2500;
const DESKTOP_MS = 6000;

/**
 * The logon screen: choose a user, type the password or click the link, be greeted or told what is wrong.
 * Each view replaces the one before it.
 */
export function logon(look, wire) {
  const { theme, facts } = look;
  const say = look.captions.logon;
  const view = h('section', { class: 'view' });
  const screen = h('main', { class: 'logon' }, view, ...furniture(theme, say, wire));
  const tiles = tilesOf(facts);

  const show = (...content) => {
    view.replaceChildren(...content);
    view.querySelector('[data-focus]')?.focus();
  };

  const choose = () => {
    const buttons = tiles.map((tile) =>
      h(
        'button',
        { class: 'tile', onclick: () => enter(tile) },
        portrait(theme, tile),
        h('span', { class: 'name' }, tile.displayName),
      ),
    );
    show(h('div', { class: 'tiles' }, ...buttons));
  };

  const enter = (tile) => {
    const password = h('input', {
      type: 'password',
      class: 'password',
      placeholder: say.password,
      autocomplete: 'off',
    });
    password.dataset.focus = '';
    const capsLock = h('p', { class: 'caps-lock', hidden: true }, say.capsLock);
    const submit = async (event) => {
      event.preventDefault();
      form.inert = true;
      const result = await wire.ask({ type: 'sign-in', account: tile.account, password: password.value });
      if (result === 'accepted') await welcome(tile);
      else tell(tile, say.message[result]);
    };
    const form = h(
      'form',
      { class: 'credentials', onsubmit: submit },
      password,
      h('button', { class: 'go', title: say.submit }, drawing(arrow)),
    );
    const forgot = h('button', {
      class: 'link',
      onclick: () => resetDialog(screen, tile.account, look.captions.dialog, wire),
    });
    forgot.append(say.link);
    // A handler that returned false would swallow the key.
    const onkeydown = ({ key }) => {
      if (key === 'Escape') choose();
    };
    const onkeyup = (event) => {
      capsLock.hidden = !event.getModifierState('CapsLock');
    };
    show(
      h(
        'div',
        { class: 'user', onkeydown, onkeyup },
        portrait(theme, tile),
        h('h1', { class: 'name' }, tile.displayName),
        form,
        capsLock,
        tile.resetLink && forgot,
        switchUser(theme, say, choose),
      ),
    );
  };

  const tell = (tile, message) => {
    const ok = h('button', { class: 'button', onclick: () => enter(tile) }, say.ok);
    ok.dataset.focus = '';
    show(h('div', { class: 'message' }, h('p', {}, drawing(errorIcon), message), ok));
  };

  const welcome = async (tile) => {
    show(busy(theme, say.welcome));
    await sleep(WELCOME_MS);
    const signedIn = desktop(look, tile);
    screen.append(signedIn);
    await sleep(DESKTOP_MS);
    signedIn.remove();
    choose();
  };

  choose();
  return screen;
}

/**
 * One tile a user; with several third-party credential providers one for each of them. The link belongs to the
 * add-in's tile, which is the first.
 */
function tilesOf({ users, resetLink, thirdPartyProviders }) {
  const providers = Array.from({ length: Math.max(1, thirdPartyProviders) }, (_, provider) => provider);
  return users.flatMap((user, index) =>
    providers.map((provider) => ({ ...user, index, resetLink: resetLink && provider === 0 })),
  );
}

const portrait = (theme, { index }) => drawing(picture(theme, index), 'picture');

const switchUser = (theme, say, onclick) =>
  theme === 'win7'
    ? h('button', { class: 'button switch-user', onclick }, say.switchUser)
    : h('button', { class: 'back', title: say.back, onclick }, drawing(backArrow));

/** What stands at the lower edge of every view. */
function furniture(theme, say, wire) {
  const menu = h(
    'div',
    { class: 'power-menu', hidden: true },
    h('button', { onclick: () => wire.tell({ type: 'power', action: 'restart' }) }, say.restart),
    h('button', { onclick: () => wire.tell({ type: 'power', action: 'shutdown' }) }, say.shutDown),
  );
  const toggle = () => {
    menu.hidden = !menu.hidden;
  };
  return [
    h('button', { class: 'ease-of-access', title: say.easeOfAccess }, drawing(easeOfAccess)),
    h('p', { class: 'edition' }, theme === 'win7' && drawing(flag, 'flag'), say.edition[theme]),
    h('button', { class: 'power', title: say.powerOptions, onclick: toggle }, drawing(power)),
    menu,
  ];
}
