import type { Deadline } from '../core/deadline.ts';

/** At most so many requests in so many milliseconds. */
export interface PaceLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** What Graph allows an app for audit logs and reports. Source: facts 5.2. */
export const REPORTS_LIMIT: PaceLimit = { requests: 5, perMs: 10_000 };

/** Keeps requests within a limit by waiting before one that would be too many. */
export class Pace {
  #starts: number[] = [];

  constructor(readonly limit: PaceLimit) {}

  /** @throws Fault `timed-out` when the deadline comes before the turn */
  async turn(deadline: Deadline): Promise<void> {
    for (;;) {
      const now = performance.now();
      this.#starts = this.#starts.filter((start) => now - start < this.limit.perMs);
      const oldest = this.#starts[0];
      if (oldest === undefined || this.#starts.length < this.limit.requests) break;
      await deadline.sleep(this.limit.perMs - (now - oldest) + 1);
      deadline.check('held back to stay below the request limit of Graph');
    }
    this.#starts.push(performance.now());
  }
}
