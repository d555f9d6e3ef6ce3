/** How a refusal says when to come back. Graph says nothing for audit logs and reports (facts 5.2). */
export const RETRY_AFTER = ['none', 'seconds', 'date'] as const;
type RetryAfter = (typeof RETRY_AFTER)[number];

export interface ThrottleLimit {
  readonly requests: number;
  readonly windowMs: number;
  readonly retryAfter: RetryAfter;
}

/** What Graph allows an app in a tenant for audit logs and reports (facts 5.2). */
const REPORTS_LIMIT: ThrottleLimit = { requests: 5, windowMs: 10_000, retryAfter: 'none' };

/**
 * Admits a number of requests in a sliding window. Refused ones count as well: "all requests accrue against your usage
 * limits" (Microsoft Graph throttling guidance).
 */
export class Throttle {
  limit = REPORTS_LIMIT;
  #starts: number[] = [];

  /**
   * Counts a request.
   * @param now of a clock that nobody sets
   * @returns 0 when it is admitted, otherwise the milliseconds after which another one would be
   */
  admit(now: number): number {
    const { requests, windowMs } = this.limit;
    this.#starts = this.#starts.filter((start) => now - start < windowMs);
    this.#starts.push(now);
    const freed = this.#starts.at(-requests) ?? now;
    return this.#starts.length <= requests ? 0 : freed + windowMs - now;
  }
}

/** `Retry-After` as a header, in the form that is asked for; none when it is to be left out. */
export function retryAfterHeader(form: RetryAfter, waitMs: number, now: number): Record<string, string> {
  if (form === 'none') return {};
  const upToSeconds = (ms: number): number => Math.ceil(ms / 1000);
  return {
    'retry-after':
      form === 'seconds'
        ? String(upToSeconds(waitMs))
        : new Date(upToSeconds(now + waitMs) * 1000).toUTCString(),
  };
}
