import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { type Inspection, openInspection } from '../../directory/inspection.ts';
import { issueServerIdentity } from '../../lab/network/authority.ts';
import { serveTenant, TENANT_HOSTS, type TenantServer } from '../../lab/tenant/server.ts';
import { Tenant } from '../../lab/tenant/tenant.ts';
import type { Finding } from './finding.ts';
import { tenantExaminations } from './tenant.ts';
import { findings, troubles } from './testing.ts';

const ADMIN = new Secret('admin-token-of-the-test');
const account = (name: string) => ({
  upn: `${name}@contoso.example`,
  displayName: name,
  mailbox: `${name}.private@contoso.example`,
});
const ANNA = account('anna');
const BERTIL = account('bertil');

describe('the doctor looks at a tenant', function () {
  this.timeout(20_000);
  const identity = issueServerIdentity(TENANT_HOSTS);
  const opened: Inspection[] = [];
  let clock: () => number;
  let tenant: Tenant;
  let server: TenantServer;

  beforeEach(async () => {
    clock = Date.now;
    tenant = new Tenant({
      organization: 'Contoso',
      domain: 'contoso.example',
      users: [ANNA, BERTIL],
      auditDelayMs: 0,
      now: () => clock(),
    });
    server = await serveTenant({ tenant, ...identity, adminToken: ADMIN, port: 0 });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
    await server.close();
  });

  /** Lines of the tenant, then those of the accounts with the account's name in front. */
  async function look({ secret = tenant.application.secret, accounts = [ANNA, BERTIL] } = {}) {
    const base = `https://localhost:${server.port}`;
    const inspection = openInspection({
      authority: base,
      graph: base,
      tenantId: tenant.id,
      clientId: tenant.application.id,
      clientSecret: secret,
      ca: identity.authority,
      pace: { requests: 100, perMs: 1000 },
    });
    opened.push(inspection);
    const lines = tenantExaminations(inspection, accounts, Deadline.in(15_000, 'looking'));
    const found: Record<string, Finding> = await findings(lines.tenant);
    for (const [index, examinations] of lines.accounts.entries()) {
      for (const [what, finding] of Object.entries(await findings(examinations)))
        found[`${accounts[index]?.displayName}: ${what}`] = finding;
    }
    return found;
  }

  async function change(path: string, body: object): Promise<void> {
    const { Agent } = await import('undici');
    const response = await fetch(`https://localhost:${server.port}/lab/admin/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN.reveal()}` },
      body: JSON.stringify(body),
      dispatcher: new Agent({ connect: { ca: identity.authority } }),
    } as unknown as RequestInit);
    expect(response.status).toBe(200);
  }

  const problems = (found: Record<string, Finding>) =>
    Object.entries(troubles(found)).flatMap(([what, state]) => (state === 'later' ? [] : [[what, state]]));

  it('and all is well', async () => {
    const found = await look();
    expect(troubles(found)).toEqual({});
    expect(found).toMatchObject({
      'AuditLog.Read.All': { says: 'in the token, and Graph answers' },
      licence: { says: 'AAD_PREMIUM in EMS' },
      'anna: registration': { says: 'complete; methods: email, mobilePhone' },
    });
  });

  it('with a wrong secret: one problem, and all else waits for it', async () => {
    const found = await look({ secret: new Secret('wrong-secret') });
    expect(problems(found)).toEqual([['token', 'problem']]);
    expect(found.token?.remedy).toContain('client secret');
    expect(Object.values(troubles(found)).length).toBe(15);
    expect(found.clock?.state).toBe('ok');
    expect(JSON.stringify(found)).not.toContain('wrong-secret');
  });

  it('whose only method is the Authenticator app, or whose accounts are otherwise unfit', async () => {
    for (const [path, body, line, remedy] of [
      [
        `users/${ANNA.upn}`,
        { methods: ['microsoftAuthenticatorPush', 'softwareOneTimePasscode'] },
        'anna: registration',
        'e-mail address',
      ],
      [`users/${ANNA.upn}`, { methods: ['mobilePhone'] }, 'anna: registration', 'e-mail address'],
      [
        `users/${ANNA.upn}`,
        { methods: ['email', 'mobilePhone'], standing: 'notMember' },
        'anna: registration',
        'group',
      ],
      [`users/${BERTIL.upn}`, { accountEnabled: false }, 'bertil: account', 'Enable the account'],
      [
        `users/${BERTIL.upn}`,
        { directoryRoles: ['Helpdesk Administrator'] },
        'bertil: no administrator',
        'plain user',
      ],
    ] as const) {
      await change(path, body);
      const found = await look();
      expect(problems(found), line).toEqual([[line, 'problem']]);
      expect(found[line]?.remedy).toContain(remedy);
      await change(path, {
        methods: ['email', 'mobilePhone'],
        standing: 'enabled',
        accountEnabled: true,
        directoryRoles: [],
      });
    }
  });

  it('without licence: one problem', async () => {
    await change('tenant', { subscriptions: ['STANDARDPACK'] });
    const found = await look();
    expect(problems(found)).toEqual([['licence', 'problem']]);
    expect(found.licence).toMatchObject({
      says: 'no Azure AD Premium; subscriptions: STANDARDPACK (Enabled)',
      remedy: expect.stringContaining('P1 or P2'),
    });
    expect(found['anna: registration']).toEqual({ state: 'later', says: 'waits for the licence' });
  });

  it('that lacks a permission: it is named, once', async () => {
    const all = ['AuditLog.Read.All', 'Directory.Read.All', 'User.Read.All', 'Mail.Read'] as const;
    for (const name of all) {
      await change('tenant', { permissions: all.filter((one) => one !== name) });
      const found = await look();
      // Directory.Read.All includes the right to read users.
      const expected = name === 'User.Read.All' ? [] : [[name, 'problem']];
      expect(problems(found), name).toEqual(expected);
      if (name === 'User.Read.All') expect(found[name]?.says).toContain('another one includes it');
      else expect(found[name]?.remedy).toContain(`application permission ${name}`);
    }
  });

  it('whose clock is wrong', async () => {
    clock = () => Date.now() + 400_000;
    const found = await look();
    expect(problems(found)).toEqual([['clock', 'problem']]);
    expect(found.clock?.says).toMatch(/^the tenant's clock is (399|400)\.\d s ahead of this host's/);
  });

  it('that does not know an account or its mailbox', async () => {
    const zed = { ...account('zed'), mailbox: ANNA.mailbox };
    const found = await look({ accounts: [zed, { ...ANNA, mailbox: 'nobody@contoso.example' }] });
    expect(problems(found)).toEqual([
      ['zed: account', 'problem'],
      ['anna: mailbox of codes', 'problem'],
    ]);
  });

  it('that cannot be reached: nothing is known', async () => {
    await server.close();
    expect(problems(await look())).toEqual([
      ['clock', 'unknown'],
      ['token', 'unknown'],
    ]);
    server = await serveTenant({ tenant, ...identity, adminToken: ADMIN, port: 0 });
  });
});
