import { expect } from '@playwright/test';
import { parseWmiTime, readWindows } from './windows.ts';

const at = Date.parse('2026-11-21T15:10:35.235Z');
const answer = (stdout: string) => ({
  result: { exitCode: 0, stdout, stderr: '', ms: 1 },
  asked: at,
  answered: at + 200,
});

describe('what wmic says', () => {
  it('is an instant with the minutes by which local time is ahead', () => {
    expect(parseWmiTime('20261121161035.235000+060')).toBe(at);
    expect(parseWmiTime('20261121094035.235000-330')).toBe(at);
    for (const text of ['', '20261121161035', '2026-11-21T16:10:35Z']) expect(parseWmiTime(text)).toBeNaN();
  });

  for (const [whose, stdout] of [
    [
      'an English Windows 7',
      '\r\r\n\r\r\nLocalDateTime=20261121151035.235000+000\r\r\nOSArchitecture=64-bit\r\r\nVersion=6.1.7601\r\r\n',
    ],
    [
      'a French Windows 8.1',
      'LocalDateTime=20261121161035.235000+060\r\nOSArchitecture=64 bits\r\nVersion=6.3.9600\r\n',
    ],
    [
      "Wine's, as bytes of UTF-16",
      Buffer.from(
        'LocalDateTime  OSArchitecture  Version\r\n20261121151035.235000+00  64-bit  6.2.9200\r\n',
        'utf16le',
      ).toString('latin1'),
    ],
  ] as const) {
    it(`is understood as ${whose}`, () => {
      const { architecture, clock, version } = readWindows(answer(stdout));
      expect(version).toMatch(/^6\.[123]\.\d{4}$/);
      expect({ architecture, ahead: clock.aheadSeconds }).toEqual({ architecture: 'x64', ahead: -0.1 });
      expect(clock.uncertainSeconds).toBeCloseTo(0.6);
    });
  }

  it('tells 32 bits from 64 whatever the time is', () => {
    const text = 'LocalDateTime=20320164640064.640000+064\r\nOSArchitecture=32 位\r\nVersion=6.1.7601\r\n';
    expect(readWindows(answer(text)).architecture).toBe('x86');
  });
});
