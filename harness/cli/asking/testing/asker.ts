// A program for the tests: two machines ask at once at the terminal, beneath a view that goes on. What they got goes to a
// file, so that what is on the terminal can be searched for it.
import { writeFileSync } from 'node:fs';
import { Deadline } from '../../../core/deadline.ts';
import { toFault } from '../../../core/errors.ts';
import { HeldStream } from '../held-stream.ts';
import { askAtTerminal } from '../terminal-questions.ts';

const [, , file = '', withinMs = ''] = process.argv;
const abort = new AbortController();
process.on('SIGINT', () => abort.abort());

const view = new HeldStream(process.stdout);
const ask = askAtTerminal({
  input: process.stdin,
  view,
  aside: process.stderr,
  interrupt: () => void process.emit('SIGINT'),
});
view.write('the view begins\n');
const answers = ['win7', 'win81'].map(async (machine) => {
  try {
    const deadline = Deadline.in(Number(withinMs), 'waiting for the test', abort.signal);
    return (await ask(machine, 'The code that anna@contoso.example got by mail', deadline)).reveal();
  } catch (error) {
    return toFault(error).code;
  }
});
setImmediate(() => view.write('the view goes on\n'));
writeFileSync(file, JSON.stringify(await Promise.all(answers)));
view.write('the view ends\n');
