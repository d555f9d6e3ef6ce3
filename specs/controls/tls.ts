import {
  couldNotCheck,
  fail,
  pass,
  skipped,
  type Outcome,
  type Verdict,
} from '../../harness/core/outcome.ts';
import type { Facts, Handshake } from '../../harness/guest/facts.ts';
import { diagnose, type Reach } from './connections.ts';
import { type Control, EVERY_MACHINE, type OperatingSystem, type Subject } from './control.ts';
import { given, hex, read, shown } from './judging.ts';

const CLIENT_KEY =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
const WINHTTP_KEY = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp';

const ENABLE_CLIENT = ['Enabled /t REG_DWORD /d 1', 'DisabledByDefault /t REG_DWORD /d 0']
  .map((value) => `reg add "${CLIENT_KEY}" /v ${value} /f`)
  .join(' & ');
const SET_WINHTTP = ['SOFTWARE', 'SOFTWARE\\Wow6432Node']
  .map(
    (folder) =>
      `reg add "HKLM\\${WINHTTP_KEY.replace('SOFTWARE', folder)}" /v DefaultSecureProtocols /t REG_DWORD /d 0xa00 /f`,
  )
  .join(' & ');
const WININET_SETTINGS = 'Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';

/** The portal speaks TLS 1.2 only: the settings of the machine, and what really comes of them. */
export const tls: readonly Control[] = [
  {
    id: 'tls.client-enabled',
    title: 'TLS 1.2 is enabled for clients in the registry, not left to negotiation',
    rationale:
      'The document warns that TLS 1.2 has to be enabled and that automatic negotiation is not enough. Only both values together override what Windows does by itself.',
    source: { document: 'english', lines: [30, 33] },
    severity: 'required',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: `Run these, then restart: ${ENABLE_CLIENT}. Where the defaults of Windows 8 and 8.1 are to do, set policy.tls to osDefault in sspr.yaml.`,
    judge: given(['tls'], judgeClient),
  },
  {
    id: 'tls.handshake',
    title: 'The machine completes a TLS handshake with the portal',
    rationale:
      'Settings only promise. A connection made by the guest itself, through its own settings, shows.',
    source: { document: 'english', lines: [30, 33] },
    severity: 'required',
    stage: 'checks',
    observed: ['wire'],
    appliesTo: EVERY_MACHINE,
    remediation: `On Windows 7 install KB3140245 if it is missing (see prerequisites.patched). Enable TLS 1.2 for Schannel and for WinHTTP, and restart: ${ENABLE_CLIENT} & ${SET_WINHTTP}.`,
    judge: given(['connections', 'proxy', 'tls'], judgeHandshake),
  },
  {
    id: 'tls.winhttp-protocols',
    title: 'WinHTTP offers TLS 1.2 in every view of the registry',
    rationale:
      'On Windows 7 WinHTTP offers at most TLS 1.0 until DefaultSecureProtocols, brought by KB3140245, holds bit 0x800. 32-bit and 64-bit programs read different keys.',
    source: { document: 'facts', section: '2.3' },
    severity: 'required',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: { os: ['win7'] },
    remediation: `Install KB3140245, then run this (the second half on 64-bit Windows only) and restart: ${SET_WINHTTP}.`,
    judge: given(['os', 'tls'], judgeWinHttp),
  },
  {
    id: 'tls.winhttp-protocols-not-narrowed',
    title: 'DefaultSecureProtocols of WinHTTP, where it is set, includes TLS 1.2',
    rationale:
      'Windows 8 and 8.1 have TLS 1.2 on by default, so absence passes; KB3140245 names neither. Whether they read the value is not documented, so a value without TLS 1.2 is a warning.',
    source: { document: 'facts', section: '2.3' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: { os: ['win8', 'win81'] },
    remediation: `Run this (the second half on 64-bit Windows only): ${SET_WINHTTP}.`,
    judge: given(['os', 'tls'], judgeWinHttp),
  },
  {
    id: 'tls.cipher-suite-order',
    title: 'A cipher suite order set by policy leaves suites that TLS 1.2 can use',
    rationale:
      'When the policy is set, suites that it does not list cannot be used. An old list can shut TLS 1.2 out.',
    source: { document: 'facts', section: '2.6' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Set the policy "SSL Cipher Suite Order" to Not Configured, or add ECDHE suites with AES that this Windows has; until the policy is applied again: reg delete "HKLM\\SOFTWARE\\Policies\\Microsoft\\Cryptography\\Configuration\\SSL\\00010002" /v Functions /f.',
    judge: given(['tls'], judgeCipherSuites),
  },
  {
    id: 'tls.wininet-protocols',
    title: 'SecureProtocols of WinINET, where it is set for SYSTEM, includes TLS 1.2',
    rationale:
      'The reset page is shown by a web control, which normally takes the WinINET settings of SYSTEM. That SecureProtocols has the bits of WinHTTP and these paths is background knowledge, not documented, so a value without bit 0x800 is a warning; what is absent is left to the version of Internet Explorer.',
    source: { document: 'facts', section: '2.4' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry'],
    appliesTo: EVERY_MACHINE,
    remediation: `Set TLS 1.0 to 1.2 where the report names a value: reg add "HKU\\S-1-5-18\\${WININET_SETTINGS}" /v SecureProtocols /t REG_DWORD /d 0xa80 /f.`,
    judge: given(['tls'], judgeWinInet),
  },
  {
    id: 'tls.negotiated',
    title: 'The handshake with the portal was made with TLS 1.2 and a suite that this Windows has',
    rationale:
      'Only what was really negotiated shows what the machine speaks. Windows logs it itself (event 36880 of Schannel, known from experience, not documented), so a machine that logs nothing is not blamed for it.',
    source: { document: 'facts', section: '2.6' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['wire', 'machine'],
    appliesTo: EVERY_MACHINE,
    remediation: `See what stands between the machine and the portal, and enable TLS 1.2: ${ENABLE_CLIENT}.`,
    judge: given(['handshakes'], judgeNegotiated),
  },
  {
    id: 'tls.registry-agrees',
    title: 'What was negotiated with the portal is what the registry promises',
    rationale:
      'Settings of SCHANNEL may take effect with a restart only, and a policy may change them back. A machine whose connections do not show its settings will behave in another way after its next start.',
    source: { document: 'facts', section: '2.1' },
    severity: 'recommended',
    stage: 'checks',
    observed: ['registry', 'wire'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Apply the policies and restart, then run again: gpupdate /force & shutdown /r /t 0.',
    judge: given(['os', 'tls', 'handshakes'], judgeRegistryAgrees),
  },
  {
    id: 'tls.certificate-issuer',
    title: 'The certificate of the portal comes from an issuer that is expected there',
    rationale:
      'A proxy that breaks TLS open shows a certificate of its own, which the machine trusts where the company wants it so: passwords are then read on the way. Whom to expect is the setting policy.portalIssuers; without it the issuer is recorded.',
    source: { document: 'facts', section: '9' },
    severity: 'required',
    stage: 'checks',
    observed: ['wire', 'machine'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Exempt the portal from TLS inspection at the proxy; or, where the issuer is right, add its name to policy.portalIssuers in sspr.yaml. To look at it: certutil -store Root.',
    judge: given(['handshakes'], judgeIssuer),
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
  protocol: ['fail', 'The handshake failed: no TLS 1.2 in common with the portal'],
  // Only with TLS 1.2 off: see judgeHandshake.
  tunnel: ['fail', 'The handshake failed: no TLS 1.2 in common with the portal'],
  ownTls: ['fail', 'The guest has no version of TLS switched on'],
  certificate: ['fail', 'The guest refused the certificate of the portal'],
  cut: ['error', 'Whether a handshake would succeed is not known: the connection was cut'],
  name: ['error', 'No handshake could be tried: the portal was not found'],
  closed: ['error', 'No handshake could be tried: the portal did not accept the connection'],
  silent: ['error', 'No handshake could be tried: no answer in time'],
  proxyName: ['error', 'No handshake could be tried: the proxy was not found'],
  proxyClosed: ['error', 'No handshake could be tried: the proxy did not accept the connection'],
  proxySilent: ['error', 'No handshake could be tried: the proxy does not answer'],
  proxyAuthentication: ['error', 'No handshake could be tried: the proxy asks for a sign-in'],
  refused: ['error', 'Whether a handshake was made is not known: the answer was a refusal'],
  beyond: ['error', 'No handshake could be tried: the proxy gets no answer from the portal'],
  unknown: ['error', 'The connection failed with an error that says nothing of the handshake'],
};

const SUITES_REMEDY =
  'TLS 1.2 is on. See whether a policy leaves no suite (tls.cipher-suite-order), and what a proxy that opens TLS offers in place of the portal, by this on another machine behind it: openssl s_client -connect HOST:443 -proxy PROXY:PORT.';

const REACH_FIRST = 'Let the machine reach the portal first (see proxy.portal-reachable), then run again.';

function judgeHandshake(subject: Subject): Verdict {
  const { portalHost } = subject.policy;
  const diagnosis = diagnose(subject.facts, portalHost);
  const expected = `an HTTPS answer from ${portalHost}`;
  if (diagnosis === undefined)
    return couldNotCheck(`The guest was not asked to connect to ${portalHost}`, { expected });
  const { reach, via } = diagnosis;
  const chain = reach === 'certificate' ? chainShown(subject) : undefined;
  const observed = chain ? `${chain.join(' < ')}; ${diagnosis.observed}` : diagnosis.observed;
  // Both look the same from here. With TLS 1.2 on it is the proxy more often, so proxy.portal-reachable decides.
  if (reach === 'tunnel' && canSpeakTls12(subject)) {
    return couldNotCheck(
      `No handshake came through: the proxy ${via ?? ''} refuses the tunnel, or the portal has no protocol or suite in common`,
      { expected, observed, remediation: REACH_FIRST },
    );
  }
  if (reach === 'protocol' && canSpeakTls12(subject))
    return fail('The handshake failed: no cipher suite of TLS 1.2 in common with the portal', {
      expected,
      observed,
      remediation: SUITES_REMEDY,
    });
  const [outcome, what] = HANDSHAKE[reach];
  const summary = chain ? `${what}, which comes from ${chain.at(-1) ?? ''}` : what;
  return { outcome, summary, expected, observed, ...handshakeRemedy(reach) };
}

function handshakeRemedy(reach: Reach): Partial<Verdict> {
  if (reach === 'certificate') {
    return {
      remediation:
        'Set the clock of the machine (w32tm /resync), install the missing root certificates (certutil -addstore Root FILE), and see whether a proxy breaks TLS open.',
    };
  }
  if (reach === 'proxyAuthentication')
    return {
      remediation:
        'Let the proxy pass the portal without a sign-in first (see proxy.no-user-authentication), then run again.',
    };
  return ['answered', 'protocol', 'tunnel', 'ownTls'].includes(reach) ? {} : { remediation: REACH_FIRST };
}

/** Where SecureProtocols can apply to SYSTEM, in words. */
function judgeWinInet({ facts: { tls: readings } }: Subject): Verdict {
  const values = [
    { where: 'SYSTEM', value: read('SecureProtocols of SYSTEM', readings.systemSecureProtocols) },
    { where: 'the machine', value: read('SecureProtocols of the machine', readings.machineSecureProtocols) },
    { where: 'the policy', value: read('SecureProtocols of the policy', readings.policySecureProtocols) },
  ];
  const detail = {
    expected: `SecureProtocols with bit ${hex(TLS_1_2)}, or absent`,
    observed: values.map(({ where, value }) => shown(where, value)).join(', '),
  };
  const wrong = values.filter(({ value }) => value !== undefined && (value & TLS_1_2) === 0);
  if (wrong.length > 0) {
    return fail(
      `WinINET does not offer TLS 1.2 by SecureProtocols of ${wrong.map(({ where }) => where).join(' and ')}`,
      detail,
    );
  }
  return values.every(({ value }) => value === undefined)
    ? pass('SecureProtocols is not set: WinINET offers what its Internet Explorer has by default', detail)
    : pass('WinINET offers TLS 1.2', detail);
}

/** The handshakes with the portal; Windows 7 does not log the name. */
const handshakesWith = ({ facts: { handshakes }, policy: { portalHost } }: Subject): Handshake[] =>
  handshakes.seen.filter(({ server }) => server === '' || server.toLowerCase() === portalHost.toLowerCase());

const LOG_REMEDY =
  'Nothing has to be done. To see handshakes, let this account switch on EventLogging of SCHANNEL and the CAPI2 log, and restart the machine once with EventLogging 5.';

/** Why nothing can be said of the handshakes. It is never the machine's fault. */
function notLogged({ facts, policy: { portalHost } }: Subject, what: string): Verdict {
  const { handshakes } = facts;
  const reach = diagnose(facts, portalHost)?.reach;
  if (reach !== undefined && reach !== 'answered' && reach !== 'certificate') {
    return skipped(`No handshake with ${portalHost} was completed, so there is none to look at`, {
      remediation: 'Nothing to do here: see tls.handshake and proxy.portal-reachable, then run again.',
    });
  }
  const why =
    handshakes.logged.state === 'off'
      ? `Windows did not log its handshakes: ${handshakes.logged.reason || 'this was not tried'}`
      : `Windows logged no ${what} of ${portalHost}`;
  const others = handshakes.seen.map(({ server }) => server).filter((server) => server !== '');
  return skipped(why, {
    remediation: LOG_REMEDY,
    ...(others.length === 0 ? {} : { observed: `logged for ${[...new Set(others)].join(', ')}` }),
  });
}

const isTls12 = (protocol: string): boolean => /^TLS 1\.[23]$/i.test(protocol);

function judgeNegotiated(subject: Subject): Verdict {
  const seen = handshakesWith(subject).filter(({ protocol }) => protocol !== '');
  if (seen.length === 0) return notLogged(subject, 'handshake');
  const detail = {
    expected: `TLS 1.2 or later with a suite of TLS 1.2 that Windows 7 to 8.1 have, to ${subject.policy.portalHost}`,
    observed: unique(
      seen.map(
        ({ server, protocol, cipherSuite }) =>
          `${protocol}, ${suiteName(cipherSuite)}, to ${server || 'a server that Windows 7 does not name'}`,
      ),
    ).join('; '),
  };
  const old = seen.find(({ protocol }) => !isTls12(protocol));
  if (old) return fail(`${old.protocol} was negotiated`, detail);
  const odd = seen.find(
    ({ protocol, cipherSuite }) => protocol.endsWith('1.2') && !isUsable(suiteName(cipherSuite), subject.os),
  );
  return odd
    ? fail(
        `The suite ${suiteName(odd.cipherSuite)} is none that Microsoft lists for TLS 1.2 on Windows 7 to 8.1`,
        detail,
      )
    : pass('TLS 1.2 or later was negotiated with the portal', detail);
}

const OTHER_SIDE_FIRST =
  'See what answers in place of the portal (tls.negotiated, tls.certificate-issuer); then apply the policies, restart and run again: gpupdate /force & shutdown /r /t 0.';

function judgeRegistryAgrees(subject: Subject): Verdict {
  const enabled = read('Enabled', subject.facts.tls.enabled);
  const promised = canSpeakTls12(subject);
  const seen = handshakesWith(subject).filter(({ protocol }) => protocol !== '');
  if (seen.length === 0) return notLogged(subject, 'handshake');
  const detail = {
    expected: 'the protocol that the registry promises',
    observed: `${shown('Enabled', enabled)}, ${shown('DisabledByDefault', read('DisabledByDefault', subject.facts.tls.disabledByDefault))}; negotiated: ${unique(seen.map(({ protocol }) => protocol)).join(', ')}`,
  };
  // DisabledByDefault forbids nothing: a program may ask for TLS 1.2 by name.
  if (enabled === 0 && seen.some(({ protocol }) => /^TLS 1\.2$/i.test(protocol))) {
    return fail(
      'TLS 1.2 was negotiated, although the registry forbids it: a restart or a policy is pending',
      detail,
    );
  }
  // What was negotiated is what both sides have: nobody tells which one lacks it.
  return promised && seen.some(({ protocol }) => !isTls12(protocol))
    ? couldNotCheck(
        'The registry promises TLS 1.2, but it was not negotiated: the other side has none, or a restart or a policy is pending',
        { ...detail, remediation: OTHER_SIDE_FIRST },
      )
    : pass('The registry and the wire agree', detail);
}

/** The certificates that the guest was shown, the portal's first, as far as Windows has logged them. */
const chainShown = (subject: Subject): readonly string[] | undefined =>
  handshakesWith(subject).find((one) => one.chain.length > 0)?.chain;

function judgeIssuer(subject: Subject): Verdict {
  const chain = chainShown(subject);
  if (chain === undefined) return notLogged(subject, 'chain of certificates');
  const { portalIssuers } = subject.policy;
  const root = chain.at(-1) ?? '';
  const detail = { observed: chain.join(' < ') };
  if (portalIssuers.length === 0)
    return pass(`The issuer is recorded: ${root}`, { ...detail, expected: 'any that the machine trusts' });
  const expected = portalIssuers.join(' or ');
  if (portalIssuers.some((name) => name.toLowerCase() === root.toLowerCase()))
    return pass(`The certificate comes from ${root}`, { ...detail, expected });
  // That somebody else answers is told there; nothing is read on the way as long as the machine refuses him.
  if (diagnose(subject.facts, subject.policy.portalHost)?.reach === 'certificate')
    return couldNotCheck(`The machine refused the certificate that it was shown, which comes from ${root}`, {
      ...detail,
      expected,
      remediation: 'Put right first what tls.handshake says, then run again.',
    });
  return fail(`TLS to the portal is intercepted, or its issuer is new: the certificate comes from ${root}`, {
    ...detail,
    expected,
  });
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

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

/** Names of the suites that Schannel's event gives as a number (IANA, TLS Cipher Suites). */
const SUITES: Readonly<Record<number, string>> = {
  0x0005: 'TLS_RSA_WITH_RC4_128_SHA',
  0x000a: 'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  0x002f: 'TLS_RSA_WITH_AES_128_CBC_SHA',
  0x0033: 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
  0x0035: 'TLS_RSA_WITH_AES_256_CBC_SHA',
  0x0039: 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
  0x003c: 'TLS_RSA_WITH_AES_128_CBC_SHA256',
  0x003d: 'TLS_RSA_WITH_AES_256_CBC_SHA256',
  0x009c: 'TLS_RSA_WITH_AES_128_GCM_SHA256',
  0x009d: 'TLS_RSA_WITH_AES_256_GCM_SHA384',
  0x009e: 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  0x009f: 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  0x1301: 'TLS_AES_128_GCM_SHA256',
  0x1302: 'TLS_AES_256_GCM_SHA384',
  0xc009: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  0xc00a: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  0xc013: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  0xc014: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  0xc023: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  0xc024: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  0xc027: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  0xc028: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  0xc02b: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  0xc02c: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  0xc02f: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  0xc030: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
};

/** A suite by its name, whether the event gives that or a number; a number that nobody knows stays one. */
const suiteName = (suite: string): string =>
  /^(0x[0-9a-f]+|\d+)$/i.test(suite) ? (SUITES[Number(suite)] ?? suite) : suite;

/** Suites of TLS 1.2 on Windows 7 to 8.1; the curve may follow as a suffix. ECDHE_RSA has no GCM on any of them. */
const USABLE_SUITE =
  /^TLS_(ECDHE_RSA_WITH_AES_(128|256)_CBC_SHA(256|384)?|ECDHE_ECDSA_WITH_AES_(128|256)_(CBC_SHA(256|384)?|GCM_SHA(256|384))|DHE_RSA_WITH_AES_(128|256)_(CBC_SHA|GCM_SHA(256|384))|RSA_WITH_AES_(128|256)_(CBC_SHA(256)?|GCM_SHA(256|384)))(_P(256|384|521))?$/;

/** Windows 8 alone lacks DHE with CBC. */
const isUsable = (suite: string, os: OperatingSystem): boolean =>
  USABLE_SUITE.test(suite.toUpperCase()) && !(os === 'win8' && /^TLS_DHE_RSA_.*_CBC_/i.test(suite));

function judgeCipherSuites({ os, facts }: Subject): Verdict {
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
  const usable = suites.filter((suite) => isUsable(suite, os));
  const detail = { expected, observed: `${suites.length} suites, usable: ${usable.join(', ') || 'none'}` };
  return usable.length > 0
    ? pass('The cipher suite order leaves suites for TLS 1.2', detail)
    : fail('The cipher suite order leaves no suite that TLS 1.2 can use', detail);
}
