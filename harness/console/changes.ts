import type { Deadline } from '../core/deadline.ts';
import type { Area } from '../core/journal.ts';
import { CARET, type Console } from './console.ts';

/** Follows the damage of a console, blind to carets: knows when the screen last changed, and can wait for the next time. */
export class Changes {
  /** Counts the changes. */
  count = 0;
  #lastAt = performance.now();
  #over: unknown;
  #ended = false;
  readonly #wakers = new Set<() => void>();

  constructor(console: Console) {
    void this.#follow(console);
  }

  /** Milliseconds since the last change. */
  still(): number {
    return performance.now() - this.#lastAt;
  }

  /** Something was done to the machine: what comes of it is still to come, and the screen is not still until then. */
  expect(): void {
    this.#lastAt = performance.now();
  }

  /**
   * Resolves when the count is beyond `seen`, after `ms`, or at the deadline.
   * @returns whether something changed
   * @throws what ended the console; Fault `interrupted`
   */
  async after(seen: number, ms: number, deadline: Deadline): Promise<boolean> {
    const until = performance.now() + ms;
    while (this.count <= seen) {
      if (this.#ended) throw this.#over;
      const left = Math.min(until - performance.now(), deadline.remaining());
      if (deadline.aborted) deadline.check();
      if (left <= 0) return false;
      await this.#wake(left, deadline);
    }
    return true;
  }

  /** Resolves when nothing has changed for `quietMs`, but never later than after `longestMs` or at the deadline. */
  async quiet(quietMs: number, longestMs: number, deadline: Deadline): Promise<void> {
    const until = performance.now() + longestMs;
    for (;;) {
      const left = Math.min(quietMs - this.still(), until - performance.now());
      if (left <= 0 || deadline.expired) return;
      await deadline.sleep(left);
    }
  }

  async #wake(ms: number, deadline: Deadline): Promise<void> {
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (wake = resolve));
    this.#wakers.add(wake);
    const signal = deadline.signal();
    signal.addEventListener('abort', wake, { once: true });
    const timer = setTimeout(wake, ms);
    await woken;
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
    this.#wakers.delete(wake);
  }

  async #follow(console: Console): Promise<void> {
    try {
      for await (const { areas } of console.frames()) {
        if (!areas.some(({ width, height }: Area) => width * height > CARET)) continue;
        this.count++;
        this.#lastAt = performance.now();
        for (const wake of this.#wakers) wake();
      }
      this.#over = new Error('The console was closed while something was waited for');
    } catch (error) {
      this.#over = error;
    }
    this.#ended = true;
    for (const wake of this.#wakers) wake();
  }
}
