import { expect } from '@playwright/test';
import { md4, Rc4 } from './legacy-crypto.ts';

describe('MD4 (RFC 1320, A.5)', () => {
  const vectors: Readonly<Record<string, string>> = {
    '': '31d6cfe0d16ae931b73c59d7e0c089c0',
    a: 'bde52cb31de33e46245e05fbdbd6fb24',
    abc: 'a448017aaf21d8525fc10ae87aa6729d',
    'message digest': 'd9130a8164549fe818874806e1c7014b',
    abcdefghijklmnopqrstuvwxyz: 'd79e1c308aa5bbcdeea8ed63df412da9',
    ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: '043f8582f241db351ce627e153e7f0e4',
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890':
      'e33b4ddc9c38f2199c3e7b164fcc0536',
  };
  for (const [text, digest] of Object.entries(vectors)) {
    it(`digests "${text.slice(0, 20)}"`, () => {
      expect(md4(Buffer.from(text)).toString('hex')).toBe(digest);
    });
  }

  it('pads messages of every length around a block', () => {
    const digests = Array.from({ length: 130 }, (_, length) => md4(Buffer.alloc(length)).toString('hex'));
    expect(new Set(digests).size).toBe(130);
  });
});

describe('RC4 (RFC 6229)', () => {
  it('makes the stream of a 40-bit key, also in pieces', () => {
    const whole = new Rc4(Buffer.from('0102030405', 'hex')).update(Buffer.alloc(32)).toString('hex');
    expect(whole).toBe('b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919');
    const pieces = new Rc4(Buffer.from('0102030405', 'hex'));
    const joined = Buffer.concat([1, 15, 16].map((length) => pieces.update(Buffer.alloc(length))));
    expect(joined.toString('hex')).toBe(whole);
  });

  it('makes the stream of a 128-bit key', () => {
    const key = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
    expect(new Rc4(key).update(Buffer.alloc(16)).toString('hex')).toBe('9ac7cc9a609d1ef7b2932899cde41b97');
  });
});
