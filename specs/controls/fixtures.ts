import {
  SSPR_CLSID,
  type Connection,
  type CredentialProvider,
  type Facts,
  type Handshake,
} from '../../harness/guest/facts.ts';
import type { OperatingSystem, Policy, Subject } from './control.ts';
import { DEFAULT_POLICY, EXTRA_HOSTS } from './policy.ts';

type Part = 'os' | 'clock' | 'tls' | 'proxy';

/** What differs from a healthy machine: some fields of a part, or a whole list or reading. */
export type Overrides = { readonly [K in keyof Facts]?: K extends Part ? Partial<Facts[K]> : Facts[K] };

export const present = <T>(value: T) => ({ state: 'present', value }) as const;
export const absent = { state: 'absent' } as const;
export const unreadable = { state: 'unreadable', reason: 'access is denied (0x80070005)' } as const;

/** A handshake with the portal as Windows logs it. */
export const HANDSHAKE: Handshake = {
  server: DEFAULT_POLICY.portalHost,
  protocol: 'TLS 1.2',
  cipherSuite: '0xC028',
  chain: [DEFAULT_POLICY.portalHost, 'Example Issuing CA 01', 'Example Global Root G2'],
};

/** The facts of a healthy machine: patched, TLS 1.2 enabled, behind a proxy, add-in installed and restarted. */
export function factsOf(os: OperatingSystem, overrides: Overrides = {}): Facts {
  const healthy: Facts = {
    schema: 1,
    scriptHost: { state: 'available' },
    os: { ...VERSIONS[os], architecture: 'x64', computerName: `${os.toUpperCase()}-LAB`, locale: '0409' },
    clock: { now: '2026-11-21T10:00:00.000Z', bootedAt: '2026-11-21T09:55:00.000Z' },
    tls: {
      enabled: present(1),
      disabledByDefault: present(0),
      winHttpProtocols: os === 'win7' ? present(0xa00) : absent,
      winHttpProtocolsWow64: os === 'win7' ? present(0xa00) : absent,
      cipherSuiteOrder: absent,
      systemSecureProtocols: absent,
      machineSecureProtocols: absent,
      policySecureProtocols: absent,
    },
    connections: [DEFAULT_POLICY.portalHost, ...EXTRA_HOSTS].flatMap((host) => [
      connection({ url: `https://${host}/` }),
      connection({ url: `https://${host}/`, stack: 'wininet' }),
      ...(host === DEFAULT_POLICY.portalHost ? [connection({ route: 'direct' })] : []),
    ]),
    handshakes: { logged: { state: 'on' }, seen: [HANDSHAKE] },
    proxy: {
      winHttpSettings: present(PROXY_SETTINGS),
      systemProxyEnable: absent,
      systemProxyServer: absent,
      systemProxyOverride: absent,
      systemAutoConfigUrl: absent,
      systemConnectionSettings: absent,
      perUserPolicy: absent,
      machineProxyEnable: absent,
      machineProxyServer: absent,
      machineProxyOverride: absent,
      machineAutoConfigUrl: absent,
    },
    environment: {
      join: { state: 'none', name: 'WORKGROUP' },
      networkSignOns: present([]),
      remoteSessions: present([]),
      remoteDesktopDenied: present(1),
    },
    providerFilters: [],
    hotFixes: DEFAULT_POLICY.patches[os].map(([kb = '']) => kb),
    packages: DEFAULT_POLICY.patches[os].map(([kb = '']) => update(kb, 112)),
    rebootPending: [],
    credentialProviders: [PASSWORD_PROVIDER, RESET_PROVIDER],
    products: [
      {
        key: '{00000000-0000-0000-0000-000000000001}',
        displayName: ADD_IN,
        displayVersion: '1.0.0',
        publisher: 'Microsoft Corporation',
        wow64: false,
      },
    ],
    verboseLogging: absent,
    userAccountControl: present(1),
    failures: {},
  };
  return {
    ...healthy,
    ...overrides,
    os: { ...healthy.os, ...overrides.os },
    clock: { ...healthy.clock, ...overrides.clock },
    tls: { ...healthy.tls, ...overrides.tls },
    proxy: { ...healthy.proxy, ...overrides.proxy },
  };
}

/** A machine as a judge sees it. */
export const subjectOf = (
  os: OperatingSystem,
  overrides: Overrides = {},
  policy: Partial<Policy> = {},
): Subject => ({ os, facts: factsOf(os, overrides), policy: { ...DEFAULT_POLICY, ...policy } });

/** A connection to the portal that was answered, unless told otherwise. */
export const connection = (made: Partial<Connection> = {}): Connection => ({
  url: `https://${DEFAULT_POLICY.portalHost}/`,
  route: 'settings',
  stack: 'winhttp',
  ok: true,
  status: 200,
  error: '',
  ms: 40,
  ...made,
});

/** A connection to the portal that failed with an error. */
export const failed = (error: string, stack: Connection['stack'] = 'winhttp'): Connection =>
  connection({ ok: false, status: 0, error, stack });

export const update = (kb: string, state: number): Facts['packages'][number] => ({
  kb,
  name: `Package_for_${kb}~31bf3856ad364e35~amd64~~6.1.1.0`,
  state,
});

export const provider = (registered: Partial<CredentialProvider>): CredentialProvider => ({
  clsid: '{11111111-2222-3333-4444-555555555555}',
  name: 'Other maker',
  disabled: false,
  dll: present('C:\\Program Files\\Other\\other.dll'),
  dllExists: true,
  dllVersion: present('1.0.0.0'),
  ...registered,
});

const VERSIONS: Readonly<
  Record<OperatingSystem, Pick<Facts['os'], 'version' | 'build' | 'productName' | 'servicePack'>>
> = {
  win7: {
    version: '6.1.7601',
    build: 7601,
    productName: 'Windows 7 Professional',
    servicePack: 'Service Pack 1',
  },
  win8: { version: '6.2.9200', build: 9200, productName: 'Windows 8 Pro', servicePack: '' },
  win81: { version: '6.3.9600', build: 9600, productName: 'Windows 8.1 Pro', servicePack: '' },
};

const ADD_IN = 'Azure AD Password Reset Windows Logon';

/** `proxy.contoso.com:8080`, not for `localhost;*.contoso.com` */
const PROXY_SETTINGS =
  '1800000000000000030000001600000070726f78792e636f6e746f736f2e636f6d3a38303830170000006c6f63616c686f73743b2a2e636f6e746f736f2e636f6d';

const PASSWORD_PROVIDER = provider({
  clsid: '{6f45dc1e-5384-457a-bc13-2cd81b0d28ed}',
  name: 'PasswordProvider',
  dll: present('C:\\Windows\\System32\\authui.dll'),
});

/** The add-in as its package registers it. */
export const RESET_PROVIDER = provider({
  clsid: SSPR_CLSID,
  name: 'AADPasswordResetCredentialProvider',
  dll: present('C:\\Program Files\\SsprWindowsLogon\\SsprWindowsLogon.dll'),
});
