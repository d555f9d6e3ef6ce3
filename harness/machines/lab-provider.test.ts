import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from '@playwright/test';
import { ROOT } from '../config/lab-state.ts';
import { Deadline } from '../core/deadline.ts';
import { poll } from '../core/poll.ts';
import { openMachines } from './machines.ts';
import type { Machines } from './machine.ts';

/** The real Vagrant, the project's Vagrantfile and the lab provider; only the guest is a stand-in. */
describe('The lab provider, under real Vagrant', function () {
  this.timeout(180_000);

  const folder = mkdtempSync(join(tmpdir(), 'sspr-provider-'));
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    VAGRANT_HOME: join(folder, 'home'),
    VAGRANT_DOTFILE_PATH: join(folder, 'vagrant'),
    VAGRANT_CHECKPOINT_DISABLE: '1',
    SSPR_LAB_FOLDER: join(folder, 'lab'),
    SSPR_LAB_GUEST: join(ROOT, 'harness/lab/provider/stand-in-guest.ts'),
    SSPR_NODE: process.execPath,
    // Vagrant takes these for not set.
    SSPR_LAB: '',
    SSPR_BOX_WIN8: '',
    SSPR_LANGUAGE_WIN81: 'zh-CN',
    VAGRANT_DEFAULT_PROVIDER: '',
  };
  const machines = openMachines({ root: ROOT, environment });
  const soon = (what: string): Deadline => Deadline.in(150_000, what);

  after(async () => {
    for (const { name } of machines.known()) await machines.destroy(name, soon('cleaning up'));
    expect(guests()).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  /** Runs Vagrant as a person would, in the project's folder. */
  function vagrant(
    args: readonly string[],
    extra: NodeJS.ProcessEnv = {},
    executable = 'vagrant',
  ): Promise<Typed> {
    return new Promise((resolve) => {
      execFile(executable, args, { cwd: ROOT, env: { ...environment, ...extra } }, (error, stdout, stderr) =>
        resolve({ ok: error === null, output: stdout + stderr }),
      );
    });
  }

  /** Command lines of all guests of this test that run. */
  function guests(): string[] {
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes('stand-in-guest') && command.includes(folder) ? [command] : [];
      } catch {
        return [];
      }
    });
  }

  const inside = async (machine: string, line: string): Promise<string> =>
    (await vagrant(['winrm', machine, '--shell', 'cmd', '--command', line])).output;

  const whenBooting = (name: string, of: Machines): Promise<true> =>
    poll(
      async () => {
        const { state } = await of.state(name, soon('looking'));
        return state === 'booting' ? { done: true, value: true } : { done: false, seen: state };
      },
      { deadline: soon('waiting for the boot'), everyMs: 20 },
    );

  it('is valid, and never chosen by accident', async () => {
    expect(await vagrant(['validate', '--ignore-provider'])).toMatchObject({ ok: true });
    expect(await vagrant(['validate'], { SSPR_LAB: '1' })).toMatchObject({ ok: true });
    // Which provider it takes in its place, if any, depends on the host; there is no box for it.
    const { ok, output } = await vagrant(['up', 'win8', '--machine-readable']);
    expect(ok).toBe(false);
    expect(output).toContain('error-exit');
    expect(output).not.toContain('provider,lab');
    expect(guests()).toEqual([]);
  });

  it('leaves real machines to their providers, which need a box', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'VBoxManage'), '#!/bin/sh\necho 7.0.12r159484\n');
    chmodSync(join(bin, 'VBoxManage'), 0o755);
    const { ok, output } = await vagrant(['up', 'win8'], { PATH: [bin, process.env.PATH].join(delimiter) });
    expect(ok).toBe(false);
    expect(output).toContain("with 'virtualbox' provider");
    expect(output).toContain('Set SSPR_BOX_WIN8');
  });

  it('brings two machines up at once, and everybody agrees about their state', async () => {
    expect(await vagrant(['up', 'win7', 'win81', '--provider=lab'])).toMatchObject({ ok: true });
    expect(guests()).toHaveLength(2);
    expect(
      machines
        .known()
        .map(({ name, provider }) => `${name} ${provider}`)
        .sort(),
    ).toEqual(['win7 lab', 'win81 lab']);

    const { output } = await vagrant(['status']);
    expect(output).toMatch(/win7 +running \(lab\)/);
    expect(output).toMatch(/win8 +not created/);
    expect(output).toMatch(/win81 +running \(lab\)/);
    expect(await machines.state('win7', soon('looking'))).toEqual({ state: 'running', provider: 'lab' });
    const languages = guests().map((command) => /--name (\S+) .*--language (\S+)/.exec(command)?.slice(1));
    expect(Object.fromEntries(languages as [string, string][])).toEqual({ win7: 'en', win81: 'zh-CN' });
  });

  it('tells where a machine can be reached, with the account of the guest', async () => {
    const { winrm, console: screen } = await machines.endpoints('win7', soon('asking'));
    const config = (await vagrant(['winrm-config', 'win7'])).output;
    expect(config).toContain(`Password ${winrm.password.reveal()}`);
    expect(winrm.url).toBe(`http://127.0.0.1:${/ Port (\d+)/.exec(config)?.[1]}/wsman`);
    const reported = (await vagrant(['cap', 'provider', 'endpoints', '--target-guest=win7'])).output;
    expect(screen.kind).toBe('vnc');
    expect(reported).toContain(`vnc 127.0.0.1:${screen.kind === 'vnc' && screen.port}`);
    expect(await inside('win7', 'hostname')).toBe('WIN7-LAB');
    expect(await vagrant(['winrm', 'win7', '--shell', 'cmd', '--command', 'exit 3'])).toMatchObject({
      ok: false,
    });
  });

  it('saves, lists, restores and deletes snapshots', async () => {
    await inside('win7', 'write before');
    await machines.snapshot('win7', 'clean', soon('saving'));
    await inside('win7', 'write after');
    expect(await machines.snapshots('win7', soon('listing'))).toEqual(['clean']);
    await machines.restore('win7', 'clean', soon('restoring'));
    expect(await inside('win7', 'read')).toBe('before');
    await machines.deleteSnapshot('win7', 'clean', soon('deleting'));
    expect(await machines.snapshots('win7', soon('listing'))).toEqual([]);
    await expect(machines.restore('win7', 'clean', soon('restoring'))).rejects.toMatchObject({
      code: 'snapshot-missing',
    });
    await expect(machines.snapshot('win7', '../x', soon('saving'))).rejects.toMatchObject({
      code: 'snapshot-refused',
    });
    expect(await machines.state('win7', soon('looking'))).toMatchObject({ state: 'running' });
  });

  it('halts and starts machines side by side, and reloads one', async () => {
    const before = await machines.endpoints('win7', soon('asking'));
    await Promise.all(['win7', 'win81'].map((name) => machines.halt(name, soon('halting'))));
    expect(guests()).toEqual([]);
    expect((await vagrant(['status', 'win7'])).output).toMatch(/win7 +poweroff \(lab\)/);
    await expect(machines.endpoints('win7', soon('asking'))).rejects.toMatchObject({ code: 'machine-down' });

    await Promise.all(['win7', 'win81'].map((name) => machines.up(name, 'lab', soon('starting'))));
    const started = await machines.endpoints('win7', soon('asking'));
    await machines.reload('win7', soon('reloading'));
    const reloaded = await machines.endpoints('win7', soon('asking'));
    expect(new Set([before.bootId, started.bootId, reloaded.bootId]).size).toBe(3);
    expect(guests()).toHaveLength(2);
  });

  it('refuses clearly what it cannot do', async () => {
    const { ok, output } = await vagrant(['suspend', 'win7']);
    expect(ok).toBe(false);
    expect(output).toContain('cannot be suspended');
    await expect(machines.up('win7', 'virtualbox', soon('starting'))).rejects.toMatchObject({
      code: 'other-provider-active',
    });
    await expect(machines.up('win95', 'lab', soon('starting'))).rejects.toMatchObject({
      code: 'unknown-machine',
    });
  });

  it('works on a machine only while no other Vagrant does, whatever its VAGRANT_HOME', async () => {
    const lock = join(folder, 'vagrant/machines/win7/lab.lock');
    const args = ['--no-fork', lock, 'vagrant', 'halt', 'win7', '--machine-readable'];
    const { output } = await vagrant(args, { VAGRANT_HOME: join(folder, 'other-home') }, 'flock');
    expect(output).toContain('Errors::MachineActionLockedError');
  });

  it('shows the log of a guest that died, and leaves nothing of it', async () => {
    const doomed = openMachines({ root: ROOT, environment: { ...environment, STAND_IN_DIES: '1' } });
    const failing = doomed.up('win8', 'lab', soon('starting'));
    await expect(failing).rejects.toMatchObject({ code: 'guest-died', blame: 'machine' });
    await expect(failing).rejects.toThrow('the stand-in was told to die');
    expect(readFileSync(join(folder, 'lab/run/logs/win8.log'), 'utf8')).toContain('win8 boots');
    expect(await machines.state('win8', soon('looking'))).toMatchObject({ state: 'not_created' });
  });

  it('undoes an `up` that is cancelled', async () => {
    const slow = openMachines({ root: ROOT, environment: { ...environment, STAND_IN_BOOT_MS: '30000' } });
    const abort = new AbortController();
    const starting = slow.up('win8', 'lab', Deadline.in(50_000, 'starting', abort.signal));
    const cancelled = expect(starting).rejects.toMatchObject({ code: 'interrupted' });
    await whenBooting('win8', slow);
    abort.abort();
    await cancelled;
    expect(await machines.state('win8', soon('looking'))).toMatchObject({ state: 'not_created' });
    expect(guests().filter((command) => command.includes('--name win8 '))).toEqual([]);
  });

  it('goes on with the guest of an `up` that was killed', async () => {
    const killed = spawn('vagrant', ['up', 'win8', '--provider=lab'], {
      cwd: ROOT,
      env: { ...environment, STAND_IN_BOOT_MS: '4000' },
      stdio: 'ignore',
    });
    await whenBooting('win8', machines);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const [guest] = guests().filter((command) => command.includes('--name win8 '));
    await machines.up('win8', 'lab', soon('starting'));
    expect(guests().filter((command) => command.includes('--name win8 '))).toEqual([guest]);
  });

  it('destroys machines for good', async () => {
    await machines.snapshot('win81', 'of no use', soon('saving'));
    await Promise.all(['win7', 'win8', 'win81'].map((name) => machines.destroy(name, soon('destroying'))));
    expect(machines.known()).toEqual([]);
    expect(guests()).toEqual([]);
    expect(existsSync(join(folder, 'vagrant/machines/win81/lab/snapshots'))).toBe(false);
  });
});

interface Typed {
  readonly ok: boolean;
  readonly output: string;
}
