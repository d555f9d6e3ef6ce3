import { Fault } from '../../core/errors.ts';

interface Setting {
  /** Where it is: `winrm get winrm/config/winrs`. */
  readonly at: string;
  /** What newer Windows versions have by default. Source: facts 7.2. */
  readonly enough: number;
  /** What its being too low means. */
  readonly what: string;
  readonly instead: string;
}

const CLOSE = 'Close other WinRM sessions of this user';

/** The settings of WinRM that a client can run into. Source: facts 7.2, MS-WSMV 2.2.4.10, 2.2.4.36 and 2.2.4.42. */
const SETTINGS = {
  MaxShellsPerUser: {
    at: 'winrm/config/winrs',
    enough: 30,
    what: 'too many shells are open for this user',
    instead: CLOSE,
  },
  MaxConcurrentUsers: {
    at: 'winrm/config/winrs',
    enough: 10,
    what: 'too many users have shells open',
    instead: 'Wait until others have closed theirs',
  },
  MaxConcurrentOperationsPerUser: {
    at: 'winrm/config/service',
    enough: 1500,
    what: 'too many commands run at once for this user',
    instead: CLOSE,
  },
  MaxProcessesPerShell: {
    at: 'winrm/config/winrs',
    enough: 25,
    what: 'too many processes run in this shell',
    instead: 'End what earlier commands have started',
  },
  MaxMemoryPerShellMB: {
    at: 'winrm/config/winrs',
    enough: 1024,
    what: 'there is no memory left for this shell',
    instead: 'Run the program as a scheduled task',
  },
  MaxEnvelopeSizekb: {
    at: 'winrm/config',
    enough: 500,
    what: 'a request or an answer is larger than the machine allows',
    instead: 'Ask for less at once',
  },
} satisfies Readonly<Record<string, Setting>>;

/** Name of the setting that is too low. */
export type Quota = keyof typeof SETTINGS;

export const QUOTAS = Object.keys(SETTINGS) as readonly Quota[];

export const isQuota = (value: unknown): value is Quota =>
  typeof value === 'string' && Object.hasOwn(SETTINGS, value);

/** The machine refuses because one of its settings is too low. */
export class QuotaFault extends Fault {
  constructor(
    message: string,
    readonly setting: Quota,
    remedy: string,
  ) {
    super(message, { code: 'winrm-quota', blame: 'machine', retryable: true, remedy });
  }
}

/** @param said what the machine said, in brackets */
export function tooLowQuota(setting: Quota, doing: string, said: string): QuotaFault {
  const { what, instead } = SETTINGS[setting];
  return new QuotaFault(
    `WinRM failed while ${doing}: ${what} ${said}`,
    setting,
    `${instead}, or raise ${setting} on the machine: ${raiseQuota(setting)}`,
  );
}

/** The command that raises a quota, in both of Windows' command languages, which quote differently. */
export function raiseQuota(setting: Quota): string {
  const { at, enough } = SETTINGS[setting];
  const value = `@{${setting}="${enough}"}`;
  return `winrm set ${at} ${value} (in cmd.exe; in PowerShell: winrm set ${at} '${value}')`;
}
