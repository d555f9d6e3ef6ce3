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
    lines.set(line, [...(lines.get(line) ?? []), { text, x: left, y: top, width, height }]);
  }
  return [...lines.values()].flatMap(splitAtGaps);
}

function splitAtGaps(words: readonly Word[]): Line[] {
  const lines: Word[][] = [];
  for (const word of words) {
    const last = lines.at(-1)?.at(-1);
    const gap = last ? word.x - (last.x + last.width) : 0;
    if (last && gap <= WIDEST_SPACE * Math.min(word.height, last.height)) lines.at(-1)?.push(word);
    else lines.push([word]);
  }
  return lines.map((line) => ({ words: line }));
}

export const textOf = ({ words }: Line): string => words.map(({ text }) => text).join(' ');

/** The smallest area around these words. */
export function areaOf(words: readonly Word[]): Area {
  const x = Math.min(...words.map((word) => word.x));
  const y = Math.min(...words.map((word) => word.y));
  const right = Math.max(...words.map((word) => word.x + word.width));
  const bottom = Math.max(...words.map((word) => word.y + word.height));
  return { x, y, width: right - x, height: bottom - y };
}
