import type { WinrmConfig } from '../../guest/winrm/config.ts';

/** A number of `winrm get winrm/config` and the least that a run needs. */
interface Quota {
  readonly name: string;
  /** Where it is set: `winrm/config` or below. */
  readonly at: 'winrm/config' | 'winrm/config/winrs';
  /** undefined where this version of Windows has no such setting. */
  readonly value: (config: WinrmConfig) => number | undefined;
  readonly least: number;
  /** What the remedy sets: Windows 7's own default. */
  readonly set: number;
  /** Whether 0 stands for no limit. Source: the group policies for Windows Remote Shell. */
  readonly zeroIsUnlimited: boolean;
}

/**
 * What a run needs of WinRM: one shell at a time and a second one while a broken connection's shell is still there, a
 * command with a child or two in it, and the memory that msiexec has on Windows 7. Source of the defaults: facts 7.2.
 */
export const QUOTAS: readonly Quota[] = [
  quota('MaxEnvelopeSizekb', (config) => config.MaxEnvelopeSizekb, 150, 150),
  quota('MaxTimeoutms', (config) => config.MaxTimeoutms, 60_000, 60_000),
  shellQuota('MaxShellsPerUser', (config) => config.winrs.MaxShellsPerUser, 2, 5),
  shellQuota('MaxProcessesPerShell', (config) => config.winrs.MaxProcessesPerShell, 5, 15),
  shellQuota('MaxMemoryPerShellMB', (config) => config.winrs.MaxMemoryPerShellMB, 150, 150),
  {
    ...shellQuota('IdleTimeout', (config) => config.winrs.IdleTimeout, 60_000, 180_000),
    zeroIsUnlimited: false,
  },
  {
    ...shellQuota('MaxConcurrentUsers', (config) => config.winrs.MaxConcurrentUsers, 1, 5),
    zeroIsUnlimited: false,
  },
];

function quota(name: string, value: Quota['value'], least: number, set: number): Quota {
  return { name, at: 'winrm/config', value, least, set, zeroIsUnlimited: false };
}

function shellQuota(name: string, value: Quota['value'], least: number, set: number): Quota {
  return { name, at: 'winrm/config/winrs', value, least, set, zeroIsUnlimited: true };
}

/** What a run cannot work with, each with what to run on the machine, at an administrator's command prompt. */
export function wrongSettings(config: WinrmConfig): { readonly says: string; readonly remedy: string }[] {
  const low = QUOTAS.flatMap(({ name, at, value, least, set, zeroIsUnlimited }) => {
    const found = value(config);
    if (found === undefined || found >= least || (found === 0 && zeroIsUnlimited)) return [];
    return [
      { says: `${name} is ${found}, a run needs ${least}`, remedy: `winrm set ${at} @{${name}="${set}"}` },
    ];
  });
  if (config.winrs.AllowRemoteShellAccess !== false) return low;
  const shells = 'winrm set winrm/config/winrs @{AllowRemoteShellAccess="true"}';
  return [{ says: 'remote shells are not allowed', remedy: shells }, ...low];
}
