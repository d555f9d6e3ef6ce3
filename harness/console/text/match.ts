import type { Area } from '../../core/journal.ts';
import { areaOf, HAN, type Line, textOf, type Word } from './tsv.ts';

/** Where a text was found, what stands there in the eyes of the OCR, and how alike they are (0 to 1). */
export type Found = Area & { readonly text: string; readonly similarity: number };

export interface MatchOptions {
  /** The text must be the whole caption, not a part of a longer one. */
  readonly whole?: boolean;
  /** Where to look; everywhere when left out. The middle of the text must be inside. */
  readonly within?: Area;
}

/** Measured: every true text at or above, no near miss above 0.69. */
const ALIKE = 0.8;
/** Long captions often differ by one word only: "enter the new password", "confirm the new password". */
const ALIKE_LONG = 0.85;
const LONG = 18;
/** In four or five Chinese characters one may be misread; in fewer none, for one makes another word of them. */
const ALIKE_SHORT_HAN = 0.75;
/** What an accent too many, too few or another one counts, where a wrong letter counts 1. */
const ACCENT = 0.25;

/**
 * Every place where the text, or one of several wordings, stands: the most alike first; of equally alike ones that which
 * fills most of its line, then from top to bottom. Case, spaces and punctuation don't count, accents a little; digits must
 * be right.
 */
export function findText(
  lines: readonly Line[],
  text: string | readonly string[],
  { whole = false, within }: MatchOptions = {},
): Found[] {
  const wordings = (typeof text === 'string' ? [text] : text).map(plain).filter((one) => one !== '');
  const hitsIn = (some: readonly Line[]): Hit[] =>
    some
      .map((line) => bestOf(wordings.map((wanted) => bestIn(line, wanted, whole))))
      .filter((hit) => hit !== undefined);
  const inLines = hitsIn(lines);
  return (inLines.length > 0 ? inLines : hitsIn(paragraphsOf(lines)))
    .filter(({ found }) => !within || holds(within, found))
    .sort((a, b) => b.found.similarity - a.found.similarity || b.share - a.share || a.found.y - b.found.y)
    .map(({ found }) => found);
}

const bestOf = (hits: readonly (Hit | undefined)[]): Hit | undefined =>
  hits.reduce(
    (best, hit) => (hit && (!best || hit.found.similarity > best.found.similarity) ? hit : best),
    undefined,
  );

function enough(wanted: string): number {
  if (wanted.length < 6 && HAN.test(wanted)) return ALIKE_SHORT_HAN;
  return wanted.length < LONG ? ALIKE : ALIKE_LONG;
}

/** Lines that hang together may be one caption that was wrapped, if none of them has it; so many at most. */
const MOST_LINES = 3;

/** Lines as one; only what begins in its first line and ends in its last one is looked for there. */
interface Paragraph extends Line {
  /** How many words the first line has, and how many stand before the last one. */
  readonly first: number;
  readonly beforeLast: number;
}

/** What begins with one of these lines and goes on in those right beneath it. */
function paragraphsOf(lines: readonly Line[]): Paragraph[] {
  const placed = lines.map((line) => ({ line, area: areaOf(line.words) }));
  const beneath = ({ x, y, height }: Area) =>
    placed.find(({ area }) => {
      const gap = area.y - (y + height);
      return Math.abs(area.x - x) <= height && gap > -height / 2 && gap <= height && area.y > y;
    });
  return placed.flatMap(({ line, area }) => {
    const paragraphs: Paragraph[] = [];
    let [words, last] = [line.words, area];
    while (paragraphs.length < MOST_LINES - 1) {
      const next = beneath(last);
      if (!next) break;
      paragraphs.push({
        words: [...words, ...next.line.words],
        first: line.words.length,
        beforeLast: words.length,
      });
      words = [...words, ...next.line.words];
      last = next.area;
    }
    return paragraphs;
  });
}

interface Hit {
  readonly found: Found;
  /** The part of the line that the found text is. */
  readonly share: number;
}

function bestIn(line: Line | Paragraph, wanted: string, whole: boolean): Hit | undefined {
  const { words } = line;
  const { first, beforeLast } = 'first' in line ? line : { first: words.length, beforeLast: 0 };
  const plains = words.map(plainWord);
  const ends = plains.reduce<number[]>((sums, { length }) => [...sums, (sums.at(-1) ?? 0) + length], [0]);
  const length = ends.at(-1) ?? 0;
  const least = enough(wanted);
  let best: Hit | undefined;
  for (let from = 0; from < first; from++) {
    for (let to = words.length; to > Math.max(from, beforeLast); to--) {
      if (whole && (from > 0 || to < words.length)) continue;
      // Each character too many or too few is an edit.
      const size = (ends[to] ?? 0) - (ends[from] ?? 0);
      if (Math.min(size, wanted.length) < least * Math.max(size, wanted.length)) continue;
      const candidate = plains.slice(from, to).join('');
      // "Step 1" and "step 2" are alike to 95 %.
      if (digits(candidate) !== digits(wanted)) continue;
      const similarity = similar(candidate, wanted);
      if (similarity < least || (best && best.found.similarity >= similarity)) continue;
      const span = words.slice(from, to);
      const text = textOf({ words: span });
      best = { found: { ...areaOf(span), text, similarity }, share: candidate.length / length };
    }
  }
  return best;
}

/** The same words are looked at again and again, for one caption after the other. */
const known = new WeakMap<Word, string>();

function plainWord(word: Word): string {
  const before = known.get(word);
  if (before !== undefined) return before;
  const found = plain(word.text);
  known.set(word, found);
  return found;
}

/** Letters and digits only, in lower case and compatibility form. */
export const plain = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

const digits = (text: string): string => text.replace(/\D/g, '');

/** 1 for equal texts, 0 when nothing is right: one less the edits needed for each character. */
export const similar = (a: string, b: string): number =>
  a === b ? 1 : 1 - editDistance(a, b) / Math.max(a.length, b.length);

/** Levenshtein's: characters to insert, delete or replace; what differs by its accent only is nearly the same. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + difference(a[i - 1] ?? '', b[j - 1] ?? '');
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}

function difference(a: string, b: string): number {
  if (a === b) return 0;
  if (isAscii(a) && isAscii(b)) return 1;
  return bare(a) === bare(b) ? ACCENT : 1;
}

/** Each letter is compared with thousands of others. */
const bareLetters = new Map<string, string>();

/** A letter without its accent: é is e, å is a. */
function bare(letter: string): string {
  const before = bareLetters.get(letter);
  if (before !== undefined) return before;
  const found = letter.normalize('NFD').replace(/\p{M}/gu, '');
  bareLetters.set(letter, found);
  return found;
}
const isAscii = (letter: string): boolean => letter <= '\u007f';

function holds(outer: Area, inner: Area): boolean {
  const x = inner.x + inner.width / 2;
  const y = inner.y + inner.height / 2;
  return x >= outer.x && x < outer.x + outer.width && y >= outer.y && y < outer.y + outer.height;
}
