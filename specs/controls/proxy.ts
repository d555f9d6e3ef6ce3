import {
  couldNotCheck,
  fail,
  pass,
  skipped,
  type Outcome,
  type Verdict,
} from '../../harness/core/outcome.ts';
import { decodeProxySettings } from '../../harness/guest/proxy-settings.ts';
import { diagnose, type Reach } from './connections.ts';
import { OPERATING_SYSTEMS, type Control, type Subject } from './control.ts';
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
    severity: 'info',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Set the proxy of the machine again with "netsh winhttp set proxy" or "netsh winhttp reset proxy".',
    judge: given(['proxy'], recordSettings),
  },
  {
    id: 'proxy.portal-reachable',
    title: 'HTTPS (443) to the portal gets through proxy and firewall',
    rationale:
      'The reset page is loaded from the portal; without a way to it the link at the logon screen is dead.',
    source: { document: 'english', lines: [78, 78] },
    severity: 'critical',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Allow HTTPS (443) to passwordreset.microsoftonline.com (or the portal of your cloud) at proxy and firewall, and set the proxy of the machine with "netsh winhttp set proxy".',
    judge: given(['connections', 'tls'], judgePortal),
  },
  {
    id: 'proxy.no-user-authentication',
    title: 'The proxy does not ask the user to sign in',
    rationale:
      'At the logon screen nobody is signed in yet who could answer. Microsoft documents it for Windows 10 as the cause of "Something went wrong".',
    source: { document: 'facts', section: '1.5' },
    severity: 'major',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Let the proxy pass the portal without authentication for these machines.',
    judge: given(['connections'], judgeProxyAuthentication),
  },
  {
    id: 'proxy.extra-hosts',
    title: 'The hosts that pages of the portal may load from can be reached',
    rationale:
      'Microsoft asks for them on Windows 10; the same pages are used here, so they are probed and recorded but not required.',
    source: { document: 'facts', section: '1.5' },
    severity: 'info',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation: `Consider allowing HTTPS to ${EXTRA_HOSTS.join(' and ')} too.`,
    judge: given(['connections'], judgeExtraHosts),
  },
];

function recordSettings({ facts: { proxy: settings } }: Subject): Verdict {
  const winHttp = read('WinHttpSettings', settings.winHttpSettings);
  const recorded = [
    `WinHTTP ${winHttp === undefined ? 'not set' : inWords(decodeProxySettings(winHttp))}`,
    shown('SYSTEM ProxyEnable', read('ProxyEnable of SYSTEM', settings.systemProxyEnable)),
    shown('SYSTEM ProxyServer', read('ProxyServer of SYSTEM', settings.systemProxyServer)),
    shown('SYSTEM AutoConfigURL', read('AutoConfigURL of SYSTEM', settings.systemAutoConfigUrl)),
    shown('ProxySettingsPerUser', read('ProxySettingsPerUser', settings.perUserPolicy)),
    shown('machine ProxyEnable', read('ProxyEnable of the machine', settings.machineProxyEnable)),
    shown('machine ProxyServer', read('ProxyServer of the machine', settings.machineProxyServer)),
  ];
  return pass('The proxy settings are recorded', { observed: recorded.join('; ') });
}

function inWords({ direct, proxy: server, bypass }: ReturnType<typeof decodeProxySettings>): string {
  if (direct) return 'direct';
  return `${server}${bypass === '' ? '' : `, not for ${bypass}`}`;
}

/** What each way of getting to the portal, or not, says of the network. */
const PORTAL: Readonly<Record<Exclude<Reach, 'protocol'>, readonly [Outcome, string]>> = {
  answered: ['pass', 'The portal answered'],
  certificate: [
    'pass',
    'The way is open: a certificate came back (see tls.handshake for why it was refused)',
  ],
  cut: ['fail', 'The connection to the portal is cut'],
  name: ['fail', 'The name of the portal, or of the proxy, cannot be resolved'],
  closed: ['fail', 'The connection to the portal, or to the proxy, is not accepted'],
  silent: ['fail', 'Nothing answers on the way to the portal'],
  proxyAuthentication: ['fail', 'The proxy lets nobody through without signing in'],
  refused: ['fail', 'The request was refused on the way to the portal'],
  unknown: ['error', 'The connection failed with an error that says nothing of the network'],
};

function judgePortal(subject: Subject): Verdict {
  const host = subject.policy.portalHost;
  const expected = `an HTTPS answer from ${host}, port 443`;
  const diagnosis = diagnose(subject.facts.connections, host);
  if (diagnosis === undefined)
    return couldNotCheck(`The guest was not asked to connect to ${host}`, { expected });

  const detail = { expected, observed: diagnosis.observed };
  if (diagnosis.reach !== 'protocol') {
    const [outcome, summary] = PORTAL[diagnosis.reach];
    return { outcome, summary, ...detail };
  }
  // A proxy that refuses the tunnel looks like a failed handshake, but so does a machine that cannot speak TLS 1.2.
  return canSpeakTls12(subject)
    ? fail(
        'No handshake comes through, although TLS 1.2 is on: something on the way does not let it pass',
        detail,
      )
    : couldNotCheck('No handshake can come through before TLS 1.2 is on', {
        ...detail,
        remediation:
          'Enable TLS 1.2 first (see tls.client-enabled and tls.winhttp-protocols), then run again.',
      });
}

function judgeProxyAuthentication({ facts: { connections }, policy: { portalHost } }: Subject): Verdict {
  const diagnosis = diagnose(connections, portalHost);
  const expected = 'no HTTP status 407 on the way to the portal';
  if (diagnosis === undefined)
    return couldNotCheck(`The guest was not asked to connect to ${portalHost}`, { expected });

  const detail = { expected, observed: diagnosis.observed };
  if (diagnosis.reach === 'proxyAuthentication') return fail('The proxy asks for a sign-in', detail);
  return diagnosis.reach === 'answered' || diagnosis.reach === 'certificate'
    ? pass('The portal is reached without signing in at a proxy', detail)
    : couldNotCheck('The portal was not reached, so the proxy on the way is not known', {
        ...detail,
        remediation: 'Let the machine reach the portal first (see proxy.portal-reachable), then run again.',
      });
}

function judgeExtraHosts({ facts: { connections } }: Subject): Verdict {
  const expected = `an HTTPS answer from ${EXTRA_HOSTS.join(' and ')}`;
  const seen = EXTRA_HOSTS.map((host) => ({ host, diagnosis: diagnose(connections, host) }));
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
  // A certificate for another name shows as well that the way is open.
  const missed = tried
    .filter(({ reach }) => reach !== 'answered' && reach !== 'certificate')
    .map(({ host }) => host);
  return missed.length === 0
    ? pass('They can be reached', { expected, observed })
    : fail(`Not reached: ${missed.join(', ')}`, { expected, observed });
}
