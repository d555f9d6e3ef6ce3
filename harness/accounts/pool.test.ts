import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from '@playwright/test';
import { build } from 'esbuild';
import { Fault } from '../core/errors.ts';
import { DAY_MS, HOUR_MS } from './budget.ts';
import { describePool, openPool, type Pool } from './pool.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const BUDGET = { perHour: 4, perDay: 5 };
const NOON = Date.parse('2026-05-04T12:00:00Z');
const MINUTE_MS = 60_000;
const ANNA = { upn: 'anna@contoso.example', displayName: 'Anna' };
const BERTIL = { upn: 'bertil@contoso.example', displayName: 'Bertil' };

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('there was no fault');
};

describe('the pool of test users', () => {
  let folder: string;
  let now: number;
  const place = (tenantId = TENANT) => ({
    folder: join(folder, 'state'),
    tenantId,
    budget: BUDGET,
    now: () => now,
  });
  const open = (run = 'r1', tenantId = TENANT): Pool =>
    openPool({ ...place(tenantId), owner: { run, machine: 'win7' } });
  const kept = (ending: string): string => {
    const name = readdirSync(join(folder, 'state', 'accounts')).find((file) => file.endsWith(ending));
    return join(folder, 'state', 'accounts', name!);
  };

  /** Some tries, a minute apart. */
  async function tryOut(account: { upn: string }, times: number, outcome: 'failed' | 'blocked' = 'failed') {
    const lease = await open().lease([account]);
    for (let count = 0; count < times; count++) {
      await lease.beginAttempt();
      now += MINUTE_MS;
      await lease.endAttempt(outcome);
    }
    await lease.release();
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-pool-'));
    now = NOON;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives each account to one at a time, and says who has the others', async () => {
    const first = await open('20260504-1200').lease([ANNA, BERTIL]);
    const second = await open().lease([ANNA, BERTIL]);
    expect([first.account, second.account]).toEqual([ANNA, BERTIL]);
    const fault = await faultOf(open().lease([ANNA, BERTIL]));
    expect(fault).toMatchObject({ code: 'no-account-free', blame: 'config', retryable: true });
    expect(fault.message).toContain(
      `anna@contoso.example: taken by run 20260504-1200, machine win7, process ${process.pid}`,
    );
    expect(fault.remedy).toContain('when the other run has ended');
    await first.release();
    await first.release();
    expect((await open().lease([ANNA, BERTIL])).account).toBe(ANNA);
  });

  it('waits for an account that somebody has, if asked to, but not for one whose budget is spent', async () => {
    const first = await open().lease([ANNA]);
    const second = open('r2').lease([ANNA], undefined, { wait: true });
    await first.release();
    expect((await second).account).toBe(ANNA);
    await (await second).release();
    await tryOut(ANNA, 4);
    const fault = await faultOf(open().lease([ANNA], undefined, { wait: true }));
    expect(fault).toMatchObject({ code: 'no-account-free' });
  });

  it('counts a user who is turned away only as long as that is not known', async () => {
    const lease = await open().lease([ANNA]);
    const tries = () => describePool(place(), [ANNA])[0]!.triesLastHour;
    await lease.beginAttempt();
    expect(tries()).toBe(1);
    await lease.endAttempt('turnedAway');
    expect(tries()).toBe(0);
  });

  it('spends no try on a wrong proof that would be the last one', async () => {
    const lease = await open().lease([ANNA]);
    await lease.beginAttempt();
    expect(await lease.spendOnWrongProof()).toBe(true);
    await lease.endAttempt('succeeded');
    await lease.beginAttempt();
    expect(await lease.spendOnWrongProof()).toBe(false);
    await lease.endAttempt('succeeded');
    expect(describePool(place(), [ANNA])[0]).toMatchObject({
      triesLastHour: 3,
      last: { outcome: 'succeeded' },
    });
  });

  it('takes a release that comes twice for one, also when somebody else has the account by then', async () => {
    const first = await open().lease([ANNA]);
    await first.release();
    await open('r2').lease([ANNA]);
    await first.release();
    expect((await faultOf(open().lease([ANNA]))).message).toContain('run r2');
  });

  it('knows a user in capitals again, but in another tenant it is another user', async () => {
    await open().lease([ANNA]);
    const loud = { upn: ANNA.upn.toUpperCase() };
    expect((await faultOf(open().lease([loud]))).code).toBe('no-account-free');
    expect((await open('r1', TENANT.replace('1', '2')).lease([loud])).account).toBe(loud);
    await tryOut(BERTIL, 4);
    const [standing] = describePool(place(), [{ upn: BERTIL.upn.toUpperCase() }]);
    expect(standing!.triesLastHour).toBe(4);
  });

  it('prefers the account that was tried longest ago', async () => {
    await tryOut(BERTIL, 1);
    await tryOut(ANNA, 1);
    const cecilia = { upn: 'cecilia@contoso.example' };
    const chosen = [];
    for (let count = 0; count < 3; count++)
      chosen.push((await open().lease([ANNA, BERTIL, cecilia])).account.upn);
    expect(chosen).toEqual([cecilia.upn, BERTIL.upn, ANNA.upn]);
  });

  it('keeps its files to its owner', async () => {
    await tryOut(ANNA, 1);
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'state', 'accounts')).mode & 0o777).toBe(0o700);
    for (const ending of ['.jsonl', '.leases.json']) expect(statSync(kept(ending)).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'state', 'accounts'))).toHaveLength(2);
  });

  it('says of each account why it is not free, and until when', async () => {
    await tryOut(ANNA, 4);
    await tryOut(BERTIL, 1, 'blocked');
    const fault = await faultOf(open().lease([ANNA, BERTIL]));
    expect(fault.message).toBe(
      'No test user is free: anna@contoso.example: 4 tries within the last hour, free at 13:01 UTC; ' +
        'bertil@contoso.example: blocked by Azure AD, free at 2026-05-05 12:05 UTC',
    );
    expect(fault.remedy).toMatch(/^Run it again at 13:01 UTC, or name more test users/);
    now = NOON + HOUR_MS + MINUTE_MS;
    expect((await open().lease([ANNA, BERTIL])).account).toBe(ANNA);
  });

  it('lets nobody begin a try that the budget does not allow, and writes down nothing then', async () => {
    const lease = await open().lease([ANNA]);
    for (let count = 0; count < 4; count++) await lease.beginAttempt();
    const fault = await faultOf(lease.beginAttempt());
    expect(fault).toMatchObject({ code: 'account-budget-spent', blame: 'config', retryable: true });
    expect(fault.message).toContain('4 tries within the last hour, free at 13:00 UTC');
    now += HOUR_MS;
    await lease.beginAttempt();
    now += HOUR_MS;
    expect((await faultOf(lease.beginAttempt())).message).toContain(
      '5 tries within the last 24 hours, free at 2026-05-05 12:00 UTC',
    );
    now = NOON + DAY_MS;
    await lease.beginAttempt();
  });

  it('lets nobody begin a try of an account that is no longer leased to them', async () => {
    const lease = await open().lease([ANNA]);
    await lease.release();
    expect((await faultOf(lease.beginAttempt())).code).toBe('account-lease-lost');
    await expect(lease.endAttempt('failed')).rejects.toThrow('no try of anna@contoso.example has begun');
    expect(describePool(place(), [ANNA])[0]!.last).toBeNull();
  });

  it('keeps an account closed when the clock is set back, but not until that time comes again', async () => {
    now = NOON + 300 * DAY_MS;
    await tryOut(ANNA, 4);
    now = NOON;
    expect((await faultOf(open().lease([ANNA]))).message).toContain('free at 13:00 UTC');
    now = NOON + HOUR_MS / 2;
    expect((await faultOf(open().lease([ANNA]))).message).toContain('free at 13:00 UTC');
    now = NOON + HOUR_MS;
    expect((await open().lease([ANNA])).account).toBe(ANNA);
  });

  it('is described as it stands, without being changed', async () => {
    expect(describePool(place(), [ANNA])).toEqual([
      { upn: ANNA.upn, triesLastHour: 0, triesLastDay: 0, last: null, closed: null, takenBy: null },
    ]);
    expect(readdirSync(folder)).toEqual([]);
    await tryOut(ANNA, 2);
    now += 2 * HOUR_MS;
    await tryOut(ANNA, 1, 'blocked');
    await open('r2').lease([BERTIL]);
    const before = readdirSync(join(folder, 'state', 'accounts'));
    expect(describePool(place(), [ANNA, BERTIL])).toEqual([
      {
        upn: ANNA.upn,
        triesLastHour: 1,
        triesLastDay: 3,
        last: { at: '2026-05-04T14:03:00.000Z', outcome: 'blocked' },
        closed: { why: 'blocked by Azure AD', until: '2026-05-05T14:03:00.000Z' },
        takenBy: null,
      },
      {
        upn: BERTIL.upn,
        triesLastHour: 0,
        triesLastDay: 0,
        last: null,
        closed: null,
        takenBy: { run: 'r2', machine: 'win7', pid: process.pid, since: '2026-05-04T14:03:00.000Z' },
      },
    ]);
    expect(readdirSync(join(folder, 'state', 'accounts'))).toEqual(before);
  });

  it('says what is wrong with its files rather than lending what may be closed', async () => {
    await tryOut(ANNA, 1);
    const leases = kept('.leases.json');
    writeFileSync(leases, '{');
    const fault = await faultOf(open().lease([ANNA]));
    expect(fault).toMatchObject({ code: 'account-leases-unusable', blame: 'config' });
    expect(fault.message).toContain(leases);
    writeFileSync(leases, '[]');
    writeFileSync(kept('.jsonl'), 'nonsense\n');
    expect((await faultOf(open().lease([ANNA]))).code).toBe('account-ledger-unusable');
    rmSync(join(folder, 'state'), { recursive: true });
    writeFileSync(join(folder, 'state'), 'a file');
    expect(await faultOf(open().lease([ANNA]))).toMatchObject({
      code: 'account-state-unusable',
      blame: 'config',
    });
  });

  describe('between processes', () => {
    const COUNT = 6;
    const USERS = ['anna', 'bertil', 'cecilia', 'david'].map((name) => ({ upn: `${name}@contoso.example` }));
    const children: ChildProcess[] = [];

    interface Order {
      readonly do: 'lease' | 'try' | 'end' | 'release';
      readonly folder: string;
      readonly run: string;
    }
    type Answer = { readonly upn: string } | { readonly code: string };

    /** A process that does as it is told; one order after the other. */
    const SCRIPT = `
      import { openPool } from './pool.ts';
      let lease;
      const deeds = {
        lease: async ({ folder, run }) => {
          const options = { folder, tenantId: ${JSON.stringify(TENANT)}, budget: ${JSON.stringify(BUDGET)} };
          lease = await openPool({ ...options, owner: { run, machine: 'win7' } }).lease(${JSON.stringify(USERS)});
        },
        try: () => lease.beginAttempt(),
        end: () => lease.endAttempt('failed'),
        release: () => lease.release(),
      };
      let last = Promise.resolve();
      process.on('message', (order) => {
        last = last.then(() => deeds[order.do](order)).then(
          () => process.send({ upn: lease.account.upn }),
          (error) => process.send({ code: error.code ?? String(error) }),
        );
      });
      process.send({ ready: true });`;

    let program: string;
    // Bundled once: it starts in a fraction of the time.
    before(async () => {
      program = join(mkdtempSync(join(tmpdir(), 'sspr-contender-')), 'contender.mjs');
      await build({
        stdin: { contents: SCRIPT, resolveDir: import.meta.dirname },
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile: program,
        logLevel: 'warning',
      });
    });
    after(() => rmSync(dirname(program), { recursive: true }));

    async function start(): Promise<ChildProcess> {
      const child = fork(program, { execArgv: [] });
      children.push(child);
      await once(child, 'message');
      return child;
    }

    async function tell(child: ChildProcess, deed: Order['do'], run = 'r1'): Promise<Answer> {
      const answer = once(child, 'message');
      child.send({ do: deed, folder: join(folder, 'state'), run } satisfies Order);
      return ((await answer) as [Answer])[0];
    }

    const standing = () => describePool({ ...place(), now: Date.now }, USERS);

    afterEach(async () => {
      for (const child of children.splice(0)) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });

    it('lends no account twice to runs that start at the same moment, and frees those of killed ones', async () => {
      const runs = await Promise.all(Array.from({ length: COUNT }, start));
      // Several times over, since a race is not lost every time; the last round is left as it is.
      for (let round = 0; ; round++) {
        const answers = await Promise.all(runs.map((run) => tell(run, 'lease')));
        const upns = answers.flatMap((answer) => ('upn' in answer ? [answer.upn] : []));
        expect(upns.sort()).toEqual(USERS.map(({ upn }) => upn));
        expect(
          answers.filter((answer) => 'code' in answer && answer.code === 'no-account-free'),
        ).toHaveLength(2);
        const holders = runs.filter((_, index) => 'upn' in answers[index]!);
        if (round < 3) {
          await Promise.all(holders.map((run) => tell(run, 'release')));
          continue;
        }
        const [killed, other] = [holders[0]!, runs.find((run) => !holders.includes(run))!];
        const { upn } = (await tell(killed, 'try')) as { upn: string };
        killed.kill('SIGKILL');
        await once(killed, 'exit');
        // Free at once, and the try whose end nobody knows counts.
        expect(await tell(other, 'lease')).toEqual({ upn });
        const state = standing().find((one) => one.upn === upn)!;
        expect(state).toMatchObject({ triesLastHour: 1, last: { outcome: 'unknown' } });
        expect(state.takenBy?.pid).toBe(other.pid);
        return;
      }
    });

    it('counts together what all try at the same time, and is never beyond the budget', async () => {
      const runs = await Promise.all(Array.from({ length: 4 }, start));
      const done = await Promise.all(
        runs.map(async (run) => {
          let tries = 0;
          while (standing().some(({ closed }) => !closed)) {
            if ('code' in (await tell(run, 'lease'))) continue;
            if ('upn' in (await tell(run, 'try'))) tries++;
            await tell(run, 'end');
            await tell(run, 'release');
          }
          return tries;
        }),
      );
      const counts = standing().map(({ triesLastHour }) => triesLastHour);
      expect(counts).toEqual([4, 4, 4, 4]);
      expect(done.reduce((sum, tries) => sum + tries, 0)).toBe(16);
      expect(standing().map(({ takenBy }) => takenBy)).toEqual([null, null, null, null]);
    });

    it('goes on after runs that were killed at any moment of their work', async () => {
      const [survivor, ...victims] = await Promise.all(Array.from({ length: 4 }, start));
      await Promise.all(
        victims.map(async (victim, index) => {
          const gone = once(victim, 'exit');
          // Orders one upon the other, and in the midst of them the end.
          for (const deed of Array.from(
            { length: 10 },
            () => ['lease', 'try', 'end', 'release'] as const,
          ).flat())
            victim.send({ do: deed, folder: join(folder, 'state'), run: 'victim' } satisfies Order);
          await new Promise((resolve) => setTimeout(resolve, 3 + index * 7));
          victim.kill('SIGKILL');
          await gone;
        }),
      );
      expect(await tell(survivor!, 'lease')).toHaveProperty('upn');
      expect(await tell(survivor!, 'try')).toHaveProperty('upn');
      expect(
        standing()
          .filter(({ takenBy }) => takenBy)
          .map(({ takenBy }) => takenBy!.pid),
      ).toEqual([survivor!.pid]);
    });
  });
});
