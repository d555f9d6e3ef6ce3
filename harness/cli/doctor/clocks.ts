import { Fault } from '../../core/errors.ts';
import type { ClockReading } from '../../directory/clock.ts';

/**
 * Clocks that differ by more make tokens and tickets invalid. Source: Windows' Kerberos policy "Maximum tolerance for
 * computer clock synchronization", 5 minutes by default; the Microsoft identity platform allows as much.
 */
const MOST_SECONDS = 300;

/** @param whose "the tenant's clock" */
export function judgeClock({ aheadSeconds, uncertainSeconds }: ClockReading, whose: string): string {
  const apart = Math.abs(aheadSeconds);
  const direction = aheadSeconds < 0 ? 'behind' : 'ahead of';
  const says = `${whose} is ${apart.toFixed(1)} s ${direction} this host's (give or take ${uncertainSeconds.toFixed(1)} s)`;
  // Only what is surely too much is a problem.
  if (apart - uncertainSeconds <= MOST_SECONDS) return says;
  throw new Fault(`${says}; more than ${MOST_SECONDS} s break sign-ins`, {
    code: 'clock-skew',
    blame: 'config',
    remedy: 'Set both clocks by a time server, and check the time zones: w32tm /resync on Windows.',
  });
}
