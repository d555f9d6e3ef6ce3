import { inspect } from 'node:util';
import { expect } from '@playwright/test';
import { redact, redactedJson, Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('p"ss<w>rd & Ünïcode');

  it('does not print itself in a string, in JSON or in an inspection', () => {
    expect(`${String(secret)} ${JSON.stringify({ secret })} ${inspect({ secret })}`).not.toContain('ss<w>');
  });

  it('is masked in text in each form in which it may be written down', () => {
    const value = secret.reveal();
    for (const written of [
      value,
      JSON.stringify(value),
      encodeURIComponent(value),
      new URLSearchParams({ password: value }).toString(),
      Buffer.from(value).toString('base64'),
      Buffer.from(value, 'utf16le').toString('base64'),
      'p&quot;ss&lt;w&gt;rd &amp; Ünïcode',
    ]) {
      expect(redact(`before ${written} after`)).toMatch(/^before .{0,20}\*\*\*.{0,4} after$/);
    }
  });

  it('does not mask a published default in other text, but still does not print itself', () => {
    const published = new Secret('vagrant', 'everybody');
    expect(redact(`${String(published)} installs vagrant`)).toBe('*** installs vagrant');
  });

  it('leaves other text alone', () => {
    expect(redact('nothing to hide')).toBe('nothing to hide');
  });

  it('stays JSON that can be read, also when a secret of digits stands in a number', () => {
    new Secret('48151623');
    const json = redactedJson({ secret, pid: 48151623, said: ['the code 48151623'] });
    expect(JSON.parse(json)).toEqual({ secret: '***', pid: 48151623, said: ['the code ***'] });
  });
});
