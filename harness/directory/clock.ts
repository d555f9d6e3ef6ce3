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

/** Each reading after the first one halves what is uncertain: half a second, a quarter, an eighth. */
const READINGS = 3;

/** By how much another clock is ahead, in milliseconds: somewhere between the two. */
export interface Lead {
  readonly least: number;
  readonly most: number;
}

/**
 * The clock of the authority, by the Date of its answers (RFC 9110 section 6.6.1). Asks for the public description of
 * the tenant, at most three times and within about two seconds: no token, no password.
 */
export async function readClock(
  transport: Transport,
  { authority, tenantId }: { readonly authority: string; readonly tenantId: string },
  deadline: Deadline,
): Promise<ClockReading> {
  const url = new URL(`${authority}/${tenantId}/v2.0/.well-known/openid-configuration`);
  let lead = await readLead(transport, url, deadline);
  for (let reading = 2; reading <= READINGS; reading++) {
    const wait = untilTelling(lead, Date.now());
    if (wait >= deadline.remaining()) break;
    await deadline.sleep(wait);
    const next = await readLead(transport, url, deadline).catch((error: unknown) => {
      if (deadline.aborted) throw error;
    });
    // One good reading is enough.
    if (!next) break;
    lead = narrow(lead, next);
  }
  return readingOf(lead);
}

async function readLead(transport: Transport, url: URL, deadline: Deadline): Promise<Lead> {
  const asked = Date.now();
  const response = await transport
    .fetch(url.href, {
      signal: deadline.within(PATIENCE_MS, 'asking the tenant for the time').signal(),
      redirect: 'manual',
    })
    .catch((error: unknown) => {
      if (deadline.aborted) throw interrupted(deadline.what);
      throw explainNetworkError(error, url.origin);
    });
  const answered = Date.now();
  await response.body?.cancel();
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) throw invalidAnswer('the time', 'its answer has no date');
  demandForward(asked, answered);
  return { least: date - answered, most: date + RESOLUTION_MS - asked };
}

/**
 * How long to wait, in milliseconds, so that the next answer tells most: until the middle of what is possible would make
 * the other clock tick.
 * @param now by our clock, milliseconds since 1970
 */
export function untilTelling({ least, most }: Lead, now: number): number {
  const past = (now + (least + most) / 2) % RESOLUTION_MS;
  return (RESOLUTION_MS - past) % RESOLUTION_MS;
}

/** What two readings say together. When they contradict each other, other clocks have answered: then all is possible. */
export function narrow(one: Lead, other: Lead): Lead {
  const both = { least: Math.max(one.least, other.least), most: Math.min(one.most, other.most) };
  if (both.least <= both.most) return both;
  return { least: Math.min(one.least, other.least), most: Math.max(one.most, other.most) };
}

const readingOf = ({ least, most }: Lead): ClockReading => ({
  aheadSeconds: (least + most) / 2 / 1000,
  uncertainSeconds: (most - least) / 2 / 1000,
});

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
  demandForward(asked, answered);
  return {
    aheadSeconds: (other - (asked + answered) / 2) / 1000,
    uncertainSeconds: ((answered - asked) / 2 + resolutionMs / 2) / 1000,
  };
}

function demandForward(asked: number, answered: number): void {
  if (answered >= asked) return;
  throw new Fault('The clock of this host was set back while it was compared', {
    code: 'clock-set',
    blame: 'harness',
    retryable: true,
    remedy: 'Run it again.',
  });
}
