import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from './errors.ts';

/** A time limit and a way to cancel, carried together. Times are milliseconds of the monotonic clock. */
export class Deadline {
  readonly #end: number;
  readonly #signals: AbortSignal[];

  private constructor(
    readonly budgetMs: number,
    readonly what: string,
    signals: AbortSignal[],
  ) {
    this.#end = performance.now() + budgetMs;
    this.#signals = signals;
  }

  /** @param what is put into the error when time is up: "waiting for the logon screen" */
  static in(budgetMs: number, what: string, signal?: AbortSignal): Deadline {
    return new Deadline(budgetMs, what, signal ? [signal] : []);
  }

  /** A deadline inside this one: never later than it, and cancelled with it. */
  within(budgetMs: number, what: string): Deadline {
    return new Deadline(Math.min(budgetMs, this.remaining()), what, this.#signals);
  }

  /** A deadline with time of its own, also when that of this one is up, but cancelled with it: for putting things right. */
  anew(budgetMs: number, what: string): Deadline {
    return new Deadline(budgetMs, what, this.#signals);
  }

  /** Milliseconds left; 0 when time is up. */
  remaining(): number {
    return Math.max(0, this.#end - performance.now());
  }

  get expired(): boolean {
    return this.remaining() === 0;
  }

  get aborted(): boolean {
    return this.#signals.some((signal) => signal.aborted);
  }

  /** Fires when time is up or the caller cancels. */
  signal(): AbortSignal {
    // Not AbortSignal.timeout: Node 20 collects one that only AbortSignal.any refers to, and then it never fires.
    const timeIsUp = new AbortController();
    setTimeout(() => timeIsUp.abort(), Math.ceil(this.remaining())).unref();
    return AbortSignal.any([...this.#signals, timeIsUp.signal]);
  }

  /** @throws Fault `interrupted` when cancelled, `timed-out` when time is up */
  check(lastSeen?: string): void {
    if (this.aborted) throw interrupted(this.what);
    if (this.expired) throw timedOut(this.what, this.budgetMs, lastSeen);
  }

  /** Sleeps, but not beyond the deadline, and wakes when cancelled. */
  async sleep(ms: number): Promise<void> {
    await delay(Math.min(ms, this.remaining()), undefined, { signal: AbortSignal.any(this.#signals) }).catch(
      () => {
        throw interrupted(this.what);
      },
    );
  }
}

export function timedOut(what: string, budgetMs: number, lastSeen?: string): Fault {
  const seen = lastSeen === undefined ? '' : `; last seen: ${lastSeen}`;
  return new Fault(`Time ran out after ${(budgetMs / 1000).toFixed(1)} s while ${what}${seen}`, {
    code: 'timed-out',
    blame: 'machine',
    retryable: true,
    remedy: 'Look at what was last seen; on a slow host, raise the time limit in the configuration.',
  });
}

export function interrupted(what: string): Fault {
  return new Fault(`Interrupted while ${what}`, {
    code: 'interrupted',
    blame: 'harness',
    remedy: 'Run it again when you are ready.',
  });
}
