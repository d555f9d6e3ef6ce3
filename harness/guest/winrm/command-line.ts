import { Fault } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Command } from '../channel.ts';

/** The longest line that cmd.exe takes. Source: Microsoft KB 830473. */
const MAX_LINE = 8191;

/** What XML cannot carry (XML 1.0, 2.2), and what ends a line. */
// eslint-disable-next-line no-control-regex -- these characters are what it is about
const UNSENDABLE = /[\0-\x08\x0b-\x1f\ufffe\uffff\p{Surrogate}]/u;

/**
 * The line with its secrets in place.
 * @throws Fault `command-not-runnable` for a line that the machine would not get as it is
 */
export function completeLine({ line, secrets }: Command): string {
  const whole =
    secrets === undefined ? line : line.replace(/\{(\d+)\}/g, (_, index) => revealed(secrets, Number(index)));
  if (whole.length > MAX_LINE)
    throw notRunnable(`The command has ${whole.length} characters, cmd.exe takes ${MAX_LINE}`, line);
  if (/[\r\n]/.test(whole)) throw notRunnable('The command has more than one line', line);
  if (UNSENDABLE.test(whole)) throw notRunnable('The command has a control character', line);
  return whole;
}

function revealed(secrets: readonly Secret[], index: number): string {
  const secret = secrets[index];
  if (secret !== undefined) return secret.reveal();
  throw new Fault(`The command names secret {${index}}, but only ${secrets.length} were given`, {
    code: 'command-not-runnable',
    blame: 'harness',
    remedy: 'This is a bug of the harness: please report it.',
  });
}

const notRunnable = (why: string, line: string): Fault =>
  new Fault(`${why}: ${line.slice(0, 80).replace(/\p{Cc}/gu, ' ')}`, {
    code: 'command-not-runnable',
    blame: 'harness',
    remedy: 'Put a script file on the machine and run that.',
  });
