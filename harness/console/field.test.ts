import { expect } from '@playwright/test';
import type { Frame } from './console.ts';
import { differingPixels, fieldNear } from './field.ts';

/** A grey page with rectangles on it; each is [x, y, width, height, brightness]. */
function page(...rectangles: [number, number, number, number, number][]): Frame {
  const [width, height] = [400, 200];
  const data = Buffer.alloc(width * height * 4, 230);
  for (const [x, y, w, h, brightness] of rectangles)
    for (let row = y; row < y + h; row++)
      data.fill(brightness, (row * width + x) * 4, (row * width + x + w) * 4);
  return { width, height, data, version: 1 };
}

/** A box with a border of one pixel. */
const box = (
  x: number,
  y: number,
  width: number,
  height: number,
): [number, number, number, number, number][] => [
  [x, y, width, height, 100],
  [x + 1, y + 1, width - 2, height - 2, 230],
];

describe('fieldNear', () => {
  const label = { x: 40, y: 50, width: 60, height: 14 };

  it('finds the box below its label, even in the colour of the page', () => {
    expect(fieldNear(page(...box(40, 70, 200, 30)), label)).toEqual({ x: 41, y: 71, width: 198, height: 28 });
  });

  it('finds the box to the right when there is none below', () => {
    expect(fieldNear(page(...box(120, 45, 200, 24)), label)).toEqual({
      x: 121,
      y: 46,
      width: 198,
      height: 22,
    });
  });

  it('does not take the space between two lines for a box', () => {
    expect(fieldNear(page([0, 40, 400, 1, 0], [0, 90, 400, 1, 0]), label)).toBeUndefined();
  });

  it('finds none on an empty page', () => {
    expect(fieldNear(page(), label)).toBeUndefined();
  });
});

describe('differingPixels', () => {
  const field = { x: 40, y: 70, width: 200, height: 30 };

  it('counts what has changed in the area, and only there', () => {
    expect(differingPixels(page(), page([50, 75, 10, 5, 0], [0, 0, 20, 20, 0]), field)).toBe(50);
    expect(differingPixels(page(), page(), field)).toBe(0);
  });

  it('takes another size of the screen for a change of everything', () => {
    expect(differingPixels(page(), { ...page(), width: 200 }, field)).toBe(6000);
  });
});
