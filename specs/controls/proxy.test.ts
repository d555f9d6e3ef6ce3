import { expect } from '@playwright/test';
import type { Outcome, Verdict } from '../../harness/core/outcome.ts';
import type { Connection } from '../../harness/guest/facts.ts';
import { controlById } from './catalogue.ts';
import { CONNECTION_ERRORS } from './connections.ts';
import { absent, connection, failed, present, subjectOf, unreadable, type Overrides } from './fixtures.ts';
import { DEFAULT_POLICY, EXTRA_HOSTS } from './policy.ts';

const PORTAL = DEFAULT_POLICY.portalHost;
/** The proxy of the healthy machine. */
const PROXY = 'proxy.contoso.com:8080';

const number = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
};
const counted = (text: string): string => number(text.length) + Buffer.from(text, 'latin1').toString('hex');
const winHttp = (server: string, bypass: string): string =>
  number(0x18) + number(0) + number(3) + counted(server) + counted(bypass);
const connectionSettings = (flags: number, server: string, bypass: string, script: string): string =>
  number(0x46) +
  number(7) +
  number(flags) +
  counted(server) +
  counted(bypass) +
  counted(script) +
  '00'.repeat(32);

const judge = (id: string, overrides: Overrides): Verdict =>
  controlById(id).judge!(subjectOf('win7', overrides));
const refusedBy = (status: number, stack: Connection['stack'] = 'winhttp'): Connection =>
  connection({ ok: false, status, stack });

describe('proxy.settings-readable', () => {
  const judgeSettings = (proxy: Overrides['proxy']): Verdict =>
    judge('proxy.settings-readable', { proxy: proxy ?? {} });

  it('records the proxy of WinHTTP and the settings of SYSTEM and of the machine', () => {
    const { outcome, observed } = judgeSettings({
      systemProxyEnable: present(1),
      systemProxyServer: present('10.0.0.1:8080'),
      perUserPolicy: present(0),
    });
    expect(outcome).toBe('pass');
    expect(observed).toContain('WinHTTP: proxy.contoso.com:8080, not for localhost;*.contoso.com');
    expect(observed).toContain('SYSTEM ProxyEnable 0x1; SYSTEM ProxyServer "10.0.0.1:8080"');
    expect(observed).toContain('ProxySettingsPerUser 0x0');
  });

  it('tells a direct connection from settings that are not there', () => {
    const direct = judgeSettings({ winHttpSettings: present('1800000000000000010000000000000000000000') });
    expect(direct.observed).toContain('WinHTTP: direct');
    expect(judgeSettings({ winHttpSettings: absent }).observed).toContain('WinHTTP: not set');
  });

  it('could not check settings that are cut short or unreadable', () => {
    expect(judgeSettings({ winHttpSettings: present('18000000000000000300') }).outcome).toBe('error');
    expect(judgeSettings({ systemProxyServer: unreadable }).outcome).toBe('error');
    expect(judgeSettings({ systemConnectionSettings: present('4600') }).outcome).toBe('error');
  });

  it('records the script and the bypass list of SYSTEM, from the value that WinINET goes by', () => {
    const { observed } = judgeSettings({
      systemConnectionSettings: present(connectionSettings(0x7, 'p:1', '<local>', 'http://pac.test/p.pac')),
    });
    expect(observed).toContain(
      'SYSTEM (DefaultConnectionSettings): p:1, not for <local>, script http://pac.test/p.pac',
    );
  });
});

describe('The way to the portal', () => {
  const viaProxy = (url: string, seen: Partial<Connection>): Connection =>
    connection({ url, ok: false, status: 0, error: '', ...seen });
  const proxyAnswers = viaProxy(`http://${PROXY}/`, { status: 400 });
  const proxyFails = (error: string): Connection => viaProxy(`http://${PROXY}/`, { error });
  const withoutTls = (status: number): Connection => viaProxy(`http://${PORTAL}/`, { status });

  /** What the guest saw, then proxy.portal-reachable with a word of its summary, no-user-authentication, handshake. */
  const cases: [string, Connection[], Outcome, string, Outcome, Outcome][] = [
    ['answered', [connection()], 'pass', `through the proxy ${PROXY}`, 'pass', 'pass'],
    ['a page that is not there', [refusedBy(404)], 'pass', 'answered', 'pass', 'pass'],
    ['407 from the proxy', [refusedBy(407)], 'error', 'asks for a sign-in', 'fail', 'error'],
    ['403 on the way', [refusedBy(403)], 'fail', `by the proxy ${PROXY}`, 'error', 'error'],
    ['504 on the way', [refusedBy(504)], 'fail', 'gets no answer from the portal', 'error', 'error'],
    [
      'no handshake, and WinINET saw 503',
      [failed('0x80072f7d'), refusedBy(503, 'wininet')],
      'fail',
      'gets no answer from the portal',
      'error',
      'error',
    ],
    [
      'proxy not found',
      [failed('0x80072ee7'), proxyFails('0x80072ee7')],
      'fail',
      `name of the proxy ${PROXY}`,
      'error',
      'error',
    ],
    [
      'portal not found, but the proxy',
      [failed('0x80072ee7'), proxyAnswers],
      'fail',
      'name of the portal',
      'error',
      'error',
    ],
    [
      'proxy refuses connections',
      [failed('0x80072efd'), proxyFails('0x80072efd')],
      'fail',
      `proxy ${PROXY} does not accept`,
      'error',
      'error',
    ],
    [
      'proxy silent',
      [failed('0x80072ee2'), proxyFails('0x80072ee2')],
      'fail',
      `proxy ${PROXY} does not answer`,
      'error',
      'error',
    ],
    [
      'silence behind a living proxy',
      [failed('0x80072ee2'), proxyAnswers],
      'fail',
      `Nothing comes back from the portal through the proxy ${PROXY}`,
      'error',
      'error',
    ],
    ['connection cut', [failed('0x80072746')], 'fail', 'is cut', 'error', 'error'],
    ['a certificate refused', [failed('0x80072f8f')], 'pass', 'way is open', 'pass', 'fail'],
    [
      'no handshake',
      [failed('0x80072f7d')],
      'fail',
      `the proxy ${PROXY} does not let it pass`,
      'error',
      'error',
    ],
    [
      'no handshake, and 403 without TLS',
      [failed('0x80072f7d'), withoutTls(403)],
      'fail',
      'does not let it pass',
      'error',
      'error',
    ],
    [
      'no handshake, and 407 without TLS',
      [failed('0x80072f7d'), withoutTls(407)],
      'error',
      'asks for a sign-in',
      'fail',
      'error',
    ],
    [
      'no handshake, and WinINET saw 407',
      [failed('0x80072f7d'), refusedBy(407, 'wininet')],
      'error',
      'asks',
      'fail',
      'error',
    ],
    [
      'no handshake, and WinINET was refused by nobody',
      [failed('0x80072f7d'), failed('0x800c0008', 'wininet')],
      'pass',
      'way is open',
      'error',
      'fail',
    ],
    [
      'no handshake, and WinINET saw 403',
      [failed('0x80072f7d'), refusedBy(403, 'wininet')],
      'fail',
      'refused',
      'error',
      'error',
    ],
    ['an unknown error', [failed('0x80004005')], 'error', 'nothing of the network', 'error', 'error'],
    ['not tried', [], 'error', 'not asked', 'error', 'error'],
  ];
  for (const [what, connections, reachable, words, noAuthentication, handshake] of cases) {
    it(`${what}: reachable ${reachable}, no sign-in ${noAuthentication}, handshake ${handshake}`, () => {
      const verdict = judge('proxy.portal-reachable', { connections });
      expect(verdict).toMatchObject({ outcome: reachable, summary: expect.stringContaining(words) });
      expect(judge('proxy.no-user-authentication', { connections }).outcome).toBe(noAuthentication);
      expect(judge('tls.handshake', { connections }).outcome).toBe(handshake);
    });
  }

  it('blames the portal, not a proxy, where none is set or the portal goes past it', () => {
    for (const winHttpSettings of [absent, present(winHttp(PROXY, '*.microsoftonline.com'))]) {
      const seen = (error: string): Overrides => ({
        connections: [failed(error)],
        proxy: { winHttpSettings },
      });
      const summaryOf = (error: string): string => judge('proxy.portal-reachable', seen(error)).summary;
      expect(summaryOf('0x80072ee7')).toBe('The name of the portal cannot be resolved');
      expect(summaryOf('0x80072efd')).toBe('The connection to the portal is not accepted');
      expect(summaryOf('0x80072ee2')).toContain('a firewall drops it');
      // Nothing but the portal can have refused the handshake.
      expect(judge('proxy.portal-reachable', seen('0x80072f7d')).outcome).toBe('pass');
      expect(judge('tls.handshake', seen('0x80072f7d')).outcome).toBe('fail');
    }
  });

  it('says what else was tried, and that the portal answers without the proxy', () => {
    const verdict = judge('proxy.portal-reachable', {
      connections: [failed('0x80072efd'), proxyFails('0x80072efd'), connection({ route: 'direct' })],
    });
    expect(verdict.observed).toContain('directly: HTTP status 200');
    expect(verdict.remediation).toContain('netsh winhttp reset proxy');
  });

  it('is not known while the machine itself cannot speak TLS 1.2', () => {
    const connections = [failed('0x80072f7d')];
    for (const tls of [
      { enabled: present(0) },
      { disabledByDefault: present(1) },
      { enabled: absent },
      { winHttpProtocols: present(0xa0) },
      { winHttpProtocols: absent },
    ]) {
      const verdict = judge('proxy.portal-reachable', { connections, tls });
      expect(verdict.outcome).toBe('error');
      expect(verdict.remediation).toContain('Enable TLS 1.2 first');
    }
    expect(judge('proxy.portal-reachable', { connections, tls: { enabled: unreadable } }).outcome).toBe(
      'error',
    );
  });

  it('is not known on Windows 8 either while WinHTTP is left to its defaults there, which are not documented', () => {
    const connections = [failed('0x80072f7d')];
    const judgeOn = (os: 'win8' | 'win81', overrides: Overrides): Verdict =>
      controlById('proxy.portal-reachable').judge!(subjectOf(os, { connections, ...overrides }));
    expect(judgeOn('win8', {}).outcome).toBe('error');
    expect(judgeOn('win8', { tls: { winHttpProtocols: present(0x800) } }).outcome).toBe('fail');
    expect(judgeOn('win81', {}).outcome).toBe('fail');
  });

  it('shows the number of an error that nobody knows', () => {
    expect(judge('proxy.portal-reachable', { connections: [failed('0x80004005')] }).observed).toBe(
      'error 0x80004005',
    );
  });

  it('reads numbers in capitals too', () => {
    expect(judge('proxy.portal-reachable', { connections: [failed('0x80072EE7')] }).outcome).toBe('fail');
  });
});

describe('The table of connection errors', () => {
  it('is keyed as the probe writes numbers: lower case, no padding', () => {
    for (const number of Object.keys(CONNECTION_ERRORS)) expect(number).toMatch(/^0x[0-9a-f]{8}$/);
  });
});

describe('proxy.extra-hosts', () => {
  const [first, second] = EXTRA_HOSTS.map((host) => connection({ url: `https://${host}/` }));

  it('is skipped, with a reason, when nobody asked for them', () => {
    expect(judge('proxy.extra-hosts', { connections: [connection()] })).toMatchObject({
      outcome: 'skipped',
      summary: expect.stringContaining('did not probe'),
    });
  });

  it('names the host that was not reached', () => {
    const connections = [first!, { ...second!, ok: false, status: 0, error: '0x80072efd' }];
    expect(judge('proxy.extra-hosts', { connections })).toMatchObject({
      outcome: 'fail',
      summary: `Not reached: ${EXTRA_HOSTS[1]}`,
    });
  });

  it('knows nothing of a host that is not reached while the portal is not reached either', () => {
    const connections = [
      failed('0x80072f7d'),
      first!,
      { ...second!, ok: false, status: 0, error: '0x80072f7d' },
    ];
    expect(judge('proxy.extra-hosts', { connections })).toMatchObject({
      outcome: 'error',
      remediation: expect.stringContaining('proxy.portal-reachable'),
    });
  });

  it('takes a refused certificate as a way that is open', () => {
    const connections = [first!, { ...second!, ok: false, status: 0, error: '0x80072f8f' }];
    expect(judge('proxy.extra-hosts', { connections }).outcome).toBe('pass');
  });
});

describe('proxy.settings-agree', () => {
  const bypass = 'localhost;*.contoso.com';
  const direct = (made: Partial<Connection>): Connection[] => [
    connection(),
    connection({ route: 'direct', ...made }),
  ];
  const refusedDirectly = direct({ ok: false, status: 0, error: '0x80072efd' });
  const blob = (flags: number, server = '', list = '', script = ''): Overrides['proxy'] => ({
    systemConnectionSettings: present(connectionSettings(flags, server, list, script)),
  });
  const plain = (server: string, list: string): Overrides['proxy'] => ({
    systemProxyEnable: present(1),
    systemProxyServer: present(server),
    systemProxyOverride: present(list),
  });
  const machine = (perUser: number, server: string): Overrides['proxy'] => ({
    perUserPolicy: present(perUser),
    machineProxyEnable: present(1),
    machineProxyServer: present(server),
    machineProxyOverride: present(bypass),
  });

  const cases: [string, Overrides['proxy'], Outcome, string][] = [
    [
      'the same in all',
      { ...blob(3, PROXY.toUpperCase(), '*.contoso.com localhost'), ...plain(PROXY, bypass) },
      'pass',
      'agree',
    ],
    ['the same, by protocol', plain(`http=other:1;https=${PROXY}`, bypass), 'pass', 'agree'],
    ['another proxy in SYSTEM', plain('other.contoso.com:8080', bypass), 'fail', 'the proxy'],
    ['another port in SYSTEM', blob(3, 'proxy.contoso.com:3128', bypass), 'fail', 'the proxy'],
    ['another bypass list', plain(PROXY, '<local>'), 'fail', 'the bypass list'],
    ['a script in SYSTEM', blob(5, '', '', 'http://pac.test/p.pac'), 'pass', 'agree'],
    [
      'two scripts',
      {
        ...blob(5, '', '', 'http://pac.test/p.pac'),
        systemAutoConfigUrl: present('http://other.test/p.pac'),
      },
      'fail',
      'the script',
    ],
    [
      'SYSTEM at odds with itself',
      { ...blob(1), ...plain(PROXY, bypass) },
      'fail',
      'whether SYSTEM has a proxy',
    ],
    ['another proxy of the machine, by policy', machine(0, 'other:1'), 'fail', 'the proxy'],
    ['another proxy of the machine, not in force', machine(1, 'other:1'), 'pass', 'names none'],
    [
      'another proxy of SYSTEM, not in force',
      { ...machine(0, PROXY), ...plain('other:1', '') },
      'pass',
      'agree',
    ],
    ['nothing anywhere', { winHttpSettings: absent }, 'pass', 'No proxy'],
  ];
  for (const [what, proxy = {}, outcome, words] of cases) {
    it(`${outcome}: ${what}`, () => {
      expect(judge('proxy.settings-agree', { proxy })).toMatchObject({
        outcome,
        summary: expect.stringContaining(words),
      });
    });
  }

  it('minds a store that names nothing only where the portal is not reached without a proxy', () => {
    const verdict = (proxy: Overrides['proxy'], connections: Connection[]): Verdict =>
      judge('proxy.settings-agree', { connections, proxy: proxy ?? {} });
    expect(verdict({}, refusedDirectly)).toMatchObject({
      outcome: 'fail',
      summary: expect.stringContaining('WinINET of SYSTEM names no proxy'),
    });
    expect(verdict({ winHttpSettings: absent, ...plain(PROXY, bypass) }, refusedDirectly)).toMatchObject({
      outcome: 'fail',
      summary: expect.stringContaining('WinHTTP names no proxy'),
    });
    const asSetUp = { winHttpSettings: absent, ...plain(PROXY, bypass) };
    expect(verdict(asSetUp, [failed('0x80072efd')])).toMatchObject({
      outcome: 'fail',
      summary: expect.stringContaining('WinHTTP names no proxy'),
    });
    expect(verdict(asSetUp, [failed('0x80072f7d')]).outcome).toBe('pass');
    expect(verdict({}, direct({})).outcome).toBe('pass');
    expect(verdict({}, [connection()]).outcome).toBe('pass');
    // It asks the network for a proxy, and may well get the same one.
    expect(verdict(blob(9), refusedDirectly).outcome).toBe('pass');
  });

  it('could not check what cannot be read or decoded', () => {
    expect(judge('proxy.settings-agree', { proxy: { machineProxyServer: unreadable } }).outcome).toBe(
      'error',
    );
    expect(judge('proxy.settings-agree', { proxy: { winHttpSettings: present('18') } }).outcome).toBe(
      'error',
    );
  });
});

describe('proxy.ways-to-portal', () => {
  const lost = { ok: false, status: 0, error: '0x80072efd' };
  const cases: [string, Overrides, Outcome, string][] = [
    [
      'both ways',
      { connections: [connection(), connection({ route: 'direct' })] },
      'pass',
      'directly as well',
    ],
    [
      'by the proxy only',
      { connections: [connection(), connection({ route: 'direct', ...lost })] },
      'pass',
      'as the machine is set up',
    ],
    [
      'directly only',
      { connections: [connection(lost), connection({ route: 'direct' })] },
      'pass',
      'only directly',
    ],
    [
      'through another proxy only',
      { connections: [connection(lost), connection({ route: 'other:1' })] },
      'pass',
      'through other:1',
    ],
    [
      'no way',
      { connections: [connection(lost), connection({ route: 'direct', ...lost })] },
      'pass',
      'on no way',
    ],
    [
      'no proxy',
      { connections: [connection()], proxy: { winHttpSettings: absent } },
      'pass',
      'without a proxy',
    ],
    ['no other way can be had', { connections: [connection()] }, 'notApplicable', 'takes no other way'],
    ['nothing tried', { connections: [] }, 'error', 'not asked'],
  ];
  for (const [what, overrides, outcome, words] of cases) {
    it(`${outcome}: ${what}`, () =>
      expect(judge('proxy.ways-to-portal', overrides)).toMatchObject({
        outcome,
        summary: expect.stringContaining(words),
      }));
  }
});
