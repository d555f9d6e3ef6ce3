import { z } from 'zod';
import type { Deadline } from '../../core/deadline.ts';
import { vboxManage } from '../../console/virtualbox/vboxmanage.ts';
import { Fault } from '../../core/errors.ts';
import type { ProviderName } from '../../machines/machine.ts';
import { openPowerShell } from '../../powershell/open.ts';
import { scriptFile } from '../../powershell/script.ts';
import { type Examination, type Finding, note, type Once } from './finding.ts';
import { ask } from './tool.ts';
import { compareVersions, judgeVersion, KNOWN_GOOD, versionIn, VIRTUALBOX_NEEDS } from './versions.ts';

/** What examinations of providers have in common. */
export interface ProviderContext {
  /** What `vagrant --version` says. */
  readonly vagrant: Once<string>;
  /** Vagrant's plugins with their versions, by name. */
  readonly plugins: Once<ReadonlyMap<string, string>>;
  readonly deadline: Deadline;
}

const MINUTE = 60_000;

type Look = (context: ProviderContext) => Promise<Finding | string>;

/** What each provider needs on this host, beyond Vagrant. */
const PROVIDERS: Readonly<Record<Exclude<ProviderName, 'lab'>, Readonly<Record<string, Look>>>> = {
  virtualbox: { VirtualBox: virtualBox },
  vmware_desktop: { 'VMware plugin': (context) => plugin('vagrant-vmware-desktop', context) },
  hyperv: { 'Hyper-V': hyperV },
  libvirt: { 'libvirt plugin': (context) => plugin('vagrant-libvirt', context), libvirt },
};

export const providerExaminations = (
  provider: Exclude<ProviderName, 'lab'>,
  context: ProviderContext,
): Examination[] =>
  Object.entries(PROVIDERS[provider]).map(([what, look]) => ({ what, look: () => look(context) }));

async function virtualBox({ vagrant, deadline }: ProviderContext): Promise<Finding | string> {
  const { name } = KNOWN_GOOD.virtualbox;
  const said = (await vboxManage(['--version'], deadline.within(MINUTE, 'asking VBoxManage'))).trim();
  // Without its kernel modules it prints a warning first.
  const version = versionIn(said.split('\n').at(-1) ?? '', name);
  const judged = judgeVersion(version, KNOWN_GOOD.virtualbox);
  const needs = VIRTUALBOX_NEEDS.find(({ virtualbox }) => version.startsWith(`${virtualbox}.`))?.vagrant;
  const have = versionIn(await vagrant.needed(), 'Vagrant');
  if (needs === undefined || compareVersions(have, needs) >= 0) return judged;
  throw new Fault(`${version}, which Vagrant ${have} does not know`, {
    code: 'version-too-old',
    blame: 'config',
    remedy: `Install Vagrant ${needs} or later, or an older VirtualBox.`,
  });
}

async function plugin(
  name: 'vagrant-libvirt' | 'vagrant-vmware-desktop',
  { plugins }: ProviderContext,
): Promise<Finding | string> {
  const known = KNOWN_GOOD[name];
  const version = (await plugins.needed()).get(name);
  if (version !== undefined) return judgeVersion(version, known);
  throw new Fault(`${name} is not installed`, {
    code: 'plugin-missing',
    blame: 'config',
    remedy: known.remedy,
  });
}

/** Asks the daemon, as Vagrant does: a client alone runs nothing. */
async function libvirt(): Promise<string> {
  const remedy =
    'Start it (systemctl start libvirtd), and be a member of the group libvirt; Debian: libvirt-daemon-system, libvirt-clients.';
  const said = await ask('virsh', ['--connect', 'qemu:///system', 'version'], remedy);
  const running = /^Running hypervisor: *(.+)$/m.exec(said)?.[1];
  const using = /^Using library: *(.+)$/m.exec(said)?.[1];
  return [using, running].filter((one) => one !== undefined).join(', ') || 'answers';
}

const HYPERV = scriptFile(new URL('hyperv.ps1', import.meta.url), 'looking at Hyper-V');

/** What that script returns; texts are empty for what is not there. */
const hypervFacts = z.object({
  member: z.boolean(),
  module: z.string(),
  service: z.string(),
  enhanced: z.boolean(),
});

const lacks = (message: string, remedy: string): Fault =>
  new Fault(message, { code: 'hyperv-missing', blame: 'config', remedy });

async function hyperV({ deadline }: ProviderContext): Promise<Finding | string> {
  if (process.platform !== 'win32') {
    throw lacks(
      'Hyper-V runs on Windows hosts only',
      'Run the harness on the Hyper-V host, or choose another provider.',
    );
  }
  const powershell = openPowerShell({ environment: process.env });
  const answer = await powershell
    .run(HYPERV, {}, deadline.within(MINUTE, HYPERV.doing))
    .finally(() => powershell.close());
  return judgeHyperv(hypervFacts.parse(answer));
}

/**
 * Clients of Windows have features of other names, and another cmdlet for them, than servers.
 * Source: Microsoft, Install Hyper-V in Windows; Install the Hyper-V role on Windows Server.
 * @throws Fault `hyperv-missing`
 */
export function judgeHyperv({
  member,
  module,
  service,
  enhanced,
}: z.infer<typeof hypervFacts>): Finding | string {
  if (service === '')
    throw lacks(
      'Hyper-V is not enabled',
      'As administrator: Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All; on Windows Server: Install-WindowsFeature -Name Hyper-V -IncludeManagementTools. Then restart.',
    );
  if (service !== 'Running')
    throw lacks(
      `its service vmms is not running but: ${service}`,
      'As administrator: Start-Service -Name vmms',
    );
  if (module === '')
    throw lacks(
      'its PowerShell module is not there',
      'As administrator: Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V-Management-PowerShell; on Windows Server: Install-WindowsFeature -Name Hyper-V-PowerShell.',
    );
  if (!member)
    throw lacks(
      'this account may not manage it',
      'Run as an administrator, or be a member of Hyper-V Administrators and sign in again.',
    );
  const all = `module ${module}, service running, and this account may manage it`;
  if (!enhanced) return all;
  return note(
    `${all}; enhanced sessions are allowed, and the console of a machine that can have them is refused`,
    'As administrator: Set-VMHost -EnableEnhancedSessionMode $false',
  );
}
