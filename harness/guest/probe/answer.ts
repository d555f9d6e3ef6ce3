import { z } from 'zod';
import { type Facts, JOIN_STATES } from '../facts.ts';

/** The parts of the facts that are read, and can fail, one by one. */
export type Part = Exclude<keyof Facts, 'schema' | 'scriptHost' | 'failures'>;

const ABSENT = { state: 'absent' } as const;

/** What stands for a part that failed; `failures` says that it means nothing. */
export const EMPTY: Pick<Facts, Part> = {
  os: {
    version: '',
    build: 0,
    productName: '',
    servicePack: '',
    architecture: 'x64',
    computerName: '',
    locale: '',
  },
  clock: { now: '', bootedAt: '' },
  tls: {
    enabled: ABSENT,
    disabledByDefault: ABSENT,
    winHttpProtocols: ABSENT,
    winHttpProtocolsWow64: ABSENT,
    cipherSuiteOrder: ABSENT,
    systemSecureProtocols: ABSENT,
    machineSecureProtocols: ABSENT,
    policySecureProtocols: ABSENT,
  },
  connections: [],
  handshakes: { logged: { state: 'off', reason: '' }, seen: [] },
  proxy: {
    winHttpSettings: ABSENT,
    systemProxyEnable: ABSENT,
    systemProxyServer: ABSENT,
    systemProxyOverride: ABSENT,
    systemAutoConfigUrl: ABSENT,
    systemConnectionSettings: ABSENT,
    perUserPolicy: ABSENT,
    machineProxyEnable: ABSENT,
    machineProxyServer: ABSENT,
    machineProxyOverride: ABSENT,
    machineAutoConfigUrl: ABSENT,
  },
  environment: {
    join: { state: 'none', name: '' },
    networkSignOns: ABSENT,
    remoteSessions: ABSENT,
    remoteDesktopDenied: ABSENT,
  },
  providerFilters: [],
  hotFixes: [],
  packages: [],
  rebootPending: [],
  credentialProviders: [],
  products: [],
  verboseLogging: ABSENT,
  userAccountControl: ABSENT,
};

/** Puts the empty value where a part failed, and only there: a part that is missing without a reason is an error. */
export function fillGaps(answer: unknown): unknown {
  const parsed = z.looseObject({ failures: z.record(z.string(), z.string()) }).safeParse(answer);
  if (!parsed.success) return answer;
  const failed = Object.entries(EMPTY).filter(([part]) => part in parsed.data.failures);
  return { ...parsed.data, ...Object.fromEntries(failed) };
}

const reading = <T>(value: z.ZodType<T>) =>
  z.discriminatedUnion('state', [
    z.object({ state: z.literal('present'), value }),
    z.object({ state: z.literal('absent') }),
    z.object({ state: z.literal('unreadable'), reason: z.string() }),
  ]);
const number = reading(z.number());
const text = reading(z.string());
const instant = z.union([z.iso.datetime(), z.literal('')]);

const provider = z.object({
  clsid: z.string(),
  name: z.string(),
  disabled: z.boolean(),
  dll: text,
  dllExists: z.boolean().nullable(),
  dllVersion: text,
});

/** What the script says: all facts but those about the script host itself. */
export const answer: z.ZodType<Omit<Facts, 'scriptHost'>> = z.object({
  schema: z.literal(1),
  os: z.object({
    version: z.string(),
    build: z.number(),
    productName: z.string(),
    servicePack: z.string(),
    architecture: z.enum(['x64', 'x86']),
    computerName: z.string(),
    locale: z.string(),
  }),
  clock: z.object({ now: instant, bootedAt: instant }),
  tls: z.object({
    enabled: number,
    disabledByDefault: number,
    winHttpProtocols: number,
    winHttpProtocolsWow64: number,
    cipherSuiteOrder: text,
    systemSecureProtocols: number,
    machineSecureProtocols: number,
    policySecureProtocols: number,
  }),
  connections: z.array(
    z.object({
      url: z.string(),
      route: z.string(),
      stack: z.enum(['winhttp', 'wininet']),
      ok: z.boolean(),
      status: z.number(),
      error: z.string(),
      ms: z.number(),
    }),
  ),
  proxy: z.object({
    winHttpSettings: text,
    systemProxyEnable: number,
    systemProxyServer: text,
    systemProxyOverride: text,
    systemAutoConfigUrl: text,
    systemConnectionSettings: text,
    perUserPolicy: number,
    machineProxyEnable: number,
    machineProxyServer: text,
    machineProxyOverride: text,
    machineAutoConfigUrl: text,
  }),
  handshakes: z.object({
    logged: z.discriminatedUnion('state', [
      z.object({ state: z.literal('on') }),
      z.object({ state: z.literal('off'), reason: z.string() }),
    ]),
    seen: z.array(
      z.object({
        server: z.string(),
        protocol: z.string(),
        cipherSuite: z.string(),
        chain: z.array(z.string()),
      }),
    ),
  }),
  environment: z.object({
    join: z.object({ state: z.enum(JOIN_STATES), name: z.string() }),
    networkSignOns: reading(
      z.array(z.object({ profile: z.string(), type: z.enum(['preLogon', 'postLogon', '']) })),
    ),
    remoteSessions: reading(z.array(z.string())),
    remoteDesktopDenied: number,
  }),
  providerFilters: z.array(provider),
  hotFixes: z.array(z.string()),
  packages: z.array(z.object({ kb: z.string(), name: z.string(), state: z.number() })),
  rebootPending: z.array(z.string()),
  credentialProviders: z.array(provider),
  products: z.array(
    z.object({
      key: z.string(),
      displayName: z.string(),
      displayVersion: z.string(),
      publisher: z.string(),
      wow64: z.boolean(),
    }),
  ),
  verboseLogging: number,
  userAccountControl: number,
  failures: z.record(z.string(), z.string()),
});
