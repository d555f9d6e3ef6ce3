import type { ClockReading } from '../clock.ts';
import { EARLY_MS, holds, LATE_MS } from './attempt.ts';
import { instantOf, isBlocked, isFlow, type SeenAudit, sortedEntries, succeeded } from './entries.ts';

/** A user ID that was given at the console, and did not lead to a reset. Instants are ISO 8601 UTC by this host's clock. */
export interface GivenUserId {
  readonly userPrincipalName: string;
  readonly submittedAt: string;
  /** When the logon screen was back. */
  readonly leftAt: string;
}

/**
 * The entries that say that this user was turned away or gave up then. The reasons are not promised (facts 5.4), so only
 * the activity and the result count; the entry of a block is a success of its own (facts 5.3).
 */
export function refusalEntries(
  rows: readonly SeenAudit[],
  { userPrincipalName, submittedAt, leftAt }: GivenUserId,
  { aheadSeconds, uncertainSeconds }: ClockReading,
): SeenAudit[] {
  const at = (ours: string, byMs: number): number => Date.parse(ours) + aheadSeconds * 1000 + byMs;
  const uncertain = uncertainSeconds * 1000;
  const span = {
    from: at(submittedAt, -uncertain - EARLY_MS),
    to: at(leftAt, uncertain + LATE_MS),
  };
  return sortedEntries(rows, { userPrincipalName, objectId: '' }).filter(
    (entry) => holds(span, instantOf(entry)) && (isBlocked(entry) || (isFlow(entry) && !succeeded(entry))),
  );
}
