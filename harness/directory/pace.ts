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
  /** When the last requests were started, oldest first. */
  readonly starts: readonly number[];
  /** Who waits, in the order of coming; one that has not looked again by `until` is gone. */
  readonly waiting: readonly { readonly ticket: string; readonly until: number }[];
}

export const NOTHING_YET: PaceState = { starts: [], waiting: [] };

/** One who waits may wake up so much later than it wanted without losing its place. */
const GRACE_MS = 2000;

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
  const starts = state.starts.map((start) => Math.min(start, now)).filter((start) => now - start < perMs);
  const queue = state.waiting
    .map((one) => ({ ...one, until: Math.min(one.until, now + perMs + GRACE_MS) }))
    .filter((one) => one.until > now || one.ticket === ticket);
  const found = queue.findIndex((one) => one.ticket === ticket);
  const place = found < 0 ? queue.length : found;
  const nth = place - (requests - starts.length);
  if (nth < 0) {
    const waiting = queue.filter((one) => one.ticket !== ticket);
    return { state: { starts: [...starts, now], waiting }, waitMs: 0 };
  }
  // When the start goes out of sight that makes room for us, or somebody before us turns out to be gone.
  const room = (starts[nth] ?? starts.at(-1) ?? now) + perMs;
  const waitMs = Math.max(1, Math.min(room, ...queue.slice(0, place).map(({ until }) => until)) - now + 1);
  const mine = { ticket, until: now + waitMs + GRACE_MS };
  return { state: { starts, waiting: queue.toSpliced(place, found < 0 ? 0 : 1, mine) }, waitMs };
}

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
   * @returns when the request was counted as started, in milliseconds of the clock that all who share it have
   * @throws Fault `timed-out` when the deadline comes before the turn, `tenant-pace-folder`
   */
  async turn(deadline: Deadline): Promise<number> {
    const ticket = randomUUID();
    for (;;) {
      const { waitMs, now } = await this.#store.change(deadline, (before, now) => {
        const { state, waitMs } = nextTurn(before, ticket, now, this.#limit);
        return [state, { waitMs, now }];
      });
      if (waitMs === 0) return now;
      await deadline.sleep(waitMs);
      deadline.check('held back to stay below the request limit of Graph');
    }
  }
}

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
  starts: z.array(z.number()),
  waiting: z.array(z.object({ ticket: z.string(), until: z.number() })),
});

function readState(file: string, now: number, { requests }: PaceLimit): PaceState {
  const text = readIfThere(file);
  if (text === undefined) return NOTHING_YET;
  try {
    return paceState.parse(JSON.parse(text));
  } catch {
    // Nobody knows what was in it: perhaps all requests that are allowed, just now.
    return { starts: Array.from({ length: requests }, () => now), waiting: [] };
  }
}
