import type { Connection, Facts } from '../../harness/guest/facts.ts';

/**
 * How far the guest got on its way to a host:
 * - `answered`: an HTTPS answer came back
 * - `protocol`: the TLS handshake failed before any certificate was judged
 * - `certificate`: the certificate was refused
 * - `cut`: the connection was opened and then cut
 * - `name`, `closed`, `silent`: the host (or the proxy) was not found, refused the connection, did not answer
 * - `proxyAuthentication`: the proxy asked the user to sign in (407)
 * - `refused`: an HTTP refusal came in place of an answer
 * - `unknown`: an error that the table does not hold
 */
export type Reach =
  | 'answered'
  | 'protocol'
  | 'certificate'
  | 'cut'
  | 'name'
  | 'closed'
  | 'silent'
  | 'proxyAuthentication'
  | 'refused'
  | 'unknown';

export interface ConnectionError {
  readonly name: string;
  readonly reach: Reach;
  readonly meaning: string;
}

/** The errors of WinHTTP and WinINET by their number, as the probe writes it. */
export const CONNECTION_ERRORS: Readonly<Record<string, ConnectionError>> = {
  '0x80072ee2': { name: 'ERROR_WINHTTP_TIMEOUT', reach: 'silent', meaning: 'no answer in time' },
  '0x80072ee7': {
    name: 'ERROR_WINHTTP_NAME_NOT_RESOLVED',
    reach: 'name',
    meaning: 'the name of the host or of the proxy could not be resolved',
  },
  '0x80072efd': {
    name: 'ERROR_WINHTTP_CANNOT_CONNECT',
    reach: 'closed',
    meaning: 'the host or the proxy did not accept the connection',
  },
  '0x80072efe': {
    name: 'ERROR_WINHTTP_CONNECTION_ERROR',
    reach: 'cut',
    meaning: 'the connection was cut before an answer came',
  },
  '0x80072746': { name: 'WSAECONNRESET', reach: 'cut', meaning: 'the connection was reset' },
  '0x80072f05': {
    name: 'ERROR_WINHTTP_SECURE_CERT_DATE_INVALID',
    reach: 'certificate',
    meaning: 'the certificate is not valid today by the clock of the machine',
  },
  '0x80072f06': {
    name: 'ERROR_WINHTTP_SECURE_CERT_CN_INVALID',
    reach: 'certificate',
    meaning: 'the certificate is for another name',
  },
  '0x80072f0d': {
    name: 'ERROR_WINHTTP_SECURE_INVALID_CA',
    reach: 'certificate',
    meaning: 'the machine does not trust the issuer of the certificate',
  },
  '0x80072f7d': {
    name: 'ERROR_WINHTTP_SECURE_CHANNEL_ERROR',
    reach: 'protocol',
    meaning: 'the TLS handshake failed: no protocol or cipher suite in common',
  },
  '0x80072f8f': {
    name: 'ERROR_WINHTTP_SECURE_FAILURE',
    reach: 'certificate',
    meaning: 'the certificate was refused: issuer, name, or dates against the clock of the machine',
  },
  '0x80090311': {
    name: 'SEC_E_NO_AUTHENTICATING_AUTHORITY',
    reach: 'protocol',
    meaning: 'every version of TLS is switched off in the registry',
  },
  '0x800c0008': {
    name: 'INET_E_DOWNLOAD_FAILURE',
    reach: 'unknown',
    meaning: 'WinINET could not load the page; it does not say why',
  },
  '0x800c0019': {
    name: 'INET_E_INVALID_CERTIFICATE',
    reach: 'certificate',
    meaning: 'WinINET refused the certificate',
  },
};

/** Answers that a proxy gives in place of the host behind it. */
const REFUSALS: readonly number[] = [403, 502, 503, 504];

export interface Diagnosis {
  readonly reach: Reach;
  /** What was seen, with names and numbers: `ERROR_WINHTTP_TIMEOUT (0x80072ee2): no answer in time`. */
  readonly observed: string;
}

/**
 * How far the guest's WinHTTP got to a host over HTTPS, or undefined when it was not tried. Where WinHTTP only says
 * that the handshake failed, what WinINET saw tells a refused certificate and a proxy's refusal from it.
 */
export function diagnose(connections: Facts['connections'], host: string): Diagnosis | undefined {
  const own = find(connections, host, 'winhttp');
  if (own === undefined) return undefined;
  const reach = reachOf(own);
  const second = find(connections, host, 'wininet');
  if (reach !== 'protocol' || second === undefined) return { reach, observed: describe(own) };
  return { reach: refine(second), observed: `WinHTTP: ${describe(own)}; WinINET: ${describe(second)}` };
}

const find = (
  connections: Facts['connections'],
  host: string,
  stack: Connection['stack'],
): Connection | undefined => connections.find((made) => made.stack === stack && isHttpsTo(made.url, host));

function isHttpsTo(url: string, host: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' && hostname === host.toLowerCase();
}

function reachOf({ ok, status, error }: Connection): Reach {
  if (status === 407) return 'proxyAuthentication';
  if (REFUSALS.includes(status)) return 'refused';
  if (ok || status > 0) return 'answered';
  return CONNECTION_ERRORS[error.toLowerCase()]?.reach ?? 'unknown';
}

/** A handshake that failed in WinHTTP, in the light of what WinINET saw. */
function refine(second: Connection): Reach {
  const reach = reachOf(second);
  return reach === 'certificate' || reach === 'proxyAuthentication' || reach === 'refused'
    ? reach
    : 'protocol';
}

function describe({ status, error }: Connection): string {
  if (status > 0) return `HTTP status ${status}`;
  const known = CONNECTION_ERRORS[error.toLowerCase()];
  return known === undefined
    ? `error ${error || 'without a number'}`
    : `${known.name} (${error}): ${known.meaning}`;
}
