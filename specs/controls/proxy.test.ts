import { expect } from '@playwright/test';
import type { Outcome, Verdict } from '../../harness/core/outcome.ts';
import type { Connection } from '../../harness/guest/facts.ts';
import { controlById } from './catalogue.ts';
import { CONNECTION_ERRORS } from './connections.ts';
import { absent, connection, failed, present, subjectOf, unreadable, type Overrides } from './fixtures.ts';
import { EXTRA_HOSTS } from './policy.ts';

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
    expect(observed).toContain('WinHTTP proxy.contoso.com:8080, not for localhost;*.contoso.com');
    expect(observed).toContain('SYSTEM ProxyEnable 0x1; SYSTEM ProxyServer "10.0.0.1:8080"');
    expect(observed).toContain('ProxySettingsPerUser 0x0');
  });

  it('tells a direct connection from settings that are not there', () => {
    const direct = judgeSettings({ winHttpSettings: present('1800000000000000010000000000000000000000') });
    expect(direct.observed).toContain('WinHTTP direct');
    expect(judgeSettings({ winHttpSettings: absent }).observed).toContain('WinHTTP not set');
  });

  it('could not check settings that are cut short or unreadable', () => {
    expect(judgeSettings({ winHttpSettings: present('18000000000000000300') }).outcome).toBe('error');
    expect(judgeSettings({ systemProxyServer: unreadable }).outcome).toBe('error');
  });
});

describe('The way to the portal', () => {
  const cases: [string, Connection[], Outcome, Outcome][] = [
    ['answered', [connection()], 'pass', 'pass'],
    ['a page that is not there', [refusedBy(404)], 'pass', 'pass'],
    ['407 from the proxy', [refusedBy(407)], 'fail', 'fail'],
    ['403 on the way', [refusedBy(403)], 'fail', 'error'],
    ['504 on the way', [refusedBy(504)], 'fail', 'error'],
    ['name not resolved', [failed('0x80072ee7')], 'fail', 'error'],
    ['connection not accepted', [failed('0x80072efd')], 'fail', 'error'],
    ['silence', [failed('0x80072ee2')], 'fail', 'error'],
    ['connection cut', [failed('0x80072746')], 'fail', 'error'],
    ['a certificate refused', [failed('0x80072f8f')], 'pass', 'pass'],
    ['no handshake', [failed('0x80072f7d')], 'fail', 'error'],
    ['no handshake, and WinINET saw 407', [failed('0x80072f7d'), refusedBy(407, 'wininet')], 'fail', 'fail'],
    ['no handshake, and WinINET saw 403', [failed('0x80072f7d'), refusedBy(403, 'wininet')], 'fail', 'error'],
    ['an unknown error', [failed('0x80004005')], 'error', 'error'],
    ['not tried', [], 'error', 'error'],
  ];
  for (const [what, connections, reachable, noAuthentication] of cases) {
    it(`${what}: proxy.portal-reachable ${reachable}, proxy.no-user-authentication ${noAuthentication}`, () => {
      expect(judge('proxy.portal-reachable', { connections }).outcome).toBe(reachable);
      expect(judge('proxy.no-user-authentication', { connections }).outcome).toBe(noAuthentication);
    });
  }

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

  it('takes a refused certificate as a way that is open', () => {
    const connections = [first!, { ...second!, ok: false, status: 0, error: '0x80072f8f' }];
    expect(judge('proxy.extra-hosts', { connections }).outcome).toBe('pass');
  });
});
