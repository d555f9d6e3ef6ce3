import type { Encoding } from './encoding.ts';

/** The screen has another size now; its contents follow in the next updates. */
export const desktopSize: Encoding = {
  id: -223,
  read(area, _from, onto) {
    onto.resize(area.width, area.height);
    return Promise.resolve({ x: 0, y: 0, width: area.width, height: area.height });
  },
};
