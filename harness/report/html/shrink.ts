import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { pngFile } from '../../core/png.ts';
import { quantise, type Indexed } from './palette.ts';

/** Below this many bytes a picture is taken as it is. */
const SMALL_ENOUGH = 24 * 1024;

/**
 * The same picture in fewer bytes: with a palette of 256 colours in place of 24 bits a pixel, when that is smaller.
 * Screens have few colours, so that it is hard to see a difference; the original stays in the run's folder.
 * @returns undefined when it is not a PNG
 */
export function shrink(original: Buffer): Buffer | undefined {
  let image: PNG;
  try {
    image = PNG.sync.read(original);
  } catch {
    return undefined;
  }
  if (original.length <= SMALL_ENOUGH) return original;
  const indexed = encode(image.width, image.height, quantise(image.data));
  return indexed.length < original.length ? indexed : original;
}

/** A PNG with a palette: pngjs writes none of these. */
function encode(width: number, height: number, { palette, pixels }: Indexed): Buffer {
  // Each row begins with the number of its filter: 0, none, the best one for a palette.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) pixels.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
  return pngFile({ width, height, colour: 'palette' }, [
    ['PLTE', palette],
    ['IDAT', deflateSync(rows)],
  ]);
}
