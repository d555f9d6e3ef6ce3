import { WINDOWS_BAD_SCREENS } from '../../console/bad-screens.ts';
import { findText, lineOf } from '../../console/text.ts';
import { CAPTION_KEYS, type CaptionKey } from './caption-keys.ts';
import type { CaptionSet } from './captions.ts';

/** A good caption in whose text a known-bad screen would be seen: every wait for it would stop. */
interface Confusion {
  readonly key: CaptionKey;
  readonly text: string;
  /** The key of the known-bad screen, and the text that tells it. */
  readonly bad: CaptionKey;
  readonly sign: string;
}

const isBad = (key: CaptionKey): boolean => key.startsWith('bad.') || key.startsWith('windows.');

export function confusions(captions: CaptionSet): Confusion[] {
  const signs = [
    ...CAPTION_KEYS.filter(isBad).flatMap((bad) => captions[bad].map(({ text }) => ({ bad, sign: text }))),
    ...WINDOWS_BAD_SCREENS.flatMap(({ code, texts }) =>
      texts.map((sign) => ({ bad: `windows.${code}` as CaptionKey, sign })),
    ),
  ];
  return CAPTION_KEYS.filter((key) => !isBad(key)).flatMap((key) =>
    captions[key].flatMap(({ text }) => {
      const lines = [lineOf(text)];
      return signs
        .filter(({ sign }) => findText(lines, sign).length > 0)
        .map((sign) => ({ key, text, ...sign }));
    }),
  );
}
