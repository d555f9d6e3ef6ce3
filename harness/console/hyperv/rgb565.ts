import type { Pixels } from '../polled/hypervisor.ts';

/**
 * Unpacks a picture of 16 bits a pixel, little-endian: five of red, six of green, five of blue. The highest bits are
 * repeated below, so that white stays white and black stays black.
 */
export function fromRgb565(width: number, height: number, packed: Buffer): Pixels {
  const data = Buffer.alloc(width * height * 4, 255);
  for (let from = 0, to = 0; to < data.length; from += 2, to += 4) {
    const pixel = packed.readUInt16LE(from);
    const [red, green, blue] = [pixel >> 11, (pixel >> 5) & 63, pixel & 31];
    data[to] = (red << 3) | (red >> 2);
    data[to + 1] = (green << 2) | (green >> 4);
    data[to + 2] = (blue << 3) | (blue >> 2);
  }
  return { width, height, data };
}
