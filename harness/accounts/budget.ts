import type { AccountBudget } from '../config/schema.ts';

/**
 * What became of an attempt, as far as the blocking of the account is concerned. Who is `turnedAway` has not come as far
 * as the first proof, and nothing was counted.
 */
export const ATTEMPT_OUTCOMES = ['succeeded', 'failed', 'blocked', 'unknown', 'turnedAway'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One try of a reset. */
export interface Attempt {
  /** When it ended, or when it began if nothing is known of its end. Milliseconds since 1970. */
  readonly at: number;
  readonly outcome: AttemptOutcome;
}

/** Why an account must not be tried now. */
export interface Closure {
  /** In words: "4 tries within the last hour". */
  readonly why: string;
  /** From then on it may be tried again. Milliseconds since 1970. */
  readonly until: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** From when on the account may be tried once more: `now`, or later. Milliseconds since 1970. */
export const freeAt = (attempts: readonly Attempt[], budget: AccountBudget, now: number): number =>
  closure(attempts, budget, now)?.until ?? now;

/**
 * What keeps the account from one more try at `now`: that which lasts longest, or nothing. What lies in the future was
 * written before somebody set the clock back, and counts as of now. Source of the windows: facts 6.5.
 */
export function closure(
  attempts: readonly Attempt[],
  { perHour, perDay }: AccountBudget,
  now: number,
): Closure | undefined {
  const past = attempts
    .map(({ at, outcome }) => ({ at: Math.min(at, now), outcome }))
    .sort((one, other) => one.at - other.at);
  return [
    { why: `${tries(HOUR_MS, past, now)} within the last hour`, until: full(past, perHour, HOUR_MS) },
    { why: `${tries(DAY_MS, past, now)} within the last 24 hours`, until: full(past, perDay, DAY_MS) },
    { why: 'blocked by Azure AD', until: blockedUntil(past) },
  ]
    .filter(({ until }) => until > now)
    .sort((one, other) => other.until - one.until)[0];
}

/** How many attempts lie less than so many milliseconds back. */
export const triesWithin = (windowMs: number, attempts: readonly Attempt[], now: number): number =>
  attempts.filter(({ at }) => at > now - windowMs).length;

function tries(...window: Parameters<typeof triesWithin>): string {
  const count = triesWithin(...window);
  return `${count} ${count === 1 ? 'try' : 'tries'}`;
}

/** When the last `most` attempts are no longer all in one window. */
const full = (past: readonly Attempt[], most: number, windowMs: number): number =>
  (past.at(-most)?.at ?? -Infinity) + windowMs;

/** A block lasts 24 hours from the last attempt on: each one during the block starts it anew. */
const blockedUntil = (past: readonly Attempt[]): number =>
  past.reduce(
    (until, { at, outcome }) => (outcome === 'blocked' || at < until ? at + DAY_MS : until),
    -Infinity,
  );

/**
 * The instants of what was written down one after the other, as far as they can be believed at `now`. One in the future
 * is not: it was no later than the first one after it that is not, and no later than now.
 */
export const believable = (instants: readonly number[], now: number): number[] => {
  let bound = now;
  return instants
    .toReversed()
    .map((at) => (at > now ? bound : (bound = at)))
    .reverse();
};
