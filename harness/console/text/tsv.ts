import type { Area } from '../../core/journal.ts';

export interface Word extends Area {
  readonly text: string;
}

/** Words that stand together: a sentence, a label, the caption of a button. */
export interface Line {
  readonly words: readonly Word[];
}

/** A gap wider than this many times the height of the lower word parts two captions that happen to stand side by side. */
const WIDEST_SPACE = 1.2;

/**
 * Reads a page of Tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
 * @param scale how much larger the picture was than the screen
 */
export function parseTsv(tsv: string, scale: number): Line[] {
  const lines = new Map<string, Word[]>();
  for (const row of tsv.split('\n')) {
    const cells = row.split('\t');
    const text = cells[11]?.trim();
    if (cells[0] !== '5' || !text) continue;
    const [left = 0, top = 0, width = 0, height = 0] = cells
      .slice(6, 10)
      .map((cell) => Math.round(Number(cell) / scale));
    const line = cells.slice(1, 5).join('.');
    lines.set(line, [...(lines.get(line) ?? []), ...partsOf({ text, x: left, y: top, width, height })]);
  }
  return [...lines.values()].flatMap(splitAtGaps);
}

/** Of the letters beside a gap. Some Chinese characters are flat, like 一 and the comma: there the other one tells. */
const heightOf = (left: Word, right: Word): number =>
  CHINESE_END.test(left.text) || CHINESE_START.test(right.text)
    ? Math.max(
        left.height,
        right.height,
        ...[left, right].filter(({ text }) => HAN.test(text)).map(({ width }) => width),
      )
    : Math.min(left.height, right.height);

/** Chinese characters; their text has no spaces, and no words that could be seen. */
export const HAN = /\p{Script=Han}/u;

/** Each Chinese character is a word of its own, or a caption could not be found within what is read as one word. */
function partsOf(word: Word): Word[] {
  if (!HAN.test(word.text)) return [word];
  const characters = Array.from(word.text);
  const width = word.width / characters.length;
  return characters.map((text, index) => ({
    ...word,
    text,
    x: Math.round(word.x + index * width),
    width: Math.round(width),
  }));
}

function splitAtGaps(words: readonly Word[]): Line[] {
  const lines: Word[][] = [];
  for (const word of words) {
    const last = lines.at(-1)?.at(-1);
    const gap = last ? word.x - (last.x + last.width) : 0;
    if (last && gap <= WIDEST_SPACE * heightOf(last, word)) lines.at(-1)?.push(word);
    else lines.push([word]);
  }
  return lines.map((line) => ({ words: line }));
}

/** What stands there, as people write it: with spaces between words, and none between Chinese characters. */
export const textOf = ({ words }: Line): string =>
  words.reduce((before, { text }) => {
    const together = before === '' || (CHINESE_END.test(before) && CHINESE_START.test(text));
    return together ? before + text : `${before} ${text}`;
  }, '');

const CHINESE_END = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef\u2018-\u201d]$/u;
const CHINESE_START = /^[\p{Script=Han}\u3000-\u303f\uff00-\uffef\u2018-\u201d]/u;

/** The line that a text makes when every character of it is read right. */
export const lineOf = (text: string): Line => ({
  words: text
    .split(/\s+/)
    .flatMap((word, index) =>
      partsOf({ text: word, x: index * 1000, y: 0, width: 10 * word.length, height: 12 }),
    ),
});

/** The smallest area around these words. */
export function areaOf(words: readonly Word[]): Area {
  const x = Math.min(...words.map((word) => word.x));
  const y = Math.min(...words.map((word) => word.y));
  const right = Math.max(...words.map((word) => word.x + word.width));
  const bottom = Math.max(...words.map((word) => word.y + word.height));
  return { x, y, width: right - x, height: bottom - y };
}
