import { couldNotCheck, fail, pass, type Outcome, type Verdict } from '../../harness/core/outcome.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { diagnose, type Reach } from './connections.ts';
import { OPERATING_SYSTEMS, type Control, type OperatingSystem, type Subject } from './control.ts';
import { given, hex, read, shown } from './judging.ts';

const CLIENT_KEY =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
const WINHTTP_KEY = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp';

/** The portal speaks TLS 1.2 only: the settings of the machine, and what really comes of them. */
export const tls: readonly Control[] = [
  {
    id: 'tls.client-enabled',
    title: 'TLS 1.2 is enabled for clients in the registry, not left to negotiation',
    rationale:
      'The document warns that TLS 1.2 has to be enabled and that automatic negotiation is not enough. Only both values together override what Windows does by itself.',
    source: { document: 'english', lines: [30, 33] },
    severity: 'critical',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation: `Below ${CLIENT_KEY} set the DWORD values Enabled to 1 and DisabledByDefault to 0, then restart.`,
    judge: given(['tls'], judgeClient),
  },
  {
    id: 'tls.handshake',
    title: 'The machine completes a TLS handshake with the portal',
    rationale:
      'Settings only promise. A connection made by the guest itself, through its own settings, shows.',
    source: { document: 'english', lines: [30, 33] },
    severity: 'critical',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Enable TLS 1.2 for Schannel and for WinHTTP, restart, and see that the clock of the machine is right.',
    judge: given(['connections'], judgeHandshake),
  },
  {
    id: 'tls.winhttp-protocols',
    title: 'WinHTTP offers TLS 1.2 in every view of the registry',
    rationale:
      'On Windows 7 WinHTTP offers at most TLS 1.0 until DefaultSecureProtocols, brought by KB3140245, holds bit 0x800. 32-bit and 64-bit programs read different keys.',
    source: { document: 'facts', section: '2.3' },
    severity: 'major',
    stage: 'checks',
    appliesTo: ['win7'],
    remediation: `Install KB3140245 and set DefaultSecureProtocols to 0xa00 (or 0xa80) below HKLM\\${WINHTTP_KEY}, on 64-bit Windows also below HKLM\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp.`,
    judge: given(['os', 'tls'], judgeWinHttp),
  },
  {
    id: 'tls.winhttp-protocols-not-narrowed',
    title: 'DefaultSecureProtocols of WinHTTP, where it is set, includes TLS 1.2',
    rationale:
      'Windows 8 and 8.1 have TLS 1.2 on by default, so absence passes; KB3140245 names neither. Whether they read the value is not documented, so a value without TLS 1.2 is a warning.',
    source: { document: 'facts', section: '2.3' },
    severity: 'minor',
    stage: 'checks',
    appliesTo: ['win8', 'win81'],
    remediation: `Add 0x800 to DefaultSecureProtocols below HKLM\\${WINHTTP_KEY} and, on 64-bit Windows, below Wow6432Node.`,
    judge: given(['os', 'tls'], judgeWinHttp),
  },
  {
    id: 'tls.cipher-suite-order',
    title: 'A cipher suite order set by policy leaves suites that TLS 1.2 can use',
    rationale:
      'When the policy is set, suites that it does not list cannot be used. An old list can shut TLS 1.2 out.',
    source: { document: 'facts', section: '2.6' },
    severity: 'minor',
    stage: 'checks',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Set the policy "SSL Cipher Suite Order" to Not Configured, or add ECDHE suites with AES that this Windows has.',
    judge: given(['tls'], judgeCipherSuites),
  },
];

/** Whether Windows uses TLS 1.2 as a client when the registry says nothing. */
const ON_BY_DEFAULT: Readonly<Record<OperatingSystem, boolean>> = { win7: false, win8: true, win81: true };

function judgeClient(subject: Subject): Verdict {
  const enabled = read('Enabled', subject.facts.tls.enabled);
  const disabledByDefault = read('DisabledByDefault', subject.facts.tls.disabledByDefault);
  const defaultCounts = subject.policy.tls === 'osDefault' && ON_BY_DEFAULT[subject.os];
  const detail = {
    expected: defaultCounts
      ? 'Enabled absent or not 0x0, DisabledByDefault absent or 0x0'
      : 'Enabled not 0x0 and DisabledByDefault 0x0, both present',
    observed: `${shown('Enabled', enabled)}, ${shown('DisabledByDefault', disabledByDefault)}`,
  };
  if (enabled === 0) return fail('TLS 1.2 is switched off for clients', detail);
  if (disabledByDefault !== undefined && disabledByDefault !== 0) {
    return fail('TLS 1.2 is off for every program that does not ask for it by name', detail);
  }
  const absent = [
    ...(enabled === undefined ? ['Enabled'] : []),
    ...(disabledByDefault === undefined ? ['DisabledByDefault'] : []),
  ];
  if (absent.length === 0) return pass('TLS 1.2 is enabled for clients', detail);
  if (defaultCounts) return pass('TLS 1.2 is on, as this Windows has it by default', detail);
  return fail(`TLS 1.2 is not explicitly enabled: ${absent.join(' and ')} not set`, detail);
}

/** The same for WinHTTP. KB3140245 names Server 2012, sibling of Windows 8, so there absence proves nothing. */
const IN_WINHTTP_BY_DEFAULT: Readonly<Record<OperatingSystem, boolean>> = {
  win7: false,
  win8: false,
  win81: true,
};

/**
 * Whether the registry surely lets a program of the guest speak TLS 1.2 through WinHTTP, whatever the policy asks for.
 * @throws Fault `unreadable`
 */
export function canSpeakTls12({ os, facts }: Pick<Subject, 'os' | 'facts'>): boolean {
  const byDefault = ON_BY_DEFAULT[os];
  const enabled = read('Enabled', facts.tls.enabled);
  const disabledByDefault = read('DisabledByDefault', facts.tls.disabledByDefault);
  const protocols = read('DefaultSecureProtocols', facts.tls.winHttpProtocols);
  return (
    (enabled === undefined ? byDefault : enabled !== 0) &&
    (disabledByDefault === undefined ? byDefault : disabledByDefault === 0) &&
    (protocols === undefined ? IN_WINHTTP_BY_DEFAULT[os] : (protocols & TLS_1_2) !== 0)
  );
}

/** What each way of getting to the portal, or not, says of the handshake. */
const HANDSHAKE: Readonly<Record<Reach, readonly [Outcome, string]>> = {
  answered: ['pass', 'The guest completed a handshake with the portal'],
  protocol: [
    'fail',
    'The handshake failed: no TLS 1.2 in common, or something on the way refused the tunnel',
  ],
  certificate: ['fail', 'The guest refused the certificate of the portal'],
  cut: ['fail', 'The connection was cut during the handshake'],
  name: ['error', 'No handshake could be tried: the portal was not found'],
  closed: ['error', 'No handshake could be tried: nothing accepted the connection'],
  silent: ['error', 'No handshake could be tried: no answer in time'],
  proxyAuthentication: ['error', 'No handshake could be tried: the proxy asks the user to sign in'],
  refused: ['error', 'Whether a handshake was made is not known: the answer was a refusal'],
  unknown: ['error', 'The connection failed with an error that says nothing of the handshake'],
};

function judgeHandshake({ facts: { connections }, policy: { portalHost } }: Subject): Verdict {
  const diagnosis = diagnose(connections, portalHost);
  const expected = `an HTTPS answer from ${portalHost}`;
  if (diagnosis === undefined)
    return couldNotCheck(`The guest was not asked to connect to ${portalHost}`, { expected });
  const [outcome, summary] = HANDSHAKE[diagnosis.reach];
  return { outcome, summary, expected, observed: diagnosis.observed, ...handshakeRemedy(diagnosis.reach) };
}

function handshakeRemedy(reach: Reach): Partial<Verdict> {
  if (reach === 'certificate') {
    return {
      remediation:
        'Set the clock of the machine, install the missing root certificates, and see whether a proxy breaks TLS open.',
    };
  }
  return reach === 'answered' || reach === 'protocol' || reach === 'cut'
    ? {}
    : { remediation: 'Let the machine reach the portal first (see proxy.portal-reachable), then run again.' };
}

/** The bit of `DefaultSecureProtocols` that stands for TLS 1.2. */
const TLS_1_2 = 0x800;

function judgeWinHttp({ os, facts }: Subject): Verdict {
  const views = winHttpViews(facts);
  const mayBeAbsent = ON_BY_DEFAULT[os];
  const wrong = views.filter(({ value }) => (value === undefined ? !mayBeAbsent : (value & TLS_1_2) === 0));
  const detail = {
    expected: `DefaultSecureProtocols with bit ${hex(TLS_1_2)}${mayBeAbsent ? ', or absent' : ''}, in ${views.map(({ view }) => view).join(' and ')}`,
    observed: views.map(({ view, value }) => shown(view, value)).join(', '),
  };
  return wrong.length === 0
    ? pass('WinHTTP offers TLS 1.2', detail)
    : fail(`WinHTTP does not offer TLS 1.2 in ${wrong.map(({ view }) => view).join(' and ')}`, detail);
}

function winHttpViews({ os, tls: readings }: Facts): { view: string; value: number | undefined }[] {
  const native = {
    view: 'the native view',
    value: read('DefaultSecureProtocols', readings.winHttpProtocols),
  };
  if (os.architecture === 'x86') return [native];
  const wow64 = read('DefaultSecureProtocols in Wow6432Node', readings.winHttpProtocolsWow64);
  return [native, { view: 'Wow6432Node', value: wow64 }];
}

/** Suites of TLS 1.2 on Windows 7 to 8.1; the curve may follow as a suffix. ECDHE_RSA has no GCM on any of them. */
const USABLE_SUITE =
  /^TLS_(ECDHE_RSA_WITH_AES_(128|256)_CBC_SHA(256|384)?|ECDHE_ECDSA_WITH_AES_(128|256)_(CBC_SHA(256|384)?|GCM_SHA(256|384))|DHE_RSA_WITH_AES_(128|256)_(CBC_SHA|GCM_SHA(256|384))|RSA_WITH_AES_(128|256)_(CBC_SHA(256)?|GCM_SHA(256|384)))(_P(256|384|521))?$/;

function judgeCipherSuites({ facts }: Subject): Verdict {
  const order = read('Functions', facts.tls.cipherSuiteOrder);
  const expected = 'Functions absent, or with at least one suite of AES that Windows 7 to 8.1 have';
  if (order === undefined)
    return pass('No cipher suite order is set by policy', { expected, observed: 'Functions absent' });

  const suites = order.split(/[\s,]+/).filter((suite) => suite !== '');
  if (suites.length === 0) {
    return couldNotCheck(
      'A cipher suite order is set but empty; what Windows makes of that is not documented',
      {
        expected,
        observed: shown('Functions', order),
      },
    );
  }
  const usable = suites.filter((suite) => USABLE_SUITE.test(suite.toUpperCase()));
  const detail = { expected, observed: `${suites.length} suites, usable: ${usable.join(', ') || 'none'}` };
  return usable.length > 0
    ? pass('The cipher suite order leaves suites for TLS 1.2', detail)
    : fail('The cipher suite order leaves no suite that TLS 1.2 can use', detail);
}
