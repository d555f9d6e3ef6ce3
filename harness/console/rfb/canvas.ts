import type { Area } from '../../core/journal.ts';
import { garbled } from './faults.ts';

/** More than any console has; a server that claims more is broken. */
const LARGEST_SIDE = 8192;
const MOST_PIXELS = 8192 * 4096;

/** The framebuffer: RGBA, alpha always 255. */
export class Canvas {
  width = 0;
  height = 0;
  data = Buffer.alloc(0);

  resize(width: number, height: number): void {
    if (width > LARGEST_SIDE || height > LARGEST_SIDE || width * height > MOST_PIXELS)
      throw garbled(`a screen of ${width} x ${height} pixels`);
    this.width = width;
    this.height = height;
    this.data = Buffer.alloc(width * height * 4);
    for (let i = 3; i < this.data.length; i += 4) this.data[i] = 255;
  }

  /** @throws Fault when the area is not wholly inside */
  check({ x, y, width, height }: Area): void {
    if (x + width > this.width || y + height > this.height)
      throw garbled(
        `a rectangle ${width} x ${height} at ${x}, ${y} on a screen of ${this.width} x ${this.height}`,
      );
  }

  /** Writes one row of pixels; the fourth byte of each is ignored. */
  row(x: number, y: number, pixels: Buffer): void {
    const start = (y * this.width + x) * 4;
    pixels.copy(this.data, start);
    for (let i = start + 3; i < start + pixels.length; i += 4) this.data[i] = 255;
  }

  /** A run of one colour inside a row. */
  run(x: number, y: number, length: number, colour: Colour): void {
    let at = (y * this.width + x) * 4;
    for (let i = 0; i < length; i++, at += 4) {
      this.data[at] = colour & 255;
      this.data[at + 1] = (colour >> 8) & 255;
      this.data[at + 2] = (colour >> 16) & 255;
    }
  }

  /** Copies an area of the canvas to another place of it; they may overlap. */
  copy(fromX: number, fromY: number, to: Area): void {
    const rows: Buffer[] = [];
    for (let i = 0; i < to.height; i++) {
      const start = ((fromY + i) * this.width + fromX) * 4;
      rows.push(Buffer.from(this.data.subarray(start, start + to.width * 4)));
    }
    rows.forEach((row, i) => this.row(to.x, to.y + i, row));
  }
}

/** Red in the lowest byte, then green, then blue. */
export type Colour = number;
