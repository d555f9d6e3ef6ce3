import { StringDecoder } from 'node:string_decoder';
import type { ReadStream } from 'node:tty';
import { type Deadline, interrupted } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { whyEnded } from '../../run/asking.ts';

/** What has been typed so far, and whether that is all. */
export interface Typed {
  readonly text: string;
  readonly end: 'not yet' | 'enter' | 'interrupt' | 'no more';
}

/** Keys that move the cursor, and what else a terminal sends as a sequence (ECMA-48: ESC [ ... letter, ESC O letter). */
// eslint-disable-next-line no-control-regex -- these are control characters
const SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/g;

/** @param keys as a terminal sends them that neither shows them nor acts on them */
export function typeKeys(before: string, keys: string): Typed {
  let text = before;
  for (const key of keys.replace(SEQUENCE, '')) {
    if (key === '\r' || key === '\n') {
      // Nothing is no answer: a line end may have been left from before.
      if (text !== '') return { text, end: 'enter' };
    } else if (key === '\u0003') return { text: '', end: 'interrupt' };
    else if (key === '\u0004') return { text: '', end: 'no more' };
    else if (key === '\u007f' || key === '\b') text = Array.from(text).slice(0, -1).join('');
    else if (key === '\u0015') text = '';
    else if (key >= ' ') text += key;
  }
  return { text, end: 'not yet' };
}

export const nobodyToAsk = (): Fault =>
  new Fault('Nobody can be asked: there is no terminal at the standard input', {
    code: 'nobody-to-ask',
    blame: 'config',
    remedy: 'Run it at a terminal, or configure a verification that needs no person.',
  });

/**
 * Reads a line that the terminal does not show.
 * @param prompt shows what is asked; called when nothing typed is shown any more
 * @param interrupt what Ctrl-C does: while nothing is shown, the terminal makes no signal of it
 * @throws Fault `nobody-to-ask` when the input ends, `interrupted`, `timed-out`
 */
export function readHiddenLine(
  input: ReadStream,
  deadline: Deadline,
  { prompt, interrupt }: { readonly prompt: () => void; readonly interrupt: () => void },
): Promise<Secret> {
  const decoder = new StringDecoder('utf8');
  const timeIsUp = deadline.signal();
  let text = '';
  return new Promise<Secret>((resolve, reject) => {
    const stop = () => {
      input.off('data', onData).off('end', onEnd);
      timeIsUp.removeEventListener('abort', onTimeIsUp);
      input.setRawMode(false);
      input.pause();
    };
    const refuse = (fault: Fault) => {
      stop();
      reject(fault);
    };
    const onEnd = () => refuse(nobodyToAsk());
    const onTimeIsUp = () => refuse(whyEnded(deadline));
    const onData = (bytes: Buffer) => {
      const typed = typeKeys(text, decoder.write(bytes));
      text = typed.text;
      if (typed.end === 'enter') {
        stop();
        resolve(new Secret(text));
      }
      if (typed.end === 'no more') onEnd();
      if (typed.end === 'interrupt') {
        refuse(interrupted(deadline.what));
        interrupt();
      }
    };
    input.setRawMode(true);
    prompt();
    input.on('data', onData).on('end', onEnd);
    timeIsUp.addEventListener('abort', onTimeIsUp, { once: true });
    input.resume();
    if (timeIsUp.aborted) onTimeIsUp();
  });
}
