import { expect } from '@playwright/test';
import fc from 'fast-check';
import { type Attempt, ATTEMPT_OUTCOMES, believable, closure, DAY_MS, freeAt, HOUR_MS } from './budget.ts';

const NOW = Date.parse('2026-05-04T12:00:00Z');
const USUAL = { perHour: 4, perDay: 5 };
const MINUTE_MS = 60_000;

const ago = (minutes: number, outcome: Attempt['outcome'] = 'succeeded'): Attempt => ({
  at: NOW - minutes * MINUTE_MS,
  outcome,
});
const inMinutes = (at: number): number => (at - NOW) / MINUTE_MS;

const budgets = fc.record({
  perHour: fc.integer({ min: 1, max: 5 }),
  perDay: fc.integer({ min: 1, max: 5 }),
});
const attempts = fc.array(
  fc.record({
    at: fc.integer({ min: NOW - 3 * DAY_MS, max: NOW + DAY_MS }),
    outcome: fc.constantFrom(...ATTEMPT_OUTCOMES),
  }),
  { maxLength: 12 },
);

describe('the budget of an account', () => {
  for (const [name, past, wait, why] of [
    ['nothing', [], 0, undefined],
    ['three tries in an hour', [ago(50), ago(30), ago(10)], 0, undefined],
    ['four tries in an hour', [ago(50), ago(30), ago(20), ago(10)], 10, '4 tries within the last hour'],
    ['four tries, one of them exactly an hour ago', [ago(60), ago(30), ago(20), ago(10)], 0, undefined],
    [
      'five tries in a day',
      [ago(1400), ago(700), ago(300), ago(200), ago(100)],
      40,
      '5 tries within the last 24 hours',
    ],
    [
      'tries whose end nobody knows',
      [ago(4, 'unknown'), ago(3, 'unknown'), ago(2, 'unknown'), ago(1, 'unknown')],
      56,
      '4 tries within the last hour',
    ],
    ['a block', [ago(120, 'blocked')], 1320, 'blocked by Azure AD'],
    ['a try during a block', [ago(120, 'blocked'), ago(20, 'failed')], 1420, 'blocked by Azure AD'],
    ['a block that is over', [ago(1440, 'blocked')], 0, undefined],
  ] as const) {
    it(`after ${name} is ${why === undefined ? 'not spent' : `closed for ${wait} minutes`}`, () => {
      expect(inMinutes(freeAt(past, USUAL, NOW))).toBe(wait);
      expect(closure(past, USUAL, NOW)?.why).toBe(why);
    });
  }

  it('speaks of one try in the singular', () => {
    expect(closure([ago(1)], { perHour: 1, perDay: 5 }, NOW)?.why).toBe('1 try within the last hour');
  });

  it('is never exceeded in any window by who tries whenever it allows', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 3 * HOUR_MS }), { maxLength: 60 });
    fc.assert(
      fc.property(budgets, pauses, (budget, waits) => {
        const done: Attempt[] = [];
        let now = NOW;
        for (const wait of waits) {
          now += wait;
          if (freeAt(done, budget, now) === now) done.push({ at: now, outcome: 'failed' });
        }
        const most = (windowMs: number): number =>
          Math.max(
            0,
            ...done.map(({ at }) => done.filter((one) => one.at <= at && one.at > at - windowMs).length),
          );
        expect(most(HOUR_MS)).toBeLessThanOrEqual(budget.perHour);
        expect(most(DAY_MS)).toBeLessThanOrEqual(budget.perDay);
      }),
    );
  });

  it('promises the first instant at which it is free, in whatever order the tries are listed', () => {
    fc.assert(
      fc.property(budgets, attempts, (budget, listed) => {
        const past = listed.filter(({ at }) => at <= NOW);
        const free = freeAt(past, budget, NOW);
        expect(freeAt(past, budget, free)).toBe(free);
        if (free > NOW) expect(freeAt(past, budget, free - 1)).toBe(free);
        expect(freeAt(past.toReversed(), budget, NOW)).toBe(free);
      }),
    );
  });

  it('counts every try, and keeps closed for 24 hours after the last one during a block', () => {
    fc.assert(
      fc.property(budgets, attempts, fc.constantFrom(...ATTEMPT_OUTCOMES), (budget, past, outcome) => {
        const one = { at: NOW, outcome };
        expect(freeAt([...past, one], budget, NOW)).toBeGreaterThanOrEqual(freeAt(past, budget, NOW));
        const blocked: Attempt = { at: NOW - HOUR_MS, outcome: 'blocked' };
        expect(freeAt([...past, blocked, one], budget, NOW)).toBe(NOW + DAY_MS);
      }),
    );
  });

  it('takes tries in the future for tries of now: never for none, and for no longer than a day', () => {
    fc.assert(
      fc.property(budgets, attempts, (budget, past) => {
        const free = freeAt(past, budget, NOW);
        const ofNow = past.map(({ at, outcome }) => ({ at: Math.min(at, NOW), outcome }));
        expect(free).toBe(freeAt(ofNow, budget, NOW));
        expect(free).toBeLessThanOrEqual(NOW + DAY_MS);
      }),
    );
  });
});

describe('instants that were written down one after the other', () => {
  it('are believed unless they lie in the future; those came before what stands below them', () => {
    expect(believable([10, 90, 20, 95, 30], 50)).toEqual([10, 20, 20, 30, 30]);
    expect(believable([10, 90, 95], 50)).toEqual([10, 50, 50]);
  });

  /**
   * A host whose clock is set back now and then. It looks at the ledger every time, and writes down that it found the
   * clock set back, as the pool does.
   */
  it('keep the budget in true time, however often the clock is set back, and never close for ever', () => {
    const steps = fc.array(
      fc.record({
        wait: fc.integer({ min: 1, max: 5 * HOUR_MS }),
        back: fc.option(fc.integer({ min: 1, max: 30 * DAY_MS }), { freq: 5 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(budgets, steps, (budget, story) => {
        const written: { at: number; isTry: boolean }[] = [];
        const tried: number[] = [];
        let [truth, error] = [NOW, 0];
        const look = (): number => {
          const now = truth + error;
          if ((written.at(-1)?.at ?? 0) > now) written.push({ at: now, isTry: false });
          const instants = believable(
            written.map(({ at }) => at),
            now,
          );
          const past = written.flatMap(({ isTry }, index): Attempt[] =>
            isTry ? [{ at: instants[index]!, outcome: 'failed' }] : [],
          );
          return freeAt(past, budget, now) - now;
        };
        for (const { wait, back } of story) {
          truth += wait;
          error -= back ?? 0;
          if (look() > 0) continue;
          written.push({ at: truth + error, isTry: true });
          tried.push(truth);
        }
        for (const at of tried) {
          const within = (windowMs: number) => tried.filter((one) => one <= at && one > at - windowMs).length;
          expect(within(HOUR_MS)).toBeLessThanOrEqual(budget.perHour);
          expect(within(DAY_MS)).toBeLessThanOrEqual(budget.perDay);
        }
        // Nobody tries any more. What lay in the future counts once more when that comes, and then no more.
        look();
        const now = truth + error;
        truth += DAY_MS;
        if (!written.some(({ at }) => at > now && at <= now + DAY_MS)) expect(look()).toBe(0);
        error += Math.max(0, ...written.map(({ at }) => at - now));
        expect(look()).toBe(0);
      }),
    );
  });
});
