import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
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

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG of colour type 3 (palette), 8 bits a pixel: pngjs writes none of these. */
function encode(width: number, height: number, { palette, pixels }: Indexed): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  // Each row begins with the number of its filter: 0, none, the best one for a palette.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) pixels.copy(rows, y * (width + 1) + 1, y * width, (y + 1) * width);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  const check = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
