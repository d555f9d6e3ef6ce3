import type { TimelineRow } from '../core/journal.ts';
import type { ClockReading } from './clock.ts';
import { type AuditedAttempt, scheduleOf } from './correlation/attempt.ts';
import {
  clientTypesOf,
  initiatedByUser,
  instantOf,
  isFlow,
  plain,
  plainAddress,
  type SeenAudit,
  sortedEntries,
  succeeded,
} from './correlation/entries.ts';
import { divide, type Ownership } from './correlation/ownership.ts';
import { timelineOf } from './correlation/timeline.ts';

export { type AuditedAttempt, LATE_MS } from './correlation/attempt.ts';
export { type GivenUserId, refusalEntries } from './correlation/refusals.ts';
export { clientTypesOf, isFlow, type SeenAudit, SSPR_SERVICE, succeeded } from './correlation/entries.ts';

/**
 * What the audit log says of an attempt. The one closed list:
 * - `matched`: one entry of the reset belongs to our actions.
 * - `missing`: the attempt went through, and a complete look after the whole budget found no such entry.
 * - `ambiguous`: what was found may be ours or somebody else's.
 * - `wrong-result`: the entry is there, and says that the reset did not succeed.
 * - `unchecked`: no such entry yet, and the search has not come to its end. Says nothing.
 * - `not-expected`: the attempt did not go through, and there is no such entry.
 */
export const CORRELATION_VERDICTS = [
  'matched',
  'missing',
  'ambiguous',
  'wrong-result',
  'unchecked',
  'not-expected',
] as const;
export type CorrelationVerdict = (typeof CORRELATION_VERDICTS)[number];

/**
 * How the search for entries stands: still looking; ended because everything was there; ended with a complete look after
 * its whole budget; ended without one.
 */
export type SearchState = 'looking' | 'settled' | 'budget-spent' | 'incomplete';

export interface CorrelationInput {
  readonly attempt: AuditedAttempt;
  /** Entries of any users, in any order, also more than once. */
  readonly rows: readonly SeenAudit[];
  /** The tenant's clock beside this host's. */
  readonly clock: ClockReading;
  /** The addresses under which the tenant may see this machine, and the values that ClientType may have; empty: any. */
  readonly egressAddresses: readonly string[];
  readonly clientTypes: readonly string[];
  readonly search: SearchState;
  /** The whole budget of the search, for the reason; not named where it is not given. */
  readonly budgetSeconds?: number;
}

/** Of our entries: `absent` when one of them has none; `recorded` when nobody said what it should be. */
export type AddressVerdict = 'right' | 'wrong' | 'absent' | 'recorded';
/** Of our entries: `absent` when all of them have none; `unknown` when no value is pinned. */
export type ClientTypeVerdict = 'expected' | 'wrong' | 'absent' | 'unknown';

export interface Correlation {
  readonly verdict: CorrelationVerdict;
  /** The verdict in one sentence. */
  readonly reason: string;
  /** The entry of the reset; null while there is none, or more than one that may be ours. */
  readonly reset: SeenAudit | null;
  /** From the instant of that entry to our first sight of it, in milliseconds; null without. It appeared earlier. */
  readonly delayMs: number | null;
  /** All entries of our attempt, and the others of this user: somebody else's doing. Both by the tenant's clock. */
  readonly own: readonly SeenAudit[];
  readonly foreign: readonly SeenAudit[];
  /** Those of the others that are not clearly from before our attempt. */
  readonly unexplained: readonly SeenAudit[];
  /** Both null when there is no entry of ours to look at, or none that is ours for certain. */
  readonly address: AddressVerdict | null;
  readonly clientType: ClientTypeVerdict | null;
  /** Whether nothing more is waited for: entries that are still to come would change nothing of the verdict. */
  readonly isConclusive: boolean;
  readonly timeline: readonly TimelineRow[];
}

/** Finds out which entries of the audit log were made by our actions at the console, and which were not. Pure. */
export function correlate(input: CorrelationInput): Correlation {
  const { attempt, clock, search } = input;
  const schedule = scheduleOf(attempt, clock);
  const addresses = new Set(input.egressAddresses.map(plainAddress));
  const clientTypes = new Set(input.clientTypes.map(plain));
  const entries = sortedEntries(input.rows, attempt);
  const ownership = divide(entries, {
    schedule,
    isInitiator: initiatedByUser(attempt),
    addresses,
    clientTypes,
  });
  const own = entries.filter((entry) => ownership.own.has(entry));
  const verdict = verdictOf(ownership, attempt.wentThrough, search);
  const [only] = ownership.resets;
  const reset = verdict === 'matched' || verdict === 'wrong-result' ? (only ?? null) : null;
  const delayMs = reset && Date.parse(reset.seenAt) + clock.aheadSeconds * 1000 - instantOf(reset);
  const isCertain = own.length > 0 && verdict !== 'ambiguous';
  const address = isCertain ? judgeAddress(own, addresses) : null;
  const foreign = entries.filter((entry) => !ownership.own.has(entry));
  const begin = schedule.whole?.from ?? -Infinity;
  const unexplained = foreign.filter((entry) => instantOf(entry) >= begin);
  return {
    verdict,
    reason: reasonOf(verdict, { ownership, reset, delayMs, own, clock, budgetSeconds: input.budgetSeconds }),
    reset,
    delayMs: delayMs && Math.round(delayMs),
    own,
    foreign,
    unexplained,
    isConclusive:
      reset !== null &&
      (succeeded(reset) || !hasTwoPasswords(attempt)) &&
      // A step tells it from somebody else's, and so does the address.
      own.some(isFlow) &&
      address !== 'wrong' &&
      !ownership.contested,
    address,
    clientType: isCertain ? judgeClientType(own, clientTypes) : null,
    timeline: timelineOf(entries, {
      schedule,
      own: ownership.own,
      unexplained: new Set(unexplained),
      reset: reset ?? undefined,
    }),
  };
}

/** Then the entry of the one that was accepted may come after that of the one that was not. */
const hasTwoPasswords = ({ actions }: AuditedAttempt): boolean =>
  actions.filter(({ action }) => action === 'password-submitted').length > 1;

function verdictOf(
  { resets, doubtful }: Ownership,
  wentThrough: boolean,
  search: SearchState,
): CorrelationVerdict {
  const [first] = resets;
  if (first !== undefined) {
    if (doubtful || resets.length > 1) return 'ambiguous';
    return succeeded(first) ? 'matched' : 'wrong-result';
  }
  if (!wentThrough) return 'not-expected';
  return search === 'budget-spent' ? 'missing' : 'unchecked';
}

interface Found {
  readonly ownership: Ownership;
  readonly reset: SeenAudit | null;
  readonly delayMs: number | null;
  readonly own: readonly SeenAudit[];
  readonly clock: ClockReading;
  readonly budgetSeconds: number | undefined;
}

function reasonOf(verdict: CorrelationVerdict, found: Found): string {
  const { ownership, reset, own, budgetSeconds } = found;
  const { resets, doubtful } = ownership;
  switch (verdict) {
    case 'matched':
      return `The reset is in the audit log; ${delayInWords(found)}`;
    case 'missing':
      return `The reset is not in the audit log, although it was looked for as long as an entry may take${budgetSeconds === undefined ? '' : ` (${budgetSeconds} s)`}`;
    case 'ambiguous':
      return doubtful
        ? 'There is an entry of a reset at the right time, but its steps are not those that were done at the console'
        : `${resets.length} entries of a reset fit what was done at the console, and nothing tells which of them is ours`;
    case 'wrong-result':
      return `The audit log says that the reset did not succeed: ${saidBy(reset)}`;
    case 'unchecked':
      return 'The entry of the reset has not been found, and the audit log could not be looked through to the end';
    case 'not-expected': {
      const refusal = own.findLast((entry) => !succeeded(entry));
      return refusal === undefined
        ? 'The attempt did not go through, and the audit log shows no reset'
        : `The attempt did not go through; the tenant says: ${saidBy(refusal)}`;
    }
  }
}

/** A comparison of the clocks that is less certain than this is worth mentioning. */
const CERTAIN_SECONDS = 1;

/** The entry appeared between the last look without it and the first one with it; there may be none without it. */
function delayInWords({ reset, delayMs, clock }: Found): string {
  const { aheadSeconds, uncertainSeconds } = clock;
  const inSeconds = (ms: number): string => (Math.max(0, ms) / 1000).toFixed(1);
  const most = inSeconds(delayMs ?? 0);
  const least =
    reset?.missedAt === undefined ? 0 : Date.parse(reset.missedAt) + aheadSeconds * 1000 - instantOf(reset);
  const span = least > 0 ? `${inSeconds(least)} to ${most} s` : `at most ${most} s`;
  const doubt = uncertainSeconds < CERTAIN_SECONDS ? '' : ` (± ${uncertainSeconds.toFixed(1)} s)`;
  return `it was readable ${span}${doubt} after it was made`;
}

const saidBy = (entry: SeenAudit | null): string =>
  entry === null ? '' : entry.resultReason.trim() || `${entry.activityDisplayName}: ${entry.result}`;

function judgeAddress(own: readonly SeenAudit[], expected: ReadonlySet<string>): AddressVerdict {
  const found = own.map(({ initiatedBy }) => plainAddress(initiatedBy.ipAddress));
  if (expected.size > 0 && found.some((address) => address !== '' && !expected.has(address))) return 'wrong';
  if (found.includes('')) return 'absent';
  return expected.size === 0 ? 'recorded' : 'right';
}

function judgeClientType(own: readonly SeenAudit[], expected: ReadonlySet<string>): ClientTypeVerdict {
  const found = own.flatMap(clientTypesOf);
  if (found.length === 0) return 'absent';
  if (expected.size === 0) return 'unknown';
  return found.every((value) => expected.has(plain(value))) ? 'expected' : 'wrong';
}
