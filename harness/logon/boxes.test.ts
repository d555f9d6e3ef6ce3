import { expect } from '@playwright/test';
import { boxesIn } from '../console/boxes.ts';
import type { Frame } from '../console/console.ts';
import type { Line } from '../console/text.ts';
import type { Area } from '../core/journal.ts';
import { questionsIn } from './boxes.ts';

const [WIDTH, HEIGHT] = [500, 400];
const WHITE = 0xff;
const GRAY = 0x80;

/** A white page with these areas painted, one over the other. */
function page(...painted: readonly (readonly [colour: number, area: Area])[]): Frame {
  const data = Buffer.alloc(WIDTH * HEIGHT * 4, WHITE);
  for (const [colour, { x, y, width, height }] of painted)
    for (let row = y; row < y + height; row++)
      data.fill(colour, (row * WIDTH + x) * 4, (row * WIDTH + x + width) * 4);
  return { width: WIDTH, height: HEIGHT, data, version: 1 };
}

/** An empty box: a gray border of one pixel. */
const border = (area: Area): (readonly [number, Area])[] => [
  [GRAY, area],
  [WHITE, inside(area)],
];
const inside = ({ x, y, width, height }: Area): Area => ({
  x: x + 1,
  y: y + 1,
  width: width - 2,
  height: height - 2,
});

const line = (text: string, x: number, y: number): Line => ({
  words: [{ text, x, y, width: text.length * 8, height: 14 }],
});

const FIRST = { x: 40, y: 80, width: 300, height: 34 };
const SECOND = { x: 40, y: 190, width: 300, height: 34 };

describe('The boxes of a page', () => {
  it('are what has a border on all sides; blank space between lines of text is none', () => {
    const text = [30, 38, 46, 54].map((x) => [0, { x, y: 160, width: 6, height: 12 }] as const);
    expect(boxesIn(page(...border(FIRST), ...text))).toEqual([inside(FIRST)]);
  });

  it('are seen with a text in them, too', () => {
    const text = [0, { x: 50, y: 90, width: 90, height: 12 }] as const;
    expect(boxesIn(page(...border(FIRST), text))).toEqual([inside(FIRST)]);
  });
});

describe('The questions of a page', () => {
  const frame = page(...border(FIRST), ...border(SECOND));
  const answerBoxes = [inside(FIRST), inside(SECOND)];

  it('are the paragraphs just above empty boxes, from top to bottom, whatever else is written there', () => {
    const lines = [
      line('school?', 40, 170),
      line('Please answer:', 40, 20),
      line('Your last teacher at', 40, 148),
      line('First job?', 40, 60),
      // The caret, as it is read.
      line('|', 46, 90),
      line('Answer my security questions', 380, 62),
    ];
    expect(questionsIn(lines, frame)).toEqual([
      { lines: ['First job?'], box: answerBoxes[0] },
      { lines: ['Your last teacher at', 'school?'], box: answerBoxes[1] },
    ]);
  });

  it('are not asked above a button, a filled box or another box', () => {
    const lines = [line('First job?', 40, 60), line('Next', 150, 200)];
    expect(questionsIn(lines, frame)).toEqual([{ lines: ['First job?'], box: answerBoxes[0] }]);
    expect(questionsIn([line('First job?', 40, 60), line('Welder', 50, 90)], frame)).toEqual([]);
  });
});
