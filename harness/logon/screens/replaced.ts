import type { Mistake } from '../../config/yaml.ts';
import { type CaptionKey } from './caption-keys.ts';
import {
  builtInCaptions,
  type CaptionFile,
  type CaptionSet,
  type Form,
  mistakenCaptions,
  readCaptions,
} from './captions.ts';
import { confusions } from './confusions.ts';

/**
 * Reads the files of captions that a configuration names, and looks whether they can be used: with the built-in captions
 * of their language, and with each other.
 * @param paths absolute
 * @throws Fault `captions-invalid` (config): every mistake of the first file that has one
 */
export const openCaptions = (paths: readonly string[]): readonly CaptionFile[] =>
  checkCaptionFiles(paths.map(readCaptions));

/** @throws as `openCaptions` */
export function checkCaptionFiles(files: readonly CaptionFile[]): readonly CaptionFile[] {
  files.forEach((file, index) => {
    const mistakes = [...empty(file), ...twice(file, files.slice(0, index)), ...confused(file)];
    if (mistakes.length > 0) throw mistakenCaptions(file, mistakes);
  });
  return files;
}

const entriesOf = ({ captions }: CaptionFile): [CaptionKey, readonly Form[]][] =>
  Object.entries(captions) as [CaptionKey, readonly Form[]][];

const empty = (file: CaptionFile): Mistake[] =>
  entriesOf(file)
    .filter(([, forms]) => forms.length === 0)
    .map(([key]) => ({
      path: ['captions', key],
      says: 'found no form; expected at least one, or leave the key out to keep the built-in ones',
    }));

const twice = (file: CaptionFile, before: readonly CaptionFile[]): Mistake[] =>
  entriesOf(file).flatMap(([key]) => {
    const other = before.find(({ language, captions }) => language === file.language && captions[key]);
    return other
      ? [{ path: ['captions', key], says: `found in ${other.name} as well; expected it in one file only` }]
      : [];
  });

/** What would stop every wait for a good screen, or let a bad one pass for another. */
function confused(file: CaptionFile): Mistake[] {
  const set: CaptionSet = { ...builtInCaptions(file.language), ...file.captions };
  return confusions(set).flatMap(({ key, text, bad, sign }): Mistake[] => {
    const given = [
      { key, text, other: bad, otherText: sign },
      { key: bad, text: sign, other: key, otherText: text },
    ].find((one) => file.captions[one.key]?.some((form) => form.text === one.text));
    if (!given) return [];
    const index = file.captions[given.key]?.findIndex((form) => form.text === given.text) ?? 0;
    return [
      {
        path: ['captions', given.key, index, 'text'],
        says: `found "${given.text}", which cannot be told from "${given.otherText}" of ${given.other}; expected a text of its own`,
      },
    ];
  });
}
