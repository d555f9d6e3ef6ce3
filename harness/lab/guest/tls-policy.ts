import type { Profile } from './profile.ts';
import type { Registry } from './registry.ts';

/*
 * Wine's Schannel obeys the SCHANNEL keys, but its WinHTTP knows nothing of KB3140245 and `DefaultSecureProtocols`.
 * GnuTLS, which does the work below, can be told by a policy file; with it the lab supplies the rule.
 */

const PACKAGES = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages';
const WINHTTP = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp';
const TLS_1_2 = 0x800;
const SCHANNEL_CLIENT =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
/** Component Based Servicing: superseded by something newer that does the same, installed, permanent. */
const PRESENT_STATES = [0x50, 0x70, 0x80];

export interface WinHttpFacts {
  readonly version: readonly [number, number, number];
  readonly kb3140245: boolean;
  /** `DefaultSecureProtocols`; undefined when it is not set. */
  readonly protocols: number | undefined;
  /** Whether the SCHANNEL keys say nothing of TLS 1.2, so that the default of this Windows holds. */
  readonly leftToWindows: boolean;
}

/**
 * Whether WinHTTP of this Windows offers TLS 1.2 to a caller that does not ask for it (KB3140245's text). Windows 7
 * has TLS 1.2, switched off until the SCHANNEL keys switch it on; Wine has it on.
 */
export function offersTls12({
  version: [major, minor],
  kb3140245,
  protocols,
  leftToWindows,
}: WinHttpFacts): boolean {
  if (major > 6 || (major === 6 && minor >= 3)) return true;
  if (leftToWindows && major === 6 && minor < 2) return false;
  return kb3140245 && ((protocols ?? 0) & TLS_1_2) !== 0;
}

/** Reads the rule's facts from the running guest. */
export async function readWinHttpFacts(registry: Registry, profile: Profile): Promise<WinHttpFacts> {
  const packages = (await registry.subkeys(PACKAGES)).filter((name) => /_KB3140245~/i.test(name));
  const states = await Promise.all(
    packages.map((name) => registry.dword(`${PACKAGES}\\${name}`, 'CurrentState')),
  );
  return {
    version: profile.version,
    kb3140245: states.some((state) => state !== undefined && PRESENT_STATES.includes(state)),
    protocols: await registry.dword(WINHTTP, 'DefaultSecureProtocols'),
    leftToWindows:
      (await registry.value(SCHANNEL_CLIENT, 'Enabled')) === undefined &&
      (await registry.value(SCHANNEL_CLIENT, 'DisabledByDefault')) === undefined,
  };
}

/**
 * The policy of a WinHTTP that does not offer TLS 1.2. GnuTLS reads it from GNUTLS_SYSTEM_PRIORITY_FILE; where that is
 * set, Wine 8 takes GnuTLS' defaults in place of the SCHANNEL keys, so it may be set only where this policy is wanted.
 */
export const WITHOUT_TLS12 = '[overrides]\ndisabled-version = tls1.2\ndisabled-version = tls1.3\n';
