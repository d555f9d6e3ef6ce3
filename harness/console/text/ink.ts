import type { Area } from '../../core/journal.ts';
import { boxesIn } from '../boxes.ts';
import type { Frame } from '../console.ts';

/** What is written on a frame, black on white: one byte a pixel. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The ground is sampled at every 4th pixel, over 4 samples in each direction: wider than strokes, narrower than buttons. */
const STEP = 4;
const REACH = 4;
/**
 * What this part of the samples agrees on is ground too, even where another ground prevails: a corner of a button has
 * 25 of 81 samples. The strokes of letters have fewer.
 */
const ALSO_GROUND = 0.28;
/** Levels of brightness that count as the same, when samples agree. */
const LEVEL = 16;
const LEVELS = 256 / LEVEL;
/** How much a difference to the background is stressed. */
const CONTRAST = 1.5;
/** What is darker than this is drawn, and anything drawn in one piece larger than this many pixels is no letter. */
const DRAWN_BELOW = 190;
const LARGEST_LETTER = 60;

/**
 * What is written on a frame, with each box looked at by itself: white text on a small button has a white page around it,
 * which is ground too, and would lose its edges to that.
 */
export function inkOf(frame: Frame): Ink {
  const ink = inkOn(frame);
  for (const box of boxesIn(frame)) {
    const inside = inkOn(cut(frame, box));
    for (let row = 0; row < box.height; row++) {
      const line = inside.data.subarray(row * box.width, (row + 1) * box.width);
      ink.data.set(line, (box.y + row) * ink.width + box.x);
    }
  }
  return ink;
}

/** This part of a frame as a frame of its own. */
function cut(frame: Frame, { x, y, width, height }: Area): Frame {
  const data = Buffer.alloc(width * height * 4);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * frame.width + x) * 4;
    frame.data.copy(data, row * width * 4, from, from + width * 4);
  }
  return { ...frame, width, height, data };
}

/**
 * Makes black text on white of text in any colour on any ground: light on a gradient, dark in a box, light on a button.
 * The ink of a pixel is its difference from the median around it, in which the strokes of letters are a minority; then
 * the outlines of boxes, buttons and pictures go. Tesseract by itself takes buttons and boxes for pictures.
 */
function inkOn(frame: Frame): Ink {
  const { width, height } = frame;
  const brightness = darkestChannel(frame);
  const { medians, common, across } = groundOf(brightness, width, height);
  const data = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const cell = Math.floor(y / STEP) * across + Math.floor(x / STEP);
      const value = brightness[at] ?? 0;
      const isGround = ((common[cell] ?? 0) >> Math.floor(value / LEVEL)) & 1;
      data[at] = isGround ? 255 : 255 - Math.min(255, CONTRAST * Math.abs(value - (medians[cell] ?? 0)));
    }
  }
  return eraseLargePieces({ width, height, data });
}

/** `min(R, G, B)`: tells white text from every colour, where the usual grey loses it on light blue. */
function darkestChannel({ width, height, data }: Frame): Uint8Array {
  const out = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < out.length; i++, at += 4) {
    out[i] = Math.min(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0);
  }
  return out;
}

interface Ground {
  /** Cells in a row; a cell is STEP x STEP pixels. */
  readonly across: number;
  /** The median around each cell. */
  readonly medians: Uint8Array;
  /** The levels of brightness that are common around each cell, one bit each. */
  readonly common: Uint16Array;
}

/** What lies behind the text, from a histogram that slides along each row of cells (Huang 1979). */
function groundOf(brightness: Uint8Array, width: number, height: number): Ground {
  const across = Math.ceil(width / STEP);
  const down = Math.ceil(height / STEP);
  const samples = sampled(brightness, width, height, across, down);
  const medians = new Uint8Array(across * down);
  const common = new Uint16Array(across * down);
  for (let row = 0; row < down; row++) {
    const histogram = new Histogram();
    const [top, bottom] = [Math.max(0, row - REACH), Math.min(down - 1, row + REACH)];
    const slide = (column: number, by: 1 | -1): void => {
      if (column < 0 || column >= across) return;
      for (let other = top; other <= bottom; other++)
        histogram.add(samples[other * across + column] ?? 0, by);
    };
    for (let column = 0; column < REACH; column++) slide(column, 1);
    for (let column = 0; column < across; column++) {
      slide(column + REACH, 1);
      slide(column - REACH - 1, -1);
      medians[row * across + column] = histogram.median();
      common[row * across + column] = histogram.common();
    }
  }
  return { across, medians, common };
}

/** One pixel of each cell: the middle one. */
function sampled(
  brightness: Uint8Array,
  width: number,
  height: number,
  across: number,
  down: number,
): Uint8Array {
  const middle = (cell: number, size: number): number => Math.min(size - 1, cell * STEP + STEP / 2);
  const out = new Uint8Array(across * down);
  for (let row = 0, at = 0; row < down; row++) {
    for (let column = 0; column < across; column++, at++) {
      out[at] = brightness[middle(row, height) * width + middle(column, width)] ?? 0;
    }
  }
  return out;
}

class Histogram {
  #count = 0;
  readonly #values = new Uint16Array(256);
  /** With an empty level at each end. */
  readonly #levels = new Uint16Array(LEVELS + 2);

  add(value: number, by: 1 | -1): void {
    this.#count += by;
    this.#values[value] = (this.#values[value] ?? 0) + by;
    const level = Math.floor(value / LEVEL) + 1;
    this.#levels[level] = (this.#levels[level] ?? 0) + by;
  }

  median(): number {
    let value = 0;
    for (let below = this.#values[0] ?? 0; below * 2 <= this.#count && value < 255;)
      below += this.#values[++value] ?? 0;
    return value;
  }

  /** A level counts with its neighbours, so that a gradient across their border is one ground. */
  common(): number {
    const enough = this.#count * ALSO_GROUND;
    let bits = 0;
    for (let level = 0; level < LEVELS; level++) {
      const here = this.#levels[level + 1] ?? 0;
      const around = here + (this.#levels[level] ?? 0) + (this.#levels[level + 2] ?? 0);
      if (around >= enough && here * 3 >= enough) bits |= 1 << level;
    }
    return bits;
  }
}

function eraseLargePieces({ width, height, data }: Ink): Ink {
  const seen = new Uint8Array(data.length);
  const out = Uint8Array.from(data);
  for (let start = 0; start < data.length; start++) {
    if (seen[start] || (data[start] ?? 255) >= DRAWN_BELOW) continue;
    const piece = pieceAt(start, data, width, seen);
    if (!isLarge(piece, width)) continue;
    // With the pixels beside it, which are its blurred edge.
    for (const pixel of piece) for (const at of [0, -1, 1, -width, width]) out[pixel + at] = 255;
  }
  return { width, height, data: out };
}

/** The drawn pixels that hang together with this one. */
function pieceAt(start: number, data: Uint8Array, width: number, seen: Uint8Array): number[] {
  const piece = [start];
  seen[start] = 1;
  const visit = (at: number): void => {
    if (seen[at] !== 0 || (data[at] ?? 255) >= DRAWN_BELOW) return;
    seen[at] = 1;
    piece.push(at);
  };
  // The piece grows while it is walked through.
  for (const pixel of piece) {
    visit(pixel - 1);
    visit(pixel + 1);
    visit(pixel - width);
    visit(pixel + width);
  }
  return piece;
}

function isLarge(piece: readonly number[], width: number): boolean {
  if (piece.length < LARGEST_LETTER) return false;
  let left = width;
  let right = 0;
  let top = Infinity;
  let bottom = 0;
  for (const pixel of piece) {
    const x = pixel % width;
    const y = (pixel - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return right - left > LARGEST_LETTER || bottom - top > LARGEST_LETTER;
}

/** Twice as wide and high, with the pixels between averaged: small print reads better that way. */
export function doubled(ink: Ink): Ink {
  const width = ink.width * 2;
  const height = ink.height * 2;
  const data = new Uint8Array(width * height);
  const pixel = (x: number, y: number): number =>
    ink.data[Math.min(y, ink.height - 1) * ink.width + Math.min(x, ink.width - 1)] ?? 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [left, top] = [x >> 1, y >> 1];
      const [right, bottom] = [left + (x & 1), top + (y & 1)];
      const sum = pixel(left, top) + pixel(right, top) + pixel(left, bottom) + pixel(right, bottom);
      data[y * width + x] = sum >> 2;
    }
  }
  return { width, height, data };
}

/** As a portable grey map, the simplest file that Tesseract reads. */
export function toPgm({ width, height, data }: Ink): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), data]);
}
