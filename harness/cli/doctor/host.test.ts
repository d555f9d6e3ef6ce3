import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import type { MachineConfig } from '../../config/schema.ts';
import { ROOT } from '../../config/lab-state.ts';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { lookForBox } from './boxes.ts';
import { examine, once } from './finding.ts';
import {
  diskExamination,
  MACHINE_MEMORY_MB,
  memoryExamination,
  nodeExamination,
  readingExamination,
} from './host.ts';
import { judgeHyperv, providerExaminations } from './providers.ts';
import { findings } from './testing.ts';
import { compareVersions, judgeVersion, KNOWN_GOOD, versionIn } from './versions.ts';

describe('versions', () => {
  it('are compared part by part', () => {
    for (const [a, b, order] of [
      ['2.4.10', '2.4.9', 1],
      ['2.3.4', '2.3.4', 0],
      ['7.0', '7.0.0', 0],
      ['6.1.50', '7.0', -1],
    ] as const) {
      expect(Math.sign(compareVersions(a, b)), `${a} ${b}`).toBe(order);
    }
  });

  it('are found in what programs say', () => {
    expect(versionIn('Vagrant 2.3.4', 'x')).toBe('2.3.4');
    expect(versionIn('7.0.26_Debianr168464', 'x')).toBe('7.0.26');
    expect(() => versionIn('no idea', 'Vagrant')).toThrow('Vagrant says "no idea", which is no version');
  });

  it('are good, too old, or newer than what is known to work', () => {
    const { vagrant } = KNOWN_GOOD;
    expect(judgeVersion('Vagrant 2.4.9', vagrant)).toBe('2.4.9');
    expect(judgeVersion('Vagrant 2.5.0', vagrant)).toMatchObject({ state: 'note' });
    expect(() => judgeVersion('Vagrant 2.2.19', vagrant)).toThrow('2.2.19; 2.3.4 or later is needed');
  });
});

describe('the doctor looks at this host', () => {
  it('and its Node is new enough: it runs this', async () => {
    expect(await examine(nodeExamination)).toEqual({ state: 'ok', says: process.versions.node });
  });

  it('knows how much memory the Vagrantfile gives to a machine', () => {
    const given = [...readFileSync(join(ROOT, 'Vagrantfile'), 'utf8').matchAll(/memory: (\d+)/g)];
    expect(given.map(([, megabytes]) => Number(megabytes))).toEqual([
      MACHINE_MEMORY_MB,
      MACHINE_MEMORY_MB,
      MACHINE_MEMORY_MB,
    ]);
  });

  it('and can read what the machines say, or says whose language it cannot read', async () => {
    expect(await examine(readingExamination(['en', 'zh-CN']))).toEqual({
      state: 'ok',
      says: 'reads eng, chi_sim',
    });
    const few = (): Promise<string> => Promise.resolve('List of available languages (2):\neng\nosd');
    expect(await examine(readingExamination(['fr', 'zh-CN'], few))).toEqual({
      state: 'problem',
      says: 'its data of fra, chi_sim is missing; the machines speak fr, zh-CN',
      remedy: 'Install it: apt-get install tesseract-ocr tesseract-ocr-fra tesseract-ocr-chi-sim.',
    });
  });

  it('and counts memory and disk', async () => {
    const free = () => 5000;
    expect(await examine(memoryExamination(2, free))).toEqual({
      state: 'ok',
      says: '4.9 GB free; 2 more of 2.0 GB each',
    });
    expect(await examine(memoryExamination(3, free))).toMatchObject({ state: 'problem' });
    expect(await examine(memoryExamination(0))).toMatchObject({ state: 'ok' });
    expect(await examine(diskExamination('virtualbox', 0))).toMatchObject({ state: 'ok' });
    expect(await examine(diskExamination('virtualbox', 1_000_000))).toMatchObject({
      state: 'note',
      says: expect.stringMatching(/^\d+ GB free at \/.*; 1000000 more of about 25 GB each$/),
    });
  });
});

describe('the doctor looks at providers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-providers-'));
  const path = process.env.PATH;
  // Programs that cannot run here: what they print is theirs (VirtualBox 7.0 on Debian, libvirt 9.0).
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
    chmodSync(join(folder, name), 0o755);
  };
  beforeEach(() => (process.env.PATH = `${folder}:/bin`));
  afterEach(() => (process.env.PATH = path));
  after(() => rmSync(folder, { recursive: true }));

  const context = (vagrant: string, plugins: Record<string, string> = {}) => ({
    vagrant: once('Vagrant', () => vagrant),
    plugins: once("Vagrant's plugins", () => new Map(Object.entries(plugins))),
    deadline: Deadline.in(10_000, 'looking'),
  });

  it('VirtualBox, with a Vagrant that knows it', async () => {
    const look = async (vagrant: string) =>
      (await findings(providerExaminations('virtualbox', context(vagrant)))).VirtualBox;
    expect(await look('Vagrant 2.3.4')).toMatchObject({
      state: 'problem',
      says: expect.stringContaining('VBoxManage cannot be started'),
      remedy: expect.stringContaining('Install VirtualBox'),
    });
    program('VBoxManage', 'WARNING: The vboxdrv kernel module is not loaded 6.2.1-x\n7.1.4r165100');
    expect(await look('Vagrant 2.3.4')).toMatchObject({
      state: 'problem',
      says: '7.1.4, which Vagrant 2.3.4 does not know',
      remedy: 'Install Vagrant 2.4.2 or later, or an older VirtualBox.',
    });
    expect(await look('Vagrant 2.4.3')).toEqual({ state: 'ok', says: '7.1.4' });
  });

  it('libvirt: its plugin, and its daemon', async () => {
    program(
      'virsh',
      'Compiled against library: libvirt 9.0.0\nUsing library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 7.2.22',
    );
    expect(
      await findings(providerExaminations('libvirt', context('x', { 'vagrant-libvirt': '0.11.2' }))),
    ).toEqual({
      'libvirt plugin': { state: 'ok', says: '0.11.2' },
      libvirt: { state: 'ok', says: 'libvirt 9.0.0, QEMU 7.2.22' },
    });
    writeFileSync(
      join(folder, 'virsh'),
      '#!/bin/sh\necho "error: failed to connect to the hypervisor" >&2\nexit 1\n',
    );
    expect(await findings(providerExaminations('libvirt', context('x')))).toMatchObject({
      'libvirt plugin': { state: 'problem', says: 'vagrant-libvirt is not installed' },
      libvirt: {
        state: 'problem',
        says: expect.stringContaining('failed to connect'),
        remedy: expect.stringContaining('libvirtd'),
      },
    });
  });

  it('VMware by its plugin, and Hyper-V on Windows only', async () => {
    const vmware = await findings(providerExaminations('vmware_desktop', context('x')));
    expect(vmware['VMware plugin']).toMatchObject({ state: 'problem' });
    if (process.platform === 'win32') return;
    const hyperv = await findings(providerExaminations('hyperv', context('x')));
    expect(hyperv['Hyper-V']).toMatchObject({ state: 'problem', says: 'Hyper-V runs on Windows hosts only' });
  });

  it('Hyper-V by its service, its module and the rights of the account, with the remedy for clients and servers', () => {
    const ready = { member: true, module: '2.0.0.0', service: 'Running', enhanced: false };
    const all = 'module 2.0.0.0, service running, and this account may manage it';
    expect(judgeHyperv(ready)).toBe(all);
    expect(judgeHyperv({ ...ready, enhanced: true })).toEqual({
      state: 'note',
      says: `${all}; enhanced sessions are allowed, and the console of a machine that can have them is refused`,
      remedy: 'As administrator: Set-VMHost -EnableEnhancedSessionMode $false',
    });
    for (const [lacking, says, remedy] of [
      [{ service: '' }, 'is not enabled', /Enable-WindowsOptionalFeature .*Install-WindowsFeature/],
      [{ service: 'Stopped' }, 'not running but: Stopped', /Start-Service -Name vmms$/],
      [{ module: '' }, 'PowerShell module', /Install-WindowsFeature -Name Hyper-V-PowerShell/],
      [{ member: false }, 'may not manage it', /Hyper-V Administrators/],
    ] as const) {
      const fault = faultOf(() => judgeHyperv({ ...ready, ...lacking }));
      expect(fault.message).toContain(says);
      expect(fault.remedy).toMatch(remedy);
    }
  });
});

function faultOf(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error('there was no fault');
}

describe('the doctor looks for boxes', () => {
  const boxes = once("Vagrant's boxes", () => [
    { name: 'win7', provider: 'virtualbox', version: '0' },
    { name: 'mine', provider: 'vmware_fusion', version: '1.2' },
  ]);
  const look = (
    provider: MachineConfig['provider'],
    environment: NodeJS.ProcessEnv = {},
    existing?: { provider: string },
  ) =>
    examine({
      what: 'box',
      look: () =>
        lookForBox({ name: 'win7', os: 'win7', language: 'en', provider }, existing, boxes, environment),
    });

  it('by the name of the machine, or by what the environment says', async () => {
    expect(await look('virtualbox')).toEqual({ state: 'ok', says: 'win7 (virtualbox)' });
    expect(await look('virtualbox', { SSPR_BOX_WIN7: '' })).toMatchObject({ state: 'ok' });
    expect(await look('vmware_desktop', { SSPR_BOX_WIN7: 'mine' })).toEqual({
      state: 'ok',
      says: 'mine 1.2 (vmware_fusion)',
    });
  });

  it('that fit the provider', async () => {
    expect(await look('libvirt')).toMatchObject({
      state: 'problem',
      says: 'win7 is for virtualbox, not for libvirt',
    });
    expect(await look('virtualbox', { SSPR_BOX_WIN7: 'other' })).toMatchObject({
      state: 'problem',
      says: 'no box named other',
      remedy: expect.stringContaining('vagrant box add other FILE --provider virtualbox'),
    });
    expect(await look('virtualbox', { SSPR_BOX_WIN7: 'owner/box' })).toMatchObject({ state: 'note' });
  });

  it('only where there is no machine yet', async () => {
    expect(await look('libvirt', {}, { provider: 'libvirt' })).toEqual({
      state: 'ok',
      says: 'not needed: win7 exists (libvirt)',
    });
    expect(await look('libvirt', {}, { provider: 'virtualbox' })).toMatchObject({
      state: 'problem',
      says: 'win7 exists with virtualbox, the configuration says libvirt',
    });
  });
});
