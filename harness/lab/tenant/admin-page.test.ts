import { expect } from '@playwright/test';
import { ADMIN, tenantOnTheWire, UPN, type TenantOnTheWire } from './testing/wire.ts';

describe('the administration page of the lab tenant', () => {
  let lab: TenantOnTheWire;
  beforeEach(async () => {
    lab = await tenantOnTheWire();
  });
  afterEach(() => lab.close());

  const basic = (password: string) => ({
    authorization: `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`,
  });
  const open = (path = '', headers: Record<string, string> = basic(ADMIN.reveal())) =>
    lab.call(`/lab/admin/${path}`, { headers });
  const html = async () => String((await open()).body.text);
  async function submit(name: string, fields: Readonly<Record<string, string>> | [string, string][]) {
    const [, formToken = ''] = /name="formToken" value="([^"]+)"/.exec(await html()) ?? [];
    const body = new URLSearchParams(fields);
    if (!body.has('formToken')) body.set('formToken', formToken);
    return lab.call(`/lab/admin/page/${name}`, { method: 'POST', headers: basic(ADMIN.reveal()), body });
  }

  it('makes the browser ask for the token, and takes nothing else', async () => {
    for (const headers of [{}, basic('guess'), { authorization: `Bearer ${ADMIN.reveal()}` }]) {
      const answer = await open('', headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
      expect(answer.body.text).not.toContain(UPN);
    }
    expect(await open()).toMatchObject({ status: 200 });
    // What a browser sends by itself must not open the way for programs, which knows no form tokens.
    expect(await open('users')).toMatchObject({ status: 401 });
  });

  it('loads nothing, runs nothing, and is kept by nobody', async () => {
    const { headers, body } = await open();
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.text).not.toMatch(/<script|<link|src=|url\(/);
  });

  it('shows values as text, whatever they are', async () => {
    const nasty = `"><img src=x onerror=alert(1)>'&`;
    lab.tenant.texts.push({ to: lab.account.mobilePhone, at: '', text: nasty });
    await lab.admin(`users/${UPN}`, { directoryRoles: [nasty] });
    await lab.admin('faults', [{ path: nasty, times: 1, kind: '500' }]);
    const shown = await html();
    expect(shown).not.toContain('<img');
    expect(shown.split('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&amp;')).toHaveLength(4);
  });

  it('refuses a form of another site', async () => {
    const fields = { user: UPN, action: 'block', formToken: 'guess' };
    expect(await submit('user', fields)).toMatchObject({ status: 403 });
    expect(lab.account.blockedUntil).toBe(0);
  });

  it('changes a user, blocks and unblocks', async () => {
    const done = await submit('user', [
      ['user', UPN],
      ['action', 'save'],
      ['standing', 'notMember'],
      ['methods', 'email'],
      ['methods', 'securityQuestion'],
      ['mobilePhone', '+44 7700900123'],
      ['directoryRoles', 'Helpdesk Administrator, User Administrator'],
      ['securityQuestions', 'First pet? = Rex\r\n'],
    ]);
    expect(done.status).toBe(303);
    expect(done.headers.get('location')).toBe('/lab/admin/?done');
    expect(lab.account).toMatchObject({
      standing: 'notMember',
      accountEnabled: false,
      methods: ['email', 'securityQuestion'],
      mobilePhone: '+44 7700900123',
      directoryRoles: ['Helpdesk Administrator', 'User Administrator'],
      securityQuestions: [{ question: 'First pet?', answer: 'Rex' }],
    });
    await submit('user', { user: UPN, action: 'block' });
    expect(await html()).toContain('blocked until');
    await submit('user', { user: UPN, action: 'unblock' });
    expect(await html()).not.toContain('blocked until');
  });

  it('changes policy, audit log, access, noise and faults', async () => {
    await submit('policy', { methodsRequired: '2', questionsAsked: '3', permissions: 'AuditLog.Read.All' });
    await submit('audit', {
      ...{ minMs: '10', maxMs: '20', duplicateShare: '0.5', dropShare: '0', pageSize: '7', pageOverlap: '1' },
      ...{ requests: '9', windowMs: '1000', retryAfter: 'date' },
    });
    await submit('access', {
      clockSkewMs: '-60000',
      tokenLifetime: '30',
      smsWebhook: '',
      secretExpired: 'on',
    });
    await submit('noise', { rows: '40', spanSeconds: '60', users: '4' });
    await submit('faults', { path: '/v1.0/', kind: '503', times: 'always', retryAfterSeconds: '3', ms: '1' });
    expect((await lab.admin('tenant')).body).toMatchObject({
      methodsRequired: 2,
      questionsAsked: 3,
      captcha: false,
      permissions: ['AuditLog.Read.All'],
      subscriptions: [],
      auditDelay: { minMs: 10, maxMs: 20 },
      duplicateShare: 0.5,
      pageSize: 7,
      pageOverlap: 1,
      throttle: { requests: 9, windowMs: 1000, retryAfter: 'date' },
      clockSkewMs: -60_000,
      tokenLifetime: 30,
      smsWebhook: null,
    });
    expect((await lab.admin('application')).body).toMatchObject({ secretExpired: true });
    expect((await lab.admin('noise')).body).toEqual({ rows: 40 });
    expect((await lab.admin('faults')).body).toEqual({
      left: [{ path: '/v1.0/', kind: '503', times: 'always', retryAfterSeconds: 3 }],
    });
    expect(await html()).toContain('<td>retryAfterSeconds 3</td>');
    await submit('noise', { action: 'clear' });
    await submit('faults', { action: 'clear' });
    expect((await lab.admin('noise')).body).toEqual({ rows: 0 });
    expect((await lab.admin('faults')).body).toEqual({ left: [] });
  });

  it('leaves the rows of a reset by somebody else', async () => {
    await submit('foreign', { user: UPN, by: 'admin', result: 'success', ip: '203.0.113.9' });
    const rows = lab.tenant.audits.between(-Infinity, Infinity, lab.tenant.audits.view());
    expect(rows.map(({ activityDisplayName }) => activityDisplayName).sort()).toEqual([
      'Reset password (by admin)',
      'Reset user password',
    ]);
  });

  it('says on the page what was wrong, and changes nothing', async () => {
    const answer = await submit('policy', { methodsRequired: '3', captcha: 'on' });
    expect(answer).toMatchObject({ status: 400, body: { text: expect.stringContaining('found 3') } });
    expect(lab.tenant.policy).toMatchObject({ methodsRequired: 1, captcha: false });
    expect(await submit('user', { user: 'nobody' })).toMatchObject({ status: 400 });
    expect(await submit('nothing', {})).toMatchObject({ status: 404 });
  });
});
