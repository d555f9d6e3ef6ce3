import type { Area } from '../core/journal.ts';
import type { Frame } from './console.ts';

/** The size of one-line text boxes, in pixels. */
const BOX = { narrowest: 80, lowest: 14, highest: 64 };
/** How far from its label a box may begin. */
const REACH = { below: 60, right: 240 };

/**
 * The empty text box that belongs to a label: the nearest evenly coloured rectangle of a text box's size below the
 * label or, failing that, to the right of it. Undefined when there is none.
 */
export function fieldNear(frame: Frame, label: Area): Area | undefined {
  const [right, bottom] = [label.x + label.width, label.y + label.height];
  const middle = Math.round(label.y + label.height / 2);
  const below = range(bottom, REACH.below).map((y) => boxAround(frame, label.x + 12, y));
  const beside = range(right, REACH.right).map((x) => boxAround(frame, x, middle));
  // The empty space around the label is no box.
  return (
    below.find((box) => box && box.y >= bottom - 2) ??
    beside.find((box) => box && box.x >= right - 2 && box.y <= middle)
  );
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

/** The rectangle of one colour around a point, when it has the size of a text box and is not as wide as the screen. */
function boxAround(frame: Frame, x: number, y: number): Area | undefined {
  const box = plainArea(frame, x, y);
  return box?.width === frame.width ? undefined : box;
}

/** The area of one colour around a point, straight up, down, left and right of it, when it has the size of a text box. */
export function plainArea(frame: Frame, x: number, y: number): Area | undefined {
  const colour = colourAt(frame, x, y);
  if (colour === undefined) return undefined;
  const run = (dx: number, dy: number, longest: number): number => {
    let length = 0;
    while (length <= longest && colourAt(frame, x + dx * (length + 1), y + dy * (length + 1)) === colour)
      length++;
    return length;
  };
  const [up, down] = [run(0, -1, BOX.highest), run(0, 1, BOX.highest)];
  const height = up + 1 + down;
  if (height < BOX.lowest || height > BOX.highest) return undefined;
  const [left, right] = [run(-1, 0, frame.width), run(1, 0, frame.width)];
  const width = left + 1 + right;
  return width < BOX.narrowest ? undefined : { x: x - left, y: y - up, width, height };
}

/** A pixel as one number; undefined beyond the edges. */
export const colourAt = (frame: Frame, x: number, y: number): number | undefined =>
  x >= 0 && y >= 0 && x < frame.width && y < frame.height
    ? frame.data.readUInt32LE((y * frame.width + x) * 4)
    : undefined;

/** How many pixels of an area are not the same in two pictures; all of them when the screen has changed its size. */
export function differingPixels(a: Frame, b: Frame, { x, y, width, height }: Area): number {
  if (a.width !== b.width || a.height !== b.height) return width * height;
  let count = 0;
  for (let row = y; row < Math.min(y + height, a.height); row++) {
    for (let column = x; column < Math.min(x + width, a.width); column++) {
      const at = (row * a.width + column) * 4;
      if (a.data.readUInt32LE(at) !== b.data.readUInt32LE(at)) count++;
    }
  }
  return count;
}
