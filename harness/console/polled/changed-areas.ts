import type { Area } from '../../core/journal.ts';
import type { Pixels } from './hypervisor.ts';

/** Side of the squares in which changes are told apart, in pixels. */
const TILE = 64;

interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/**
 * What differs between two pictures: the smallest rectangle of each square of the screen, so that a caret stays as small
 * as it is. All of the screen when its size differs, nothing when the pictures are equal.
 */
export function changedAreas(before: Pixels, after: Pixels): readonly Area[] {
  const { width, height } = after;
  if (before.width !== width || before.height !== height) return [{ x: 0, y: 0, width, height }];
  const row = width * 4;
  const bounds = new Map<number, Bounds>();
  for (let y = 0; y < height; y++) {
    const start = y * row;
    if (after.data.compare(before.data, start, start + row, start, start + row) === 0) continue;
    const tileRow = Math.floor(y / TILE) * Math.ceil(width / TILE);
    for (let x = 0; x < width; x++) {
      const at = start + x * 4;
      if (before.data.readUInt32LE(at) === after.data.readUInt32LE(at)) continue;
      const tile = tileRow + Math.floor(x / TILE);
      const box = bounds.get(tile);
      if (!box) bounds.set(tile, { left: x, top: y, right: x, bottom: y });
      else {
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x);
        box.bottom = y;
      }
    }
  }
  return [...bounds.values()].map(({ left, top, right, bottom }) => ({
    x: left,
    y: top,
    width: right - left + 1,
    height: bottom - top + 1,
  }));
}
