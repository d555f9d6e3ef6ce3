import { expect } from '@playwright/test';
import { Rhythm } from './rhythm.ts';

const PACE = { fastest: 100, slowest: 500 };

/** The gaps between looks, when each is made when it is due. */
function gaps(rhythm: Rhythm, from: number, looks: number, moved: boolean): number[] {
  let now = from;
  return Array.from({ length: looks }, () => {
    const gap = rhythm.due - now;
    now = rhythm.due;
    rhythm.looked(now, moved);
    return Math.round(gap);
  });
}

describe('The rhythm of looks', () => {
  it('slows down while nothing changes, to its slowest', () => {
    const quiet = gaps(new Rhythm(PACE, 0), 0, 9, false);
    expect(quiet.slice(0, 3)).toEqual([100, 130, 169]);
    expect(quiet.slice(-2)).toEqual([500, 500]);
  });

  it('stays fast while something changes, and is fast again after a rest', () => {
    const rhythm = new Rhythm(PACE, 0);
    expect(gaps(rhythm, 0, 3, true)).toEqual([100, 100, 100]);
    gaps(rhythm, 300, 20, false);
    rhythm.looked(20_000, true);
    expect(rhythm.due).toBe(20_100);
  });

  it('looks soon after a key', () => {
    const rhythm = new Rhythm(PACE, 0);
    for (let look = 0; look < 20; look++) rhythm.looked(1000, false);
    rhythm.acted(1010);
    expect(rhythm.due).toBe(1110);
  });

  it('is put off by key after key, but not for ever', () => {
    const rhythm = new Rhythm(PACE, 0);
    for (let now = 0; now <= 480; now += 40) rhythm.acted(now);
    expect(rhythm.due).toBe(500);
  });
});
