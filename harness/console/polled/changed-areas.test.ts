import { expect } from '@playwright/test';
import fc from 'fast-check';
import { changedAreas } from './changed-areas.ts';
import type { Pixels } from './hypervisor.ts';

const blank = (width: number, height: number): Pixels => ({
  width,
  height,
  data: Buffer.alloc(width * height * 4, 255),
});

describe('Changed areas', () => {
  it('are as small as a caret', () => {
    const [before, after] = [blank(300, 200), blank(300, 200)];
    for (let y = 70; y < 90; y++) after.data.writeUInt32LE(0, (y * 300 + 131) * 4);
    expect(changedAreas(before, after)).toEqual([{ x: 131, y: 70, width: 1, height: 20 }]);
  });

  it('are none when nothing changed, and everything when the size did', () => {
    expect(changedAreas(blank(100, 50), blank(100, 50))).toEqual([]);
    expect(changedAreas(blank(100, 50), blank(80, 60))).toEqual([{ x: 0, y: 0, width: 80, height: 60 }]);
  });

  it('hold every changed pixel, touch one on each side, and never overlap', () => {
    const [width, height] = [150, 140];
    const dots = fc.array(fc.tuple(fc.nat(width - 1), fc.nat(height - 1)), { maxLength: 30 });
    fc.assert(
      fc.property(dots, (points) => {
        const [before, after] = [blank(width, height), blank(width, height)];
        for (const [x, y] of points) after.data[(y * width + x) * 4 + 2] = 7;
        const areas = changedAreas(before, after);
        for (const [x, y] of points) {
          const holding = areas.filter(
            (area) => x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height,
          );
          expect(holding).toHaveLength(1);
        }
        for (const area of areas) {
          const inside = points.filter(
            ([x, y]) => x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height,
          );
          const [xs, ys] = [inside.map(([x]) => x), inside.map(([, y]) => y)];
          expect([Math.min(...xs), Math.max(...xs)]).toEqual([area.x, area.x + area.width - 1]);
          expect([Math.min(...ys), Math.max(...ys)]).toEqual([area.y, area.y + area.height - 1]);
        }
      }),
    );
  });
});
