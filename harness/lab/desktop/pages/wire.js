const RETRY_MS = 300;

/**
 * The wire to the desktop that serves this page.
 * `onShow` gets each scene to show and returns when it is in the document.
 */
export function connect(onShow) {
  const address = new URL('socket', location.href);
  address.protocol = 'ws:';
  const waiting = new Map();
  let socket;
  let questions = 0;

  const tell = (message) => socket.send(JSON.stringify(message));

  const open = () => {
    socket = new WebSocket(address);
    socket.onclose = () => setTimeout(open, RETRY_MS);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'answer') waiting.get(message.id)?.(message.value);
      else {
        onShow(message);
        onceOnScreen(() => tell({ type: 'painted', id: message.id }));
      }
    };
  };
  open();

  return {
    tell,
    /** Sends a question; resolves with its answer. */
    ask: (message) =>
      new Promise((resolve) => {
        const id = ++questions;
        waiting.set(id, (value) => {
          waiting.delete(id);
          resolve(value);
        });
        tell({ ...message, id });
      }),
  };
}

/** From the paint to the X server's framebuffer, in milliseconds: the browser doesn't tell when a picture got there. */
const TO_SCREEN_MS = 80;

/** The first animation frame comes before the paint, the second after it. */
const onceOnScreen = (then) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(then, TO_SCREEN_MS)));
