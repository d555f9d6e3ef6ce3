import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Deadline, timedOut } from '../core/deadline.ts';
import { type AuditSearch, type AuditSearchResult, lastLookMs, searchAudits } from './audit-search.ts';
import { type Correlation, correlate, type SearchState } from './correlation.ts';
import { FLOW_ACTIVITY, RESET_ACTIVITY, type SeenAudit } from './correlation/entries.ts';
import {
  actionsAt,
  ANNA,
  auditRow,
  fakeTime,
  type Instants,
  instantsFrom,
  iso,
  lateLog,
  type LateRow,
  refused,
  rowsOf,
  throttled,
} from './correlation/testing.ts';
import type { AuditQuery, Directory, DirectoryAudit } from './directory.ts';
import { REPORTS_LIMIT } from './pace.ts';

const BEGIN = Date.parse('2026-11-21T10:00:00.000Z');
const START = BEGIN + 60_000;
const BUDGET_MS = 120_000;
const SETTLING_MS = 10_000;

/** A search for the entry of a reset, by a clock that costs nothing. */
function search(
  audits: (time: ReturnType<typeof fakeTime>) => Pick<Directory, 'audits'>,
  more: Partial<AuditSearch> = {},
): { time: ReturnType<typeof fakeTime>; result: Promise<AuditSearchResult> } {
  const time = fakeTime(START);
  const result = searchAudits({
    directory: audits(time),
    user: ANNA,
    since: iso(BEGIN),
    clock: { aheadSeconds: 0, uncertainSeconds: 0.5 },
    budgetMs: BUDGET_MS,
    machines: 1,
    // A look every two seconds: one of the six is left to others.
    limit: { requests: 6, perMs: 10_000 },
    isFound: (rows) => rows.some(({ activityDisplayName }) => activityDisplayName === RESET_ACTIVITY),
    settlingMs: SETTLING_MS,
    deadline: Deadline.in(60_000, 'searching the audit log'),
    time,
    ...more,
  });
  return { time, result };
}

const at = (row: DirectoryAudit, afterMs: number): LateRow => ({ row, visibleAt: START + afterMs });
const step = (): DirectoryAudit => auditRow(BEGIN + 1_000);
const reset = (more: Partial<DirectoryAudit> = {}): DirectoryAudit =>
  auditRow(BEGIN + 2_000, { activityDisplayName: RESET_ACTIVITY, ...more });
const others = (count: number): LateRow[] =>
  Array.from({ length: count }, () => {
    const initiatedBy = { userId: 'b', userPrincipalName: 'bob@contoso.example', ipAddress: '', app: '' };
    return at(auditRow(BEGIN, { initiatedBy, targets: [] }), 0);
  });

/** Writes down the queries, and lets a test refuse some. */
const watched = (
  directory: Pick<Directory, 'audits'>,
  queries: AuditQuery[],
  refuse: (query: AuditQuery) => Error | undefined = () => undefined,
): Pick<Directory, 'audits'> => ({
  async *audits(query, deadline) {
    queries.push(query);
    const fault = refuse(query);
    if (fault) throw fault;
    yield* directory.audits(query, deadline);
  },
});
const isNarrow = ({ initiator }: AuditQuery): boolean => initiator === ANNA;

describe('The search in the audit log', () => {
  it('looks until the entry is there, and a little longer for what comes later', async () => {
    const late = [at(reset(), 20_000), at(step(), 25_000)];
    const { time, result } = search((clock) => lateLog(late, clock));
    const { rows, state, fault } = await result;
    expect({ state, fault }).toEqual({ state: 'settled', fault: undefined });
    expect(rows.map(({ seenAt }) => Date.parse(seenAt) - START)).toEqual([20_000, 26_000]);
    expect(time.passed()).toBe(30_000);
  });

  it('keeps the entries of others who are asked for, without a request of their own', async () => {
    const queries: AuditQuery[] = [];
    const of = (name: string): LateRow => {
      const initiatedBy = {
        userId: name,
        userPrincipalName: `${name}@contoso.example`,
        ipAddress: '',
        app: '',
      };
      return at(auditRow(BEGIN, { initiatedBy, targets: [] }), 0);
    };
    const { result } = search(
      (time) => watched(lateLog([of('carl'), of('dora'), at(reset(), 0)], time), queries),
      {
        others: [{ userPrincipalName: 'Carl@contoso.example', objectId: '' }],
      },
    );
    const { rows, looks } = await result;
    expect(rows.map(({ initiatedBy }) => initiatedBy.userId).sort()).toEqual([ANNA.objectId, 'carl'].sort());
    expect(queries).toHaveLength(looks);
  });

  it('finds an entry that takes an hour, where the budget allows it', async () => {
    const HOUR_MS = 3_600_000;
    const late = [at(reset(), HOUR_MS)];
    const { rows, state } = await search((clock) => lateLog(late, clock), { budgetMs: 2 * HOUR_MS }).result;
    expect({ state, seenAt: rows[0]?.seenAt }).toEqual({ state: 'settled', seenAt: iso(START + HOUR_MS) });
  });

  it('knows which complete look was the last one without an entry', async () => {
    let looks = 0;
    const late = [at(step(), 0), at(reset(), 7_000)];
    const { result } = search((clock) => ({
      async *audits(query, deadline) {
        yield* lateLog(late, clock).audits(query, deadline);
        if (++looks === 4) throw throttled();
      },
    }));
    const { rows } = await result;
    const after = (instant = ''): number => Date.parse(instant) - START;
    expect(rows.map(({ missedAt, seenAt }) => [after(missedAt), after(seenAt)])).toEqual([
      [NaN, 0],
      [4_000, 8_000],
    ]);
  });

  it('takes an entry as it was told last', async () => {
    const { id, ...rest } = reset();
    const told = [at({ ...rest, id, result: 'failure' }, 0), at({ ...rest, id }, 3_000)];
    const { rows } = await search((clock) => lateLog(told, clock)).result;
    expect(rows).toMatchObject([{ id, result: 'success', seenAt: iso(START) }]);
  });

  it('goes on when the look that was to be the last one shows that this was not everything', async () => {
    const stranger = reset({
      initiatedBy: { userId: '', userPrincipalName: 'admin@contoso.example', ipAddress: '', app: '' },
    });
    const busy = [...others(4_000), at(reset(), 0), at(stranger, 0)];
    const { time, result } = search((clock) => lateLog(busy, clock), {
      // The first look ends before it comes to these.
      isFound: (rows) => rows.length === 1,
    });
    expect(await result).toMatchObject({ state: 'budget-spent', sawOthers: true });
    expect(time.passed()).toBeGreaterThanOrEqual(BUDGET_MS);
  });

  it('looks once more when the entry is there at once', async () => {
    const { result } = search((clock) => lateLog([at(reset(), 0)], clock), { settlingMs: 0 });
    expect(await result).toMatchObject({ state: 'settled', looks: 2 });
  });

  it('spends the whole budget on an entry that is not there, and looks once more at its end', async () => {
    const { time, result } = search((clock) => lateLog([at(step(), 0)], clock), { budgetMs: 15_000 });
    expect(await result).toMatchObject({ state: 'budget-spent', sawOthers: true, looks: 9 });
    expect(time.passed()).toBe(15_000);
  });

  it('finds an entry that appears with the end of the budget', async () => {
    const { result } = search((clock) => lateLog([at(reset(), BUDGET_MS)], clock));
    expect(await result).toMatchObject({ state: 'settled', rows: [{ activityDisplayName: RESET_ACTIVITY }] });
  });

  it('asks for everything from well before the attempt to now, by the tenant’s clock', async () => {
    const queries: AuditQuery[] = [];
    const { result } = search((clock) => watched(lateLog([], clock), queries), {
      budgetMs: 4_000,
      clock: { aheadSeconds: -600, uncertainSeconds: 2 },
    });
    await result;
    expect(queries.map(({ from }) => from)).toEqual(queries.map(() => iso(BEGIN - 600_000 - 302_000)));
    expect(queries.map(({ to }) => to)).toEqual(
      [0, 2_000, 4_000].map((passed) => iso(START + passed - 600_000 + 62_000)),
    );
  });

  it('leaves the request limit to the other machines, and the more so the more a look costs', async () => {
    const pace = async (machines: number, rows: LateRow[]): Promise<number> =>
      (await search((clock) => lateLog(rows, clock), { machines }).result).everyMs;
    expect(await pace(1, [])).toBe(2_000);
    expect(await pace(3, [])).toBe(6_000);
    expect(await pace(3, others(2_500))).toBe(18_000);
    const allowed = search((clock) => lateLog([], clock), { limit: REPORTS_LIMIT, machines: 3 });
    expect((await allowed.result).everyMs).toBe(7_500);
  });

  it('goes on after looks that fail for a while, with what they have brought', async () => {
    let looks = 0;
    const rowsOfLog = [at(step(), 0), at(reset(), 7_000)];
    const flaky = (clock: ReturnType<typeof fakeTime>): Pick<Directory, 'audits'> => ({
      async *audits(query, deadline) {
        yield* lateLog(rowsOfLog, clock).audits(query, deadline);
        if (++looks < 6) throw throttled();
      },
    });
    const { result } = search(flaky);
    const { state, rows, fault } = await result;
    expect({ state, fault, rows: rows.length }).toEqual({ state: 'settled', fault: undefined, rows: 2 });
    expect(rows.map(({ seenAt }) => Date.parse(seenAt) - START)).toEqual([0, 8_000]);
  });

  it('never says that an entry is missing when the looks at the end failed', async () => {
    const failing = (until: number) => (clock: ReturnType<typeof fakeTime>) =>
      watched(lateLog([], clock), [], () =>
        clock.passed() > 100_000 && clock.passed() < until ? throttled() : undefined,
      );
    const never = search(failing(Infinity));
    expect(await never.result).toMatchObject({ state: 'incomplete', fault: { code: 'tenant-throttled' } });
    expect(never.time.passed()).toBe(BUDGET_MS + lastLookMs(BUDGET_MS));
    expect(await search(failing(BUDGET_MS + 50_000)).result).toMatchObject({ state: 'budget-spent' });
  });

  it('repeats the last look for ten minutes, and no longer than the budget', () => {
    expect([40_000, 900_000].map(lastLookMs)).toEqual([40_000, 600_000]);
  });

  it('tells of each look whether it failed, and keeps what the tenant said when its own time is up', async () => {
    const told: (string | undefined)[] = [];
    const { result } = search(
      (clock) =>
        watched(lateLog([], clock), [], () => {
          if (clock.passed() === 0) return undefined;
          return clock.passed() < 4_000 ? throttled() : timedOut('searching the audit log', 4_000);
        }),
      { budgetMs: 4_000, onLook: (_rows, fault) => told.push(fault?.code) },
    );
    expect(await result).toMatchObject({ state: 'incomplete', fault: { code: 'tenant-throttled' } });
    expect(told.slice(0, 3)).toEqual([undefined, 'tenant-throttled', 'tenant-throttled']);
  });

  it('ends with what the tenant refuses for good, and when it is interrupted', async () => {
    const refusing = search((clock) => watched(lateLog([], clock), [], refused));
    await expect(refusing.result).rejects.toMatchObject({ code: 'tenant-failed' });

    const abort = new AbortController();
    const deadline = Deadline.in(60_000, 'searching the audit log', abort.signal);
    const endless = searchAudits({
      directory: lateLog([], { utc: Date.now }),
      user: ANNA,
      since: iso(BEGIN),
      clock: { aheadSeconds: 0, uncertainSeconds: 0.5 },
      budgetMs: 30_000,
      machines: 1,
      isFound: () => false,
      onLook: () => abort.abort(),
      deadline,
    });
    await expect(endless).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('asks for one user only where all of them are too many, and looks at all once more at the end', async () => {
    const queries: AuditQuery[] = [];
    let read = 0;
    const busy = [...others(5_000), at(reset(), 15_000)];
    const admin = reset({
      activityDisplayName: 'Reset password (by admin)',
      initiatedBy: { userId: 'x', userPrincipalName: 'admin@contoso.example', ipAddress: '', app: '' },
    });
    const counted = (directory: Pick<Directory, 'audits'>): Pick<Directory, 'audits'> => ({
      async *audits(query, deadline) {
        for await (const row of directory.audits(query, deadline)) {
          read++;
          yield row;
        }
      },
    });
    const { result } = search((clock) => watched(counted(lateLog([...busy, at(admin, 0)], clock)), queries));
    const { state, sawOthers, rows } = await result;
    expect({ state, sawOthers }).toEqual({ state: 'settled', sawOthers: true });
    expect(queries.map(isNarrow)).toEqual([false, ...Array.from({ length: 14 }, () => true), false]);
    expect(rows.map(({ id }) => id)).toContain(admin.id);
    expect(read).toBeLessThan(3_001 + 14 + 5_002 + 1);
  });

  it('does without the look at all users when it fails, but says so', async () => {
    let looks = 0;
    const { result } = search((clock) =>
      watched(lateLog([...others(4_000), at(reset(), 0)], clock), [], (query) =>
        !isNarrow(query) && ++looks > 1 ? throttled() : undefined,
      ),
    );
    expect(await result).toMatchObject({ state: 'settled', sawOthers: false });
  });

  it('keeps asking for all users where the tenant does not take the filter', async () => {
    const queries: AuditQuery[] = [];
    const { result } = search((clock) =>
      watched(lateLog([...others(4_000), at(reset(), 0)], clock), queries, (query) =>
        isNarrow(query) ? refused() : undefined,
      ),
    );
    expect(await result).toMatchObject({ state: 'settled', sawOthers: true });
    expect(queries.map(isNarrow)).toEqual([false, true, false, false]);
  });
});

/** What really happened, drawn at random; everything in milliseconds. */
const worlds = fc.record({
  kind: fc.constantFrom('done', 'done', 'missing', 'refused', 'twin', 'unreadable'),
  aheadMs: fc.integer({ min: -600_000, max: 600_000 }),
  uncertainMs: fc.integer({ min: 500, max: 2_000 }),
  /** By how much the reading of the clock is wrong, as a part of what it says of itself. */
  wrong: fc.double({ min: -1, max: 1, noNaN: true }),
  gaps: fc.tuple(...Array.from({ length: 5 }, () => fc.integer({ min: 2_000, max: 30_000 }))),
  correlated: fc.boolean(),
  foreign: fc.uniqueArray(fc.constantFrom('before', 'after', 'overlapping', 'admin')),
  delays: fc.array(fc.nat(BUDGET_MS - 20_000), { minLength: 10, maxLength: 10 }),
  failing: fc.array(fc.boolean(), { maxLength: 20 }),
  order: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
  lookMs: fc.nat(1_500),
  machines: fc.integer({ min: 1, max: 3 }),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

interface Truth {
  readonly actions: Instants;
  readonly ours: readonly LateRow[];
  readonly theirs: readonly LateRow[];
}

function truthOf(world: World): Truth {
  const { kind, aheadMs, uncertainMs, wrong, correlated, delays } = world;
  const actions = instantsOf(world.gaps);
  const tenant = (instants: Instants, byMs = 0): Instants =>
    Object.fromEntries(
      Object.entries(instants).map(([action, when]) => [action, when + aheadMs + wrong * uncertainMs + byMs]),
    ) as Instants;
  let drawn = 0;
  const delay = (): number => delays[drawn++ % delays.length]!;
  /** Entries of one attempt that appear together, or each at its own time. */
  const late = (rows: readonly DirectoryAudit[], together?: number): LateRow[] =>
    rows.map((row, index) => at(row, together === undefined ? delay() : together + index * 800));

  const shared = { correlationId: correlated ? 'ours' : '' };
  const real = tenant(actions);
  const done = rowsOf(real, shared);
  const result = kind === 'refused' ? 'failure' : 'success';
  const together = kind === 'twin' ? delay() : undefined;
  const ours = late(
    done.map((row) => (row.activityDisplayName === RESET_ACTIVITY ? { ...row, result } : row)),
    together,
  ).filter(
    ({ row }) => row.activityDisplayName === FLOW_ACTIVITY || !['missing', 'unreadable'].includes(kind),
  );

  const length = actions['success-seen'] - actions['link-clicked'];
  const all: Record<World['foreign'][number], () => LateRow[]> = {
    before: () =>
      late(rowsOf(tenant(actions, -length - 20_000), { correlationId: correlated ? 'before' : '' })),
    after: () => late(rowsOf(tenant(actions, length + 25_000), { correlationId: correlated ? 'after' : '' })),
    // Begun before us, ended while our password was on its way.
    overlapping: () =>
      late(
        rowsOf(
          { ...tenant(actions, -40_000), 'password-submitted': real['password-submitted'] + 600 },
          { correlationId: 'overlapping' },
        ).map((row, index) =>
          index === 0 ? { ...row, activityDateTime: iso(real['link-clicked'] - 10_000) } : row,
        ),
        delay(),
      ),
    admin: () =>
      late([
        auditRow(real['password-submitted'] + 100, {
          activityDisplayName: 'Reset password (by admin)',
          correlationId: correlated ? 'admin' : '',
          initiatedBy: { userId: 'x', userPrincipalName: 'admin@contoso.example', ipAddress: '', app: '' },
        }),
      ]),
  };
  const twin =
    kind === 'twin'
      ? late(rowsOf(tenant(actions, 300), { correlationId: correlated ? 'twin' : '' }), together)
      : [];
  return { actions, ours, theirs: [...world.foreign.flatMap((one) => all[one]()), ...twin] };
}

function instantsOf(gaps: readonly number[]): Instants {
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = gaps;
  const base = instantsFrom(BEGIN - gaps.reduce((sum, gap) => sum + gap, 0));
  const link = base['link-clicked'];
  const [userId, requested] = [link + first, link + first + second];
  const [submitted, password] = [requested + third, requested + third + fourth];
  return {
    ...base,
    'user-id-submitted': userId,
    'verification-requested': requested,
    'verification-submitted': submitted,
    'password-submitted': password,
    'success-seen': password + fifth,
  };
}

/** Gives each look in an order of its own, some entries twice, some looks not at all, and takes its time. */
function tenantOf(
  { kind, order, failing, lookMs }: World,
  truth: Truth,
  time: ReturnType<typeof fakeTime>,
): Pick<Directory, 'audits'> {
  const log = lateLog([...others(20), ...truth.ours, ...truth.theirs], time);
  let looks = 0;
  return {
    async *audits(query, deadline) {
      const fails = failing[looks++] ?? (kind === 'unreadable' && time.passed() > BUDGET_MS / 2);
      await time.sleep(lookMs);
      const rows: DirectoryAudit[] = [];
      for await (const row of log.audits(query, deadline)) rows.push(row);
      const turned = rows.map((row, index) => ({
        row,
        rank: (order[(index + looks) % 7]! * (index + 7)) % 101,
      }));
      const mixed = turned.sort((a, b) => a.rank - b.rank).map(({ row }) => row);
      yield* fails ? mixed.slice(0, mixed.length >> 1) : [...mixed, ...mixed.slice(0, 3)];
      if (fails) throw throttled();
    },
  };
}

describe('Search and correlation', () => {
  it('come to the right verdict, however late, twice and mixed up the entries come', async () => {
    const verdicts: Record<World['kind'], string> = {
      done: 'matched',
      missing: 'missing',
      refused: 'wrong-result',
      twin: 'ambiguous',
      unreadable: 'unchecked',
    };
    const property = fc.asyncProperty(worlds, async (world) => {
      const truth = truthOf(world);
      const { aheadMs, uncertainMs } = world;
      const clock = { aheadSeconds: aheadMs / 1000, uncertainSeconds: uncertainMs / 1000 };
      const judge = (rows: readonly SeenAudit[], state: SearchState): Correlation =>
        correlate({
          attempt: { ...ANNA, actions: actionsAt(truth.actions), wentThrough: true },
          rows,
          clock,
          egressAddresses: [],
          clientTypes: [],
          search: state,
        });
      const { time, result } = search((passing) => tenantOf(world, truth, passing), {
        since: iso(truth.actions['tile-chosen']),
        clock,
        machines: world.machines,
        isFound: (rows) => judge(rows, 'looking').isConclusive,
      });
      const { rows, state } = await result;
      const found = judge(rows, state);

      expect(found.verdict).toBe(verdicts[world.kind]);
      const [oursById, seenById] = [truth.ours, rows].map(
        (list) => new Set(list.map((one) => ('row' in one ? one.row : one).id)),
      ) as [Set<string>, Set<string>];
      expect(rows.length).toBe(seenById.size);
      if (world.kind !== 'twin') {
        expect(found.foreign.filter(({ id }) => oursById.has(id))).toEqual([]);
        expect(found.own.filter(({ id }) => !oursById.has(id))).toEqual([]);
      }
      if (world.kind === 'missing') expect(time.passed()).toBeGreaterThanOrEqual(BUDGET_MS);
      const last = truth.ours.at(-1)!;
      if (world.kind === 'done') {
        expect(found.reset?.id).toBe(last.row.id);
        const lateBy = Date.parse(found.reset!.seenAt) - Math.max(START, last.visibleAt);
        const missed = world.failing.length + 1;
        expect(lateBy).toBeLessThanOrEqual(missed * (world.machines * 2_000 + world.lookMs));
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
