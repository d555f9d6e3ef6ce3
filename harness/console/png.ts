import { promisify } from 'node:util';
import { constants, deflate } from 'node:zlib';
import { pngFile } from '../core/png.ts';
import type { Frame } from './console.ts';

const deflateAsync = promisify(deflate);
const FILTER_UP = 2;

/**
 * A frame as PNG (truecolour, no alpha). Each row is stored as its difference to the row above, which suits pictures of
 * user interfaces; three times as fast as pngjs.
 */
export async function toPng({
  width,
  height,
  data,
}: Pick<Frame, 'width' | 'height' | 'data'>): Promise<Buffer> {
  const pixels = await deflateAsync(differences(width, height, data), { level: constants.Z_BEST_SPEED + 2 });
  return pngFile({ width, height, colour: 'truecolour' }, [['IDAT', pixels]]);
}

function differences(width: number, height: number, rgba: Buffer): Buffer {
  const out = Buffer.alloc((width * 3 + 1) * height);
  const rowAbove = width * 4;
  for (let y = 0, from = 0, to = 0; y < height; y++) {
    out[to++] = FILTER_UP;
    for (let x = 0; x < width; x++, from += 4, to += 3) {
      for (let channel = 0; channel < 3; channel++) {
        const above = y === 0 ? 0 : (rgba[from + channel - rowAbove] ?? 0);
        out[to + channel] = ((rgba[from + channel] ?? 0) - above) & 255;
      }
    }
  }
  return out;
}
