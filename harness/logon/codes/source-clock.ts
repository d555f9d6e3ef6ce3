import type { Deadline } from '../../core/deadline.ts';
import { toFault } from '../../core/errors.ts';
import type { Directory } from '../../directory/directory.ts';

/** Clocks of one provider, which are all set by the same time. */
export const SAME_CLOCK_MS = 30_000;
/** Our clock and one of which we know nothing. */
export const ANY_CLOCK_MS = 10 * 60_000;

const PATIENCE_MS = 10_000;

/**
 * The instant before which the tenant cannot have dated what happens from now on, in milliseconds since 1970: by its own
 * clock, or by ours with ample allowance where it cannot be asked.
 */
export async function earliestOfTenant(
  { clock }: Partial<Pick<Directory, 'clock'>>,
  deadline: Deadline,
): Promise<number> {
  try {
    if (clock) {
      const reading = await clock(deadline.within(PATIENCE_MS, 'asking the tenant for the time'));
      return Date.now() + (reading.aheadSeconds - reading.uncertainSeconds) * 1000 - SAME_CLOCK_MS;
    }
  } catch (error) {
    if (toFault(error).code === 'interrupted') throw error;
  }
  return Date.now() - ANY_CLOCK_MS;
}
