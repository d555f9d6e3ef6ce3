import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import type { AccountSettings, VerificationSettings } from '../config/accounts.ts';
import type { TenantSettings } from '../config/settings.ts';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { startTenant, testUser } from './doctor/testing.ts';
import { exitCodeFor, renderFailure } from './failure.ts';
import { type Stage, STAGES } from '../../specs/controls/control.ts';
import { checkTenant } from './preflight.ts';

const ANNA = testUser('anna');
const BERTIL = testUser('bertil');
const NOBODY: VerificationSettings = { by: 'person', method: 'email', phone: undefined, withinSeconds: 60 };

describe('before a machine is touched', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-preflight-'));
  let lab: Awaited<ReturnType<typeof startTenant>>;

  before(async () => {
    lab = await startTenant(['anna', 'bertil']);
  });
  after(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** @returns what stops the run, if anything does, and what is told */
  async function check(
    accounts: readonly AccountSettings[] = [ANNA],
    change: Partial<TenantSettings> = {},
    stages: readonly Stage[] = STAGES,
  ): Promise<{ stop: Fault | undefined; told: string[] }> {
    const told: string[] = [];
    const machine = { name: 'win7', os: 'win7', provider: 'lab', language: 'en', accounts } as const;
    // Each look counts its requests for itself: else it would wait for Graph's limit.
    const paceFolder = mkdtempSync(join(folder, 'pace-'));
    const stop = await checkTenant(
      {
        tenant: { ...lab.tenant, paceFolder, ...change },
        machines: [machine],
        policy: { methodsRequired: 1 },
      },
      stages,
      new AbortController().signal,
      (line) => told.push(line),
    ).then(
      () => undefined,
      (error: unknown) => error as Fault,
    );
    return { stop, told };
  }

  it('all that is missing is told at once, each with what needs it and what to do', async () => {
    await lab.change('tenant', { permissions: ['User.Read.All'] });
    await lab.change(`users/${BERTIL.upn}`, { accountEnabled: false });
    const { stop } = await check([ANNA, BERTIL, testUser('zed')]);
    await lab.change(`users/${BERTIL.upn}`, { accountEnabled: true });
    const text = renderFailure(stop);
    for (const part of [
      'AuditLog.Read.All: the app does not have it\n  > Add the application permission AuditLog.Read.All',
      'a run needs it for the audit log and the registrations',
      'Directory.Read.All: the app does not have it',
      'Mail.Read: the app does not have it',
      `${BERTIL.upn}: account: is disabled\n  > Enable the account`,
      'zed@contoso.example: account: ',
    ])
      expect(text).toContain(part);
    expect(stop && exitCodeFor(stop)).toBe(2);
    expect(text.match(/ {2}> /g)).toHaveLength(5);
  });

  it('a run that could say nothing is stopped, and the exit code says whose affair it is', async () => {
    const all = ['AuditLog.Read.All', 'Directory.Read.All', 'User.Read.All', 'Mail.Read'];
    const fit = { permissions: all, subscriptions: ['EMS'] };
    for (const [change, code, exitCode] of [
      [{ permissions: all.filter((name) => name !== 'Mail.Read') }, 'tenant-permission-missing', 3],
      [{ subscriptions: ['STANDARDPACK'] }, 'tenant-licence-missing', 3],
    ] as const) {
      await lab.change('tenant', { ...fit, ...change });
      const { stop } = await check();
      expect(stop).toMatchObject({ code, remedy: expect.stringMatching(/./) });
      expect(stop && exitCodeFor(stop)).toBe(exitCode);
    }
    await lab.change('tenant', fit);
    const secret = new Secret('wrong-secret');
    expect((await check([ANNA], { credential: { kind: 'secret', secret } })).stop).toMatchObject({
      code: 'tenant-secret-wrong',
      blame: 'config',
    });
    const nowhere = { authority: 'https://localhost:1', graph: 'https://localhost:1' };
    expect((await check([ANNA], nowhere)).stop).toMatchObject({
      code: 'tenant-unreachable',
      blame: 'network',
    });
  });

  it('what no planned stage needs is not asked for', async () => {
    const nowhere = { authority: 'https://localhost:1', graph: 'https://localhost:1' };
    expect((await check([ANNA], nowhere, ['install', 'checks'])).stop).toBeUndefined();
    expect((await check([ANNA], nowhere, ['facts'])).stop).toMatchObject({ code: 'tenant-unreachable' });
    const withoutWays = [
      { ...ANNA, verification: [{ by: 'mailbox', mailbox: 'gone@contoso.example' }] },
    ] as const;
    expect((await check(withoutWays)).stop).toMatchObject({ code: 'tenant-user-not-found' });
    expect((await check(withoutWays, {}, ['facts', 'audit'])).stop).toBeUndefined();
  });

  it('an administrator is not tried', async () => {
    await lab.change(`users/${ANNA.upn}`, { directoryRoles: ['Helpdesk Administrator'] });
    expect((await check()).stop).toMatchObject({ code: 'account-is-administrator', blame: 'config' });
    await lab.change(`users/${ANNA.upn}`, { directoryRoles: [] });
  });

  it('what a control says does not stop the run', async () => {
    for (const change of [
      { standing: 'notMember' },
      { methods: [] },
      { methods: ['microsoftAuthenticatorPush', 'softwareOneTimePasscode'] },
    ]) {
      await lab.change(`users/${ANNA.upn}`, change);
      expect((await check()).stop).toBeUndefined();
      await lab.change(`users/${ANNA.upn}`, { standing: 'enabled', methods: ['email', 'mobilePhone'] });
    }
  });

  it('what is worth knowing is told, and stops nothing', async () => {
    const { stop, told } = await check([ANNA], { cloud: 'china' });
    expect(stop).toBeUndefined();
    // No one has reset a password in this tenant yet.
    expect(told).toEqual([
      expect.stringMatching(/^note: reporting: .*nobody has opened the audit log yet\. To be sure, open /),
      expect.stringMatching(/^note: audit log: .*in the cloud china\. Expect /),
    ]);
  });

  it('a way of verification that is broken stops the run unless another one is enough', async () => {
    const { isTTY } = process.stdin;
    process.stdin.isTTY = false;
    try {
      const alone = await check([{ ...ANNA, verification: [NOBODY] }]);
      expect(alone.stop).toMatchObject({ code: 'nobody-to-ask', blame: 'config' });
      const { stop, told } = await check([{ ...ANNA, verification: [...ANNA.verification, NOBODY] }]);
      expect(stop).toBeUndefined();
      expect(told.join('\n')).toContain(`note: ${ANNA.upn}: person: Nobody can be asked`);
    } finally {
      process.stdin.isTTY = isTTY;
    }
  });
});
