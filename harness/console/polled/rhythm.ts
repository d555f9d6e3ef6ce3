import type { Pace } from './hypervisor.ts';

/** From look to look without a change, the time between them grows by this. */
const BACK_OFF = 1.3;

/** When to look next. All times are milliseconds of one clock. */
export class Rhythm {
  readonly #pace: Pace;
  #interval: number;
  #lookedAt: number;
  #actedAt = -Infinity;

  constructor(pace: Pace, now: number) {
    this.#pace = pace;
    this.#interval = pace.fastest;
    this.#lookedAt = now;
  }

  /** @param moved whether more than a caret has changed since the look before */
  looked(now: number, moved: boolean): void {
    this.#lookedAt = now;
    const { fastest, slowest } = this.#pace;
    this.#interval = moved ? fastest : Math.min(slowest, this.#interval * BACK_OFF);
  }

  /** A key or click went out: something will come of it. */
  acted(now: number): void {
    this.#actedAt = now;
    this.#interval = this.#pace.fastest;
  }

  /** Not while keys are being pressed one after the other, but then in any case. */
  get due(): number {
    const { fastest, slowest } = this.#pace;
    const wanted = Math.max(this.#lookedAt + this.#interval, this.#actedAt + fastest);
    return Math.min(wanted, this.#lookedAt + slowest);
  }
}
