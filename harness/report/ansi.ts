import type { Outcome } from '../core/outcome.ts';
import { oneLine } from './text.ts';

/** Text styles of a terminal, by their ANSI numbers. */
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, grey: 90 } as const;
export type Style = keyof typeof STYLES;

export type Paint = (style: Style, text: string) => string;

/** With colour, or leaving the text as it is. */
export const painter = (color: boolean): Paint =>
  color ? (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m` : (_style, text) => text;

export const OUTCOME_STYLES: Readonly<Record<Outcome, Style>> = {
  pass: 'green',
  fail: 'red',
  error: 'magenta',
  skipped: 'grey',
  waived: 'blue',
  notApplicable: 'grey',
};

/** Whether colour is wanted: only on a terminal, and not with NO_COLOR (https://no-color.org). */
export const wantsColor = (stream: { readonly isTTY?: boolean }, env = process.env): boolean =>
  stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';

const segments = new Intl.Segmenter();

/** East Asian wide forms and pictographs take two cells of a terminal. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u;

const cellsOf = (segment: string): number => (WIDE.test(segment) ? 2 : 1);

/** How many cells of a terminal a text without styles takes. */
export const cells = (text: string): number =>
  [...segments.segment(text)].reduce((sum, { segment }) => sum + cellsOf(segment), 0);

/** The text on one line, cut to at most `width` cells, with an ellipsis when something is left out. */
export function cut(text: string, width: number): string {
  const line = oneLine(text);
  if (cells(line) <= width) return line;
  if (width < 1) return '';
  let out = '';
  let room = width - 1;
  for (const { segment } of segments.segment(line)) {
    room -= cellsOf(segment);
    if (room < 0) break;
    out += segment;
  }
  return `${out}…`;
}

/** The text cut or filled to exactly `width` cells. */
export function fit(text: string, width: number): string {
  const line = cut(text, width);
  return line + ' '.repeat(Math.max(0, width - cells(line)));
}

/** The text in lines of at most `width` cells, broken at spaces where there are some. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || cells(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
