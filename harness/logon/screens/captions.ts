import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { nameOf } from '../../config/load.ts';
import { checkYaml, type Mistake, placed } from '../../config/yaml.ts';
import { plain, similar } from '../../console/text/match.ts';
import { Fault } from '../../core/errors.ts';
import { type Language, LANGUAGE_NAMES } from '../../core/languages.ts';
import { CAPTION_KEYS, type CaptionKey } from './caption-keys.ts';

/**
 * How a form of a caption came to be known: `documentation`: Microsoft's pages have it, which says nothing about what a
 * machine shows; `seen`: on a machine; `none`: neither, but likely.
 */
const SOURCES = ['documentation', 'seen', 'none'] as const;

/** One of the wordings that a caption may have, and where it is from. */
const form = z.strictObject({
  text: z.string().refine((text) => plain(text) !== '', 'expected a text with letters in it'),
  source: z.enum(SOURCES),
  where: z.string().trim().min(1, 'expected where it was seen: "win7 of our branch, 2027-01-31"'),
});
export type Form = z.infer<typeof form>;

const forms = z.array(form);

const captionFile = z.strictObject({
  language: z.enum(LANGUAGE_NAMES),
  captions: z.record(z.string(), forms).superRefine((captions, context) => {
    for (const key of Object.keys(captions).filter((one) => !isKey(one)))
      context.addIssue({
        code: 'custom',
        path: [key],
        message: `found a key that there is not; expected one of docs/languages.md, perhaps ${nearest(key)}`,
      });
  }),
});

const isKey = (key: string): key is CaptionKey => (CAPTION_KEYS as readonly string[]).includes(key);
const nearest = (key: string): string =>
  CAPTION_KEYS.reduce((best, other) => (similar(other, key) > similar(best, key) ? other : best));

/** The captions of one language: every key, with the forms that are accepted. */
export type CaptionSet = Readonly<Record<CaptionKey, readonly Form[]>>;

/** What a file of captions says: for some keys, the forms that take the place of the built-in ones. */
export interface CaptionFile {
  /** As it is called in error messages. */
  readonly name: string;
  readonly text: string;
  readonly language: Language;
  readonly captions: Partial<CaptionSet>;
}

/**
 * @param file path
 * @throws Fault `captions-invalid` (config): every mistake with file:line:column, key, what was found and expected
 */
export function readCaptions(file: string): CaptionFile {
  const name = nameOf(file);
  try {
    return parseCaptions(readFileSync(file, 'utf8'), name);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(`captions: cannot read ${name}`, {
      code: 'captions-invalid',
      blame: 'config',
      remedy: 'Name an existing file, or let "npx sspr learn captions" write one.',
      cause: error,
    });
  }
}

/** @param name how the file is called in error messages */
export function parseCaptions(text: string, name: string): CaptionFile {
  const { data, mistakes } = checkYaml(text, name, captionFile);
  if (mistakes) throw invalid(mistakes, name);
  return { name, text, language: data.language, captions: data.captions };
}

/** The error for mistakes that only the captions of a whole language show. */
export const mistakenCaptions = ({ text, name }: CaptionFile, mistakes: readonly Mistake[]): Fault =>
  invalid(placed(text, name, mistakes), name);

const invalid = (mistakes: readonly string[], name: string): Fault =>
  new Fault(mistakes.join('\n'), {
    code: 'captions-invalid',
    blame: 'config',
    remedy: `Correct ${name}; docs/languages.md has every key and an example.`,
  });

const known = new Map<Language, CaptionSet>();

/** The captions that are built in. Read once. */
export function builtInCaptions(language: Language): CaptionSet {
  const before = known.get(language);
  if (before) return before;
  const url = new URL(`../captions/${language}.yaml`, import.meta.url);
  const set = complete(parseCaptions(readFileSync(url, 'utf8'), `${language}.yaml`));
  known.set(language, set);
  return set;
}

/** The captions of a language: a key that a file gives has the forms of that file and no others. */
export const captionsOf = (language: Language, files: readonly CaptionFile[]): CaptionSet =>
  files
    .filter((file) => file.language === language)
    .reduce<CaptionSet>((set, { captions }) => ({ ...set, ...captions }), builtInCaptions(language));

/** @throws Fault `captions-invalid` where a key is missing */
export function complete(file: CaptionFile): CaptionSet {
  const missing = CAPTION_KEYS.filter((key) => file.captions[key] === undefined);
  if (missing.length > 0)
    throw mistakenCaptions(
      file,
      missing.map((key) => ({ path: ['captions', key], says: 'is missing; expected a list of forms' })),
    );
  return file.captions as CaptionSet;
}
