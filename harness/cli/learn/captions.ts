import { stringify } from 'yaml';
import { findText, type Line, textOf } from '../../console/text.ts';
import { plain, similar } from '../../console/text/match.ts';
import { Fault } from '../../core/errors.ts';
import type { Language } from '../../core/languages.ts';
import {
  CAPTION_KEYS,
  captionKind,
  type CaptionKey,
  type CaptionPage,
} from '../../logon/screens/caption-keys.ts';
import { builtInCaptions, type CaptionSet, type Form } from '../../logon/screens/captions.ts';

/** What a page shows for a key, as far as the known wordings tell. */
export interface Proposal {
  readonly key: CaptionKey;
  /** Index of the line that is most like one of the wordings; undefined where none is like them at all. */
  readonly line: number | undefined;
  /** Whether a run would find the caption there as it is. */
  readonly isKnown: boolean;
}

/** Less alike than this is no proposal. */
const LIKE = 0.5;

/** The lines of a page as texts, from top to bottom, without what has no letters. */
export const readable = (lines: readonly Line[]): string[] =>
  [...lines]
    .sort((a, b) => (a.words[0]?.y ?? 0) - (b.words[0]?.y ?? 0))
    .map((line) => tidy(textOf(line)))
    .filter((text) => plain(text) !== '');

/** Without what a caret or a border beside the text is read as. */
const tidy = (text: string): string =>
  text.replace(/^[^\p{L}\p{N}¿¡(]+/u, '').replace(/[^\p{L}\p{N}?!.。？！)]+$/u, '');

/** For each caption of a page, which of its lines it probably is. */
export function propose(
  page: CaptionPage,
  lines: readonly Line[],
  captions: CaptionSet,
): readonly Proposal[] {
  const texts = readable(lines);
  return keysOf(page).map((key) => {
    const wordings = captions[key].map(({ text }) => text);
    const likeness = texts.map((text) =>
      Math.max(0, ...wordings.map((one) => similar(plain(text), plain(one)))),
    );
    const best = Math.max(0, ...likeness);
    const { whole = false, several = false } = captionKind(key);
    return {
      key,
      // What is one of several says nothing of the others.
      line: best >= LIKE && !several ? likeness.indexOf(best) : undefined,
      isKnown: findText(lines, wordings, { whole }).length > 0,
    };
  });
}

const keysOf = (page: CaptionPage): CaptionKey[] =>
  CAPTION_KEYS.filter((key) => captionKind(key).pages.includes(page));

/**
 * What was said of one caption: `4`: the fourth line; `0` or nothing: none.
 * @throws Fault `caption-not-there`
 */
export function lineAt(key: CaptionKey, answer: string, texts: readonly string[]): string | undefined {
  const number = answer.trim() === '' ? 0 : Number(answer);
  if (number === 0) return undefined;
  const text = texts[number - 1];
  if (text !== undefined) return text;
  throw wrong(
    `${key}: found "${answer}"; expected the number of a line, 1 to ${texts.length}, or 0 for none`,
    'Look at the numbered lines and say it again.',
  );
}

/**
 * `logon.link=4`
 * @throws Fault `caption-not-there`
 */
export function answerOf(given: string, page: CaptionPage): readonly [CaptionKey, string] {
  const [name, answer] = [given.slice(0, given.indexOf('=')), given.slice(given.indexOf('=') + 1)];
  const key = keysOf(page).find((one) => one === name);
  if (key !== undefined) return [key, answer];
  throw wrong(
    `--caption: found ${given}; expected a key of the page ${page} and the number of its line: ${keysOf(page)
      .map((one) => `${one}=1`)
      .join(', ')}`,
    'Correct it, or leave it out to be asked.',
  );
}

const wrong = (message: string, remedy: string): Fault =>
  new Fault(message, { code: 'caption-not-there', blame: 'config', remedy });

/**
 * A file of captions with what was seen.
 * @param where it was seen, and when: "win7, 2027-01-31"
 * @param before what such a file said already; keys that were learnt anew take the place of those there
 */
export function captionFile(
  language: Language,
  learnt: ReadonlyMap<CaptionKey, readonly string[]>,
  where: string,
  before: Partial<CaptionSet> = {},
): string {
  const forms = (key: CaptionKey, texts: readonly string[]): Form[] => {
    const { several = false } = captionKind(key);
    const known = several ? (before[key] ?? builtInCaptions(language)[key]) : [];
    const seen = texts.map((text): Form => ({ text, source: 'seen', where }));
    return [...known.filter(({ text }) => !texts.includes(text)), ...seen];
  };
  const seen = Object.fromEntries([...learnt].map(([key, texts]) => [key, forms(key, texts)]));
  const head = '# Captions as they were seen. A key that is given here replaces all its built-in forms.\n';
  return head + stringify({ language, captions: { ...before, ...seen } });
}
