import { expect } from '@playwright/test';
import { covered } from './covered.ts';

describe('covered', () => {
  it('paints over the areas only, as far as they are in the picture, and leaves the frame itself alone', () => {
    const frame = { width: 4, height: 3, data: Buffer.alloc(48, 7), version: 1 };
    const picture = covered(frame, [
      { x: 1, y: 1, width: 2, height: 1 },
      { x: 3, y: 2, width: 9, height: 9 },
      { x: 9, y: 0, width: 2, height: 2 },
    ]);
    const painted = Array.from({ length: 12 }, (_, at) => picture.data[at * 4] !== 7);
    expect(painted.flatMap((is, at) => (is ? [at] : []))).toEqual([5, 6, 11]);
    expect(frame.data.every((byte) => byte === 7)).toBe(true);
    expect(covered(frame, [])).toBe(frame);
  });
});
