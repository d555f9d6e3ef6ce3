import type { Encoding } from './encoding.ts';

/** Pixels, row by row. */
export const raw: Encoding = {
  id: 0,
  async read(area, from, onto) {
    onto.check(area);
    if (area.width === 0) return area;
    for (let row = 0; row < area.height; row++)
      onto.row(area.x, area.y + row, await from.bytes(area.width * 4));
    return area;
  },
};
