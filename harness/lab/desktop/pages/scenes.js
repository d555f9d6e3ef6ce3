import { flag, windowLogo } from './art.js';
import { drawing, h } from './dom.js';

/** The ring that says that Windows is busy. */
export const spinner = (theme) =>
  theme === 'win7'
    ? h('span', { class: 'spinner' })
    : h('span', { class: 'dots' }, ...[1, 2, 3, 4, 5].map(() => h('i')));

const BOOT = {
  win7: ({ starting }) => [
    drawing(flag, 'glowing-flag'),
    h('p', { class: 'starting' }, starting),
    h('p', { class: 'copyright' }, '© Microsoft Corporation'),
  ],
  win8: () => [drawing(windowLogo, 'window-logo'), spinner('win8')],
  win81: () => [drawing(windowLogo, 'window-logo'), spinner('win81')],
};

export const boot = ({ theme, captions }) => h('main', { class: 'boot' }, ...BOOT[theme](captions));

/** Text beside a spinner on the background of the logon screen. */
export const busy = (theme, text) => h('div', { class: 'busy' }, spinner(theme), h('p', {}, text));

export const restart = ({ theme, captions }) =>
  h('main', { class: 'logon' }, busy(theme, captions.restarting));

export const shutdown = ({ theme, captions }) =>
  h('main', { class: 'logon' }, busy(theme, captions.shuttingDown));
