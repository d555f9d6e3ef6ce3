import type { Area } from '../core/journal.ts';
import type { Frame } from './console.ts';
import { colourAt, plainArea } from './field.ts';

/** Edges are looked at without their ends: corners may be round. */
const CORNER = 4;
/** No box is missed with these steps in pixels: there is such a place in each, also beside a text in it. */
const STEP = { x: 30, y: 4 };

/** The boxes on a picture: rectangles of one colour, with or without a text in it, and another colour all around. */
export function boxesIn(frame: Frame): Area[] {
  const found = new Map<string, Area>();
  for (let y = 0; y < frame.height; y += STEP.y) {
    for (let x = 0; x < frame.width; x += STEP.x) {
      const box = boxAround(frame, x, y);
      if (box) found.set(`${box.x},${box.y}`, box);
    }
  }
  return [...found.values()];
}

function boxAround(frame: Frame, x: number, y: number): Area | undefined {
  const box = plainArea(frame, x, y);
  if (!box) return undefined;
  const colour = colourAt(frame, x, y);
  const other = (column: number, row: number): boolean => colourAt(frame, column, row) !== colour;
  const every = (from: number, length: number, test: (at: number) => boolean): boolean =>
    Array.from({ length: length - 2 * CORNER }, (_, index) => from + CORNER + index).every(test);
  const isFramed =
    every(box.x, box.width, (at) => other(at, box.y - 1) && other(at, box.y + box.height)) &&
    every(box.y, box.height, (at) => other(box.x - 1, at) && other(box.x + box.width, at));
  return isFramed ? box : undefined;
}
