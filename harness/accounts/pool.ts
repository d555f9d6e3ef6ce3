import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountBudget } from '../config/schema.ts';
import { Deadline } from '../core/deadline.ts';
import { describe, Fault } from '../core/errors.ts';
import { withLock } from '../core/lock.ts';
import { type Look, poll } from '../core/poll.ts';
import { thisProcess } from '../core/process.ts';
import { type Attempt, type AttemptOutcome, closure, DAY_MS, HOUR_MS, triesWithin } from './budget.ts';
import { type Holding, readHoldings, writeHoldings } from './leases.ts';
import { attemptsOf, type Entry, isSameUser, Ledger } from './ledger.ts';

export type { AttemptOutcome } from './budget.ts';

/** A user that nobody else on this host tries meanwhile. */
export interface Lease<Account> {
  readonly account: Account;
  /**
   * Writes down that an attempt begins, before anything is done: one that is cut short counts, too.
   * @throws Fault `account-budget-spent` that says when the account is free again; then nothing was written
   */
  beginAttempt(): Promise<void>;
  /** Writes down how the attempt ended. */
  endAttempt(outcome: AttemptOutcome): Promise<void>;
  /**
   * Writes down one more try, that fails: a proof that is wrong on purpose. Only where the budget leaves another one
   * beside it; otherwise nothing is written, and this says false.
   */
  spendOnWrongProof(): Promise<boolean>;
  /** Gives the account back; also without an attempt. */
  release(): Promise<void>;
}

/** Whoever has a user principal name can be leased. */
export interface Candidate {
  readonly upn: string;
}

export interface PoolPlace {
  /** The state folder of this host; it need not exist. */
  readonly folder: string;
  readonly tenantId: string;
  readonly budget: AccountBudget;
  /** Milliseconds since 1970; tests set it. */
  readonly now?: () => number;
}

export interface PoolOptions extends PoolPlace {
  /** Shown to others who want the same account. */
  readonly owner: { readonly run: string; readonly machine: string };
}

/** What is known of an account on this host. Instants are ISO 8601 UTC. */
export interface AccountStanding {
  readonly upn: string;
  readonly triesLastHour: number;
  readonly triesLastDay: number;
  /** The last try: when it ended, or when it began if nothing is known of its end. */
  readonly last: { readonly at: string; readonly outcome: AttemptOutcome } | null;
  /** Why it must not be tried now, and from when on it may be. */
  readonly closed: { readonly why: string; readonly until: string } | null;
  readonly takenBy: {
    readonly run: string;
    readonly machine: string;
    readonly pid: number;
    readonly since: string;
  } | null;
}

/** How long others may be at the files: each is done within milliseconds. */
const LOCK_MS = 30_000;
/** How often it is looked whether an account that is waited for is free. */
const TURN_MS = 250;

/** The test users of one tenant, as all runs of this host share them. */
export class Pool {
  readonly #files: Files;

  constructor(readonly options: PoolOptions) {
    this.#files = new Files(options);
  }

  /**
   * Takes the candidate that was tried longest ago of those that nobody has and that may be tried once more. The lease
   * of a process that is gone is void.
   * @param deadline for the turn at the shared files, and for the account where it is waited for
   * @param wait until an account is given back that somebody has; one whose budget is spent is never waited for
   * @throws Fault `no-account-free` that says of each candidate why and until when, `account-ledger-unusable`,
   *   `account-leases-unusable`, `account-state-unusable`
   */
  async lease<Account extends Candidate>(
    candidates: readonly Account[],
    deadline = Deadline.in(LOCK_MS, 'taking a test user'),
    { wait = false } = {},
  ): Promise<Lease<Account>> {
    return poll(() => this.#take(candidates, deadline, wait), { deadline, everyMs: TURN_MS });
  }

  #take<Account extends Candidate>(
    candidates: readonly Account[],
    deadline: Deadline,
    wait: boolean,
  ): Promise<Look<Lease<Account>>> {
    return this.#files.locked(deadline, () => {
      const { owner, budget } = this.options;
      const [now, holdings] = [this.#files.now(), this.#files.holdings()];
      const entries = this.#files.entries();
      const looked = candidates.map((account) => look(account, entries, holdings, budget, now));
      const [chosen] = looked
        .filter(({ closed, holding }) => !closed && !holding)
        .sort((one, other) => (one.last?.at ?? -Infinity) - (other.last?.at ?? -Infinity));
      if (!chosen) {
        const fault = noneFree(looked, now);
        if (wait && looked.some(({ closed, holding }) => holding && !closed))
          return { done: false, seen: fault.message };
        throw fault;
      }
      const { account } = chosen;
      const since = new Date(now).toISOString();
      const own = { id: randomUUID(), upn: account.upn, ...owner, ...thisProcess(), since };
      this.#files.setHoldings([...holdings, own]);
      return { done: true, value: new HeldAccount(account, own.id, this.#files, this.options) };
    });
  }
}

export const openPool = (options: PoolOptions): Pool => new Pool(options);

/**
 * What is known of each of these accounts. Only looks: takes no lock and writes nothing.
 * @throws Fault as `lease` does
 */
export function describePool(place: PoolPlace, candidates: readonly Candidate[]): AccountStanding[] {
  const files = new Files(place);
  const now = files.now();
  const { entries, holdings } = files.look();
  const iso = (at: number): string => new Date(at).toISOString();
  return candidates
    .map((account) => look(account, entries, holdings, place.budget, now))
    .map(({ account, attempts, last, closed, holding }) => ({
      upn: account.upn,
      triesLastHour: triesWithin(HOUR_MS, attempts, now),
      triesLastDay: triesWithin(DAY_MS, attempts, now),
      last: last ? { at: iso(last.at), outcome: last.outcome } : null,
      closed: closed ? { why: closed.why, until: iso(closed.until) } : null,
      takenBy: holding
        ? { run: holding.run, machine: holding.machine, pid: holding.pid, since: holding.since }
        : null,
    }));
}

class HeldAccount<Account extends Candidate> implements Lease<Account> {
  #attempt: string | undefined;

  constructor(
    readonly account: Account,
    readonly id: string,
    readonly files: Files,
    readonly options: PoolOptions,
  ) {}

  async beginAttempt(): Promise<void> {
    const { upn } = this.account;
    const { budget, owner } = this.options;
    await this.files.locked(Deadline.in(LOCK_MS, `writing down a try of ${upn}`), () => {
      if (!this.files.holdings().some(({ id }) => id === this.id)) throw leaseLost(upn);
      const now = this.files.now();
      const closed = closure(attemptsOf(upn, this.files.entries(), now), budget, now);
      if (closed) throw budgetSpent(upn, closed, now);
      const id = randomUUID();
      this.files.ledger.append({ type: 'attempt', id, upn, at: new Date(now).toISOString(), ...owner });
      this.#attempt = id;
    });
  }

  async endAttempt(outcome: AttemptOutcome): Promise<void> {
    const id = this.#attempt;
    if (id === undefined) throw new TypeError(`no try of ${this.account.upn} has begun`);
    const what = `writing down how a try of ${this.account.upn} ended`;
    await this.files.locked(Deadline.in(LOCK_MS, what), () => {
      const at = new Date(this.files.now()).toISOString();
      this.files.ledger.append({ type: 'outcome', id, outcome, at });
      this.#attempt = undefined;
    });
  }

  async spendOnWrongProof(): Promise<boolean> {
    const { upn } = this.account;
    const { budget, owner } = this.options;
    return this.files.locked(Deadline.in(LOCK_MS, `writing down a try of ${upn}`), () => {
      const now = this.files.now();
      const attempts = attemptsOf(upn, this.files.entries(), now);
      if (closure([...attempts, { at: now, outcome: 'failed' }], budget, now)) return false;
      const [id, at] = [randomUUID(), new Date(now).toISOString()];
      this.files.ledger.append({ type: 'attempt', id, upn, at, ...owner });
      this.files.ledger.append({ type: 'outcome', id, outcome: 'failed', at });
      return true;
    });
  }

  async release(): Promise<void> {
    await this.files.locked(Deadline.in(LOCK_MS, `giving ${this.account.upn} back`), () => {
      const holdings = this.files.holdings();
      const others = holdings.filter(({ id }) => id !== this.id);
      if (others.length < holdings.length) this.files.setHoldings(others);
    });
  }
}

/** The shared files of one tenant. */
class Files {
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly #folder: string;
  readonly #leases: string;
  readonly #lock: string;

  constructor({ folder, tenantId, now = Date.now }: PoolPlace) {
    const id = tenantId.toLowerCase();
    const name = createHash('sha256').update(id).digest('hex').slice(0, 16);
    this.#folder = join(folder, 'accounts');
    const file = (ending: string): string => join(this.#folder, `${name}.${ending}`);
    this.ledger = new Ledger(file('jsonl'), id);
    this.#leases = file('leases.json');
    this.#lock = file('lock');
    this.now = now;
  }

  /** Does the work while nobody else on this host is at the files. */
  async locked<T>(deadline: Deadline, work: () => T): Promise<T> {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      return await withLock(this.#lock, deadline, () => Promise.resolve(work()));
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Looks without the lock: every write leaves the files readable. */
  look(): { entries: Entry[]; holdings: Holding[] } {
    try {
      return { entries: this.ledger.entries(), holdings: this.holdings() };
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** What the file system says, as a Fault. */
  #explained(error: unknown): unknown {
    if (!(error instanceof Error && 'syscall' in error)) return error;
    return new Fault(`The tries of the test users cannot be read or written down: ${describe(error)}`, {
      code: 'account-state-unusable',
      blame: 'config',
      remedy: `Let this user read and write ${this.#folder}, on a disk with space left; "stateFolder" names another place.`,
      cause: error,
    });
  }

  /** The ledger as it counts now. A clock that was set back is noted, so that what was written before it can expire. */
  entries(): Entry[] {
    const [entries, now] = [this.ledger.entries(), this.now()];
    const last = entries.at(-1);
    if (!last || Date.parse(last.at) <= now) return entries;
    const seen: Entry = { type: 'clock', at: new Date(now).toISOString() };
    this.ledger.append(seen);
    return [...entries, seen];
  }

  holdings(): Holding[] {
    return readHoldings(this.#leases);
  }

  setHoldings(holdings: readonly Holding[]): void {
    writeHoldings(this.#leases, holdings);
  }
}

/** What the files say of one candidate. */
const look = <Account extends Candidate>(
  account: Account,
  entries: readonly Entry[],
  holdings: readonly Holding[],
  budget: AccountBudget,
  now: number,
) => {
  const attempts = attemptsOf(account.upn, entries, now);
  return {
    account,
    attempts,
    last: attempts.reduce<Attempt | undefined>(
      (latest, one) => (latest && latest.at > one.at ? latest : one),
      undefined,
    ),
    closed: closure(attempts, budget, now),
    holding: holdings.find(({ upn }) => isSameUser(upn, account.upn)),
  };
};

function noneFree(looked: readonly ReturnType<typeof look>[], now: number): Fault {
  const reasons = looked.map(({ account, closed, holding }) =>
    holding
      ? `${account.upn}: taken by run ${holding.run}, machine ${holding.machine}, process ${holding.pid}`
      : `${account.upn}: ${closed ? `${closed.why}, free at ${instant(closed.until, now)}` : 'free'}`,
  );
  const untils = looked.flatMap(({ closed, holding }) => (closed && !holding ? [closed.until] : []));
  const chances = [
    ...(untils.length > 0 ? [`at ${instant(Math.min(...untils), now)}`] : []),
    ...(untils.length < looked.length ? ['when the other run has ended'] : []),
  ];
  return new Fault(`No test user is free: ${reasons.join('; ') || 'none is named'}`, {
    code: 'no-account-free',
    blame: 'config',
    retryable: true,
    remedy: `Run it again ${chances.join(' or ')}, or name more test users under "accounts" in the configuration.`,
  });
}

const budgetSpent = (upn: string, { why, until }: { why: string; until: number }, now: number): Fault =>
  new Fault(`${upn} must not be tried now: ${why}, free at ${instant(until, now)}`, {
    code: 'account-budget-spent',
    blame: 'config',
    retryable: true,
    remedy: `Run it again at ${instant(until, now)}, or name more test users under "accounts" in the configuration.`,
  });

const leaseLost = (upn: string): Fault =>
  new Fault(`${upn} is no longer leased to this run, so another one may have it`, {
    code: 'account-lease-lost',
    blame: 'harness',
    retryable: true,
    remedy: 'Run it again, and leave the files of the state folder alone meanwhile.',
  });

/** `14:05 UTC`, with the date on another day than now; rounded up to the minute, since it is a promise. */
function instant(at: number, now: number): string {
  const text = new Date(Math.ceil(at / 60_000) * 60_000).toISOString();
  const [day, time] = [text.slice(0, 10), text.slice(11, 16)];
  return new Date(now).toISOString().startsWith(day) ? `${time} UTC` : `${day} ${time} UTC`;
}
