import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { type Access, USUAL_ACCESS } from '../config/access.ts';
import { Deadline } from '../core/deadline.ts';
import { poll } from '../core/poll.ts';
import { Secret } from '../core/secret.ts';
import { openMachines } from './machines.ts';
import type { Machines } from './machine.ts';
import { vagrantFault } from './vagrant-faults.ts';

describe('Machines, with a fake Vagrant', () => {
  const root = mkdtempSync(join(tmpdir(), 'sspr-machines-'));
  const bin = join(root, 'bin');
  const folder = join(root, '.vagrant');
  const calls = join(folder, 'calls.log');
  const soon = (ms = 15_000): Deadline => Deadline.in(ms, 'starting win7');

  before(() => {
    mkdirSync(bin);
    // Beside a package.json, so that Node.js takes the script for a module, as in the repository.
    cpSync(fileURLToPath(new URL('fixtures/vagrant', import.meta.url)), join(bin, 'vagrant'));
    writeFileSync(join(bin, 'package.json'), '{"type":"module"}');
  });
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    made('win7', 'lab');
  });
  after(() => rmSync(root, { recursive: true }));

  /** @param script what the fake does, call by call */
  const withFake = (...script: object[]): Machines => withAccess(USUAL_ACCESS, ...script);
  const withAccess = (access: Access, ...script: object[]): Machines =>
    openMachines({
      root,
      access,
      environment: {
        ...process.env,
        PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        VAGRANT_DOTFILE_PATH: folder,
        FAKE_VAGRANT: JSON.stringify(script),
      },
      graceMs: 300,
    });
  const made = (name: string, provider: string): void => {
    mkdirSync(join(folder, 'machines', name, provider), { recursive: true });
    writeFileSync(join(folder, 'machines', name, provider, 'id'), `id-of-${name}`);
  };
  const log = (): string[] => readFileSync(calls, 'utf8').trim().split('\n');
  const whenItHangs = async (): Promise<number> =>
    poll(
      () => {
        const pid = existsSync(calls) ? /hangs (\d+)/.exec(readFileSync(calls, 'utf8'))?.[1] : undefined;
        return Promise.resolve(
          pid === undefined ? { done: false, seen: 'no call' } : { done: true, value: Number(pid) },
        );
      },
      { deadline: soon(), everyMs: 20 },
    );

  it('turns each class of error into its Fault', async () => {
    const cases: [string, string, string][] = [
      ['Vagrant::Errors::ProviderNotFound', 'provider-missing', 'config'],
      ['Vagrant::Errors::ProviderNotUsable', 'provider-unusable', 'config'],
      ['VagrantPlugins::Lab::Errors::BoxUnset', 'box-missing', 'config'],
      ['VagrantPlugins::Lab::Errors::GuestDied', 'guest-died', 'machine'],
      ['Vagrant::Errors::VMBootTimeout', 'machine-boot-timeout', 'machine'],
      ['VagrantPlugins::ProviderLibvirt::Errors::WrongBoxFormatSet', 'box-broken', 'config'],
      ['VagrantPlugins::ProviderLibvirt::Errors::DomainVolumeExists', 'machine-left-over', 'harness'],
      ['Vagrant::Errors::SomethingNobodyKnows', 'vagrant-failed', 'machine'],
    ];
    for (const [rubyClass, code, blame] of cases) {
      expect(vagrantFault('up win7', rubyClass, 'why'), rubyClass).toMatchObject({ code, blame });
    }
    const machines = withFake({ error: ['Vagrant::Errors::ProviderNotFound', 'no%!(VAGRANT_COMMA) sorry'] });
    const failing = machines.up('win7', 'libvirt', soon());
    await expect(failing).rejects.toMatchObject({ code: 'provider-missing' });
    await expect(failing).rejects.toThrow('no, sorry');
  });

  it('says so when Vagrant dies without an error of its own', async () => {
    const failing = withFake({ crash: "kernel_require.rb:85:in 'require': cannot load" }).halt(
      'win7',
      soon(),
    );
    await expect(failing).rejects.toMatchObject({ code: 'vagrant-crashed', blame: 'harness' });
    await expect(failing).rejects.toThrow('cannot load');
    const stuck =
      "wait_for.rb:20:in `wait_for': The specified wait_for timeout was exceeded (Fog::Errors::TimeoutError)";
    await expect(withFake({ crash: `${stuck}\n\tfrom x.rb:1` }).halt('win7', soon())).rejects.toMatchObject({
      code: 'machine-unresponsive',
      blame: 'machine',
    });
  });

  it('says so when there is no Vagrant', async () => {
    const machines = openMachines({
      root,
      environment: { PATH: '/nonexistent', VAGRANT_DOTFILE_PATH: folder },
    });
    await expect(machines.halt('win7', soon())).rejects.toMatchObject({
      code: 'vagrant-missing',
      blame: 'config',
    });
  });

  it('tries again while somebody else holds a lock of Vagrant', async () => {
    const machines = withFake(
      { error: ['Vagrant::Errors::MachineActionLockedError', 'busy'] },
      { error: ['Vagrant::Errors::MachineLocked', 'busy'] },
      { lines: ['action,halt,end'] },
    );
    await machines.halt('win7', soon());
    expect(log()).toEqual(Array.from({ length: 3 }, () => 'call halt win7 --machine-readable'));
  });

  it('gives up on a lock in time', async () => {
    const machines = withFake({ error: ['Vagrant::Errors::MachineLocked', 'busy'] });
    await expect(machines.halt('win7', soon(1500))).rejects.toMatchObject({
      code: 'machine-locked',
      retryable: true,
    });
  });

  it('cancels with SIGINT, and waits for the clean-up', async () => {
    const abort = new AbortController();
    const deadline = Deadline.in(15_000, 'starting win7', abort.signal);
    const starting = withFake({ hang: 'polite' }).up('win7', 'lab', deadline);
    await whenItHangs();
    abort.abort();
    await expect(starting).rejects.toMatchObject({ code: 'interrupted' });
    expect(log().filter((line) => line === 'SIGINT')).toHaveLength(1);
  });

  it('kills a Vagrant that does not stop in time, and says what it saw last', async () => {
    const starting = withFake({ hang: 'stubborn' }).up('win7', 'lab', soon(1500));
    const failed = expect(starting).rejects.toThrow('while starting win7; last seen: hangs');
    const pid = await whenItHangs();
    await failed;
    expect(log()).toContain('SIGINT');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('lets commands for one machine wait for each other, and lab machines go on at once', async () => {
    const abort = new AbortController();
    const machines = withFake({ hang: 'polite' }, { lines: [] });
    const hanging = machines.up('win7', 'lab', Deadline.in(15_000, 'hanging', abort.signal));
    const stopped = expect(hanging).rejects.toMatchObject({ code: 'interrupted' });
    await whenItHangs();
    await machines.up('win81', 'lab', soon());
    await expect(machines.up('win7', 'lab', soon(300))).rejects.toThrow(
      `process ${process.pid} has the lock`,
    );
    abort.abort();
    await stopped;
    expect(log().filter((line) => line.startsWith('call '))).toHaveLength(2);
  });

  it('knows the machines that exist without asking Vagrant', async () => {
    const machines = withFake({ crash: 'must not be called' });
    expect(machines.known()).toEqual([{ name: 'win7', provider: 'lab', id: 'id-of-win7' }]);
    expect(await machines.state('win7', soon())).toEqual({ state: 'poweroff', provider: 'lab' });
    expect(await machines.state('win8', soon())).toEqual({ state: 'not_created', provider: '' });
    await machines.destroy('win8', soon());
    await expect(machines.reload('win8', soon())).rejects.toThrow('it is not created');
    await expect(machines.endpoints('win7', soon())).rejects.toMatchObject({
      code: 'machine-down',
      blame: 'machine',
    });
  });

  it('asks Vagrant for the state and the end points of real machines', async () => {
    made('win8', 'libvirt');
    expect(await withFake({ lines: ['state,shutoff'] }).state('win8', soon())).toEqual({
      state: 'poweroff',
      provider: 'libvirt',
    });
    const lines = ['sspr-endpoint,winrm,192.168.121.7,5985', 'sspr-endpoint,vnc,127.0.0.1,5907'];
    expect(await withFake({ lines }).endpoints('win8', soon())).toMatchObject({
      winrm: { url: 'http://192.168.121.7:5985/wsman', user: 'vagrant' },
      console: { kind: 'vnc', host: '127.0.0.1', port: 5907 },
    });
  });

  it('knows the consoles of providers without VNC by what they call the machine', async () => {
    const winrm = 'sspr-endpoint,winrm,192.168.1.7,5986';
    made('win8', 'hyperv');
    expect(await withFake({ lines: [winrm] }).endpoints('win8', soon())).toMatchObject({
      console: { kind: 'hyperv', id: 'id-of-win8' },
    });
    rmSync(join(folder, 'machines/win8'), { recursive: true });
    made('win8', 'virtualbox');
    await expect(withFake({ lines: [winrm] }).endpoints('win8', soon())).rejects.toMatchObject({
      code: 'console-missing',
    });
    const webService = { url: 'http://127.0.0.1:18083/', user: 'qa', password: new Secret('pw') };
    const access: Access = {
      ...USUAL_ACCESS,
      scheme: 'https',
      fingerprints: { win8: 'AB'.repeat(32) },
      webService,
    };
    const found = await withAccess(access, { lines: [winrm] }).endpoints('win8', soon());
    expect(found.console).toEqual({ kind: 'virtualbox', id: 'id-of-win8', webService });
    expect(found.winrm).toMatchObject({
      url: 'https://192.168.1.7:5986/wsman',
      fingerprint: 'AB'.repeat(32),
      authentication: 'auto',
    });
  });

  it('reads the names of snapshots, also of none', async () => {
    const list = withFake({
      lines: ['ui,output,==> win7: ', 'ui,detail,clean', 'ui,detail,with%!(VAGRANT_COMMA) comma'],
    });
    expect(await list.snapshots('win7', soon())).toEqual(['clean', 'with, comma']);
    rmSync(calls);
    const none = withFake({
      lines: ['ui,output,==> win7: No snapshots', 'ui,detail,    win7: You can take a snapshot'],
    });
    expect(await none.snapshots('win7', soon())).toEqual([]);
  });
});
