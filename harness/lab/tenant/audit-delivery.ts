import { randomInt } from 'node:crypto';

/** What happens to some rows otherwise than to the rest. */
export interface DeliveryRule {
  /** A regular expression; searched in the row's activity and its reason. */
  readonly matches: string;
  /** Milliseconds until the row can be read, or that it never can. */
  readonly delay: number | 'never';
  /** How many rows it applies to; all when left out. */
  readonly times?: number | undefined;
}

export interface DeliveryOptions {
  /** Milliseconds until a row can be read; each row has its own within the range, so that they come out of order. */
  readonly delay: { readonly minMs: number; readonly maxMs: number };
  /** The part of the rows, from 0 to 1, that is listed twice. */
  readonly duplicateShare: number;
  /** The part of the rows, from 0 to 1, that never comes. */
  readonly dropShare: number;
  readonly rules: readonly DeliveryRule[];
}

/** When a row can be read, and how often it is then listed. */
export interface Delivery {
  readonly delayMs: number;
  readonly listed: 1 | 2;
}

/** Decides the fate of each row once, when it is made: another distribution later changes nothing of it. */
export class Deliveries {
  readonly #used = new Map<DeliveryRule, number>();

  constructor(public options: DeliveryOptions) {}

  /** @returns undefined for a row that never comes */
  of(activity: string, reason: string): Delivery | undefined {
    const { delay, dropShare } = this.options;
    const ruled = this.#rule(`${activity}\n${reason}`)?.delay;
    if (ruled === 'never' || (ruled === undefined && chance(dropShare))) return undefined;
    return { delayMs: ruled ?? randomInt(delay.minMs, delay.maxMs + 1), listed: this.listed() };
  }

  /** How often a row is listed that is otherwise treated like any. */
  listed(): 1 | 2 {
    return chance(this.options.duplicateShare) ? 2 : 1;
  }

  #rule(text: string): DeliveryRule | undefined {
    const rule = this.options.rules.find(
      (one) =>
        (this.#used.get(one) ?? 0) < (one.times ?? Infinity) && new RegExp(one.matches, 'i').test(text),
    );
    if (rule) this.#used.set(rule, (this.#used.get(rule) ?? 0) + 1);
    return rule;
  }
}

const chance = (share: number): boolean => share > 0 && Math.random() < share;
