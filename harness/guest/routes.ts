import type { Connection, Facts } from './facts.ts';
import { bypasses, httpsProxy, readableStores, WINHTTP } from './proxy-settings.ts';

/*
 * One connection tells that the portal cannot be reached, seldom why: a proxy that refuses the tunnel looks like a
 * failed handshake, a proxy that is not there like a portal that is not there. So the guest makes some more, each of
 * which rules something out. What they are follows from the proxy settings and from what has been seen already.
 */

/** One connection to make; `route` as in `Connection`. WinINET knows no other way than `settings`. */
export interface Ask {
  readonly route: string;
  readonly url: string;
  /** WinHTTP when missing. */
  readonly stack?: 'wininet';
}

/**
 * Proxies that cannot be: one name that resolves nowhere (RFC 2606), one port that nobody listens on. What comes of
 * them shows whether the stack takes a route of its own at all: Wine's WinHttpRequest forgets what SetProxy told it.
 */
const NOWHERE = { name: 'proxy.invalid:9', port: '127.0.0.1:9' } as const;
const NAME_NOT_RESOLVED = '0x80072ee7';
const TIMED_OUT = '0x80072ee2';

const portalUrl = (host: string): string => `https://${host}/`;

/** The portal alone, as WinHTTP is set up. */
export const firstAsk = (portalHost: string): Ask => ({ route: 'settings', url: portalUrl(portalHost) });

/** The proxy that WinHTTP goes through to this host as it is set up, `host:port`; undefined for none. */
export function winHttpProxy(settings: Facts['proxy'], host: string): string | undefined {
  const store = readableStores(settings).find(({ name }) => name === WINHTTP);
  return store === undefined || bypasses(store.bypass, host) ? undefined : httpsProxy(store.proxy);
}

/** Every proxy that is named anywhere, `host:port`, each once. */
const namedProxies = (settings: Facts['proxy']): string[] => [
  ...new Set(readableStores(settings).flatMap(({ proxy }) => httpsProxy(proxy) ?? [])),
];

/**
 * What to ask after the portal has been asked for with the machine's own settings: the other ways there, and, where the
 * portal did not answer, what tells a proxy that is not there from one that refuses. Nothing is asked again on a way
 * that was silent: each such connection costs its whole time limit.
 */
export function furtherAsks(
  { connections, proxy }: Facts,
  portalHost: string,
  extraHosts: readonly string[],
): Ask[] {
  const url = portalUrl(portalHost);
  const own = connections.find(
    (made) => made.stack === 'winhttp' && made.route === 'settings' && made.url === url,
  );
  if (own === undefined) return [];
  const used = winHttpProxy(proxy, portalHost);
  const others = namedProxies(proxy).filter((named) => named !== used);
  const routes = [...(used === undefined ? [] : ['direct']), ...others];
  const silent = own.error === TIMED_OUT;
  return [
    ...(own.status > 0 || used === undefined ? [] : [{ route: 'settings', url: `http://${used}/` }]),
    ...(own.status > 0 || used === undefined || silent
      ? []
      : [{ route: 'settings', url: `http://${portalHost}/` }]),
    // They would most likely be as silent.
    ...(silent ? [] : extraHosts.map(firstAsk)),
    ...(routes.length === 0 ? [] : [{ route: nowhereFor(own), url }]),
    ...routes.map((route) => ({ route, url })),
  ];
}

/**
 * What to ask WinINET where WinHTTP got no answer: it may have been told more. Undefined where it has nothing to add:
 * after an answer, after silence (it has no time limit and would hang), and with TLS 1.2 off.
 */
export function winInetAsk({ connections, tls }: Facts, portalHost: string): Ask | undefined {
  const first = firstAsk(portalHost);
  const own = connections.find((made) => made.route === first.route && made.url === first.url);
  const worthIt = own?.status === 0 && own.error !== TIMED_OUT && !isOff(tls);
  return worthIt ? { ...first, stack: 'wininet' } : undefined;
}

const isOff = ({ enabled, disabledByDefault }: Facts['tls']): boolean =>
  (enabled.state === 'present' && enabled.value === 0) ||
  (disabledByDefault.state === 'present' && disabledByDefault.value !== 0);

/** The impossible proxy whose error cannot be the one that the machine's own settings led to. */
const nowhereFor = ({ error }: Connection): string =>
  error === NAME_NOT_RESOLVED ? NOWHERE.port : NOWHERE.name;

/**
 * The connections without those that prove nothing: what came of the impossible proxy, and, where that was the same as
 * with the machine's own settings, every connection on a route of its own, since the stack did not take it.
 */
export function trustworthy(connections: readonly Connection[]): Connection[] {
  const nowhere = Object.values<string>(NOWHERE);
  const tried = connections.find(({ route }) => nowhere.includes(route));
  const own = connections.find(
    (made) => made.route === 'settings' && made.stack === 'winhttp' && made.url === tried?.url,
  );
  const obeys = own === undefined || own.status !== tried?.status || own.error !== tried.error;
  return connections.filter(({ route }) => route === 'settings' || (obeys && !nowhere.includes(route)));
}
