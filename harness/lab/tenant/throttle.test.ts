import { expect } from '@playwright/test';
import fc from 'fast-check';
import { retryAfterHeader, Throttle } from './throttle.ts';

describe('throttling', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 60 });
  const limits = fc.record({
    requests: fc.integer({ min: 1, max: 6 }),
    windowMs: fc.integer({ min: 1, max: 10_000 }),
    retryAfter: fc.constant('none' as const),
  });

  it('admits 5 requests in 10 s unless told otherwise', () => {
    const throttle = new Throttle();
    const admitted = Array.from({ length: 7 }, (_, index) => throttle.admit(index * 1000) === 0);
    expect(admitted).toEqual([true, true, true, true, true, false, false]);
  });

  it('never lets more through in any window, refused ones counted', () => {
    fc.assert(
      fc.property(gaps, limits, (waits, limit) => {
        const throttle = new Throttle();
        throttle.limit = limit;
        let now = 0;
        const asked: { readonly at: number; readonly admitted: boolean }[] = [];
        for (const wait of waits) {
          now += wait;
          asked.push({ at: now, admitted: throttle.admit(now) === 0 });
        }
        for (const [index, { at, admitted }] of asked.entries()) {
          const within = asked.slice(0, index + 1).filter((one) => at - one.at < limit.windowMs);
          expect(admitted).toBe(within.length <= limit.requests);
        }
      }),
    );
  });

  it('says truly after how long it would admit another one', () => {
    fc.assert(
      fc.property(gaps, limits, fc.boolean(), (waits, limit, early) => {
        const throttle = new Throttle();
        throttle.limit = limit;
        let [now, wait] = [0, 0];
        for (const gap of waits) wait = throttle.admit((now += gap));
        fc.pre(wait > 0);
        expect(throttle.admit(now + wait - Number(early)) === 0).toBe(!early);
      }),
    );
  });

  it('tells the wait in seconds or as a date, rounded up', () => {
    const now = Date.parse('2026-11-21T10:00:00Z');
    expect(retryAfterHeader('none', 1500, now)).toEqual({});
    expect(retryAfterHeader('seconds', 1500, now)).toEqual({ 'retry-after': '2' });
    expect(retryAfterHeader('date', 1500, now)).toEqual({ 'retry-after': 'Sat, 21 Nov 2026 10:00:02 GMT' });
  });
});
