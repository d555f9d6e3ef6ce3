import type { Area } from '../core/journal.ts';
import type { Frame } from './console.ts';

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
