import { closeCross, errorIcon } from './art.js';
import { drawing, h } from './dom.js';

/** The add-in's window over the logon screen: the reset page of an account, or why there is none. */
export function resetDialog(screen, account, say, wire) {
  const content = h('div', { class: 'content' }, h('p', { class: 'wait' }, say.wait));
  const veil = h(
    'div',
    { class: 'veil' },
    h(
      'section',
      { class: 'dialog' },
      h(
        'header',
        {},
        h('h2', {}, say.title),
        h('button', { class: 'close', title: say.close, onclick: () => close() }, drawing(closeCross)),
      ),
      content,
    ),
  );
  const page = h('iframe', { sandbox: 'allow-scripts allow-forms allow-same-origin', hidden: true });

  const onMessage = ({ source, data }) => {
    if (source === page.contentWindow && ['finished', 'cancelled'].includes(data?.sspr)) close();
  };
  const onKey = (event) => event.key === 'Escape' && close();
  const close = () => {
    removeEventListener('message', onMessage);
    removeEventListener('keydown', onKey);
    veil.remove();
    wire.tell({ type: 'reset-page-closed' });
    screen.querySelector('[data-focus]')?.focus();
  };
  const fail = () => {
    const button = h('button', { class: 'plain-button', onclick: close }, say.close);
    content.replaceChildren(
      h('div', { class: 'failed' }, drawing(errorIcon), h('p', {}, say.failed), button),
    );
    button.focus();
  };

  const open = async () => {
    const answer = await wire.ask({ type: 'open-reset-page', account });
    if (answer.closes) return close();
    if (!answer.reachable || !(await answers(answer.url))) return fail();
    page.onload = () => {
      content.querySelector('.wait')?.remove();
      page.hidden = false;
      page.focus();
    };
    page.src = answer.url;
    content.append(page);
  };

  addEventListener('message', onMessage);
  addEventListener('keydown', onKey);
  document.activeElement?.blur();
  screen.append(veil);
  void open();
}

/** Whether a server answers there whom this browser trusts. A frame doesn't tell: it would show the browser's error. */
const answers = (url) =>
  fetch(new URL('/favicon.ico', url), {
    method: 'HEAD',
    mode: 'no-cors',
    credentials: 'omit',
    cache: 'no-store',
  }).then(
    () => true,
    () => false,
  );
