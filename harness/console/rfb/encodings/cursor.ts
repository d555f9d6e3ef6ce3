import type { Encoding } from './encoding.ts';

/** The shape of the pointer. Asked for and thrown away, so that the server doesn't paint it over the text. */
export const cursor: Encoding = {
  id: -239,
  async read({ width, height }, from) {
    await from.skip(width * height * 4 + Math.ceil(width / 8) * height);
    return undefined;
  },
};
