import { createHash, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { withLock } from '../core/lock.ts';
import { readIfThere } from '../core/read-if-there.ts';

/** At most so many requests in so many milliseconds. */
export interface PaceLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** What Graph allows an app for audit logs and reports. Source: facts 5.2. */
export const REPORTS_LIMIT: PaceLimit = { requests: 5, perMs: 10_000 };

/** What is known of the requests; instants in milliseconds of one clock. */
export interface PaceState {
  /**
   * The last requests. One without an answer may still be on its way, and the tenant counts it when it arrives: so each
   * counts from its answer, and nobody needs to know how long it takes to get there.
   */
  readonly requests: readonly {
    readonly ticket: string;
    /** When it was started; once it is answered, when that was. */
    readonly at: number;
    readonly open: boolean;
  }[];
  /** Who waits, in the order of coming; one that has not looked again by `until` is gone. */
  readonly waiting: readonly { readonly ticket: string; readonly until: number }[];
}

export const NOTHING_YET: PaceState = { requests: [], waiting: [] };

/** One who waits may wake up so much later than it wanted without losing its place. */
const GRACE_MS = 2000;

/** Nobody waits so long for an answer: whoever started the request is gone. */
const LOST_MS = 60_000;

/** Where an answer is overdue, one who waits for it looks again this part of the limit's time later. */
const AGAIN = 1 / 20;

/**
 * A look of somebody who wants to start a request: in the order of coming, as soon as the limit allows it.
 * @param now by a clock that may be set back: what then seems to come has just happened
 * @returns waitMs: 0 to start now, which the state then says; otherwise when to look again
 */
export function nextTurn(
  state: PaceState,
  ticket: string,
  now: number,
  { requests, perMs }: PaceLimit,
): { readonly state: PaceState; readonly waitMs: number } {
  const counting = state.requests
    .map((one) => ({ ...one, at: Math.min(one.at, now) }))
    .filter(({ at, open }) => now - at < perMs + (open ? LOST_MS : 0));
  const queue = state.waiting
    .map((one) => ({ ...one, until: Math.min(one.until, now + perMs + GRACE_MS) }))
    .filter((one) => one.until > now || one.ticket === ticket);
  const found = queue.findIndex((one) => one.ticket === ticket);
  const place = found < 0 ? queue.length : found;
  const nth = place - (requests - counting.length);
  if (nth < 0) {
    const waiting = queue.filter((one) => one.ticket !== ticket);
    return { state: { requests: [...counting, { ticket, at: now, open: true }], waiting }, waitMs: 0 };
  }
  const ends = counting
    .map(({ at, open }) => Math.max(at + perMs, open ? now + perMs * AGAIN : 0))
    .sort((a, b) => a - b);
  // When the request goes out of sight that makes room for us, or somebody before us turns out to be gone.
  const room = ends[nth] ?? ends.at(-1) ?? now + perMs;
  const waitMs = Math.max(1, Math.min(room, ...queue.slice(0, place).map(({ until }) => until)) - now + 1);
  const mine = { ticket, until: now + waitMs + GRACE_MS };
  return {
    state: { requests: counting, waiting: queue.toSpliced(place, found < 0 ? 0 : 1, mine) },
    waitMs,
  };
}

/** The request with this ticket has its answer. */
export const withAnswer = (state: PaceState, ticket: string, now: number): PaceState => ({
  ...state,
  requests: state.requests.map((one) => (one.ticket === ticket ? { ticket, at: now, open: false } : one)),
});

/** Where the state is kept: changes it, and gives what the change returns. */
interface PaceStore {
  change<T>(
    deadline: Deadline,
    change: (state: PaceState, now: number) => readonly [PaceState, T],
  ): Promise<T>;
}

/** Keeps requests within a limit by waiting before one that would be too many. */
export class Pace {
  readonly #store: PaceStore;
  readonly #limit: PaceLimit;

  /** @param file shared with the other processes of this host; without one, the requests of this object are counted */
  constructor(limit: PaceLimit, file?: string) {
    this.#limit = limit;
    this.#store = file === undefined ? inMemory() : inFile(file, limit);
  }

  /**
   * Waits until a request may be started.
   * @returns what to call when its answer is there, or will never be
   * @throws Fault `timed-out` when the deadline comes before the turn, `tenant-pace-folder`
   */
  async turn(deadline: Deadline): Promise<() => Promise<void>> {
    const ticket = randomUUID();
    for (;;) {
      const waitMs = await this.#store.change(deadline, (before, now) => {
        const { state, waitMs } = nextTurn(before, ticket, now, this.#limit);
        return [state, waitMs];
      });
      if (waitMs === 0) return () => this.#answered(ticket, deadline);
      await deadline.sleep(waitMs);
      deadline.check('held back to stay below the request limit of Graph');
    }
  }

  /** A request of which this cannot be written down counts for longer, which does no harm. */
  async #answered(ticket: string, deadline: Deadline): Promise<void> {
    const ofItsOwn = deadline.anew(ANSWERED_MS, 'counting an answer of Graph');
    await this.#store
      .change(ofItsOwn, (state, now) => [withAnswer(state, ticket, now), undefined])
      .catch(() => undefined);
  }
}

/** The file is locked for a moment only, by whomever. */
const ANSWERED_MS = 5000;

/** One file for each app in each tenant, because that is what Graph counts. The name does not tell which. */
export const paceFile = (folder: string, tenantId: string, clientId: string): string => {
  const app = createHash('sha256').update(`${tenantId} ${clientId}`.toLowerCase()).digest('hex').slice(0, 16);
  return join(folder, `graph-pace-${app}.json`);
};

function inMemory(): PaceStore {
  let state = NOTHING_YET;
  return {
    change(_deadline, change) {
      const [after, result] = change(state, performance.now());
      state = after;
      return Promise.resolve(result);
    },
  };
}

/** Locked only for the look, never while somebody sleeps. By the wall clock, the one that processes share. */
function inFile(file: string, limit: PaceLimit): PaceStore {
  return {
    async change(deadline, change) {
      try {
        return await withLock(`${file}.lock`, deadline, () => {
          const now = Date.now();
          const [after, result] = change(readState(file, now, limit), now);
          writeFileSync(`${file}.new`, JSON.stringify(after));
          renameSync(`${file}.new`, file);
          return Promise.resolve(result);
        });
      } catch (error) {
        if (error instanceof Fault) throw error;
        const { code = String(error) } = error as NodeJS.ErrnoException;
        throw new Fault(`The requests to Graph cannot be counted in ${file}: ${code}`, {
          code: 'tenant-pace-folder',
          blame: 'config',
          remedy: 'Make the folder writable, or name another one in the configuration (stateFolder).',
          cause: error,
        });
      }
    },
  };
}

const paceState: z.ZodType<PaceState> = z.object({
  requests: z.array(z.object({ ticket: z.string(), at: z.number(), open: z.boolean() })),
  waiting: z.array(z.object({ ticket: z.string(), until: z.number() })),
});

function readState(file: string, now: number, { requests }: PaceLimit): PaceState {
  const text = readIfThere(file);
  if (text === undefined) return NOTHING_YET;
  try {
    return paceState.parse(JSON.parse(text));
  } catch {
    // Nobody knows what was in it: perhaps all requests that are allowed, just now.
    const unknown = { ticket: '', at: now, open: false };
    return { requests: Array.from({ length: requests }, () => unknown), waiting: [] };
  }
}
