import { expect } from '@playwright/test';
import fc from 'fast-check';
import { type FileValue, parseRegFiles } from './reg-file.ts';

const HEADER = 'Windows Registry Editor Version 5.00\r\n\r\n';
const file = (text: string): Buffer => Buffer.from(`\ufeff${HEADER}${text}`, 'utf16le');
const KEY = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Test';

/** The values of a key that an administrator exported. */
const valuesOf = (lines: string): ReadonlyMap<string, FileValue> | undefined =>
  parseRegFiles(file(`[${KEY}]\r\n${lines}\r\n`)).get(KEY.toLowerCase());

const hex = (text: string): string =>
  [...Buffer.from(text, 'utf16le')].map((byte) => byte.toString(16).padStart(2, '0')).join(',');

describe('parseRegFiles', () => {
  it('reads every kind of value', () => {
    const values = valuesOf(
      [
        '@="Réinitialisation 密码 𠮷"',
        '"A \\"quoted\\" \\\\ name"="C:\\\\new\\\\table"',
        '"Number"=dword:fffffff0',
        `"Folder"=hex(2):${hex('%SystemRoot%\\x.dll\0')}`,
        `"Cut"=hex(1):${hex('before\0after\0')}`,
        '"Half"="\ud83d alone"',
        '"Bytes"=hex:01,\\',
        '  ab,\\',
        '  ff',
        '"None"=hex(0):',
        '"List"=hex(7):61,00,00,00,00,00',
        '"Long"=hex(b):01,00,00,00,00,00,00,00',
        '"Lines"="first\r\n[not a key]\r\n"',
        '"Empty"=""',
      ].join('\r\n'),
    );
    expect(Object.fromEntries(values ?? [])).toEqual({
      '': { type: 'text', value: 'Réinitialisation 密码 𠮷', expandable: false },
      'a "quoted" \\ name': { type: 'text', value: 'C:\\new\\table', expandable: false },
      number: { type: 'number', value: 0xfffffff0 },
      folder: { type: 'text', value: '%SystemRoot%\\x.dll', expandable: true },
      cut: { type: 'text', value: 'before', expandable: false },
      half: { type: 'text', value: '\ud83d alone', expandable: false },
      bytes: { type: 'other' },
      none: { type: 'other' },
      list: { type: 'other' },
      long: { type: 'other' },
      lines: { type: 'text', value: 'first\r\n[not a key]\r\n', expandable: false },
      empty: { type: 'text', value: '', expandable: false },
    });
  });

  it('keeps keys apart, also those without values', () => {
    const keys = parseRegFiles(
      file(`[${KEY}]\r\n\r\n[${KEY}\\Sub [1]]\r\n"A"=dword:00000001\r\n\r\n[${KEY}\\B]\r\n\r\n`),
    );
    expect([...keys].map(([path, values]) => [path, values.size])).toEqual([
      [KEY.toLowerCase(), 0],
      [`${KEY}\\Sub [1]`.toLowerCase(), 1],
      [`${KEY}\\B`.toLowerCase(), 0],
    ]);
  });

  it('gives every text back as it was', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary', minLength: 1 }),
        (text, name) => {
          const quoted = (raw: string): string => `"${raw.replace(/[\\"]/g, '\\$&')}"`;
          const values = valuesOf(`${quoted(name)}=${quoted(text)}`);
          expect(values?.get(name.toLowerCase())).toEqual({ type: 'text', value: text, expandable: false });
        },
      ),
    ));

  it('reads several, and believes none that is cut short', () => {
    const one = file(`[${KEY}\\1]\r\n"A"="a"\r\n\r\n`);
    const cut = file(`[${KEY}\\2]\r\n"A"="a"\r\n"B"="no e`);
    const three = file(`[${KEY}\\3]\r\n\r\n`);
    expect([...parseRegFiles(Buffer.concat([one, cut, three])).keys()]).toEqual([
      `${KEY}\\1`.toLowerCase(),
      `${KEY}\\3`.toLowerCase(),
    ]);
  });

  it('takes nothing else for a registry file', () => {
    for (const other of ['', 'REGEDIT4\r\n', 'nonsense']) {
      expect(parseRegFiles(Buffer.from(`\ufeff${other}`, 'utf16le')).size).toBe(0);
    }
    for (const wrong of ['[HKEY', '"A"=dword:00', '"A"="no end', '"A"=what', 'x']) {
      expect(parseRegFiles(file(`[${KEY}]\r\n${wrong}`)).size, wrong).toBe(0);
    }
  });
});
