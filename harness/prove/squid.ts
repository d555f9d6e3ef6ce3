import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LabState } from '../config/lab-state.ts';
import type { Deadline } from '../core/deadline.ts';
import { poll } from '../core/poll.ts';

const LISTENS = /Accepting HTTP/g;

/**
 * Puts lines before all others of squid's configuration, and waits until it goes by them.
 * @throws Fault `timed-out` with squid's last words when it does not take them
 */
export async function reconfigureSquid(
  { pid, configFile, extraFile }: LabState['proxy'],
  lines: string,
  deadline: Deadline,
): Promise<void> {
  const log = join(dirname(configFile), 'cache.log');
  const listened = (): number => [...readFileSync(log, 'utf8').matchAll(LISTENS)].length;
  const before = listened();
  writeFileSync(extraFile, `${lines}\n`);
  process.kill(pid, 'SIGHUP');
  await poll(
    () => {
      const now = listened();
      const seen = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
      return Promise.resolve(
        now > before ? { done: true as const, value: now } : { done: false as const, seen },
      );
    },
    { deadline, everyMs: 50 },
  );
}
