import type { Deadline } from '../../core/deadline.ts';
import { vboxManage } from '../../console/virtualbox/vboxmanage.ts';
import { Fault } from '../../core/errors.ts';
import type { ProviderName } from '../../machines/machine.ts';
import { openPowerShell } from '../../powershell/open.ts';
import type { Script } from '../../powershell/powershell.ts';
import type { Examination, Finding, Once } from './finding.ts';
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

const HYPERV: Script = {
  doing: 'looking at Hyper-V',
  text: `
$identity = [Security.Principal.WindowsIdentity]::GetCurrent()
$principal = New-Object Security.Principal.WindowsPrincipal($identity)
$administrators = New-Object Security.Principal.SecurityIdentifier('S-1-5-32-544')
$hypervAdministrators = New-Object Security.Principal.SecurityIdentifier('S-1-5-32-578')
$module = @(Get-Module -ListAvailable -Name 'Hyper-V') | Select-Object -First 1
$service = Get-Service -Name 'vmms' -ErrorAction SilentlyContinue
@{
    member  = $principal.IsInRole($administrators) -or $principal.IsInRole($hypervAdministrators)
    module  = if ($null -eq $module) { '' } else { $module.Version.ToString() }
    service = if ($null -eq $service) { '' } else { $service.Status.ToString() }
}
`,
};

/** Groups by their well-known ids: their names are translated. Source: Windows, well-known SIDs. */
async function hyperV({ deadline }: ProviderContext): Promise<string> {
  const lacks = (message: string, remedy: string): Fault =>
    new Fault(message, { code: 'hyperv-missing', blame: 'config', remedy });
  if (process.platform !== 'win32') {
    throw lacks(
      'Hyper-V runs on Windows hosts only',
      'Run the harness on the Hyper-V host, or choose another provider.',
    );
  }
  const powershell = openPowerShell({ environment: process.env });
  const { member, module, service } = await powershell
    .run(HYPERV, {}, deadline.within(MINUTE, 'looking at Hyper-V'))
    .then((answer) => answer as { member: boolean; module: string; service: string })
    .finally(() => powershell.close());
  if (service !== 'Running')
    throw lacks(
      `the service vmms is ${service.toLowerCase() || 'not there'}`,
      'Enable Hyper-V: Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All, then restart.',
    );
  if (module === '')
    throw lacks(
      'its PowerShell module is not there',
      'Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V-Management-PowerShell',
    );
  if (!member)
    throw lacks(
      'this account may not manage it',
      'Run as an administrator, or be a member of Hyper-V Administrators and sign in again.',
    );
  return `module ${module}, service running, and this account may manage it`;
}
