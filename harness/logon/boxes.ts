import type { Frame } from '../console/console.ts';
import { boxesIn } from '../console/boxes.ts';
import { textOf, type Line } from '../console/text.ts';
import { areaOf } from '../console/text/tsv.ts';
import type { Area } from '../core/journal.ts';

/** A box that has the focus may have a thicker frame, by so many pixels. */
const FRAME = 6;
/** How far above its box a question may end, and how far its left edge may stand from the box's. */
const REACH = { above: 40, aside: 24 };

/** A question and the place for its answer. */
export interface Question {
  /** As they are read, from top to bottom. */
  readonly lines: readonly string[];
  readonly box: Area;
}

/** The questions that a page asks: each stands, in one line or in several, just above an empty box. From top to bottom. */
export function questionsIn(lines: readonly Line[], frame: Frame): Question[] {
  const texts = lines
    .map((line) => ({ text: textOf(line), ...areaOf(line.words) }))
    // A caret is read as a stroke.
    .filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
  const boxes = boxesIn(frame);
  return boxes
    .filter((box) => !texts.some((text) => holds(box, text)))
    .map((box) => ({ lines: paragraphAbove(box, texts, boxes), box }))
    .filter((question) => question.lines.length > 0)
    .sort((a, b) => a.box.y - b.box.y);
}

/** Whether the middle of an area lies in a box. */
export function holds(box: Area, { x, y, width, height }: Area): boolean {
  const [column, row] = [x + width / 2, y + height / 2];
  return column > box.x && column < box.x + box.width && row > box.y && row < box.y + box.height;
}

/** Whether two boxes can be the same one, at two places of a page. */
export const isAlike = (one: Area, other: Area): boolean =>
  Math.abs(one.width - other.width) <= FRAME && Math.abs(one.height - other.height) <= FRAME;

interface Text extends Area {
  readonly text: string;
}

/** The paragraph that ends just above a box, in the same column, with no other box between. */
function paragraphAbove(box: Area, texts: readonly Text[], boxes: readonly Area[]): string[] {
  const isAbove = ({ x, y, height }: Area): boolean =>
    Math.abs(x - box.x) <= REACH.aside && y + height <= box.y + 2;
  const ceiling = Math.max(0, ...boxes.filter(isAbove).map(({ y, height }) => y + height));
  const upwards = texts.filter((text) => isAbove(text) && text.y >= ceiling).sort((a, b) => b.y - a.y);
  const paragraph: string[] = [];
  let below = { y: box.y, height: REACH.above };
  for (const line of upwards) {
    if (below.y - (line.y + line.height) > Math.max(below.height, line.height)) break;
    paragraph.unshift(line.text);
    below = line;
  }
  return paragraph;
}
