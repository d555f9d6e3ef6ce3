import { expect } from '@playwright/test';
import { measure, median, render } from './compare.ts';

describe('the benchmarks', () => {
  it('takes the middle of all rounds but the first, which warms both up', async () => {
    const ours = [100, 1, 3, 2].values();
    const theirs = [100, 4, 4, 4].values();
    const next = (times: IterableIterator<number>) => () => Promise.resolve(times.next().value as number);
    const measured = await measure({
      what: 'x',
      yardstick: 'y',
      target: 0.6,
      rounds: 3,
      ours: next(ours),
      theirs: next(theirs),
    });
    expect(measured).toMatchObject({ ours: 2, theirs: 4, ratio: 0.5 });
    expect(render(measured)).toMatch(/ratio 0\.50 \(target 0\.60\) {2}ok$/);
    expect(render({ ...measured, ratio: 0.7 })).toContain('MISSED');
  });

  it('knows the median of even numbers too', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
