import type { ProfileName } from './profile.ts';
import type { Registry } from './registry.ts';

/** How the WinRM service of a guest is set up, and what it allows. `winrm get winrm/config` names the same settings. */
export interface WinrmSettings {
  /** As Identify names it: 2.0 came with Windows 7, 3.0 with Windows 8. */
  readonly stack: '2.0' | '3.0';
  readonly maxEnvelopeSizeKb: number;
  readonly maxTimeoutMs: number;
  readonly service: {
    readonly allowUnencrypted: boolean;
    readonly basic: boolean;
    readonly negotiate: boolean;
    readonly maxConcurrentOperationsPerUser: number;
    readonly enumerationTimeoutMs: number;
    readonly maxConnections: number;
    /** WMF 3 and later only. */
    readonly allowRemoteAccess: boolean | undefined;
  };
  readonly winrs: {
    readonly allowRemoteShellAccess: boolean;
    readonly idleTimeoutMs: number;
    readonly maxConcurrentUsers: number;
    readonly maxProcessesPerShell: number;
    readonly maxMemoryPerShellMb: number;
    readonly maxShellsPerUser: number;
  };
  /** Which detail a fault about the operations of a user has: since WMF 3 it is a CIM error (facts 7.3). */
  readonly operationsQuotaDetail: 'WSManFault' | 'MSFT_WmiError';
}

/** As the scripts that build boxes set a machine up: Basic and unencrypted messages allowed. Windows allows neither. */
const BOX = { allowUnencrypted: true, basic: true, negotiate: true } as const;

/** Source: facts 7.2. */
const WINRM_2: WinrmSettings = {
  stack: '2.0',
  maxEnvelopeSizeKb: 150,
  maxTimeoutMs: 60_000,
  service: {
    ...BOX,
    maxConcurrentOperationsPerUser: 1500,
    enumerationTimeoutMs: 60_000,
    maxConnections: 25,
    allowRemoteAccess: undefined,
  },
  winrs: {
    allowRemoteShellAccess: true,
    idleTimeoutMs: 180_000,
    maxConcurrentUsers: 5,
    maxProcessesPerShell: 15,
    maxMemoryPerShellMb: 150,
    maxShellsPerUser: 5,
  },
  operationsQuotaDetail: 'WSManFault',
};

const WINRM_3: WinrmSettings = {
  stack: '3.0',
  maxEnvelopeSizeKb: 500,
  maxTimeoutMs: 60_000,
  service: {
    ...BOX,
    maxConcurrentOperationsPerUser: 1500,
    enumerationTimeoutMs: 240_000,
    maxConnections: 300,
    allowRemoteAccess: true,
  },
  winrs: {
    allowRemoteShellAccess: true,
    idleTimeoutMs: 7_200_000,
    maxConcurrentUsers: 10,
    maxProcessesPerShell: 25,
    maxMemoryPerShellMb: 1024,
    maxShellsPerUser: 30,
  },
  operationsQuotaDetail: 'MSFT_WmiError',
};

export const WINRM_SETTINGS: Readonly<Record<ProfileName, WinrmSettings>> = {
  win7: WINRM_2,
  win8: WINRM_3,
  win81: WINRM_3,
};

/** What a test changes of a guest's settings. */
export interface WinrmChanges {
  readonly maxEnvelopeSizeKb?: number;
  readonly maxTimeoutMs?: number;
  readonly service?: Partial<WinrmSettings['service']>;
  readonly winrs?: Partial<WinrmSettings['winrs']>;
}

export const changed = (settings: WinrmSettings, changes: WinrmChanges): WinrmSettings => ({
  ...settings,
  ...changes,
  service: { ...settings.service, ...changes.service },
  winrs: { ...settings.winrs, ...changes.winrs },
});

const POLICIES = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WinRM\\Service';

/**
 * What Group Policy says of the service, which wins over its own settings. It is read when the service starts.
 * Source: WindowsRemoteManagement.admx.
 */
export async function readWinrmPolicy(registry: Registry): Promise<WinrmChanges> {
  const policy = async (name: string): Promise<boolean | undefined> => {
    const value = await registry.dword(POLICIES, name);
    return value === undefined ? undefined : value !== 0;
  };
  const said = {
    basic: await policy('AllowBasic'),
    negotiate: await policy('AllowNegotiate'),
    allowUnencrypted: await policy('AllowUnencryptedTraffic'),
  };
  return { service: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) };
}
