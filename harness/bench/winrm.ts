import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Deadline } from '../core/deadline.ts';
import type { WinrmEndpoint } from '../core/endpoints.ts';
import { Secret } from '../core/secret.ts';
import type { Channel } from '../guest/channel.ts';
import { openChannel } from '../guest/open.ts';
import { probe } from '../guest/probe/run.ts';
import { type Comparison, timed } from './compare.ts';
import type { BenchLab } from './lab.ts';
import { ONE_BY_ONE } from './one-by-one.ts';
import type { Pywinrm } from './pywinrm.ts';

const COMMAND = 'echo hello';
const UPLOAD_BYTES = 10 * 1024 * 1024;

const soon = (): Deadline => Deadline.in(600_000, 'measuring');

/** The same guest, the same authentication (Basic), the same work: our client beside those that others wrote. */
export function winrmComparisons({ winrm }: BenchLab, pywinrm: Pywinrm): Comparison[] {
  const endpoint: WinrmEndpoint = {
    url: winrm.url,
    user: winrm.user,
    password: new Secret(winrm.password),
    authentication: 'basic',
  };
  const inOneShell = (work: (channel: Channel) => Promise<unknown>) => (): Promise<number> =>
    timed(async () => {
      const channel = await openChannel(endpoint, soon());
      await work(channel).finally(() => channel.close());
    });
  const commands = (count: number) => async (channel: Channel) => {
    for (let nth = 0; nth < count; nth++) await channel.exec({ line: COMMAND }, soon());
  };
  const payload = randomBytes(UPLOAD_BYTES);
  return [
    {
      what: 'one command, with its shell',
      yardstick: 'pywinrm',
      target: 0.7,
      rounds: 9,
      ours: inOneShell(commands(1)),
      theirs: () => pywinrm.run([COMMAND]),
    },
    {
      what: 'ten commands in a kept shell',
      yardstick: 'pywinrm',
      target: 0.5,
      rounds: 7,
      ours: inOneShell(commands(10)),
      theirs: () => pywinrm.run(Array<string>(10).fill(COMMAND)),
    },
    {
      what: `all facts (${ONE_BY_ONE.length} commands one by one)`,
      yardstick: 'pywinrm',
      target: 0.2,
      rounds: 5,
      ours: inOneShell((channel) => probe(channel, { urls: [] }, soon())),
      theirs: () => pywinrm.run(ONE_BY_ONE),
    },
    {
      what: 'upload of 10 MB, checked by its hash',
      yardstick: 'winrmcp',
      target: 1,
      rounds: 1,
      ours: inOneShell((channel) => channel.put(payload, 'C:\\Windows\\Temp\\ours.bin', soon())),
      theirs: () => timed(() => winrmcp(winrm, payload, 'C:\\Windows\\Temp\\theirs.bin')),
    },
  ];
}

async function winrmcp(
  { url, user, password }: BenchLab['winrm'],
  payload: Buffer,
  path: string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-bench-'));
  try {
    const file = join(folder, 'payload');
    writeFileSync(file, payload);
    await promisify(execFile)('winrmcp', [
      '-addr',
      new URL(url).host,
      '-user',
      user,
      '-pass',
      password,
      file,
      path,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
