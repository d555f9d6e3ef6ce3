import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { type AccountStanding, openPool } from '../accounts/pool.ts';
import { ROOT } from '../config/lab-state.ts';
import { inWords } from './accounts.ts';

const SECRET = 'a-secret-of-the-test';
const TENANT = '00000000-0000-4000-8000-000000000000';
const USERS = [{ upn: 'anna@contoso.example' }, { upn: 'bertil@contoso.example' }];
const CONFIG = `version: 1
package: { path: ./SsprWindowsLogon.PROD.msi }
tenant: { id: ${TENANT}, clientId: ${TENANT}, clientSecret: env:SSPR_CLIENT_SECRET }
machines: [{ name: win7, os: win7, provider: virtualbox }, { name: win8, os: win8, provider: virtualbox }]
accounts:
  - { upn: anna@contoso.example, displayName: Anna, mailbox: codes@contoso.example }
  - { upn: bertil@contoso.example, displayName: Bertil, mailbox: codes@contoso.example, machines: [win8] }
`;

describe('sspr accounts', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-accounts-'));
  const state = join(folder, 'state');
  const config = join(folder, 'sspr.yaml');
  before(() => {
    mkdirSync(state);
    writeFileSync(config, CONFIG);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function accounts(...more: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(ROOT, 'harness/cli/sspr.js'), 'accounts', '--config', config, ...more],
      { env: { ...process.env, SSPR_STATE_FOLDER: state, SSPR_CLIENT_SECRET: SECRET } },
    );
    return stdout;
  }

  it('shows what this host has tried, and who has an account now', async () => {
    const pool = openPool({
      folder: state,
      tenantId: TENANT,
      budget: { perHour: 4, perDay: 5 },
      owner: { run: 'run-1', machine: 'win7' },
    });
    const lease = await pool.lease(USERS);
    await lease.beginAttempt();
    await lease.endAttempt('blocked');

    const told = JSON.parse(await accounts('--json')) as AccountStanding[];
    expect(told.map(({ upn }) => upn)).toEqual(USERS.map(({ upn }) => upn));
    expect(told[0]).toMatchObject({
      triesLastHour: 1,
      triesLastDay: 1,
      last: { outcome: 'blocked' },
      closed: { why: 'blocked by Azure AD' },
      takenBy: { run: 'run-1', machine: 'win7', pid: process.pid },
    });
    expect(told[1]).toMatchObject({ triesLastDay: 0, last: null, closed: null, takenBy: null });

    const text = await accounts();
    expect(text).toBe(told.map(inWords).join('\n'));
    expect(text).not.toContain(SECRET);
    await lease.release();
  });

  it('says it in words', () => {
    const at = '2026-11-21T10:00:00.000Z';
    expect(
      inWords({
        upn: 'anna@contoso.example',
        triesLastHour: 4,
        triesLastDay: 4,
        last: { at, outcome: 'succeeded' },
        closed: { why: '4 tries within the last hour', until: '2026-11-21T10:30:00.000Z' },
        takenBy: null,
      }),
    ).toBe(
      [
        'anna@contoso.example',
        '  tries         4 within the last hour, 4 within the last 24 hours',
        '  last          succeeded, 2026-11-21 10:00:00 UTC',
        '  may be tried  from 2026-11-21 10:30:00 UTC on: 4 tries within the last hour',
        '  taken by      nobody',
        '',
      ].join('\n'),
    );
  });
});
