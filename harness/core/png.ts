import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** How a pixel is written; 8 bits a channel in each. Source: the PNG specification, 11.2.1. */
const COLOUR_TYPE = { truecolour: 2, palette: 3 } as const;

/**
 * A PNG file.
 * @param chunks what stands between header and end, packed: `IDAT`, and a `PLTE` before it where there is a palette
 */
export function pngFile(
  { width, height, colour }: { width: number; height: number; colour: keyof typeof COLOUR_TYPE },
  chunks: readonly (readonly [type: 'PLTE' | 'IDAT', data: Buffer])[],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, COLOUR_TYPE[colour]], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...chunks.map(([type, data]) => chunk(type, data)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
