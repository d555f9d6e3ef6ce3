import { expect } from '@playwright/test';
import type { Outcome, Verdict } from '../../harness/core/outcome.ts';
import type { Connection, Handshake, Reading } from '../../harness/guest/facts.ts';
import { controlById } from './catalogue.ts';
import { CONNECTION_ERRORS } from './connections.ts';
import { OPERATING_SYSTEMS, type Judge, type OperatingSystem } from './control.ts';
import {
  absent,
  connection,
  failed,
  HANDSHAKE,
  type Overrides,
  present,
  subjectOf,
  unreadable,
} from './fixtures.ts';
import { canSpeakTls12 } from './tls.ts';

const judgeOf = (id: string): Judge => controlById(id).judge!;

/** JScript reads 0xffffffff as -1. */
type Dword = 'absent' | 0 | 1 | 0xffffffff | -1;
const reading = (value: Dword): Reading<number> => (value === 'absent' ? absent : present(value));

/**
 * Every state of TLS 1.2\Client. `strict` and `osDefault` are what the judge has to say, from Microsoft's table of
 * states; `connects` is what a guest did in this state against a server that speaks TLS 1.2 only (measured with the
 * Schannel of Wine, which has TLS 1.2 on by default, as Windows 8 and 8.1 have).
 */
const STATES: {
  enabled: Dword;
  disabledByDefault: Dword;
  strict: Outcome;
  osDefault: Outcome;
  connects: boolean;
}[] = [
  { enabled: 'absent', disabledByDefault: 'absent', strict: 'fail', osDefault: 'pass', connects: true },
  { enabled: 'absent', disabledByDefault: 0, strict: 'fail', osDefault: 'pass', connects: true },
  { enabled: 'absent', disabledByDefault: 1, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 0, disabledByDefault: 'absent', strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 0, disabledByDefault: 0, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 0, disabledByDefault: 1, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 1, disabledByDefault: 'absent', strict: 'fail', osDefault: 'pass', connects: true },
  { enabled: 1, disabledByDefault: 0, strict: 'pass', osDefault: 'pass', connects: true },
  { enabled: 1, disabledByDefault: 1, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 0xffffffff, disabledByDefault: 'absent', strict: 'fail', osDefault: 'pass', connects: true },
  { enabled: 0xffffffff, disabledByDefault: 0, strict: 'pass', osDefault: 'pass', connects: true },
  { enabled: 0xffffffff, disabledByDefault: 1, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: -1, disabledByDefault: 0, strict: 'pass', osDefault: 'pass', connects: true },
  { enabled: 'absent', disabledByDefault: 0xffffffff, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 0, disabledByDefault: 0xffffffff, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 1, disabledByDefault: 0xffffffff, strict: 'fail', osDefault: 'fail', connects: false },
  { enabled: 0xffffffff, disabledByDefault: -1, strict: 'fail', osDefault: 'fail', connects: false },
];

describe('tls.client-enabled', () => {
  const judge = judgeOf('tls.client-enabled');

  for (const state of STATES) {
    it(`Enabled ${state.enabled}, DisabledByDefault ${state.disabledByDefault}`, () => {
      const tls = {
        enabled: reading(state.enabled),
        disabledByDefault: reading(state.disabledByDefault),
      };
      for (const os of OPERATING_SYSTEMS) {
        expect(judge(subjectOf(os, { tls }, { tls: 'strict' })).outcome, os).toBe(state.strict);
        // Windows 7 has TLS 1.2 off by default, so there its default is no excuse.
        const lenient = os === 'win7' ? state.strict : state.osDefault;
        expect(judge(subjectOf(os, { tls }, { tls: 'osDefault' })).outcome, os).toBe(lenient);
      }
      expect(canSpeakTls12(subjectOf('win81', { tls }))).toBe(state.connects);
    });
  }

  it('names the switch that lets the defaults of Windows count', () =>
    expect(controlById('tls.client-enabled').remediation).toContain('policy.tls to osDefault'));

  it('never passes a state in which a guest could not connect', () => {
    const wrong = STATES.filter(
      ({ connects, strict, osDefault }) => !connects && [strict, osDefault].includes('pass'),
    );
    expect(wrong).toEqual([]);
  });

  it('shows what was read in hexadecimal, whatever sign JScript gave it', () => {
    const verdict = judge(subjectOf('win7', { tls: { enabled: present(-1), disabledByDefault: absent } }));
    expect(verdict).toMatchObject({
      summary: 'TLS 1.2 is not explicitly enabled: DisabledByDefault not set',
      observed: 'Enabled 0xffffffff, DisabledByDefault absent',
    });
  });

  it('could not check when one of the values is unreadable, even where the other one would fail it', () => {
    for (const tls of [
      { enabled: unreadable, disabledByDefault: present(0) },
      { enabled: present(0), disabledByDefault: unreadable },
    ]) {
      expect(judge(subjectOf('win7', { tls }))).toMatchObject({
        outcome: 'error',
        summary: expect.stringContaining('access is denied (0x80070005)'),
      });
    }
  });
});

describe('tls.handshake', () => {
  const judge = judgeOf('tls.handshake');
  const seen = (...connections: Connection[]): Verdict => judge(subjectOf('win7', { connections }));

  const byError: Record<string, Outcome> = {
    // Through a proxy, which may have refused the tunnel.
    '0x80072f7d': 'error',
    '0x80090311': 'fail',
    '0x80072f8f': 'fail',
    '0x80072f05': 'fail',
    '0x80072f06': 'fail',
    '0x80072f0d': 'fail',
    '0x800c0019': 'fail',
    '0x80072efe': 'error',
    '0x80072746': 'error',
    '0x80072efd': 'error',
    '0x80072ee7': 'error',
    '0x80072ee2': 'error',
    '0x800c0008': 'error',
  };
  it('knows every error of the table', () => {
    expect(Object.keys(byError).sort()).toEqual(Object.keys(CONNECTION_ERRORS).sort());
  });
  for (const [error, outcome] of Object.entries(byError)) {
    it(`${outcome}: ${error}, named by its number`, () => {
      const verdict = seen(failed(error));
      expect(verdict.outcome).toBe(outcome);
      expect(verdict.observed).toContain(`${CONNECTION_ERRORS[error]!.name} (${error})`);
    });
  }

  it('passes with any answer that came through TLS, and with nothing else', () => {
    expect(seen(connection({ status: 200 })).outcome).toBe('pass');
    expect(seen(connection({ ok: false, status: 404 })).outcome).toBe('pass');
    expect(seen(connection({ ok: false, status: 407 })).outcome).toBe('error');
    expect(seen(connection({ ok: false, status: 503 })).outcome).toBe('error');
    expect(seen(connection({ ok: false, status: 0, error: '' })).outcome).toBe('error');
  });

  it('could not check what was not tried', () => {
    const elsewhere = [
      connection({ url: 'https://example.com/' }),
      connection({ url: 'http://passwordreset.microsoftonline.com/' }),
      connection({ stack: 'wininet' }),
      connection({ url: 'not a URL' }),
    ];
    expect(seen(...elsewhere)).toMatchObject({
      outcome: 'error',
      summary: expect.stringContaining('not asked'),
    });
  });

  it('asks WinINET whether a failed handshake was a certificate, or the proxy', () => {
    const certificate = seen(failed('0x80072f7d'), failed('0x800c0019', 'wininet'));
    expect(certificate).toMatchObject({
      outcome: 'fail',
      summary: expect.stringContaining('The guest refused the certificate of the portal'),
    });
    expect(certificate.remediation).toContain('clock');
    const protocol = seen(failed('0x80072f7d'), failed('0x800c0008', 'wininet'));
    expect(protocol).toMatchObject({
      outcome: 'fail',
      summary: expect.stringContaining('no cipher suite of TLS 1.2 in common'),
    });
    expect(seen(failed('0x80072f7d'))).toMatchObject({
      outcome: 'error',
      summary: expect.stringContaining('refuses the tunnel, or the portal has no protocol'),
    });
    expect(seen(failed('0x80072f7d'), connection({ stack: 'wininet', ok: false, status: 407 })).outcome).toBe(
      'error',
    );
  });

  it('is the fault of this machine where its registry leaves TLS 1.2 off', () => {
    for (const tls of [{ enabled: present(0) }, { winHttpProtocols: absent }]) {
      expect(judge(subjectOf('win7', { tls, connections: [failed('0x80072f7d')] }))).toMatchObject({
        outcome: 'fail',
        summary: expect.stringContaining('no TLS 1.2 in common'),
      });
    }
  });

  it('follows the portal of the policy', () => {
    const portalHost = 'passwordreset.microsoftonline.us';
    expect(judge(subjectOf('win7', {}, { portalHost })).outcome).toBe('error');
    const connections = [connection({ url: `https://${portalHost}/` })];
    expect(judge(subjectOf('win7', { connections }, { portalHost })).outcome).toBe('pass');
  });
});

describe('tls.winhttp-protocols', () => {
  const cases: [OperatingSystem, Reading<number>, Reading<number>, Outcome][] = [
    ['win7', present(0x800), present(0x800), 'pass'],
    ['win7', present(0xa80), present(0xa00), 'pass'],
    ['win7', present(0x800), present(0xa0), 'fail'],
    ['win7', present(0xa0), present(0x800), 'fail'],
    ['win7', present(0x800), absent, 'fail'],
    ['win7', absent, absent, 'fail'],
    ['win7', present(0x800), unreadable, 'error'],
    ['win8', absent, absent, 'pass'],
    ['win8', present(0xa0), absent, 'fail'],
    ['win81', absent, absent, 'pass'],
    ['win81', absent, present(0x800), 'pass'],
    ['win81', absent, present(0x280), 'fail'],
    ['win81', unreadable, absent, 'error'],
  ];
  const judgeFor = (os: OperatingSystem): Judge =>
    judgeOf(os === 'win7' ? 'tls.winhttp-protocols' : 'tls.winhttp-protocols-not-narrowed');
  const inWords = (one: Reading<number>): string =>
    one.state === 'present' ? `0x${one.value.toString(16)}` : one.state;

  for (const [os, native, wow64, outcome] of cases) {
    it(`${outcome}: ${os}, native ${inWords(native)}, Wow6432Node ${inWords(wow64)}`, () => {
      const tls = { winHttpProtocols: native, winHttpProtocolsWow64: wow64 };
      expect(judgeFor(os)(subjectOf(os, { tls })).outcome).toBe(outcome);
    });
  }

  it('looks at one view only on 32-bit Windows', () => {
    const tls = { winHttpProtocols: present(0x800), winHttpProtocolsWow64: absent };
    expect(judgeFor('win7')(subjectOf('win7', { os: { architecture: 'x86' }, tls })).outcome).toBe('pass');
  });

  it('names the view that is wrong', () => {
    const verdict = judgeFor('win7')(subjectOf('win7', { tls: { winHttpProtocolsWow64: present(0xa0) } }));
    expect(verdict).toMatchObject({
      summary: 'WinHTTP does not offer TLS 1.2 in Wow6432Node',
      observed: 'the native view 0xa00, Wow6432Node 0xa0',
    });
  });
});

describe('tls.cipher-suite-order', () => {
  const judge = judgeOf('tls.cipher-suite-order');
  const cases: [string, Outcome][] = [
    ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256_P256,TLS_RSA_WITH_RC4_128_SHA', 'pass'],
    ['TLS_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_AES_256_GCM_SHA384', 'pass'],
    ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'pass'],
    ['TLS_RSA_WITH_RC4_128_SHA,TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'fail'],
    ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384_P384', 'fail'],
    ['TLS_AES_128_GCM_SHA256', 'fail'],
    [' , ', 'error'],
  ];
  it('knows that Windows 8 alone has no DHE with CBC', () => {
    const tls = { cipherSuiteOrder: present('TLS_DHE_RSA_WITH_AES_256_CBC_SHA') };
    const outcomes = OPERATING_SYSTEMS.map((os) => judge(subjectOf(os, { tls })).outcome);
    expect(outcomes).toEqual(['pass', 'fail', 'pass']);
  });
  for (const [order, outcome] of cases) {
    it(`${outcome}: ${order}`, () => {
      expect(judge(subjectOf('win81', { tls: { cipherSuiteOrder: present(order) } })).outcome).toBe(outcome);
    });
  }
});

describe('tls.wininet-protocols', () => {
  const judge = judgeOf('tls.wininet-protocols');
  const cases: [Overrides['tls'], Outcome, string][] = [
    [{}, 'pass', 'is not set'],
    [{ systemSecureProtocols: present(0xa80) }, 'pass', 'offers TLS 1.2'],
    [{ systemSecureProtocols: present(0xa0) }, 'fail', 'of SYSTEM'],
    [
      { systemSecureProtocols: present(0xa80), machineSecureProtocols: present(0x280) },
      'fail',
      'of the machine',
    ],
    [
      { policySecureProtocols: present(0x80), machineSecureProtocols: present(0) },
      'fail',
      'of the machine and the policy',
    ],
    [{ policySecureProtocols: unreadable }, 'error', 'access is denied'],
  ];
  for (const [tls = {}, outcome, words] of cases) {
    it(`${outcome}: ${JSON.stringify(tls)}`, () =>
      expect(judge(subjectOf('win7', { tls }))).toMatchObject({
        outcome,
        summary: expect.stringContaining(words),
      }));
  }
});

describe('What Windows logs of the handshakes', () => {
  const logged = (...seen: Partial<Handshake>[]): Overrides => ({
    handshakes: { logged: { state: 'on' }, seen: seen.map((one) => ({ ...HANDSHAKE, ...one })) },
  });
  const off: Overrides = {
    handshakes: { logged: { state: 'off', reason: 'wevtutil ended with 5' }, seen: [] },
  };
  const elsewhere = logged({ server: 'update.example' });
  const IDS = ['tls.negotiated', 'tls.registry-agrees', 'tls.certificate-issuer'];

  for (const id of IDS) {
    it(`${id} is skipped, with the reason, when nothing was logged: a machine is not to blame for that`, () => {
      const policy = { portalIssuers: ['Example Global Root G2'] };
      const verdict = (overrides: Overrides): Verdict => judgeOf(id)(subjectOf('win7', overrides, policy));
      expect(verdict(off)).toMatchObject({
        outcome: 'skipped',
        summary: expect.stringContaining('ended with 5'),
      });
      expect(verdict(logged())).toMatchObject({
        outcome: 'skipped',
        summary: expect.stringContaining('logged no'),
      });
      expect(verdict(elsewhere)).toMatchObject({ outcome: 'skipped', observed: 'logged for update.example' });
      const broken = { ...logged(), connections: [failed('0x80072f7d')] };
      expect(verdict(broken)).toMatchObject({
        outcome: 'skipped',
        summary: expect.stringContaining('completed'),
      });
    });
  }

  const negotiated: [string, OperatingSystem, Partial<Handshake>, Outcome][] = [
    ['TLS 1.2', 'win7', {}, 'pass'],
    ['TLS 1.2, the server not named, as on Windows 7', 'win7', { server: '' }, 'pass'],
    ['the suite by its name', 'win81', { cipherSuite: 'TLS_RSA_WITH_AES_256_GCM_SHA384' }, 'pass'],
    ['the suite as a decimal number', 'win81', { cipherSuite: '49192' }, 'pass'],
    ['TLS 1.3, whose suites are others', 'win81', { protocol: 'TLS 1.3', cipherSuite: '0x1302' }, 'pass'],
    ['TLS 1.0', 'win7', { protocol: 'TLS 1.0', cipherSuite: '0x2f' }, 'fail'],
    ['SSL 3.0', 'win7', { protocol: 'SSL 3.0', cipherSuite: '0x5' }, 'fail'],
    ['a suite that no such Windows has', 'win7', { cipherSuite: '0xC030' }, 'fail'],
    ['RC4', 'win7', { cipherSuite: '0x5' }, 'fail'],
    ['a suite that nobody knows', 'win7', { cipherSuite: '0xfefe' }, 'fail'],
    ['DHE with CBC on Windows 7', 'win7', { cipherSuite: '0x39' }, 'pass'],
    ['DHE with CBC on Windows 8', 'win8', { cipherSuite: '0x39' }, 'fail'],
  ];
  for (const [what, os, seen, outcome] of negotiated) {
    it(`tls.negotiated, ${outcome}: ${what}`, () =>
      expect(judgeOf('tls.negotiated')(subjectOf(os, logged(seen))).outcome).toBe(outcome));
  }

  const agreement: [string, Overrides['tls'], Partial<Handshake>, Outcome][] = [
    ['on, and negotiated', {}, {}, 'pass'],
    ['off, and negotiated all the same', { enabled: present(0) }, {}, 'fail'],
    ['on, and not negotiated: by whose doing, nobody tells', {}, { protocol: 'TLS 1.0' }, 'error'],
    ['off, and not negotiated', { enabled: present(0) }, { protocol: 'TLS 1.0' }, 'pass'],
    ['off by default only: a program may ask for it', { disabledByDefault: present(1) }, {}, 'pass'],
    ['not known', { enabled: unreadable }, {}, 'error'],
  ];
  for (const [what, tls = {}, seen, outcome] of agreement) {
    it(`tls.registry-agrees, ${outcome}: ${what}`, () =>
      expect(judgeOf('tls.registry-agrees')(subjectOf('win7', { ...logged(seen), tls })).outcome).toBe(
        outcome,
      ));
  }

  it('tls.certificate-issuer records who it is, or compares it with those who may be it', () => {
    const verdict = (portalIssuers: string[], seen: Partial<Handshake> = {}): Verdict =>
      judgeOf('tls.certificate-issuer')(subjectOf('win7', logged(seen), { portalIssuers }));
    expect(verdict([])).toMatchObject({
      outcome: 'pass',
      summary: 'The issuer is recorded: Example Global Root G2',
    });
    expect(verdict(['Other Root', 'example global root g2']).outcome).toBe('pass');
    expect(
      verdict(['Example Global Root G2'], { chain: ['portal', 'Contoso Web Inspection CA'] }),
    ).toMatchObject({
      outcome: 'fail',
      summary: expect.stringMatching(/intercepted.*Contoso Web Inspection CA/),
    });
    // The root decides, not whoever else stands in the chain.
    expect(verdict(['Example Issuing CA 01']).outcome).toBe('fail');
    expect(verdict(['Example Global Root G2'], { chain: [] }).outcome).toBe('skipped');
  });

  it('leaves it to tls.handshake to name an issuer that the machine itself refuses', () => {
    const subject = subjectOf(
      'win7',
      {
        ...logged({ chain: ['portal', 'Contoso Web Inspection CA'] }),
        connections: [failed('0x80072f8f')],
      },
      { portalIssuers: ['Example Global Root G2'] },
    );
    expect(judgeOf('tls.handshake')(subject)).toMatchObject({
      outcome: 'fail',
      summary: expect.stringMatching(/refused the certificate.*Contoso Web Inspection CA/),
    });
    expect(judgeOf('tls.certificate-issuer')(subject)).toMatchObject({
      outcome: 'error',
      remediation: expect.stringContaining('tls.handshake'),
    });
  });
});
