import { expect } from '@playwright/test';
import { LANGUAGE_NAMES, LANGUAGES } from '../../core/languages.ts';
import { LANGUAGE_KEY, machineHive, userHive } from './first-boot.ts';
import { PROFILES } from './profile.ts';

const text = (data: Buffer | undefined): string[] =>
  data?.toString('utf16le').split('\0').filter(Boolean) ?? [];

describe('the registry of a new guest', () => {
  for (const language of LANGUAGE_NAMES) {
    it(`says that Windows is in one language only: ${language}`, () => {
      const { lcid, culture } = LANGUAGES[language];
      const machine = machineHive(PROFILES.win81, 'S-1-5-21-1-2-3', language);
      const values = machine.find(({ key }) => key === LANGUAGE_KEY)?.values;
      expect([text(values?.Default?.data), text(values?.InstallLanguage?.data)]).toEqual([[lcid], [lcid]]);
      const installed = machine.filter(({ key }) => key.includes('\\UILanguages\\'));
      expect(installed.map(({ key }) => key.split('\\').at(-1))).toEqual([culture]);
      expect(installed[0]?.values.LCID?.data.readUInt32LE().toString(16).padStart(4, '0')).toBe(lcid);
      const user = userHive([], language).find(({ key }) => key.endsWith('\\Desktop'))?.values;
      expect(user?.PreferredUILanguages?.type).toBe(7);
      expect(text(user?.PreferredUILanguages?.data)).toEqual([culture]);
    });
  }

  it('has the product name of its Windows, whatever the language', () => {
    const names = machineHive(PROFILES.win7, 'S-1-5-21-1-2-3', 'fr').flatMap(({ values }) =>
      text(values.ProductName?.data),
    );
    expect(new Set(names)).toEqual(new Set(['Windows 7 Professional']));
  });
});
