import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Channel, ExecResult } from '../channel.ts';
import { putFile } from '../winrm/put.ts';

const MAIN = fileURLToPath(new URL('../../lab/guest/prompt-main.ts', import.meta.url));

/** For tests: a guest of the lab, a process of its own, as a channel. `lines` are those that it ran, in order. */
export type LabGuest = Channel & { readonly lines: string[] };

/** Boots it, which takes some seconds; `close` ends it with everything in it. */
export async function startLabGuest(profile: 'win7' | 'win8' | 'win81'): Promise<LabGuest> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, profile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const next = await answers.next();
    if (next.done === true) throw new Error('The lab guest has ended');
    return next.value;
  };
  const lines: string[] = [];
  const guest: LabGuest = {
    lines,
    async exec({ line }) {
      lines.push(line);
      child.stdin.write(`${JSON.stringify(line)}\n`);
      return { ...(JSON.parse(await answer()) as Omit<ExecResult, 'ms'>), ms: 0 };
    },
    put: (file, path, deadline) => putFile(guest, file, path, deadline),
    async close() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
  await answer();
  return guest;
}
