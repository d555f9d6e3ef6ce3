import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';
import { searchAudits } from '../directory/audit-search.ts';
import { correlate, type CorrelationInput, type SeenAudit } from '../directory/correlation.ts';
import {
  actionsAt,
  ANNA,
  fakeTime,
  instantsFrom,
  iso,
  lateLog,
  rowsOf,
  seen,
} from '../directory/correlation/testing.ts';
import type { DirectoryAudit } from '../directory/directory.ts';
import { openDirectory } from '../directory/graph-directory.ts';
import type { PaceLimit } from '../directory/pace.ts';
import { issueServerIdentity } from '../lab/network/authority.ts';
import { makeNoise } from '../lab/tenant/admin-changes.ts';
import { serveTenant, TENANT_HOSTS } from '../lab/tenant/server.ts';
import { Tenant } from '../lab/tenant/tenant.ts';
import { median } from './compare.ts';

const ROWS = 20_000;
const BEGIN = Date.parse('2026-11-21T10:00:00.000Z');
const OURS = instantsFrom(BEGIN);
const MB = 1024 * 1024;

/** A number beside what we want it to stay at or below. */
interface Reading {
  readonly what: string;
  readonly value: number;
  readonly target: number;
  readonly unit: string;
}

/** The audit log: how fast its rows are told apart, and how the searches of a run get on with each other. */
export async function* auditReadings(): AsyncGenerator<string, void, undefined> {
  for (const count of [8, 2_000]) yield inWords(correlating(count));
  yield inWords(await growing());
  for (const reading of await searching()) yield inWords(reading);
}

const inWords = ({ what, value, target, unit }: Reading): string => {
  const verdict = value <= target ? 'ok' : 'MISSED';
  return `${what.padEnd(58)} ${value.toFixed(2).padStart(8)} ${unit} (target ${target} ${unit})  ${verdict}`;
};

const own = (count: number): DirectoryAudit[] =>
  Array.from({ length: count / 8 }, (_, index) =>
    rowsOf(instantsFrom(BEGIN + (index - count / 16) * 50), { correlationId: `c${index}` }),
  ).flat();

/** @param count how many of all rows are the user's, a multiple of 8 */
function mixed(count: number): DirectoryAudit[] {
  const others = own(ROWS - count).map((row, index) => {
    const userPrincipalName = `user-${index % 500}@contoso.example`;
    return {
      ...row,
      initiatedBy: { ...row.initiatedBy, userId: String(index), userPrincipalName },
      targets: [{ id: String(index), name: userPrincipalName }],
    };
  });
  return [...others, ...own(count)];
}

const judged = (rows: readonly SeenAudit[], more: Partial<CorrelationInput> = {}) =>
  correlate({
    attempt: { ...ANNA, actions: actionsAt(OURS), wentThrough: true },
    rows,
    clock: { aheadSeconds: 0, uncertainSeconds: 0.5 },
    egressAddresses: [],
    clientTypes: [],
    search: 'looking',
    ...more,
  });

function correlating(count: number): Reading {
  const read = seen(mixed(count), BEGIN + 60_000);
  const times = Array.from({ length: 25 }, () => {
    const start = performance.now();
    judged(read);
    return performance.now() - start;
  });
  return {
    what: `Correlation of 20,000 rows, ${count} of them the user’s`,
    value: median(times.slice(5)),
    target: 50,
    unit: 'ms',
  };
}

/** What is still held after many looks at many rows, beyond what was held after the first few. */
async function growing(): Promise<Reading> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = (): number => {
    collect();
    return process.memoryUsage().heapUsed / MB;
  };
  const time = fakeTime(BEGIN + 60_000);
  const rows = mixed(8).map((row) => ({ row, visibleAt: 0 }));
  const heap: number[] = [];
  await searchAudits({
    directory: lateLog(rows, time),
    user: ANNA,
    since: iso(BEGIN),
    clock: { aheadSeconds: 0, uncertainSeconds: 0.5 },
    budgetMs: 100_000,
    machines: 1,
    isFound: () => false,
    onLook: () => heap.push(held()),
    deadline: Deadline.in(60_000, 'searching'),
    time,
  });
  const value = Math.max(0, median(heap.slice(-5)) - median(heap.slice(2, 7)));
  return { what: `Heap after ${heap.length} looks at 20,000 rows`, value, target: 1, unit: 'MB' };
}

/** More than Graph allows, or it would take minutes: 5 requests in 4 s. */
const LIMIT: PaceLimit = { requests: 5, perMs: 4000 };
const SEARCHES = 3;
const DELAY_MS = 16_000;

/** Searches at once in the lab's tenant, each for a user of its own, all with one limit. */
async function searching(): Promise<Reading[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-bench-'));
  const upns = Array.from({ length: SEARCHES }, (_, index) => `user-${index}@contoso.example`);
  const tenant = new Tenant({
    organization: 'Contoso',
    domain: 'contoso.example',
    users: upns.map((upn) => ({ displayName: upn, upn, mailbox: `private-${upn}` })),
    auditDelayMs: DELAY_MS,
  });
  tenant.throttle.limit = { requests: LIMIT.requests, windowMs: LIMIT.perMs, retryAfter: 'none' };
  makeNoise(tenant, { rows: ROWS, spanSeconds: 400, users: 500 });
  const { authority, ...identity } = issueServerIdentity(TENANT_HOSTS);
  const answers: number[] = [];
  const server = await serveTenant({
    tenant,
    ...identity,
    adminToken: new Secret('nobody comes this way'),
    port: 0,
    onRequest: ({ path, status }) => path.startsWith('/v1.0/') && answers.push(status),
  });
  try {
    const address = `https://localhost:${server.port}`;
    const found = await Promise.all(
      upns.map((upn) => searchOne(tenant, upn, { address, ca: authority, paceFolder: folder })),
    );
    const throttled = answers.filter((status) => status === 429).length;
    return [
      {
        what: `Requests of ${SEARCHES} searches at once refused, of ${answers.length}`,
        value: throttled,
        target: 0,
        unit: '',
      },
      {
        what: 'Seen after it was readable, at the latest',
        value: Math.max(...found),
        target: 1,
        unit: 'poll intervals',
      },
    ];
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns how long a reset was readable before it was seen, in poll intervals */
async function searchOne(
  tenant: Tenant,
  upn: string,
  { address, ca, paceFolder }: { readonly address: string; readonly ca: string; readonly paceFolder: string },
): Promise<number> {
  const account = tenant.account(upn);
  if (!account) throw new TypeError(`no ${upn}`);
  const began = Date.now();
  const attempt = { correlationId: upn, ipAddress: '127.20.0.1', clientType: 'Windows7LogonScreen' };
  for (const [activity, reason] of [
    ['progress', 'User submitted a new password'],
    ['reset', 'Successfully completed reset.'],
  ] as const)
    tenant.audits.add({ activity, result: 'success', reason }, attempt, account, began);

  const directory = openDirectory({
    authority: address,
    graph: address,
    tenantId: tenant.id,
    clientId: tenant.application.id,
    credential: { kind: 'secret', secret: tenant.application.secret },
    ca,
    proxy: undefined,
    paceFolder,
    pace: LIMIT,
  });
  const user = { userPrincipalName: upn, objectId: account.id };
  const at = iso(began);
  const actions = [
    { action: 'password-submitted', at },
    { action: 'success-seen', at },
  ] as const;
  const clock = { aheadSeconds: 0, uncertainSeconds: 0.1 };
  const judge = (rows: readonly SeenAudit[]) =>
    judged(rows, { attempt: { ...user, actions, wentThrough: true }, clock });
  const deadline = Deadline.in(60_000, 'searching');
  try {
    // As in a run, whose earlier stages have a token already.
    await directory.account(upn, deadline);
    const { rows, everyMs } = await searchAudits({
      directory,
      user,
      since: at,
      clock,
      budgetMs: 40_000,
      machines: SEARCHES,
      limit: LIMIT,
      isFound: (found) => judge(found).isConclusive,
      settlingMs: 1_000,
      deadline,
    });
    const { reset } = judge(rows);
    return reset === null ? Infinity : (Date.parse(reset.seenAt) - began - DELAY_MS) / everyMs;
  } finally {
    await directory.close();
  }
}
