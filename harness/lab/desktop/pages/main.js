import { logon } from './logon.js';
import { boot, restart, shutdown } from './scenes.js';
import { connect } from './wire.js';

const SCENES = { boot, logon, restart, shutdown };

const wire = connect((show) => {
  document.documentElement.lang = show.culture;
  document.body.className = show.theme === 'win7' ? 'win7' : `win8 ${show.theme}`;
  document.body.replaceChildren(SCENES[show.scene](show, wire));
  // A scene that wants the focus for one of its elements says so.
  document.querySelector('[data-focus]')?.focus();
});

// What a browser would do, and a logon screen doesn't: menus, closing, reloading, zooming, dragging.
addEventListener('contextmenu', (event) => event.preventDefault());
addEventListener('dragstart', (event) => event.preventDefault());
addEventListener(
  'keydown',
  (event) => {
    const functionKey = /^F\d+$/.test(event.key);
    if (functionKey || event.ctrlKey || event.altKey || event.metaKey) event.preventDefault();
  },
  { capture: true },
);
addEventListener('wheel', (event) => event.ctrlKey && event.preventDefault(), { passive: false });
