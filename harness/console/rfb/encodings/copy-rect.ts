import type { Encoding } from './encoding.ts';

/** The same pixels as another place of the screen has. */
export const copyRect: Encoding = {
  id: 1,
  async read(area, from, onto) {
    const source = await from.bytes(4);
    const x = source.readUInt16BE(0);
    const y = source.readUInt16BE(2);
    onto.check(area);
    onto.check({ ...area, x, y });
    onto.copy(x, y, area);
    return area;
  },
};
