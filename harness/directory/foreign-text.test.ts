import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Secret } from '../core/secret.ts';
import { quoteForeign } from './foreign-text.ts';

describe('Foreign text in an error', () => {
  it('is one short line', () => {
    expect(quoteForeign(' a\r\n\tb ')).toBe('a b');
    expect(quoteForeign('x'.repeat(300))).toBe(`${'x'.repeat(200)}...`);
  });

  it('loses what looks like a secret, and keeps ordinary words', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['token eyJhbGciOi.eyJpc3Mi.c2ln was sent', 'token *** was sent'],
      ['Authorization: Bearer 0123456789abcdef', 'Authorization: Bearer ***'],
      ['The bearer token is too old', 'The bearer token is too old'],
      ['grant=x&client_secret=abc&y=1', 'grant=x&client_secret=***&y=1'],
      ['{"client_assertion": "abc"}', '{"client_assertion": "***"}'],
      ['https://g.test/x?%24skiptoken=abc&z', 'https://g.test/x?%24skiptoken=***&z'],
      ['http://user:word@proxy.test/', 'http://***@proxy.test/'],
      ['Self-service Password Management', 'Self-service Password Management'],
    ];
    for (const [said, expected] of cases) expect(quoteForeign(said)).toBe(expected);
  });

  it('loses a known secret wherever it stands, also where the text is cut', () => {
    const value = 'pl4nted-Zq7';
    new Secret(value);
    fc.assert(
      fc.property(fc.nat(250), fc.nat(250), (before, after) => {
        const quoted = quoteForeign(`${'.'.repeat(before)}${value}${'.'.repeat(after)}`);
        expect(quoted).not.toContain('pl4');
      }),
    );
  });
});
