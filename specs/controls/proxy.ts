import { Fault } from '../../harness/core/errors.ts';
import {
  couldNotCheck,
  fail,
  notApplicable,
  pass,
  skipped,
  type Outcome,
  type Verdict,
} from '../../harness/core/outcome.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { httpsProxy, type ProxyStore, proxyStores, WINHTTP } from '../../harness/guest/proxy-settings.ts';
import { type Diagnosis, diagnose, otherWays, type Reach } from './connections.ts';
import { type Control, EVERY_MACHINE, type Subject } from './control.ts';
import { given, read, shown } from './judging.ts';
import { EXTRA_HOSTS } from './policy.ts';
import { canSpeakTls12 } from './tls.ts';

/** The way from the machine to the portal. */
export const proxy: readonly Control[] = [
  {
    id: 'proxy.settings-readable',
    title: 'The proxy settings of the machine and of the SYSTEM account are known',
    rationale:
      'No text says which settings the add-in goes by at the logon screen, so all that it could go by are recorded with the result.',
    source: { document: 'facts', section: '4.1' },
    severity: 'informational',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Set the proxy of the machine again: netsh winhttp set proxy proxy-server="HOST:PORT" bypass-list="LIST", or: netsh winhttp reset proxy.',
    judge: given(['proxy'], recordSettings),
  },
  {
    id: 'proxy.settings-agree',
    title: 'All proxy settings that the add-in could go by name the same proxy',
    rationale:
      'No text of Microsoft says whether the add-in goes by WinHTTP, by the WinINET settings of SYSTEM or by those of the machine, so a machine on which they differ may pass every check here and fail at the logon screen, or the other way round. What is not set counts as a direct connection: that is a difference only where a proxy is named elsewhere and the portal is known not to be reached without one. A script (PAC) and a proxy are not compared, since the script may name that proxy.',
    source: { document: 'facts', section: '4.2' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry', 'wire'],
    appliesTo: EVERY_MACHINE,
    remediation: `Set the same proxy everywhere: netsh winhttp set proxy proxy-server="HOST:PORT" bypass-list="LIST", and for SYSTEM: bitsadmin /util /setieproxy LOCALSYSTEM MANUAL_PROXY HOST:PORT "LIST".`,
    judge: given(['proxy', 'connections'], judgeAgreement),
  },
  {
    id: 'proxy.portal-reachable',
    title: 'HTTPS (443) to the portal gets through proxy and firewall',
    rationale:
      'The reset page is loaded from the portal; without a way to it the link at the logon screen is dead.',
    source: { document: 'english', lines: [78, 78] },
    severity: 'required',
    stage: 'checks',
    observed: ['wire'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Allow HTTPS (443) to passwordreset.microsoftonline.com (or the portal of your cloud) at proxy and firewall, and set the proxy of the machine: netsh winhttp set proxy proxy-server="HOST:PORT" bypass-list="<local>".',
    judge: given(['connections', 'proxy', 'tls'], judgePortal),
  },
  {
    id: 'proxy.no-user-authentication',
    title: 'The proxy does not ask the user to sign in',
    rationale:
      'At the logon screen nobody is signed in yet who could answer. Microsoft documents it for Windows 10 as the cause of "Something went wrong".',
    source: { document: 'facts', section: '1.5' },
    severity: 'required',
    stage: 'checks',
    observed: ['wire'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Let the proxy pass the portal without authentication for these machines.',
    judge: given(['connections', 'proxy'], judgeProxyAuthentication),
  },
  {
    id: 'proxy.ways-to-portal',
    title: 'The ways on which the portal can be reached are known',
    rationale:
      'A machine that reaches the portal past its proxy, or only so, works as long as nobody closes that way. Which way the add-in takes is not documented, so each is tried and recorded.',
    source: { document: 'facts', section: '1.6' },
    severity: 'informational',
    stage: 'checks',
    observed: ['wire'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Remove a proxy that leads nowhere: netsh winhttp reset proxy; close the direct way at the firewall where only the proxy is meant to be used.',
    judge: given(['connections', 'proxy'], recordWays),
  },
  {
    id: 'proxy.extra-hosts',
    title: 'The hosts that pages of the portal may load from can be reached',
    rationale:
      'Microsoft asks for them on Windows 10; the same pages are used here, so they are probed and recorded but not required.',
    source: { document: 'facts', section: '1.5' },
    severity: 'informational',
    stage: 'checks',
    observed: ['wire'],
    appliesTo: { ...EVERY_MACHINE, clouds: ['global'] },
    remediation: `Consider allowing HTTPS to ${EXTRA_HOSTS.join(' and ')} too.`,
    judge: given(['connections', 'proxy'], judgeExtraHosts),
  },
];

function recordSettings({ facts: { proxy: settings } }: Subject): Verdict {
  const stores = proxyStores(settings, read);
  const recorded = [
    ...(stores.some(({ name }) => name === WINHTTP) ? [] : [`${WINHTTP}: not set`]),
    ...stores.map(inWords),
    shown('ProxySettingsPerUser', read('ProxySettingsPerUser', settings.perUserPolicy)),
    shown('SYSTEM ProxyEnable', read('ProxyEnable of SYSTEM', settings.systemProxyEnable)),
    shown('SYSTEM ProxyServer', read('ProxyServer of SYSTEM', settings.systemProxyServer)),
    shown('SYSTEM AutoConfigURL', read('AutoConfigURL of SYSTEM', settings.systemAutoConfigUrl)),
    shown('machine ProxyEnable', read('ProxyEnable of the machine', settings.machineProxyEnable)),
    shown('machine ProxyServer', read('ProxyServer of the machine', settings.machineProxyServer)),
    shown('machine AutoConfigURL', read('AutoConfigURL of the machine', settings.machineAutoConfigUrl)),
  ];
  return pass('The proxy settings are recorded', { observed: recorded.join('; ') });
}

function inWords({ name, direct, proxy: server, bypass, script, autoDetect }: ProxyStore): string {
  if (direct) return `${name}: direct`;
  const parts = [
    ...(server === '' ? [] : [`${server}${bypass === '' ? '' : `, not for ${bypass}`}`]),
    ...(script === '' ? [] : [`script ${script}`]),
    ...(autoDetect ? ['asks the network for a script'] : []),
  ];
  return `${name}: ${parts.join(', ')}`;
}

function judgeAgreement({ facts, policy: { portalHost } }: Subject): Verdict {
  const stores = proxyStores(facts.proxy, read);
  const detail = {
    expected: 'one proxy, one bypass list and one script, in all places that are set',
    observed: stores.length === 0 ? 'nothing is set' : stores.map(inWords).join('; '),
  };
  if (!stores.some(namesSomething)) return pass('No proxy is named anywhere', detail);

  const differing = COMPARED.filter(({ of }) => new Set(stores.flatMap(of)).size > 1).map(({ what }) => what);
  const contradiction = contradictsItself(stores);
  if (differing.length > 0 || contradiction) {
    const what = [...differing, ...(contradiction ? ['whether SYSTEM has a proxy'] : [])].join(' and ');
    return fail(`The proxy settings differ in ${what}`, detail);
  }

  const without = sides(stores)
    .filter((side) => !side.stores.some((store) => namesSomething(store) || store.autoDetect))
    .map(({ name }) => name);
  if (without.length === 0) return pass('The proxy settings agree', detail);
  const names = without.join(' and ');
  const nowhere = directlyNowhere(facts, portalHost, without.includes(WINHTTP));
  return nowhere !== undefined
    ? fail(`${names} names no proxy, and without one the portal is not reached`, {
        ...detail,
        observed: `${detail.observed}; directly: ${nowhere}`,
      })
    : pass(`The proxy settings that are set agree; ${names} names none`, detail);
}

/** What was seen on the direct way to the portal, where it is known to lead nowhere: as WinHTTP is set up, or asked for. */
function directlyNowhere(facts: Facts, portalHost: string, isSetUp: boolean): string | undefined {
  const asked = otherWays(facts, portalHost).find(({ route }) => route === 'direct');
  if (asked) return asked.reached ? undefined : asked.observed;
  const own = isSetUp ? diagnose(facts, portalHost) : undefined;
  return own && NOWHERE.includes(own.reach) ? own.observed : undefined;
}

/** What settings of TLS have nothing to do with. */
const NOWHERE: readonly Reach[] = ['name', 'closed', 'silent'];

const namesSomething = ({ proxy: server, script }: ProxyStore): boolean => server !== '' || script !== '';

/** What must be the same wherever there is any of it. */
const COMPARED: readonly { readonly what: string; readonly of: (store: ProxyStore) => readonly string[] }[] =
  [
    {
      what: 'the proxy',
      of: ({ proxy: server }) => (server === '' ? [] : [httpsProxy(server) ?? server.toLowerCase()]),
    },
    { what: 'the bypass list', of: ({ proxy: server, bypass }) => (server === '' ? [] : [inOrder(bypass)]) },
    { what: 'the script', of: ({ script }) => (script === '' ? [] : [script]) },
  ];

const inOrder = (list: string): string =>
  list
    .toLowerCase()
    .split(/[;\s]+/)
    .filter((entry) => entry !== '')
    .sort()
    .join(';');

/** The settings of one account, kept in two forms: WinINET goes by one, older programs by the other. */
function contradictsItself(stores: readonly ProxyStore[]): boolean {
  const own = stores.filter(({ name }) => name.startsWith('SYSTEM'));
  return own.some(namesSomething) && own.some(({ direct }) => direct);
}

/** The two that the add-in could go by: WinHTTP, and WinINET as SYSTEM has it, from wherever it takes it. */
const sides = (stores: readonly ProxyStore[]) => [
  { name: WINHTTP, stores: stores.filter(({ name }) => name === WINHTTP) },
  { name: 'WinINET of SYSTEM', stores: stores.filter(({ name }) => name !== WINHTTP) },
];

/** What each way of getting to the portal, or not, says of the network. */
const PORTAL: Readonly<Record<Reach, readonly [Outcome, (via: string | undefined) => string]>> = {
  answered: [
    'pass',
    (via) => `The portal answered${via === undefined ? ', without a proxy' : ` through the proxy ${via}`}`,
  ],
  certificate: [
    'pass',
    () => 'The way is open: a certificate came back (see tls.handshake for why it was refused)',
  ],
  protocol: ['pass', () => 'The way is open: a handshake was begun (see tls.handshake for why it failed)'],
  // Only with TLS 1.2 on: see judgePortal.
  tunnel: [
    'fail',
    (via) =>
      `No handshake comes through, although TLS 1.2 is on: the proxy ${via ?? ''} does not let it pass, or the portal has nothing in common with this machine`,
  ],
  ownTls: ['error', () => 'No handshake could be begun: the machine has no version of TLS switched on'],
  cut: [
    'fail',
    (via) =>
      `The connection to the portal is cut${via === undefined ? '' : ` by the proxy ${via}, or behind it`}`,
  ],
  name: ['fail', () => 'The name of the portal cannot be resolved'],
  closed: ['fail', () => 'The connection to the portal is not accepted'],
  silent: [
    'fail',
    (via) =>
      via === undefined
        ? 'Nothing answers on the way to the portal: a firewall drops it, or the portal is down'
        : `Nothing comes back from the portal through the proxy ${via}`,
  ],
  proxyName: ['fail', (via) => `The name of the proxy ${via ?? ''} cannot be resolved`],
  proxyClosed: ['fail', (via) => `The proxy ${via ?? ''} does not accept connections`],
  proxySilent: ['fail', (via) => `The proxy ${via ?? ''} does not answer anything`],
  proxyAuthentication: [
    'error',
    () =>
      'Whether the portal can be reached is not known while the proxy asks for a sign-in (see proxy.no-user-authentication)',
  ],
  refused: [
    'fail',
    (via) =>
      `The request was refused (HTTP status 403) ${via === undefined ? 'on the way to the portal' : `by the proxy ${via}, or behind it`}`,
  ],
  beyond: [
    'fail',
    (via) =>
      via === undefined
        ? 'What stands before the portal gets no answer from it'
        : `The proxy ${via} gets no answer from the portal: it does not find the way there, or nobody listens`,
  ],
  unknown: ['error', () => 'The connection failed with an error that says nothing of the network'],
};

function judgePortal(subject: Subject): Verdict {
  const host = subject.policy.portalHost;
  const expected = `an HTTPS answer from ${host}, port 443`;
  const diagnosis = diagnose(subject.facts, host);
  if (diagnosis === undefined)
    return couldNotCheck(`The guest was not asked to connect to ${host}`, { expected });

  const { reach, via } = diagnosis;
  const detail = { expected, observed: withOtherWays(diagnosis, subject) };
  if (['ownTls', 'protocol', 'tunnel'].includes(reach) && !canSpeakTls12(subject)) {
    return couldNotCheck('No handshake can come through before TLS 1.2 is on', {
      ...detail,
      remediation: 'Enable TLS 1.2 first (see tls.client-enabled and tls.winhttp-protocols), then run again.',
    });
  }
  const [outcome, summary] = PORTAL[reach];
  const direct = otherWays(subject.facts, host).find(({ route }) => route === 'direct');
  const damage = outcome === 'pass' ? undefined : unreadStores(subject);
  if (damage)
    return {
      outcome,
      summary: `${summary(via)}, and the proxy that is set up is not known: ${damage.message}`,
      ...detail,
      remediation: damage.remedy,
    };
  return {
    outcome,
    summary: summary(via),
    ...detail,
    ...(outcome === 'pass' ? {} : portalRemedy(reach, via, direct?.reached === true)),
  };
}

/** Why the proxy settings are not known, if they are not: Windows then goes without a proxy, as if none were set. */
function unreadStores({ facts }: Subject): Fault | undefined {
  try {
    proxyStores(facts.proxy, read);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

const PROXY_REMEDIES: Readonly<Partial<Record<Reach, string>>> = {
  proxyName: 'Set the name of the proxy right, or its record in the name service',
  proxyClosed: 'Start the proxy, or set its address and port right',
  proxySilent: 'Start the proxy again, or open the way to it at the firewall',
};

const BEYOND_REMEDY =
  'See at the proxy itself why it does not reach the portal, port 443: its name service, the firewall behind it. On the machine nothing has to be done.';

function portalRemedy(reach: Reach, via: string | undefined, directly: boolean): Partial<Verdict> {
  if (reach === 'proxyAuthentication')
    return { remediation: 'Let the proxy pass the portal without authentication first, then run again.' };
  if (reach === 'beyond' && !directly) return { remediation: BEYOND_REMEDY };
  const start = PROXY_REMEDIES[reach];
  if (start === undefined && (via === undefined || !directly)) return {};
  const past = directly ? ' The portal answers without the proxy: netsh winhttp reset proxy.' : '';
  const first =
    start === undefined
      ? `Let the proxy ${via ?? ''} pass CONNECT to the portal, port 443.`
      : `${start}: netsh winhttp set proxy proxy-server="HOST:PORT" bypass-list="<local>".`;
  return { remediation: `${first}${past}` };
}

const withOtherWays = ({ reach, observed }: Diagnosis, { facts, policy }: Subject): string =>
  reach === 'answered'
    ? observed
    : [observed, ...otherWays(facts, policy.portalHost).map(wayInWords)].join('; ');

const wayInWords = ({ route, observed }: { route: string; observed: string }): string =>
  `${route === 'direct' ? 'directly' : `through ${route}`}: ${observed}`;

function judgeProxyAuthentication({ facts, policy: { portalHost } }: Subject): Verdict {
  const diagnosis = diagnose(facts, portalHost);
  const expected = 'no HTTP status 407 on the way to the portal';
  if (diagnosis === undefined)
    return couldNotCheck(`The guest was not asked to connect to ${portalHost}`, { expected });

  const { reach, via, observed } = diagnosis;
  const detail = { expected, observed };
  if (reach === 'proxyAuthentication')
    return fail(`The proxy ${via ?? 'on the way'} asks for a sign-in (HTTP status 407)`, detail);
  return isReached(diagnosis)
    ? pass('The portal is reached without signing in at a proxy', detail)
    : couldNotCheck('The portal was not reached, so whether a proxy asks for a sign-in is not known', {
        ...detail,
        remediation: REACH_FIRST,
      });
}

const REACH_FIRST = 'Let the machine reach the portal first (see proxy.portal-reachable), then run again.';

/** A certificate that was refused shows as well that the way is open. */
const isReached = ({ reach }: Pick<Diagnosis, 'reach'>): boolean =>
  reach === 'answered' || reach === 'certificate';

function recordWays({ facts, policy: { portalHost } }: Subject): Verdict {
  const own = diagnose(facts, portalHost);
  if (own === undefined) return couldNotCheck(`The guest was not asked to connect to ${portalHost}`);
  // Which way is the one that is set up is known only where all settings are.
  proxyStores(facts.proxy, read);
  const others = otherWays(facts, portalHost);
  const reached = isReached(own);
  const direct = others.find(({ route }) => route === 'direct');
  const detail = {
    observed: [`as set up, ${own.via ?? 'without a proxy'}: ${own.observed}`, ...others.map(wayInWords)].join(
      '; ',
    ),
  };
  if (own.via === undefined && others.length === 0)
    return pass('WinHTTP goes without a proxy, and no other way was tried', detail);
  if (others.length === 0) {
    // Told of a proxy that cannot be, it came out the same (harness/guest/routes.ts): nothing more can be asked of it.
    return notApplicable('WinHTTP of this machine takes no other way than the one that is set up', detail);
  }
  if (reached && own.via !== undefined && direct?.reached)
    return pass('The portal is reached through the proxy, and directly as well', detail);
  if (reached) return pass('The portal is reached as the machine is set up', detail);
  const working = others.filter((way) => way.reached).map(({ route }) => route);
  return working.length === 0
    ? pass('The portal is reached on no way that was tried', detail)
    : pass(
        `The portal is reached only ${working.map((route) => (route === 'direct' ? 'directly, past the proxy' : `through ${route}, which WinHTTP is not set up for`)).join(' and ')}`,
        detail,
      );
}

function judgeExtraHosts({ facts, policy: { portalHost } }: Subject): Verdict {
  const expected = `an HTTPS answer from ${EXTRA_HOSTS.join(' and ')}`;
  const seen = EXTRA_HOSTS.map((host) => ({ host, diagnosis: diagnose(facts, host) }));
  const tried = seen.flatMap(({ host, diagnosis }) =>
    diagnosis === undefined ? [] : [{ host, ...diagnosis }],
  );
  if (tried.length === 0) {
    return skipped('This run did not probe them; they are not required', {
      expected,
      remediation: 'Nothing to do, unless pages of the portal stay blank.',
    });
  }
  const observed = tried.map(({ host, observed: what }) => `${host}: ${what}`).join('; ');
  const missed = tried.filter((diagnosis) => !isReached(diagnosis)).map(({ host }) => host);
  if (missed.length === 0) return pass('They can be reached', { expected, observed });
  // What keeps the machine from the portal keeps it from them, and is told there.
  const portal = diagnose(facts, portalHost);
  return portal === undefined || portal.reach === 'answered'
    ? fail(`Not reached: ${missed.join(', ')}`, { expected, observed })
    : couldNotCheck('The portal does not answer either, so nothing is known of these hosts', {
        expected,
        observed,
        remediation: REACH_FIRST,
      });
}
