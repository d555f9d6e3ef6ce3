import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Fault } from '../core/errors.ts';
import { decodeProxySettings } from './proxy-settings.ts';

const field = (text: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text, 'latin1'));
  return Buffer.concat([length, Buffer.from(text, 'latin1')]);
};
const DIRECT = { direct: true, proxy: '', bypass: '' };

describe('decodeProxySettings', () => {
  it('decodes the value that Microsoft gives for "no proxy"', () => {
    expect(decodeProxySettings('1800000000000000010000000000000000000000')).toEqual(DIRECT);
  });

  it('decodes a proxy with a bypass list', () => {
    const hex =
      '18000000 00000000 03000000 16000000 70726f78792e636f6e746f736f2e636f6d3a38303830 17000000 ' +
      '6c6f63616c686f73743b2a2e636f6e746f736f2e636f6d';
    expect(decodeProxySettings(hex.replaceAll(' ', ''))).toEqual({
      direct: false,
      proxy: 'proxy.contoso.com:8080',
      bypass: 'localhost;*.contoso.com',
    });
  });

  it('does not mind the first two numbers, nor what follows', () => {
    const head = Buffer.from('2800000007000000', 'hex');
    const flags = Buffer.from('03000000', 'hex');
    const value = Buffer.concat([head, flags, field('p:1'), field(''), Buffer.alloc(12)]);
    expect(decodeProxySettings(value.toString('hex').toUpperCase())).toEqual({
      direct: false,
      proxy: 'p:1',
      bypass: '',
    });
  });

  it('takes flags without the bit of a manual proxy for direct', () => {
    expect(decodeProxySettings('1800000000000000090000000000000000000000')).toEqual(DIRECT);
  });

  it('decodes what it says or refuses it, whatever the bytes', () => {
    const decode = (bytes: Uint8Array): void => {
      try {
        const { direct, proxy } = decodeProxySettings(Buffer.from(bytes).toString('hex'));
        expect(direct).toBe(proxy === '');
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), decode), { numRuns: 500 });
  });

  for (const hex of [
    '',
    '18',
    'zz',
    '18000000000000000300000016000000',
    '180000000000000003000000ffffffff',
  ]) {
    it(`refuses ${hex || 'nothing'}`, () =>
      expect(() => decodeProxySettings(hex)).toThrow(
        expect.objectContaining({ code: 'proxy-settings-malformed' }),
      ));
  }
});
