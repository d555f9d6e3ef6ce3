import { expect } from '@playwright/test';
import { covered, uncovered } from './covered.ts';

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

describe('uncovered', () => {
  it('leaves out every word that touches an area, and lines of which nothing is left', () => {
    const word = (text: string, x: number, y: number) => ({
      text,
      x,
      y,
      width: 30,
      height: 10,
      confidence: 90,
    });
    const lines = [
      { words: [word('First', 0, 0), word('pet?', 40, 0)] },
      { words: [word('Re', 40, 20), word('x', 80, 20)] },
      { words: [word('Next', 0, 40), word('Cancel', 40, 40)] },
    ];
    const left = uncovered(lines, [
      { x: 50, y: 15, width: 100, height: 20 },
      { x: 70, y: 30, width: 9, height: 20 },
    ]);
    expect(left.map(({ words }) => words.map(({ text }) => text))).toEqual([
      ['First', 'pet?'],
      ['Next', 'Cancel'],
    ]);
    expect(uncovered(lines, [])).toEqual(lines);
  });
});
