import type { Deadline } from '../core/deadline.ts';
import { type Fault, toFault } from '../core/errors.ts';
import type { ClockReading } from './clock.ts';
import type { SearchState } from './correlation.ts';
import { entriesOfUser, seenAgain, type SeenAudit, SSPR_SERVICE } from './correlation/entries.ts';
import type { AuditedUser, Directory, DirectoryAudit } from './directory.ts';
import { type PaceLimit, REPORTS_LIMIT } from './pace.ts';

/** The clocks of a search; a test brings its own. Milliseconds. */
export interface SearchTime {
  /** Since 1970, by this host's clock. */
  utc(): number;
  /** Of a clock that nobody sets. */
  steady(): number;
  sleep(ms: number): Promise<void>;
}

export interface AuditSearch {
  readonly directory: Pick<Directory, 'audits'>;
  readonly user: AuditedUser;
  /** Whose entries are kept as well: they cost no request of their own. */
  readonly others?: readonly AuditedUser[];
  /** When the attempt began: ISO 8601 UTC by this host's clock. */
  readonly since: string;
  /** The tenant's clock beside this host's. */
  readonly clock: ClockReading;
  /** How long an entry may take to appear, from now. */
  readonly budgetMs: number;
  /** How many machines of this run share the request limit of the tenant. */
  readonly machines: number;
  /** That limit. Default: what Graph allows for audit logs. */
  readonly limit?: PaceLimit;
  /** Whether everything that is waited for is there. */
  readonly isFound: (rows: readonly SeenAudit[]) => boolean;
  /** How long to look on after that, for what comes a little later. Default: `SETTLING_MS` */
  readonly settlingMs?: number;
  /** Told after each look, with what kept it from its end. */
  readonly onLook?: (rows: readonly SeenAudit[], fault: Fault | undefined) => void;
  /** Interrupts the search. Leave `lastLookMs` beyond the budget. */
  readonly deadline: Deadline;
  readonly time?: SearchTime;
}

export interface AuditSearchResult {
  /** Every entry of the user and the others in the window, each once, with its first sighting. */
  readonly rows: readonly SeenAudit[];
  readonly state: Exclude<SearchState, 'looking'>;
  /** Whether a last complete look held also what others did to the user. */
  readonly sawOthers: boolean;
  readonly looks: number;
  /** The longest time from one look to the next that the request limit asked for, in milliseconds. */
  readonly everyMs: number;
  /** Why the last looks failed; only when they did. */
  readonly fault: Fault | undefined;
}

/** Entries of one attempt come within seconds of each other, but not at once. */
export const SETTLING_MS = 20_000;
/**
 * After the budget, a look that fails is repeated for so long, in milliseconds: only a complete one may say that an entry
 * is missing. No longer than the budget, so that who waits a short time for an entry does so for a dead tenant, too.
 */
export const lastLookMs = (budgetMs: number): number => Math.min(600_000, budgetMs);
/** The window begins so long before the attempt: what tells somebody else's reset from ours is that it began earlier. */
const WELL_BEFORE_MS = 300_000;
/** The clock may have been off when an entry was dated. */
const AHEAD_MS = 60_000;
/** What one request brings, if the tenant gives as much as is asked for; only how often we look depends on it. */
const ROWS_A_REQUEST = 1000;
/** With more than these, only what the user has initiated is asked for. */
const FEW_ROWS = 3 * ROWS_A_REQUEST;

/**
 * Looks through the audit log again and again, each time from well before the attempt until now, because entries appear
 * late and in no order; until everything is there and nothing more comes, or the budget is spent. A look that fails for a
 * while does not end it.
 * @throws Fault `interrupted`, and what the tenant refuses for good
 */
export async function searchAudits(search: AuditSearch): Promise<AuditSearchResult> {
  const time = search.time ?? realTime(search.deadline);
  const { budgetMs, settlingMs = SETTLING_MS, isFound } = search;
  const log = new AuditWindow(search, time);
  const began = time.steady();
  let [looks, everyMs, rowsRead] = [0, 0, 0];
  let foundAt: number | undefined;
  /** Since when only the last look is left to do. */
  let closing: number | undefined;
  let fault: Fault | undefined;
  for (;;) {
    const lookedAt = time.steady();
    const foundBefore = foundAt !== undefined;
    if (lookedAt - began >= budgetMs) closing ??= lookedAt;
    const look = await attempt(() => log.look(closing === undefined ? 'fewest' : 'all'));
    fault = look instanceof Error ? tellingMore(look, fault) : undefined;
    const sawOthers = !(look instanceof Error) && look.sawOthers;
    const { rows } = log;
    const ended = time.steady();
    foundAt = isFound(rows) ? (foundAt ?? ended) : undefined;
    looks++;
    search.onLook?.(rows, fault);

    const result = (unfound: 'budget-spent' | 'incomplete'): AuditSearchResult => {
      const state = foundAt === undefined ? unfound : 'settled';
      return { rows, state, sawOthers, looks, everyMs, fault };
    };
    if (look instanceof Error) {
      const isLast =
        search.deadline.expired || (closing !== undefined && ended - closing >= lastLookMs(budgetMs));
      if (isLast) return result('incomplete');
    } else {
      if (closing !== undefined) {
        if (foundAt !== undefined || ended - began >= budgetMs) return result('budget-spent');
        // It has turned out that this was not everything.
        closing = undefined;
      }
      rowsRead = look.rowsRead;
      if (foundBefore && foundAt !== undefined && ended - foundAt >= settlingMs) {
        if (sawOthers) return result('budget-spent');
        closing = ended;
        continue;
      }
    }

    everyMs = Math.max(everyMs, intervalMs(search, rowsRead));
    const next = lookedAt + intervalMs(search, rowsRead);
    // The end of the budget has a look of its own.
    const wake = closing === undefined ? Math.min(next, began + budgetMs) : next;
    await time.sleep(Math.max(0, wake - time.steady()));
  }
}

/**
 * All machines of a run share one limit, so each looks the less often, the more they are and the more a look costs. One
 * request is left to everything else that asks for reports.
 */
function intervalMs({ machines, limit = REPORTS_LIMIT }: AuditSearch, rowsRead: number): number {
  const requests = Math.max(1, Math.ceil(rowsRead / ROWS_A_REQUEST));
  return (machines * requests * limit.perMs) / Math.max(1, limit.requests - 1);
}

/** @returns what kept the look from its end, if it may be gone the next time */
async function attempt<T>(look: () => Promise<T>): Promise<T | Fault> {
  try {
    return await look();
  } catch (error) {
    const fault = toFault(error);
    if (fault.retryable) return fault;
    throw fault;
  }
}

/** That our own time is up says less than what has taken it. */
const tellingMore = (fault: Fault, before: Fault | undefined): Fault =>
  fault.code === 'timed-out' ? (before ?? fault) : fault;

const realTime = (deadline: Deadline): SearchTime => ({
  utc: () => Date.now(),
  steady: () => performance.now(),
  sleep: (ms) => deadline.sleep(ms),
});

/** One look: how much was read, and whether that held also what others did to the user. */
interface Look {
  readonly rowsRead: number;
  readonly sawOthers: boolean;
}

/** The part of the audit log around the attempt. Of all that is read, only the entries of the users asked for are kept. */
class AuditWindow {
  readonly #known = new Map<string, SeenAudit>();
  /** When the last complete looks began, by this host's clock: at everybody's doing, and at this user's or that. */
  #sawAll: string | undefined;
  #sawOwn: string | undefined;
  readonly #isOfUsers: (entry: DirectoryAudit) => boolean;
  /** `refused` by a tenant that does not know the filter. */
  #narrow: 'not needed' | 'needed' | 'refused' = 'not needed';

  constructor(
    readonly search: AuditSearch,
    readonly time: SearchTime,
  ) {
    const { user, others = [] } = search;
    const isOf = [user, ...others].map(entriesOfUser);
    this.#isOfUsers = (entry) => isOf.some((isOfOne) => isOfOne(entry));
  }

  get rows(): readonly SeenAudit[] {
    return [...this.#known.values()];
  }

  /** @param extent `fewest` asks for this user's doing only, once everybody's has turned out to be much */
  async look(extent: 'fewest' | 'all'): Promise<Look> {
    if (extent === 'all' || this.#narrow === 'refused') return await this.#read(Infinity);
    if (this.#narrow === 'not needed') {
      const look = await this.#read(FEW_ROWS);
      if (look.rowsRead <= FEW_ROWS) return look;
      this.#narrow = 'needed';
    }
    try {
      return await this.#read(Infinity, this.search.user);
    } catch (error) {
      const fault = toFault(error);
      if (fault.retryable || fault.code === 'interrupted') throw fault;
      this.#narrow = 'refused';
      return await this.#read(Infinity);
    }
  }

  /** Reads page by page, and no further than the first row beyond `limit`. */
  async #read(limit: number, initiator?: AuditedUser): Promise<Look> {
    const began = this.#now();
    const missedAt = initiator === undefined ? this.#sawAll : this.#sawOwn;
    const query = {
      ...this.#span(),
      loggedByService: SSPR_SERVICE,
      ...(initiator === undefined ? {} : { initiator }),
    };
    let rowsRead = 0;
    for await (const entry of this.search.directory.audits(query, this.search.deadline)) {
      if (++rowsRead > limit) return { rowsRead, sawOthers: true };
      if (!this.#isOfUsers(entry)) continue;
      const known = this.#known.get(entry.id);
      const seen = { ...entry, seenAt: this.#now(), missedAt };
      this.#known.set(entry.id, known === undefined ? seen : seenAgain(known, seen));
    }
    this.#sawOwn = began;
    if (initiator === undefined) this.#sawAll = began;
    return { rowsRead, sawOthers: initiator === undefined };
  }

  #now(): string {
    return new Date(this.time.utc()).toISOString();
  }

  /** By the tenant's clock, as uncertain as it is. */
  #span(): { from: string; to: string } {
    const { since, clock } = this.search;
    const at = (ours: number, marginMs: number): string =>
      new Date(ours + clock.aheadSeconds * 1000 + marginMs).toISOString();
    const uncertainMs = clock.uncertainSeconds * 1000;
    return {
      from: at(Date.parse(since), -WELL_BEFORE_MS - uncertainMs),
      to: at(this.time.utc(), AHEAD_MS + uncertainMs),
    };
  }
}
