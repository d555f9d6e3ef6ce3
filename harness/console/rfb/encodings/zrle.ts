import { createInflate, type Inflate } from 'node:zlib';
import type { Area } from '../../../core/journal.ts';
import type { Canvas, Colour } from '../canvas.ts';
import { garbled } from '../faults.ts';
import type { Encoding } from './encoding.ts';

const TILE = 64;

/** Tiles of 64 x 64 pixels, run-length or palette coded, through one zlib stream that lasts as long as the connection. */
export function zrle(): Encoding {
  const inflate = createInflate({ chunkSize: 65_536 });
  return {
    id: 16,
    async read(area, from, onto) {
      onto.check(area);
      const length = await from.u32();
      // Worst case: every pixel a run of its own, a little zlib on top.
      if (length > area.width * area.height * 5 + 65_536) throw garbled(`${length} bytes for one rectangle`);
      const tiles = new TileReader(await inflateChunk(inflate, await from.bytes(length), sizeLimit(area)));
      for (let y = 0; y < area.height; y += TILE) {
        for (let x = 0; x < area.width; x += TILE) {
          const width = Math.min(TILE, area.width - x);
          const height = Math.min(TILE, area.height - y);
          paintTile(tiles, onto, { x: area.x + x, y: area.y + y, width, height });
        }
      }
      return area;
    },
  };
}

/** No tile takes more than 4 bytes a pixel, its kind and a palette of 127 colours. */
const sizeLimit = ({ width, height }: Area): number =>
  width * height * 4 + Math.ceil(width / TILE) * Math.ceil(height / TILE) * (1 + 127 * 3);

function inflateChunk(inflate: Inflate, data: Buffer, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const drain = (): void => {
      for (let part = inflate.read() as Buffer | null; part; part = inflate.read() as Buffer | null) {
        parts.push(part);
        size += part.length;
        if (size > limit) finish(garbled('a rectangle that unpacks to more than its pixels'));
      }
    };
    const failed = (error: Error): void => finish(garbled(`a broken zlib stream (${error.message})`));
    const finish = (error?: Error): void => {
      inflate.off('readable', drain).off('error', failed);
      if (error) reject(error);
      else resolve(Buffer.concat(parts));
    };
    inflate.on('readable', drain).on('error', failed);
    inflate.write(data, (error) => {
      if (error) return;
      drain();
      finish();
    });
  });
}

class TileReader {
  #at = 0;
  readonly #data: Buffer;

  constructor(data: Buffer) {
    this.#data = data;
  }

  byte(): number {
    const byte = this.#data[this.#at++];
    if (byte === undefined) throw garbled('a rectangle that unpacks to less than its pixels');
    return byte;
  }

  colour(): Colour {
    return this.byte() | (this.byte() << 8) | (this.byte() << 16);
  }

  colours(count: number): Colour[] {
    return Array.from({ length: count }, () => this.colour());
  }

  runLength(): number {
    let length = 1;
    for (let byte = 255; byte === 255;) {
      byte = this.byte();
      length += byte;
    }
    return length;
  }
}

/** Says the colours of a tile from left to right and top to bottom, as runs. A run may go over the ends of rows. */
type Runs = Generator<readonly [colour: Colour, length: number]>;

/** RFC 6143, 7.7.6: the first byte of a tile says how it is coded. */
function paintTile(tiles: TileReader, onto: Canvas, tile: Area): void {
  const kind = tiles.byte();
  const total = tile.width * tile.height;
  let painted = 0;
  for (const [colour, length] of runsOf(kind, tiles, tile)) {
    if (painted + length > total) throw garbled('a run that goes beyond its tile');
    for (let left = length; left > 0;) {
      const column = painted % tile.width;
      const here = Math.min(left, tile.width - column);
      onto.run(tile.x + column, tile.y + Math.floor(painted / tile.width), here, colour);
      painted += here;
      left -= here;
    }
    if (painted === total) return;
  }
}

function runsOf(kind: number, tiles: TileReader, { width, height }: Area): Runs {
  if (kind === 0) return pixels(tiles, width * height);
  if (kind === 1) return single(tiles, width * height);
  if (kind <= 16) return packedPalette(tiles, kind, width, height);
  if (kind === 128) return plainRuns(tiles);
  if (kind >= 130) return paletteRuns(tiles, kind - 128);
  throw garbled(`a tile of the unknown kind ${kind}`);
}

function* pixels(tiles: TileReader, count: number): Runs {
  for (let i = 0; i < count; i++) yield [tiles.colour(), 1];
}

function* single(tiles: TileReader, count: number): Runs {
  yield [tiles.colour(), count];
}

function* packedPalette(tiles: TileReader, size: number, width: number, height: number): Runs {
  const palette = tiles.colours(size);
  const bits = size === 2 ? 1 : size <= 4 ? 2 : 4;
  for (let row = 0; row < height; row++) {
    let byte = 0;
    let left = 0;
    for (let column = 0; column < width; column++) {
      if (left === 0) {
        byte = tiles.byte();
        left = 8;
      }
      left -= bits;
      yield [pick(palette, (byte >> left) & ((1 << bits) - 1)), 1];
    }
  }
}

function* plainRuns(tiles: TileReader): Runs {
  for (;;) yield [tiles.colour(), tiles.runLength()];
}

function* paletteRuns(tiles: TileReader, size: number): Runs {
  const palette = tiles.colours(size);
  for (;;) {
    const index = tiles.byte();
    yield [pick(palette, index & 127), index & 128 ? tiles.runLength() : 1];
  }
}

function pick(palette: readonly Colour[], index: number): Colour {
  const colour = palette[index];
  if (colour === undefined) throw garbled(`colour ${index} of a palette of ${palette.length}`);
  return colour;
}
