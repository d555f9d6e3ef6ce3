import { expect } from '@playwright/test';
import { parseRegQuery } from './reg-query.ts';

const KEY = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Test';

/** What reg.exe prints for one key, with the words of a language in the places that Windows translates. */
const printed = (defaultName: string, summary: string): string =>
  [
    '',
    KEY,
    `    ${defaultName}    REG_SZ    text`,
    '    Enabled    REG_DWORD    0xffffffff',
    '    a name    with gaps    REG_SZ    and    gaps',
    '    Empty    REG_SZ    ',
    '    Bytes    REG_BINARY    00FFAB',
    '    Nothing    REG_BINARY',
    '    List    REG_MULTI_SZ    one\\0two',
    '    Folder    REG_EXPAND_SZ    %SystemRoot%\\x.dll',
    '    Lines    REG_SZ    first',
    'second',
    '    None    REG_NONE    ',
    '',
    `${KEY}\\Sub key`,
    '',
    summary,
    '',
  ].join('\r\n');

describe('parseRegQuery', () => {
  const languages: Readonly<Record<string, [string, string]>> = {
    English: ['(Default)', 'End of search: 9 match(es) found.'],
    Spanish: ['(Predeterminado)', 'Fin de la búsqueda: 9 coincidencia(s) encontrada(s).'],
    French: ['(par défaut)', 'Fin de la recherche : 9 correspondance(s) trouvée(s).'],
    Swedish: ['(Standard)', 'Sökningen är slutförd: 9 matchningar hittades.'],
    Chinese: ['(默认)', '搜索结束: 找到 9 匹配。'],
  };
  for (const [language, [defaultName, summary]] of Object.entries(languages)) {
    it(`reads keys, types and values whatever the language: ${language}`, () => {
      const [key, sub, ...more] = parseRegQuery(printed(defaultName, summary));
      expect(more).toEqual([]);
      expect(sub).toEqual({ path: `${KEY}\\Sub key`, values: [] });
      expect(key?.path).toBe(KEY);
      expect(key?.values.map(({ name, type, data }) => [name, type, data])).toEqual([
        [defaultName, 'REG_SZ', 'text'],
        ['Enabled', 'REG_DWORD', '0xffffffff'],
        ['a name    with gaps', 'REG_SZ', 'and    gaps'],
        ['Empty', 'REG_SZ', ''],
        ['Bytes', 'REG_BINARY', '00FFAB'],
        ['Nothing', 'REG_BINARY', ''],
        ['List', 'REG_MULTI_SZ', 'one\\0two'],
        ['Folder', 'REG_EXPAND_SZ', '%SystemRoot%\\x.dll'],
        ['Lines', 'REG_SZ', 'first\nsecond'],
        ['None', 'REG_NONE', ''],
      ]);
    });
  }

  it('finds nothing in an error message', () =>
    expect(parseRegQuery('ERREUR : Le système n’a pas trouvé la clé.\r\n')).toEqual([]));

  it('reads 10,000 keys', () => {
    const keys = Array.from(
      { length: 10_000 },
      (_, at) => `${KEY}\\KB${at}\r\n    State    REG_DWORD    0x70\r\n`,
    );
    expect(parseRegQuery(keys.join('\r\n'))).toHaveLength(10_000);
  });
});
