import type { Area } from '../../core/journal.ts';
import { areaOf, type Line } from './tsv.ts';

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
/** With so few characters one misread one of five gives exactly 0.8. */
const ALIKE_SHORT_CJK = 0.75;

/**
 * Every place where the text stands, the most alike first; of equally alike ones that which fills most of its line,
 * then from top to bottom. Case, spaces and punctuation don't count; digits must be right.
 */
export function findText(
  lines: readonly Line[],
  text: string,
  { whole = false, within }: MatchOptions = {},
): Found[] {
  const wanted = plain(text);
  if (wanted === '') return [];
  const enough = wanted.length < 6 && /\p{Script=Han}/u.test(wanted) ? ALIKE_SHORT_CJK : ALIKE;
  return lines
    .map((line) => bestIn(line, wanted, whole))
    .filter((hit) => hit !== undefined)
    .filter(({ found }) => found.similarity >= enough && (!within || holds(within, found)))
    .sort((a, b) => b.found.similarity - a.found.similarity || b.share - a.share || a.found.y - b.found.y)
    .map(({ found }) => found);
}

interface Hit {
  readonly found: Found;
  /** The part of the line that the found text is. */
  readonly share: number;
}

function bestIn({ words }: Line, wanted: string, whole: boolean): Hit | undefined {
  const plains = words.map(({ text }) => plain(text));
  const length = plains.join('').length;
  let best: Hit | undefined;
  for (let from = 0; from < words.length; from++) {
    for (let to = words.length; to > from; to--) {
      if (whole && (from > 0 || to < words.length)) continue;
      const candidate = plains.slice(from, to).join('');
      // "Step 1" and "step 2" are alike to 95 %.
      if (digits(candidate) !== digits(wanted)) continue;
      if (candidate.length < wanted.length * 0.5 || candidate.length > wanted.length * 1.6 + 2) continue;
      const similarity = similar(candidate, wanted);
      if (best && best.found.similarity >= similarity) continue;
      const span = words.slice(from, to);
      const text = span.map((word) => word.text).join(' ');
      best = { found: { ...areaOf(span), text, similarity }, share: candidate.length / length };
    }
  }
  return best;
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

/** Levenshtein's: characters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}

function holds(outer: Area, inner: Area): boolean {
  const x = inner.x + inner.width / 2;
  const y = inner.y + inner.height / 2;
  return x >= outer.x && x < outer.x + outer.width && y >= outer.y && y < outer.y + outer.height;
}
