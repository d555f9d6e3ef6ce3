import { expect } from '@playwright/test';
import fc from 'fast-check';
import type { TimelineResult } from '../model.ts';
import { ladder, LONGEST, steps } from './ladder.ts';

type Row = TimelineResult['rows'][number];

const START = Date.parse('2026-11-21T09:30:00.000Z');
const iso = (ms: number): string => new Date(START + ms).toISOString();

/** A row by the milliseconds of its action and of its entry. */
const row = (
  action: number | null,
  entry: number | null,
  whose: 'own' | 'earlier' | 'unexplained' = 'own',
): Row => ({
  action: action === null ? null : { what: 'clicks', at: iso(action), tenantAt: iso(action) },
  entry:
    entry === null
      ? null
      : {
          id: '1',
          at: iso(entry),
          activity: 'a',
          result: 'success',
          reason: 'r',
          correlationId: 'c',
          ipAddress: '',
          clientType: null,
          seenAt: iso(entry),
        },
  differenceMs: action === null || entry === null ? null : entry - action,
  own: whose === 'own',
  unexplained: whose === 'unexplained',
});

/** Each line as the times that stand on it. */
const drawn = (rows: readonly Row[]): (readonly [number | null, number | null])[] =>
  ladder([...rows]).lines.map(({ action, entry }) => [
    action && Date.parse(action.tenantAt) - START,
    entry && Date.parse(entry.at) - START,
  ]);

describe('the lines of a time line', () => {
  it('have a pair side by side, unless something else happened in between', () => {
    expect(drawn([row(0, 400), row(900, 880), row(1000, null), row(null, 1100)])).toEqual([
      [0, 400],
      [900, 880],
      [1000, null],
      [null, 1100],
    ]);
    const apart = ladder([row(0, 900), row(null, 300, 'unexplained'), row(1000, 1001)]);
    expect(drawn([row(0, 900), row(null, 300, 'unexplained'), row(1000, 1001)])).toEqual([
      [0, null],
      [null, 300],
      [null, 900],
      [1000, 1001],
    ]);
    expect(apart.lines.map((line) => line.apart)).toEqual([true, false, true, false]);
    expect(apart.links).toEqual([
      { action: 0, entry: 2 },
      { action: 3, entry: 3 },
    ]);
  });

  it('know how long nothing happened before them, and how much later the entry is', () => {
    const { lines } = ladder([row(0, 400), row(2000, 1900), row(5000, null)]);
    expect(lines.map(({ gapMs, laterMs }) => [gapMs, laterMs])).toEqual([
      [0, 400],
      [1500, -100],
      [3000, 0],
    ]);
  });

  it('fold what is from before the click, but for the last three', () => {
    const before = Array.from({ length: 30 }, (_, i) => row(null, i * 1000, 'earlier'));
    const since = [row(40_000, 40_100), row(null, 40_159, 'unexplained'), row(41_000, null)];
    const { lines } = ladder([...since, ...before]);
    expect(lines.map((line) => line.folded)).toEqual([
      ...new Array<boolean>(27).fill(true),
      ...new Array<boolean>(6).fill(false),
    ]);
    expect(ladder(before.slice(0, 3)).lines.filter((line) => line.folded)).toEqual([]);
  });

  it('fold of somebody else only what comes after a hundred', () => {
    const rows = Array.from({ length: 240 }, (_, i) =>
      row(null, i * 1000, i % 2 === 0 ? 'own' : 'unexplained'),
    );
    const { lines } = ladder(rows);
    expect(lines.filter((line) => line.row.unexplained).map((line) => line.folded)).toEqual([
      ...new Array<boolean>(100).fill(false),
      ...new Array<boolean>(20).fill(true),
    ]);
    expect(lines.filter((line) => line.row.own && line.folded)).toEqual([]);
  });

  const time = fc.integer({ min: 0, max: 5000 });
  const anyRow = fc.oneof(
    fc.tuple(time, time).map(([action, entry]) => row(action, entry)),
    time.map((action) => row(action, null)),
    fc
      .tuple(time, fc.constantFrom('own', 'earlier', 'unexplained'))
      .map(([entry, whose]) => row(null, entry, whose)),
  );

  it('hold every action and every entry once, in the order of time, and link every pair', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 30 }), (rows) => {
        const { lines, links } = ladder(rows);
        const sides = (side: 'action' | 'entry'): Row[] =>
          lines.filter((line) => line[side] !== null).map((line) => line.row);
        for (const side of ['action', 'entry'] as const) {
          const expected = rows.filter((each) => each[side] !== null);
          expect(new Set(sides(side))).toEqual(new Set(expected));
          expect(sides(side)).toHaveLength(expected.length);
        }
        const times = drawn(rows).map((pair) => pair.filter((at) => at !== null));
        times.forEach((pair, i) => {
          expect(Math.min(...pair)).toBeGreaterThanOrEqual(Math.max(0, ...(times[i - 1] ?? [])));
        });
        const pairs = rows.filter((each) => each.action && each.entry);
        expect(links.map((link) => lines[link.action]!.row)).toEqual(pairs);
        expect(links.map((link) => lines[link.entry]!.row)).toEqual(pairs);
      }),
      { numRuns: 200 },
    );
  });

  it('stand an instant that nobody can read, and an empty time line', () => {
    const odd = row(1000, 2000);
    const { lines } = ladder([
      row(0, null),
      { ...odd, entry: { ...odd.entry!, at: '<b>' } },
      row(3000, null),
    ]);
    expect(lines.map(({ gapMs, laterMs }) => [gapMs, laterMs])).toEqual([
      [0, 0],
      [1000, 0],
      [2000, 0],
    ]);
    expect(ladder([])).toEqual({ lines: [], links: [] });
  });
});

describe('the distance of two instants on paper', () => {
  it('grows by a step with each doubling, and stays readable for minutes', () => {
    expect([0, 249, 250, 500, 999, 1000, 4200, 16_000, 32_000, 86_400_000].map(steps)).toEqual([
      0,
      0,
      1,
      2,
      2,
      3,
      5,
      7,
      LONGEST,
      LONGEST,
    ]);
  });
});
