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
import { ONE_BY_ONE } from './one-by-one.ts';
import type { Pywinrm } from './pywinrm.ts';

const COMMAND = 'echo hello';
const UPLOAD_BYTES = 10 * 1024 * 1024;

const soon = (): Deadline => Deadline.in(600_000, 'measuring');

export interface Account {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

const inOneShell = (account: Account, work: (channel: Channel) => Promise<unknown>) => {
  const endpoint: WinrmEndpoint = {
    ...account,
    password: new Secret(account.password),
    authentication: 'basic',
  };
  return (): Promise<number> =>
    timed(async () => {
      const channel = await openChannel(endpoint, soon());
      await work(channel).finally(() => channel.close());
    });
};

const commands = (count: number) => async (channel: Channel) => {
  for (let nth = 0; nth < count; nth++) await channel.exec({ line: COMMAND }, soon());
};

/** What the client itself takes for its requests: the machine has nothing to do. */
export const clientComparisons = (account: Account, pywinrm: Pywinrm): Comparison[] => [
  commandsBeside(pywinrm, account, 1, 0.7),
  commandsBeside(pywinrm, account, 10, 0.5),
];

function commandsBeside(pywinrm: Pywinrm, account: Account, count: number, target: number): Comparison {
  return {
    what: count === 1 ? 'one command, with its shell' : `${count} commands in a kept shell`,
    yardstick: 'pywinrm',
    target,
    rounds: 9,
    ours: inOneShell(account, commands(count)),
    theirs: () => pywinrm.run(Array<string>(count).fill(COMMAND)),
  };
}

/** The same guest, the same authentication (Basic), the same work: our client beside those that others wrote. */
export function guestComparisons(account: Account, pywinrm: Pywinrm): Comparison[] {
  const payload = randomBytes(UPLOAD_BYTES);
  return [
    commandsBeside(pywinrm, account, 1, 0.7),
    commandsBeside(pywinrm, account, 10, 0.5),
    {
      what: `all facts (${ONE_BY_ONE.length} commands one by one)`,
      yardstick: 'pywinrm',
      target: 0.2,
      rounds: 5,
      ours: inOneShell(account, (channel) => probe(channel, { urls: [] }, soon())),
      theirs: () => pywinrm.run(ONE_BY_ONE),
    },
    {
      what: 'upload of 10 MB, checked by its hash',
      yardstick: 'winrmcp',
      target: 1,
      rounds: 1,
      ours: inOneShell(account, (channel) => channel.put(payload, 'C:\\Windows\\Temp\\ours.bin', soon())),
      theirs: () => timed(() => winrmcp(account, payload, 'C:\\Windows\\Temp\\theirs.bin')),
    },
  ];
}

async function winrmcp({ url, user, password }: Account, payload: Buffer, path: string): Promise<void> {
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
