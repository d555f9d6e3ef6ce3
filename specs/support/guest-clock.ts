import { type ClockReading, compareClocks } from '../../harness/directory/clock.ts';
import type { Facts } from '../../harness/guest/facts.ts';

/** Scripts of Windows tell the time in milliseconds, from a clock that may tick in steps of 16. */
const RESOLUTION_MS = 16;

/**
 * The clock of the machine beside ours.
 * @param asked and answered: our clock before and after its facts were read, milliseconds since 1970
 */
export const compareGuestClock = ({ clock }: Facts, asked: number, answered: number): ClockReading =>
  compareClocks({ asked, answered, other: Date.parse(clock.now), resolutionMs: RESOLUTION_MS });
