import { expect } from '@playwright/test';
import type { AccountSettings } from '../../config/accounts.ts';
import type { CloudName } from '../../core/clouds.ts';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { openInspection } from '../../directory/inspection.ts';
import type { Finding } from './finding.ts';
import { tenantExaminations, testUsersOf } from './tenant.ts';
import { findings, startTenant, testUser, troubles } from './testing.ts';

const ANNA = testUser('anna');
const BERTIL = testUser('bertil');

describe('the doctor looks at a tenant', function () {
  this.timeout(20_000);
  let clock: () => number;
  let lab: Awaited<ReturnType<typeof startTenant>>;

  beforeEach(async () => {
    clock = Date.now;
    lab = await startTenant(['anna', 'bertil'], () => clock());
  });
  afterEach(() => lab.close());

  interface Look {
    readonly secret?: Secret;
    readonly accounts?: readonly AccountSettings[];
    readonly cloud?: CloudName;
    readonly methodsRequired?: number;
    readonly reporting?: boolean;
  }

  /** Lines of the tenant, then those of the accounts with the account's name in front. */
  async function look(what: Look = {}): Promise<Record<string, Finding>> {
    const { secret, accounts = [ANNA, BERTIL], cloud = 'global', methodsRequired = 1 } = what;
    const inspection = openInspection({
      ...lab.tenant,
      ...(secret && { credential: { kind: 'secret', secret } }),
      pace: { requests: 100, perMs: 1000 },
    });
    try {
      const lines = tenantExaminations(
        { ...inspection, reporting: () => Promise.resolve(what.reporting ?? true) },
        { cloud, accounts, methodsRequired },
        { source: () => undefined, isTerminal: false },
        Deadline.in(15_000, 'looking'),
      );
      const found: Record<string, Finding> = await findings(lines.tenant);
      for (const [index, { user, ways }] of lines.accounts.entries()) {
        for (const [line, finding] of Object.entries(await findings([...user, ...ways])))
          found[`${accounts[index]?.displayName}: ${line}`] = finding;
      }
      return found;
    } finally {
      await inspection.close();
    }
  }
  const change = (path: string, body: object) => lab.change(path, body);

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
    expect(Object.values(troubles(found)).length).toBe(16);
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
        'bertil: directory roles',
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
    const zed = { ...testUser('zed'), verification: ANNA.verification };
    const lost = { ...ANNA, verification: [{ by: 'mailbox', mailbox: 'nobody@contoso.example' } as const] };
    const found = await look({ accounts: [zed, lost] });
    expect(problems(found)).toEqual([
      ['zed: account', 'problem'],
      ['anna: mailbox of codes', 'problem'],
    ]);
  });

  it('that cannot be reached: nothing is known', async () => {
    await lab.close();
    expect(problems(await look())).toEqual([
      ['clock', 'unknown'],
      ['token', 'unknown'],
    ]);
  });

  it('whose audit log shows nothing yet, or nobody says that it has one: notes', async () => {
    expect(problems(await look({ reporting: false }))).toEqual([['reporting', 'note']]);
    const found = await look({ cloud: 'china' });
    expect(problems(found)).toEqual([['audit log', 'note']]);
    expect(found['audit log']?.says).toContain('in the cloud china');
  });

  it('asks for Mail.Read only where codes come to a mailbox of the tenant', async () => {
    await change('tenant', { permissions: ['AuditLog.Read.All', 'Directory.Read.All', 'User.Read.All'] });
    const person = { by: 'person', method: 'email', phone: undefined, withinSeconds: 60 } as const;
    const found = await look({ accounts: [{ ...ANNA, verification: [person] }] });
    expect(found['Mail.Read']).toBeUndefined();
    expect(problems(found)).toEqual([['anna: person', 'problem']]);
  });

  it('and at what the accounts have registered, by the ways that are configured', async () => {
    const questions = { by: 'questions', answers: [] } as const;
    const both = { ...ANNA, verification: [...ANNA.verification, questions] };
    for (const [accounts, methodsRequired, methods, says] of [
      [[both], 1, ['email'], undefined],
      [[both], 1, ['securityQuestion'], undefined],
      [[both], 2, ['email', 'mobilePhone'], 'has not registered security questions'],
      [[both], 2, ['email', 'securityQuestion'], undefined],
      [[ANNA], 2, ['email', 'mobilePhone'], 'the policy asks for 2 methods, and the configuration has 1'],
    ] as const) {
      await change(`users/${ANNA.upn}`, { methods });
      const found = await look({ accounts, methodsRequired });
      const registration = found['anna: registration'];
      if (says === undefined) expect(registration).toMatchObject({ state: 'ok' });
      else expect(registration?.says).toContain(says);
    }
  });
});

describe('the test users of a configuration', () => {
  it('are each looked at once, however many machines they serve', () => {
    const machine = { name: 'win7', os: 'win7', provider: 'virtualbox', language: 'en' } as const;
    const again = { ...ANNA, upn: ANNA.upn.toUpperCase() };
    const machines = [
      { ...machine, accounts: [ANNA, BERTIL] },
      { ...machine, accounts: [again] },
    ];
    expect(testUsersOf(machines).map(({ displayName }) => displayName)).toEqual(['anna', 'bertil']);
  });
});
