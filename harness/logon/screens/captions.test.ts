import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Fault } from '../../core/errors.ts';
import { LANGUAGE_NAMES } from '../../core/languages.ts';
import { CAPTION_KEYS } from './caption-keys.ts';
import { builtInCaptions, complete, parseCaptions } from './captions.ts';
import { openCaptions } from './replaced.ts';
import { screensFor } from './screens.ts';

const seen = (text: string): string => `{ text: '${text}', source: seen, where: 'win7, 2027-01-31' }`;
const file = (...lines: readonly string[]): string => ['language: sv', 'captions:', ...lines].join('\n');

describe('The built-in captions', () => {
  it('have every key in every language, and each form says where it is from', () => {
    for (const language of LANGUAGE_NAMES) {
      const captions = builtInCaptions(language);
      expect(Object.keys(captions).toSorted()).toEqual([...CAPTION_KEYS].toSorted());
      // None is claimed to have been seen where nobody has looked.
      expect(
        Object.values(captions)
          .flat()
          .filter(({ source }) => source === 'seen'),
      ).toEqual([]);
      expect(captions['logon.link'][0]?.source).toBe('documentation');
      const texts = Object.values(captions).map((forms) => forms.map(({ text }) => text));
      for (const forms of texts) expect(new Set(forms).size).toBe(forms.length);
    }
  });

  it('may not lack a key', () => {
    expect(() => complete(parseCaptions(file(`  logon.link: [${seen('Glömt?')}]`), 'x.yaml'))).toThrow(
      /x\.yaml:3:3 captions\.logon\.passwordBox: is missing; expected a list of forms/,
    );
  });
});

describe('A file of captions', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'sspr-captions-'))));
  after(() => rmSync(folder, { recursive: true }));
  const kept = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('takes the place of the built-in forms of the keys that it has, in its own language only', () => {
    const path = kept('good.yaml', file(`  logon.link: [${seen('Återställ lösenord')}]`));
    const files = openCaptions([path]);
    expect(screensFor('sv', files).logon.link.texts).toEqual(['Återställ lösenord']);
    expect(screensFor('sv', files).logon.passwordBox).toEqual(screensFor('sv').logon.passwordBox);
    expect(screensFor('es', files)).toEqual(screensFor('es'));
  });

  for (const [what, text, says] of [
    [
      'an unknown key',
      file(`  logon.lnk: [${seen('x')}]`),
      /:3:14 captions\.logon\.lnk: found a key that there is not; .* perhaps logon\.link/,
    ],
    [
      'a key twice',
      file(`  logon.link: [${seen('x')}]`, `  logon.link: [${seen('y')}]`),
      /:4:3 is not YAML: Map keys must be unique/,
    ],
    [
      'an unknown language',
      'language: de\ncaptions: {}',
      /:1:11 language: .*expected one of .*\(found "de"\)/,
    ],
    ['no language', 'captions: {}', /:1:1 language: .*expected one of/],
    [
      'no form',
      file('  logon.link: []'),
      /:3:15 captions\.logon\.link: found no form; expected at least one/,
    ],
    [
      'a form without a source',
      file("  logon.link: [{ text: 'x', where: 'y' }]"),
      /:3:16 captions\.logon\.link\.0\.source: .*expected one of/,
    ],
    [
      'a form without letters',
      file(`  logon.link: [${seen('?')}]`),
      /captions\.logon\.link\.0\.text: expected a text with letters in it \(found "\?"\)/,
    ],
    [
      'a form as a mere text',
      file("  logon.link: ['x']"),
      /:3:16 captions\.logon\.link\.0: .*expected object.*\(found "x"\)/,
    ],
    [
      'a good caption that tells a bad screen',
      file(`  success.heading: [${seen('Ditt konto har låsts upp')}, ${seen('Ditt konto har låsts')}]`),
      /:3:\d+ captions\.success\.heading\.\d\.text: found "Ditt konto har låsts.*", which cannot be told from "Ditt konto har låsts" of bad\.blocked/,
    ],
    [
      'a bad one that a good screen shows',
      file(`  bad.blocked: [${seen('Lösenord')}]`),
      /:3:\d+ captions\.bad\.blocked\.0\.text: found "Lösenord", which cannot be told from/,
    ],
  ] as const) {
    it(`with ${what} is refused, by one error with its place`, () => {
      const path = kept('bad.yaml', text);
      const open = () => openCaptions([path]);
      expect(open).toThrow(Fault);
      expect(open).toThrow(says);
    });
  }

  it('that another file contradicts, or that is not there, is refused', () => {
    const text = file(`  logon.link: [${seen('Återställ lösenord')}]`);
    const [one, two] = [kept('one.yaml', text), kept('two.yaml', text)];
    expect(() => openCaptions([one, two])).toThrow(
      /two\.yaml:3:\d+ captions\.logon\.link: found in .*one\.yaml as well/,
    );
    expect(() => openCaptions([join(folder, 'none.yaml')])).toThrow(/captions: cannot read .*none\.yaml/);
  });
});
