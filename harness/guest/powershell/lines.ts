import { Fault } from '../../core/errors.ts';
import type { Command } from '../channel.ts';

/** cmd.exe takes 8191 characters, and remote-command.ps1 needs some for itself. */
const MAX_LINE = 8100;

/**
 * The line with its secrets in place.
 * @throws Fault `command-not-runnable`
 */
export function completeLine({ line, secrets = [] }: Command): string {
  const whole = line.replace(/\{(\d+)\}/g, (place, index) => {
    const secret = secrets[Number(index)];
    if (secret !== undefined) return secret.reveal();
    if (secrets.length === 0) return place;
    throw notRunnable(`The command names secret ${place}, but only ${secrets.length} were given`);
  });
  if (whole.length > MAX_LINE) {
    throw notRunnable(
      `The command has ${whole.length} characters, cmd.exe takes ${MAX_LINE} here: ${line.slice(0, 80)}...`,
    );
  }
  if (/[\r\n\0]/.test(whole)) throw notRunnable(`The command has more than one line: ${line.slice(0, 80)}`);
  return whole;
}

const notRunnable = (what: string): Fault =>
  new Fault(what, {
    code: 'command-not-runnable',
    blame: 'harness',
    remedy: 'Put a script file on the machine and run that.',
  });
