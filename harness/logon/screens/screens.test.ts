import { expect } from '@playwright/test';
import { WINDOWS_BAD_SCREENS } from '../../console/bad-screens.ts';
import type { Wanted } from '../../console/screen.ts';
import { findText, lineOf } from '../../console/text.ts';
import { LANGUAGE_NAMES } from '../../core/languages.ts';
import { builtInCaptions } from './captions.ts';
import { confusions } from './confusions.ts';
import { screensFor } from './screens.ts';

for (const { language, logon, reset, bad } of LANGUAGE_NAMES.map((one) => screensFor(one))) {
  describe(`The screens in ${language}`, function () {
    this.timeout(120_000);
    it('never take a screen of the way for a known-bad one', () => {
      expect(confusions(builtInCaptions(language))).toEqual([]);
    });

    it('tell every known-bad screen by one name only', () => {
      const all = [...bad, ...WINDOWS_BAD_SCREENS];
      for (const { code, texts } of all)
        for (const text of texts) {
          const lines = [lineOf(text)];
          const told = all.filter((one) => findText(lines, one.texts).length > 0);
          expect([...new Set(told.map((one) => one.code))]).toEqual([code]);
        }
    });

    // Where both stand on one page, the better one is taken; where only one does, it must not be the wrong one.
    it('never take one caption of a page for another', () => {
      const { email, sms, questions } = reset.method.choices;
      const { next, cancel } = { next: reset.userId.button, cancel: reset.wayBack[1]! };
      const { newPassword } = reset;
      for (const page of [
        [logon.passwordBox, logon.link, logon.refused, logon.pressControlAltDelete, logon.accepted],
        [email.choice, sms.choice, questions.choice, ...reset.method.others, reset.method.phone],
        [email.button, sms.button, next, cancel],
        [newPassword.label, newPassword.confirmLabel, reset.code.label],
        [reset.userId.seenBy, reset.success.seenBy, reset.code.seenBy, newPassword.seenBy],
        reset.wayBack,
      ] as const satisfies readonly (readonly Wanted[])[])
        for (const one of page)
          for (const other of page.filter((another) => another !== one && another.texts[0] !== one.texts[0]))
            for (const text of one.texts) {
              if ('keys' in one && one.keys.join() === other.keys.join()) continue;
              expect([text, findText([lineOf(text)], other.texts, other)]).toEqual([text, []]);
            }
    });
  });
}
