import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { poll } from '../../core/poll.ts';
import { ROOT } from '../../config/lab-state.ts';
import { readState } from './lab-machine.ts';
import { prepareGuestFiles } from './prepare.ts';

/** The guest process with its real screen. */
describe('the guest process', function () {
  this.timeout(90_000);
  let data: string;

  before(() => prepareGuestFiles(() => undefined));
  beforeEach(() => (data = mkdtempSync(join(tmpdir(), 'guest-main-'))));
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  it('runs until it is told to stop, and leaves nothing running', async () => {
    const guest = start(data);
    const state = await running(data);
    expect(state).toMatchObject({ token: 'T', name: 'win8', computerName: 'WIN8-LAB', host: '127.0.0.1' });
    expect(await greeting(state.vnc.port)).toMatch(/^RFB 003/);
    guest.kill('SIGTERM');
    expect(await once(guest, 'exit')).toEqual([0, null]);
    expect(processesOf(data)).toEqual([]);
    expect(existsSync(join(data, 'disk/prefix/system.reg'))).toBe(true);
  });

  it('ends when its folder is taken away, and so does its Windows', async () => {
    const guest = start(data);
    await running(data);
    rmSync(join(data, 'guest.json'));
    expect(await once(guest, 'exit')).toEqual([3, null]);
    await poll(
      () => {
        const left = processesOf(data);
        return Promise.resolve(
          left.length === 0 ? { done: true, value: undefined } : { done: false, seen: left.join(', ') },
        );
      },
      { deadline: Deadline.in(10_000, 'waiting for the last process'), everyMs: 50 },
    );
  });

  it('takes its Windows with it even when it is killed', async () => {
    const guest = start(data);
    await running(data);
    guest.kill('SIGKILL');
    await once(guest, 'exit');
    await poll(
      () => {
        const left = processesOf(data);
        return Promise.resolve(
          left.length === 0 ? { done: true, value: undefined } : { done: false, seen: left.join(', ') },
        );
      },
      { deadline: Deadline.in(15_000, 'waiting for the last process'), everyMs: 50 },
    );
  });
});

function start(data: string): ChildProcess {
  const main = join(ROOT, 'harness/lab/guest/main.ts');
  const args = [
    '--import',
    'tsx',
    main,
    '--data',
    data,
    '--token',
    'T',
    '--name',
    'win8',
    '--profile',
    'win8',
  ];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
}

const running = (data: string): Promise<ReturnType<typeof readState>> =>
  poll(
    () => {
      const state = existsSync(join(data, 'guest.json')) ? readState(data) : undefined;
      return Promise.resolve(
        state?.state === 'running'
          ? { done: true, value: state }
          : { done: false, seen: state?.state ?? 'nothing' },
      );
    },
    { deadline: Deadline.in(60_000, 'waiting for the logon screen'), everyMs: 50 },
  );

async function greeting(port: number): Promise<string> {
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes.toString();
}

/** Processes that have this folder in their environment, command line or working folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) =>
      ['environ', 'cmdline'].some((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(folder);
        } catch {
          return false;
        }
      }),
    );
}
