import { execFile } from 'node:child_process';
import { describe, Fault } from '../../core/errors.ts';
import { timedOut } from '../../core/deadline.ts';

/** None of the questions takes a tenth of this, in milliseconds. */
const LONGEST_MS = 30_000;

/**
 * What a program of this host answers to a question.
 * @param remedy what to do when there is no such program, or when it does not work
 * @throws Fault `tool-missing`, `tool-failed`, `timed-out`
 */
export function ask(program: string, args: readonly string[], remedy: string): Promise<string> {
  const question = [program, ...args].join(' ');
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        encoding: 'utf8',
        timeout: LONGEST_MS,
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout.trim());
        else if (error.killed) reject(timedOut(`asking ${question}`, LONGEST_MS));
        else if (error.code === 'ENOENT')
          reject(fault('tool-missing', `${program} is not installed, or not on the PATH`));
        else
          reject(
            fault('tool-failed', `${question} failed: ${firstLine(stderr || stdout) || describe(error)}`),
          );
      },
    );
  });
  function fault(code: string, message: string): Fault {
    return new Fault(message, { code, blame: 'config', remedy });
  }
}

const firstLine = (text: string): string => text.trim().split('\n')[0]?.trim() ?? '';
