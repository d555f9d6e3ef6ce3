import type { ReadStream } from 'node:tty';
import { wrap } from '../../report/ansi.ts';
import type { AskFor } from '../../run/asking.ts';
import type { HeldStream } from './held-stream.ts';
import { nobodyToAsk, readHiddenLine } from './hidden-line.ts';

export interface TerminalQuestions {
  /** Standard input. */
  readonly input: ReadStream;
  /** Where the live view stands; questions come beneath it. */
  readonly view: HeldStream;
  /** Where questions go when the view is no terminal: standard error. */
  readonly aside: { write(text: string): unknown };
  readonly interrupt: () => void;
}

const PROMPT = '(not shown) > ';

/** Asks at the terminal beneath the live view, one question after the other; answers are not shown. */
export function askAtTerminal({ input, view, aside, interrupt }: TerminalQuestions): AskFor {
  let before: Promise<unknown> = Promise.resolve();
  const askNow: AskFor = (machine, question, deadline) =>
    view.hold(async () => {
      deadline.check();
      const lines = wrap(`${machine}: ${question}`, view.columns - 1);
      const output = view.isTTY ? view.screen : aside;
      const prompt = () => void output.write([...lines, PROMPT].join('\n'));
      try {
        return await readHiddenLine(input, deadline, { prompt, interrupt });
      } finally {
        // The live view goes on where it was.
        output.write(view.isTTY ? `\r\u001b[${lines.length}A\u001b[J` : '\n');
      }
    });
  return (machine, question, deadline) => {
    // With a file or nothing at its standard input, Node gives another stream.
    if (!isTerminal(input)) return Promise.reject(nobodyToAsk());
    const turn = before.then(() => askNow(machine, question, deadline));
    before = turn.catch(() => undefined);
    return turn;
  };
}

const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true;
