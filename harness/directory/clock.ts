import { type Deadline, interrupted } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { explainNetworkError, invalidAnswer } from './faults.ts';
import type { Transport } from './transport.ts';

/** Another clock beside ours. */
export interface ClockReading {
  /** Seconds by which the other clock is ahead of ours; negative when it is behind. */
  readonly aheadSeconds: number;
  /** By how many seconds that may be wrong: the way there and back, and what the other clock leaves out. */
  readonly uncertainSeconds: number;
}

/** An HTTP date has whole seconds. */
const RESOLUTION_MS = 1000;
const PATIENCE_MS = 30_000;

/**
 * The clock of the authority, by the Date of its answer (RFC 9110 section 6.6.1). Asks for the public description of the
 * tenant: no token, no password.
 */
export async function readClock(
  transport: Transport,
  { authority, tenantId }: { readonly authority: string; readonly tenantId: string },
  deadline: Deadline,
): Promise<ClockReading> {
  const url = new URL(`${authority}/${tenantId}/v2.0/.well-known/openid-configuration`);
  const asked = Date.now();
  const response = await transport
    .fetch(url.href, { signal: deadline.within(PATIENCE_MS, 'asking the tenant for the time').signal() })
    .catch((error: unknown) => {
      if (deadline.aborted) throw interrupted(deadline.what);
      throw explainNetworkError(error, url.origin);
    });
  const answered = Date.now();
  await response.body?.cancel();
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) throw invalidAnswer('the time', 'its answer has no date');
  return compareClocks({ asked, answered, other: date + RESOLUTION_MS / 2, resolutionMs: RESOLUTION_MS });
}

/**
 * @param asked and answered: our clock before and after; other: the other clock in between. Milliseconds since 1970
 * @param resolutionMs the step of the other clock
 */
export function compareClocks({
  asked,
  answered,
  other,
  resolutionMs,
}: {
  readonly asked: number;
  readonly answered: number;
  readonly other: number;
  readonly resolutionMs: number;
}): ClockReading {
  if (answered < asked) {
    throw new Fault('The clock of this host was set back while it was compared', {
      code: 'clock-set',
      blame: 'harness',
      retryable: true,
      remedy: 'Run it again.',
    });
  }
  return {
    aheadSeconds: (other - (asked + answered) / 2) / 1000,
    uncertainSeconds: ((answered - asked) / 2 + resolutionMs / 2) / 1000,
  };
}
