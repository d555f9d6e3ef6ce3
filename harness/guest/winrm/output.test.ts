import { expect } from '@playwright/test';
import iconv from 'iconv-lite';
import { decodeOutput, readOemCodePage } from './output.ts';

const codePage = (number: number | undefined) => () => Promise.resolve(number);
const mustNotAsk = (): Promise<number> => Promise.reject(new Error('it was asked'));

describe('output of commands', () => {
  it('is UTF-8 where it can be, without asking for anything', async () => {
    for (const text of ['', 'plain\r\n', 'pässword – 密码 🔑\r\n', 'a\0b']) {
      expect(await decodeOutput(Buffer.from(text), mustNotAsk)).toBe(text);
    }
  });

  const LOCALISED: readonly (readonly [page: number, bytes: string, text: string])[] = [
    // Checked against the code page tables of Microsoft: byte by byte where it is one byte a character.
    [437, '8184', 'üä'],
    [850, '82e1', 'éß'],
    [852, 'a69f', 'Žč'],
    [866, '8fe0a8a2a5e2', 'Привет'],
    [932, '93fa967b', '日本'],
    [936, 'c4e3bac3', '你好'],
  ];
  for (const [page, bytes, text] of LOCALISED) {
    it(`is read as code page ${page} where it is that`, async () => {
      const line = Buffer.concat([Buffer.from(bytes, 'hex'), Buffer.from('\r\n')]);
      expect(await decodeOutput(line, codePage(page))).toBe(`${text}\r\n`);
    });
  }

  it('is read for every OEM code page of Windows', async () => {
    const pages = [
      437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 874, 932, 936, 949,
      950, 1258,
    ];
    for (const page of pages) {
      expect(iconv.encodingExists(`cp${page}`), String(page)).toBe(true);
      expect(await decodeOutput(Buffer.from([0x41, 0x80, 0x0a]), codePage(page)), String(page)).toMatch(/^A/);
    }
  });

  it('may be of both kinds, line by line', async () => {
    const bytes = Buffer.concat([
      Buffer.from('größer – in UTF-8\r\n'),
      iconv.encode('größer, in OEM\r\n', 'cp850'),
      Buffer.from('plain\r\n'),
      iconv.encode('ohne Zeilenende: Ä', 'cp850'),
    ]);
    expect(await decodeOutput(bytes, codePage(850))).toBe(
      'größer – in UTF-8\r\ngrößer, in OEM\r\nplain\r\nohne Zeilenende: Ä',
    );
  });

  it('is UTF-16 where it says so, as that of wmic', async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Größe\r\n', 'utf16le')]);
    expect(await decodeOutput(bytes, mustNotAsk)).toBe('Größe\r\n');
  });

  it('is kept as well as it can be where the code page is unknown', async () => {
    const bytes = Buffer.from([0x41, 0x81, 0x0a]);
    for (const page of [undefined, 12_345]) {
      expect(await decodeOutput(bytes, codePage(page))).toBe('A\ufffd\n');
    }
  });
});

describe('readOemCodePage', () => {
  it('reads what reg prints', () => {
    const key = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage';
    expect(readOemCodePage(`\r\n${key}\r\n    OEMCP    REG_SZ    850\r\n\r\n`)).toBe(850);
    expect(readOemCodePage('! REG.EXE VERSION 3.0\r\n\r\n\tOEMCP\tREG_SZ\t437\r\n')).toBe(437);
    expect(
      readOemCodePage('ERROR: The system was unable to find the specified registry key'),
    ).toBeUndefined();
  });
});
