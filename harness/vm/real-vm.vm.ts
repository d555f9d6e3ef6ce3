import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { USUAL_ACCESS, vagrantEnvironment } from '../config/access.ts';
import type { Screen } from '../console/screen.ts';
import { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { Secret } from '../core/secret.ts';
import { openMachines } from '../machines/machines.ts';
import { atConsole, enter, Evidence, fiveWords, logIn, see, vnc } from './at-console.ts';
import { buildBoxes } from './box/box.ts';
import { wordsFor } from './box/words.ts';
import { loginPassword, vncPassword } from './password.ts';
import { tool } from './tool.ts';
import { startLibvirt, type Libvirt, type Remains } from './libvirt.ts';

const NOTHING: Remains = { domains: [], processes: [], interfaces: [], disks: [] };

/** Everything on a US keyboard that takes Shift, and is no letter; the quotes of a shell keep it together. */
const SHIFTED = '~!@#$%^&*()_+{}|:"<>?';

const folder = setting('SSPR_VM_FOLDER');
const evidence = new Evidence(setting('SSPR_VM_EVIDENCE'));
const password = loginPassword();
const environment = {
  ...process.env,
  VAGRANT_HOME: join(folder, 'vagrant'),
  VAGRANT_DOTFILE_PATH: join(folder, 'state'),
};
const root = fileURLToPath(new URL('.', import.meta.url));
const access = { ...USUAL_ACCESS, vncPassword: vncPassword() };
const machines = openMachines({
  root,
  environment,
  access,
});

describe('A machine on a real provider', () => {
  let libvirt: Libvirt;
  let firstBoot: string;
  let secondBoot: string;

  it('builds the little machine', () => {
    const boxes = buildBoxes(folder, setting('SSPR_VM_CACHE'), password);
    for (const [name, file] of Object.entries(boxes)) vagrant('box', 'add', '--name', name, file);
  });

  it('starts a libvirt of its own', async () => {
    libvirt = await startLibvirt(evidence.folder);
    expect(libvirt.remains()).toEqual(NOTHING);
    expect(await machines.state('tiny', within(60))).toEqual({ state: 'not_created', provider: '' });
  });

  it('brings the machine up', async () => {
    await machines.up('tiny', 'libvirt', within(180));
    expect(await machines.state('tiny', within(60))).toEqual({ state: 'running', provider: 'libvirt' });
    expect(libvirt.remains()).toMatchObject({ domains: ['vm_tiny'], processes: [expect.any(Number)] });
  });

  it('refuses a wrong password at the console', async () => {
    const { console } = await machines.endpoints('tiny', within(60));
    const stranger = { ...vnc(console), password: new Secret('stranger') };
    const refused = await faultOf(atConsole(stranger, evidence, within(30), () => Promise.resolve()));
    expect(refused.code).toBe('vnc-unauthorized');
  });

  it('logs in at the console and reads what stands there', async () => {
    firstBoot = await onScreen(async (screen, deadline) => {
      await logIn(screen, password, deadline);
      return fiveWords(screen, deadline);
    });
  });

  it('types every symbol that takes Shift, as the machine itself confirms', async () => {
    const text = `${SHIFTED}ABCxyz`;
    const answer = await onScreen(async (screen, deadline) => {
      await enter(screen, `clear; words '${text}'`, deadline);
      return fiveWords(screen, deadline);
    });
    expect(answer).toBe(wordsFor(text));
  });

  it('refuses a snapshot that was never taken', async () => {
    expect((await faultOf(machines.restore('tiny', 'never', within(60)))).code).toBe('snapshot-missing');
    expect((await faultOf(machines.restore('silent', 'never', within(60)))).code).toBe('machine-down');
  });

  it('takes a snapshot', async () => {
    await onScreen(async (screen, deadline) => {
      await enter(screen, 'note lemon', deadline);
      await see(screen, 'disk-says-lemon', deadline);
    });
    await machines.snapshot('tiny', 'lemon', within(120));
    expect(await machines.snapshots('tiny', within(60))).toEqual(['lemon']);
  });

  it('restores it: disk and memory are as they were', async () => {
    await onScreen(async (screen, deadline) => {
      await enter(screen, 'note violet', deadline);
      await see(screen, 'disk-says-violet', deadline);
    });
    await machines.restore('tiny', 'lemon', within(120));
    const boot = await onScreen(async (screen, deadline) => {
      await see(screen, 'disk-says-lemon', deadline);
      expect(await screen.find('violet')).toBeUndefined();
      await enter(screen, 'board', deadline);
      await see(screen, 'disk-says-lemon', deadline);
      return fiveWords(screen, deadline);
    });
    expect(boot).toBe(firstBoot);
  });

  it('deletes the snapshot', async () => {
    await machines.deleteSnapshot('tiny', 'lemon', within(60));
    expect(await machines.snapshots('tiny', within(60))).toEqual([]);
  });

  it('reloads: the machine boots again and keeps its disk', async () => {
    await machines.reload('tiny', within(180));
    secondBoot = await onScreen(async (screen, deadline) => {
      await logIn(screen, password, deadline);
      await see(screen, 'disk-says-lemon', deadline);
      return fiveWords(screen, deadline);
    });
    expect(secondBoot).not.toBe(firstBoot);
  });

  it('halts it', async () => {
    await machines.halt('tiny', within(120));
    expect(await machines.state('tiny', within(60))).toEqual({ state: 'poweroff', provider: 'libvirt' });
    expect(libvirt.remains()).toMatchObject({ domains: ['vm_tiny'], processes: [], interfaces: [] });
    expect((await faultOf(machines.endpoints('tiny', within(60)))).code).toBe('machine-down');
  });

  it('brings it up again', async () => {
    await machines.up('tiny', 'libvirt', within(180));
    const thirdBoot = await onScreen(async (screen, deadline) => {
      await logIn(screen, password, deadline);
      await see(screen, 'disk-says-lemon', deadline);
      return fiveWords(screen, deadline);
    });
    expect([firstBoot, secondBoot]).not.toContain(thirdBoot);
  });

  it('reports a machine that ignores every request to shut down, and can still destroy it', async () => {
    await onScreen(async (screen, deadline) => {
      await enter(screen, 'stubborn', deadline);
      await see(screen, 'stays-on-whatever-comes', deadline);
    });
    const stuck = await faultOf(machines.halt('tiny', within(180)));
    expect(stuck.code).toBe('machine-unresponsive');
    expect(await machines.state('tiny', within(60))).toMatchObject({ state: 'running' });
    await machines.destroy('tiny', within(120));
    expect(await machines.state('tiny', within(60))).toEqual({ state: 'not_created', provider: '' });
    expect(libvirt.remains()).toEqual(NOTHING);
  });

  it('reports a broken box, and leaves nothing of it', async () => {
    expect(await faultOf(machines.up('broken', 'libvirt', within(120)))).toMatchObject({
      code: 'box-broken',
    });
    await machines.destroy('broken', within(120));
    expect(libvirt.remains()).toEqual(NOTHING);
  });

  it('gives up on a machine that never asks for an address, and leaves nothing of it', async () => {
    const late = await faultOf(machines.up('silent', 'libvirt', within(25)));
    expect(late.code).toBe('timed-out');
    expect(late.message).toContain('Waiting for domain to get an IP address');
    expect(machines.known()).toEqual([]);
    expect(libvirt.remains()).toEqual(NOTHING);
  });

  it('cleans up after a Vagrant that was killed while it brought a machine up', async () => {
    const killed = faultOf(machines.up('silent', 'libvirt', within(180)));
    await poll(() => Promise.resolve(running(libvirt)), { deadline: within(120), everyMs: 100 });
    for (const pid of vagrantsThat('up')) process.kill(pid, 'SIGKILL');
    expect((await killed).code).toBe('vagrant-crashed');
    expect(await machines.state('silent', within(60))).toEqual({ state: 'booting', provider: 'libvirt' });
    await machines.destroy('silent', within(120));
    expect(machines.known()).toEqual([]);
    expect(libvirt.remains()).toEqual(NOTHING);
  });

  it('says how to remove what a Vagrant left that was killed before it knew the machine', async () => {
    tool('virsh', ['vol-create-as', 'default', 'vm_tiny.img', '1M']);
    const taken = await faultOf(machines.up('tiny', 'libvirt', within(120)));
    expect(taken.code).toBe('machine-left-over');
    expect(taken.remedy).toContain('vagrant destroy');
    vagrant('destroy', '--force', 'tiny');
    expect(libvirt.remains()).toEqual(NOTHING);
  });

  it('ends its libvirt', async () => {
    await libvirt.stop();
  });
});

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: start it by "npm run test:vm"`);
  return value;
}

const within = (seconds: number): Deadline => Deadline.in(seconds * 1000, 'testing with a real machine');

/** Works at the console of the machine under test; what is still to be seen must come within a minute. */
async function onScreen<T>(work: (screen: Screen, deadline: Deadline) => Promise<T>): Promise<T> {
  const { console } = await machines.endpoints('tiny', within(60));
  const deadline = within(60);
  return atConsole(console, evidence, deadline, (screen) => work(screen, deadline));
}

/** What it fails with: a Fault that says what to do. */
async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const outcome = await work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (!(outcome instanceof Fault)) throw outcome instanceof Error ? outcome : new Error(String(outcome));
  expect(outcome.remedy).not.toBe('');
  return outcome;
}

/** For what a user does by hand. */
function vagrant(...args: string[]): void {
  mkdirSync(environment.VAGRANT_HOME, { recursive: true });
  const env = { ...environment, ...vagrantEnvironment(access) };
  const { status, stderr } = spawnSync('vagrant', args, { cwd: root, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`vagrant ${args.join(' ')}: ${stderr}`);
}

function running(libvirt: Libvirt): { done: true; value: true } | { done: false; seen: string } {
  return libvirt.remains().processes.length > 0
    ? { done: true, value: true }
    : { done: false, seen: 'no machine' };
}

/** Process ids of the Vagrants that run this command. In these namespaces there are no others than ours. */
function vagrantsThat(command: string): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      const [, program = '', verb] = argumentsOf(pid);
      return program.endsWith('/vagrant') && verb === command;
    })
    .map(Number);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It has ended since.
    return [];
  }
}
