import { expect } from '@playwright/test';
import { decodeOem, encodeOem } from './oem.ts';
import { decodeProxySettings, encodeProxySettings, proxyAddress } from './proxy-settings.ts';
import { offersTls12 } from './tls-policy.ts';

describe('WinHttpSettings', () => {
  const direct = Buffer.from('1800000000000000010000000000000000000000', 'hex'); // KB4494447
  const proxied = Buffer.from(
    '180000000000000003000000160000007072' +
      '6f78792e636f6e746f736f2e636f6d3a38303830' +
      '170000006c6f63616c686f73743b2a2e636f6e746f736f2e636f6d',
    'hex',
  );

  it('is written and read as Windows does', () => {
    const settings = { proxy: 'proxy.contoso.com:8080', bypass: 'localhost;*.contoso.com' };
    expect(encodeProxySettings({ proxy: '', bypass: '' })).toEqual(direct);
    expect(encodeProxySettings(settings)).toEqual(proxied);
    expect(decodeProxySettings(proxied)).toEqual(settings);
    expect(decodeProxySettings(direct)).toEqual({ proxy: '', bypass: '' });
  });

  it('means direct access when it is absent or cut short', () => {
    expect(decodeProxySettings(undefined).proxy).toBe('');
    for (let size = 0; size < 42; size++)
      expect(decodeProxySettings(proxied.subarray(0, size)).proxy).toBe('');
  });

  it('names host and port', () => {
    expect(proxyAddress(decodeProxySettings(proxied))).toEqual({ host: 'proxy.contoso.com', port: 8080 });
    expect(proxyAddress({ proxy: '', bypass: '' })).toBeUndefined();
    expect(proxyAddress({ proxy: 'http=a:1;https=b:2', bypass: '' })).toBeUndefined();
  });
});

describe('TLS 1.2 of WinHTTP', () => {
  const rows = [
    { version: [6, 1, 7601], kb3140245: true, leftToWindows: false, protocols: 0xa00, offers: true },
    { version: [6, 1, 7601], kb3140245: true, leftToWindows: true, protocols: 0xa00, offers: false },
    { version: [6, 2, 9200], kb3140245: true, leftToWindows: true, protocols: 0xa00, offers: true },
    { version: [6, 1, 7601], kb3140245: true, leftToWindows: false, protocols: 0x800, offers: true },
    { version: [6, 1, 7601], kb3140245: true, leftToWindows: false, protocols: 0x280, offers: false },
    { version: [6, 1, 7601], kb3140245: true, leftToWindows: false, protocols: undefined, offers: false },
    { version: [6, 1, 7601], kb3140245: false, leftToWindows: false, protocols: 0xa00, offers: false },
    { version: [6, 2, 9200], kb3140245: false, leftToWindows: false, protocols: 0xa00, offers: false },
    { version: [6, 3, 9600], kb3140245: false, leftToWindows: false, protocols: undefined, offers: true },
  ] as const;
  for (const { offers, ...facts } of rows) {
    it(`is ${offers ? '' : 'not '}offered with ${JSON.stringify(facts)}`, () => {
      expect(offersTls12(facts)).toBe(offers);
    });
  }
});

describe('the OEM code page', () => {
  it('maps every byte to a character of its own and back', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const text = decodeOem(all);
    expect(new Set(text).size).toBe(256);
    expect(encodeOem(text)).toEqual(all);
    expect(text.slice(0x80, 0x83)).toBe('Çüé');
  });

  it('prints ? for what it lacks', () => {
    expect(encodeOem('€中')).toEqual(Buffer.from('??'));
  });
});
