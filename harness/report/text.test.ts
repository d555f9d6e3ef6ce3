import { expect } from '@playwright/test';
import { HOSTILE } from './example/folder.ts';
import { difference, duration, instant, oneLine, plain } from './text.ts';

describe('text made safe to show', () => {
  it('loses control characters, marks that turn it around and what XML forbids, and nothing else', () => {
    expect(plain('a\u0000b\u001bc\u0085d\u202ee\ud800f\uffffg\u007f')).toBe('abcdefg');
    expect(plain('tab\tline\r\nå 漢 🙂 \u05d0')).toBe('tab\tline\nå 漢 🙂 \u05d0');
    expect(oneLine(HOSTILE)).toMatch(/gnp\.exe second line$/);
  });

  it('gives durations in the unit that fits', () => {
    expect([0, 850, 12_449, 59_949, 59_950, 185_400, 3_720_000].map(duration)).toEqual([
      '0 ms',
      '850 ms',
      '12.4 s',
      '59.9 s',
      '1 min 00 s',
      '3 min 05 s',
      '1 h 02 min',
    ]);
    expect([0, 40, 99, 100, 410, -1840, 12_449, 185_400, -0.2].map(difference)).toEqual([
      '+0 ms',
      '+40 ms',
      '+99 ms',
      '+0.1 s',
      '+0.4 s',
      '−1.8 s',
      '+12.4 s',
      '+3 min 05 s',
      '+0 ms',
    ]);
    expect(instant('2026-11-21T09:30:05.123Z')).toBe('2026-11-21 09:30:05');
  });
});
