import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Pywinrm {
  /** Runs the lines one after the other in one shell. @returns milliseconds, measured by itself */
  run(lines: readonly string[]): Promise<number>;
  close(): void;
}

/** A pywinrm that is kept running, so that the start of Python is not measured. It speaks Basic. */
export function startPywinrm(account: { url: string; user: string; password: string }): Pywinrm {
  const script = fileURLToPath(new URL('pywinrm.py', import.meta.url));
  const python = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface(python.stdout)[Symbol.asyncIterator]();
  const tell = (message: unknown): void => void python.stdin.write(`${JSON.stringify(message)}\n`);
  tell(account);
  return {
    async run(lines) {
      tell(lines);
      const answer = await answers.next();
      if (answer.done) throw new Error('pywinrm ended before it had answered');
      return Number(answer.value);
    },
    close: () => void python.stdin.end(),
  };
}
