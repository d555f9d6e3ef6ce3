import type { Connection, Facts } from '../../harness/guest/facts.ts';
import { winHttpProxy } from '../../harness/guest/routes.ts';

/**
 * How far the guest got on its way to a host:
 * - `answered`: an HTTPS answer came back
 * - `protocol`: the TLS handshake failed before any certificate was judged
 * - `tunnel`: the same, where a proxy may have refused the tunnel instead, and nobody tells
 * - `ownTls`: the guest has no version of TLS to begin one with
 * - `certificate`: the certificate was refused
 * - `cut`: the connection was opened and then cut
 * - `name`, `closed`, `silent`: the host was not found, refused the connection, did not answer
 * - `proxyName`, `proxyClosed`, `proxySilent`: the same of the proxy
 * - `proxyAuthentication`: the proxy asked the user to sign in (407)
 * - `refused`: an HTTP refusal came in place of an answer
 * - `beyond`: the proxy says that it got no answer from behind it
 * - `unknown`: an error that the table does not hold
 */
export type Reach =
  | 'answered'
  | 'protocol'
  | 'tunnel'
  | 'ownTls'
  | 'certificate'
  | 'cut'
  | 'name'
  | 'closed'
  | 'silent'
  | 'proxyName'
  | 'proxyClosed'
  | 'proxySilent'
  | 'proxyAuthentication'
  | 'refused'
  | 'beyond'
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
    meaning: 'the TLS handshake failed: nothing in common, or a proxy lets nothing through',
  },
  '0x80072f8f': {
    name: 'ERROR_WINHTTP_SECURE_FAILURE',
    reach: 'certificate',
    meaning: 'the certificate was refused: issuer, name, or dates against the clock of the machine',
  },
  '0x80090311': {
    name: 'SEC_E_NO_AUTHENTICATING_AUTHORITY',
    reach: 'ownTls',
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
const BY_STATUS: Readonly<Record<number, Reach>> = {
  403: 'refused',
  407: 'proxyAuthentication',
  502: 'beyond',
  503: 'beyond',
  504: 'beyond',
};

export interface Diagnosis {
  readonly reach: Reach;
  /** The proxy that WinHTTP was set up to go through, `host:port`; undefined for none. */
  readonly via: string | undefined;
  /** What was seen, with names and numbers: `ERROR_WINHTTP_TIMEOUT (0x80072ee2): no answer in time`. */
  readonly observed: string;
}

/** What the machine's connections are judged by. */
export type Seen = Pick<Facts, 'connections' | 'proxy'>;

/**
 * How far the guest's WinHTTP got to a host over HTTPS as it is set up, or undefined when it was not tried. Where that
 * leaves open who is to blame, the other connections tell: what WinINET saw, whether the proxy answers anything, and
 * whether it asks for a sign-in.
 */
export function diagnose({ connections, proxy }: Seen, host: string): Diagnosis | undefined {
  const find = (url: string, stack: Connection['stack'] = 'winhttp'): Connection | undefined =>
    connections.find((made) => made.stack === stack && made.route === 'settings' && isTo(made.url, url));
  const own = find(`https://${host}/`);
  if (own === undefined) return undefined;

  const via = winHttpProxy(proxy, host);
  const witnesses: Witnesses = {
    winInet: find(`https://${host}/`, 'wininet'),
    proxyItself: via === undefined ? undefined : find(`http://${via}/`),
    withoutTls: via === undefined ? undefined : find(`http://${host}/`),
  };
  const first = reachOf(own);
  const reach = REFINED[first]?.(witnesses, via !== undefined) ?? first;
  const { winInet, proxyItself, withoutTls } = witnesses;
  const asked = [winInet, proxyItself, withoutTls].filter((made) => made !== undefined);
  const observed =
    first === 'answered' || asked.length === 0 ? describe(own) : [own, ...asked].map(inFull).join('; ');
  return { reach, via, observed };
}

interface Witnesses {
  readonly winInet: Connection | undefined;
  /** A request to the proxy as if it were a web server: any answer shows that it is there. */
  readonly proxyItself: Connection | undefined;
  /** A request through the proxy that needs no tunnel: a 407 shows that it asks for a sign-in, a 403 shows nothing. */
  readonly withoutTls: Connection | undefined;
}

type Refine = (witnesses: Witnesses, throughProxy: boolean) => Reach | undefined;

/** With a proxy, the guest itself only ever looks for, and connects to, the proxy: unless it answered just now. */
const proxysOwn =
  (reach: Reach): Refine =>
  ({ proxyItself }, throughProxy) =>
    throughProxy && !isAlive(proxyItself) ? reach : undefined;

const TELLING: readonly Reach[] = ['certificate', 'proxyAuthentication', 'refused', 'beyond'];

/** Where WinHTTP only says that the connection or the handshake failed, others may have been told more. */
const toldElsewhere = ({ winInet, withoutTls }: Witnesses): Reach | undefined => {
  if (withoutTls?.status === 407) return 'proxyAuthentication';
  const second = winInet && reachOf(winInet);
  return second !== undefined && TELLING.includes(second) ? second : undefined;
};

const REFINED: Readonly<Partial<Record<Reach, Refine>>> = {
  name: proxysOwn('proxyName'),
  closed: proxysOwn('proxyClosed'),
  silent: ({ proxyItself }) =>
    proxyItself !== undefined && !isAlive(proxyItself) ? 'proxySilent' : undefined,
  protocol: (witnesses, throughProxy) =>
    toldElsewhere(witnesses) ?? (throughProxy && witnesses.winInet === undefined ? 'tunnel' : undefined),
  cut: (witnesses) => toldElsewhere(witnesses),
};

const isAlive = (made: Connection | undefined): boolean => made !== undefined && made.status > 0;

/** One way to the portal on which it was asked for besides the machine's own. */
export interface OtherWay {
  /** `direct` or `host:port` */
  readonly route: string;
  readonly reached: boolean;
  readonly observed: string;
}

export const otherWays = ({ connections }: Pick<Facts, 'connections'>, host: string): OtherWay[] =>
  connections
    .filter(({ route, url }) => route !== 'settings' && isTo(url, `https://${host}/`))
    .map((made) => ({
      route: made.route,
      reached: ['answered', 'certificate'].includes(reachOf(made)),
      observed: describe(made),
    }));

function isTo(url: string, wanted: string): boolean {
  return URL.canParse(url) && URL.canParse(wanted) && new URL(url).origin === new URL(wanted).origin;
}

function reachOf({ ok, status, error }: Connection): Reach {
  const instead = BY_STATUS[status];
  if (instead !== undefined) return instead;
  if (ok || status > 0) return 'answered';
  return CONNECTION_ERRORS[error.toLowerCase()]?.reach ?? 'unknown';
}

const inFull = (made: Connection): string => `${made.url} by ${STACKS[made.stack]}: ${describe(made)}`;

const STACKS: Readonly<Record<Connection['stack'], string>> = { winhttp: 'WinHTTP', wininet: 'WinINET' };

function describe({ status, error }: Connection): string {
  if (status > 0) return `HTTP status ${status}`;
  const known = CONNECTION_ERRORS[error.toLowerCase()];
  return known === undefined
    ? `error ${error || 'without a number'}`
    : `${known.name} (${error}): ${known.meaning}`;
}
