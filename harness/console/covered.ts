import type { Area } from '../core/journal.ts';
import type { Frame } from './console.ts';
import type { Line } from './text.ts';

/** The picture with these areas painted over in one colour, so that nobody can read what is written there. */
export function covered(frame: Frame, areas: readonly Area[]): Frame {
  if (areas.length === 0) return frame;
  const data = Buffer.from(frame.data);
  for (const { x, y, width, height } of areas) {
    const [left, right] = [Math.max(0, x), Math.min(frame.width, x + width)];
    for (let row = Math.max(0, y); left < right && row < Math.min(frame.height, y + height); row++)
      data.fill(0x80, (row * frame.width + left) * 4, (row * frame.width + right) * 4);
  }
  return { ...frame, data };
}

/** The lines without the words that touch these areas: a misread secret is one that nobody would recognize as such. */
export const uncovered = (lines: readonly Line[], areas: readonly Area[]): Line[] =>
  lines
    .map((line) => ({ ...line, words: line.words.filter((word) => !areas.some((one) => touch(word, one))) }))
    .filter(({ words }) => words.length > 0);

const touch = (one: Area, other: Area): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;
