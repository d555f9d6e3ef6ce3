import { expect } from '@playwright/test';
import { WINDOWS_BAD_SCREENS } from '../../console/bad-screens.ts';
import type { Wanted } from '../../console/screen.ts';
import { findText, type Line } from '../../console/text.ts';
import { SCREENS } from './screens.ts';

const lineOf = (text: string): Line => ({
  words: text.split(' ').map((word, i) => ({ text: word, x: i * 50, y: 0, width: 40, height: 12 })),
});

/** Every text below this, whatever the shape: those of `Wanted`. */
function textsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('texts' in node) return [...(node as Wanted).texts];
  return Object.values(node).flatMap(textsIn);
}

for (const [language, { logon, reset, bad }] of Object.entries(SCREENS)) {
  describe(`The screens in ${language}`, () => {
    const good = [...textsIn({ logon, reset })];

    it('never take a screen of the way for a known-bad one', () => {
      expect(good.length).toBeGreaterThan(15);
      for (const text of good)
        for (const screen of [...bad, ...WINDOWS_BAD_SCREENS])
          for (const sign of screen.texts)
            expect([text, sign, findText([lineOf(text)], sign)]).toEqual([text, sign, []]);
    });

    it('tell every known-bad screen by one name only', () => {
      const all = [...bad, ...WINDOWS_BAD_SCREENS];
      for (const { code, texts } of all)
        for (const text of texts) {
          const told = all.filter((one) =>
            one.texts.some((sign) => findText([lineOf(text)], sign).length > 0),
          );
          expect([...new Set(told.map((one) => one.code))]).toEqual([code]);
        }
    });
  });
}
