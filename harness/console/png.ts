import { promisify } from 'node:util';
import { constants, crc32, deflate } from 'node:zlib';
import type { Frame } from './console.ts';

const deflateAsync = promisify(deflate);
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUECOLOUR = 2;
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
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, TRUECOLOUR], 8);
  const pixels = await deflateAsync(differences(width, height, data), { level: constants.Z_BEST_SPEED + 2 });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
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

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
