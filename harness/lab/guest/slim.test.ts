import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import { prepareGuestFiles } from './prepare.ts';
import { placeholder } from './slim.ts';

/** `ver` and 4 strings of a PE's version resource, by a search in its bytes. */
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('placeholder', function () {
  this.timeout(60_000);

  it('keeps what Wine looks at: the mark, the machine, the kind of program', async () => {
    const { helper } = await prepareGuestFiles(() => undefined);
    const file = readFileSync(helper);
    const small = placeholder(file)!;
    expect(small.length).toBeLessThan(file.length / 10);
    expect(small.toString('latin1', 0x40, 0x54)).toBe('Wine placeholder DLL');
    const at = small.readUInt32LE(0x3c);
    const from = file.readUInt32LE(0x3c);
    expect(small.toString('latin1', at, at + 4)).toBe('PE\0\0');
    expect(small.readUInt16LE(at + 4)).toBe(file.readUInt16LE(from + 4));
    expect(small.readUInt16LE(at + 22)).toBe(file.readUInt16LE(from + 22));
    expect(small.readUInt16LE(at + 24 + 68)).toBe(file.readUInt16LE(from + 24 + 68));
  });

  it('keeps the version of a program and drops its pictures', async () => {
    const { golden } = await prepareGuestFiles(() => undefined);
    const winhttp = readFileSync(`${golden}/drive_c/windows/system32/winhttp.dll`);
    expect(winhttp.toString('latin1', 0x40, 0x54)).toBe('Wine placeholder DLL');
    expect(winhttp.includes(wide('VS_VERSION_INFO'))).toBe(true);
    expect(winhttp.length).toBeLessThan(16_384);
  });

  it('leaves alone what is no 64-bit program', () => {
    expect(placeholder(Buffer.from('MZ but no more'))).toBeUndefined();
    expect(placeholder(Buffer.alloc(4096))).toBeUndefined();
  });
});
