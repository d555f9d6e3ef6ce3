import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Fault } from '../core/errors.ts';
import { EMPTY } from './probe/answer.ts';
import type { Facts } from './facts.ts';
import {
  bypasses,
  decodeConnectionSettings,
  decodeProxySettings,
  httpsProxy,
  proxyStores,
  type ReadAs,
  readableStores,
} from './proxy-settings.ts';

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

const connectionSettings = (flags: number, proxy = '', bypass = '', script = ''): string => {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0x46, 0);
  head.writeUInt32LE(flags, 8);
  return Buffer.concat([head, field(proxy), field(bypass), field(script), Buffer.alloc(32)]).toString('hex');
};

describe('decodeConnectionSettings', () => {
  const NONE = { direct: true, proxy: '', bypass: '', script: '', autoDetect: false };
  const cases: [string, string, object][] = [
    ['direct', connectionSettings(0x1), NONE],
    [
      'a proxy',
      connectionSettings(0x3, 'p:1', '<local>'),
      { ...NONE, direct: false, proxy: 'p:1', bypass: '<local>' },
    ],
    ['a proxy that is kept, but off', connectionSettings(0x1, 'p:1', '<local>'), NONE],
    [
      'a script',
      connectionSettings(0x5, '', '', 'http://x/p'),
      { ...NONE, direct: false, script: 'http://x/p' },
    ],
    ['a script that is kept, but off', connectionSettings(0x1, '', '', 'http://x/p'), NONE],
    ['the network asked', connectionSettings(0x9), { ...NONE, direct: false, autoDetect: true }],
    [
      'everything',
      connectionSettings(0xf, 'p:1', 'b', 'http://x/p'),
      { direct: false, proxy: 'p:1', bypass: 'b', script: 'http://x/p', autoDetect: true },
    ],
  ];
  for (const [what, hex, settings] of cases) {
    it(`decodes ${what}`, () => expect(decodeConnectionSettings(hex)).toEqual(settings));
  }

  it('refuses what is cut short, by its name', () => {
    for (const hex of ['46', connectionSettings(3, 'p:1').slice(0, 40)]) {
      expect(() => decodeConnectionSettings(hex)).toThrow(
        expect.objectContaining({
          code: 'proxy-settings-malformed',
          message: expect.stringContaining('DefaultConnectionSettings'),
        }),
      );
    }
  });
});

describe('httpsProxy', () => {
  const cases: [string, string | undefined][] = [
    ['Proxy.Contoso.com:8080', 'proxy.contoso.com:8080'],
    ['http://proxy:8080/', 'proxy:8080'],
    ['proxy', 'proxy:80'],
    ['http=a:1;https=b:2;ftp=c:3', 'b:2'],
    ['http=a:1 https=http://b:2', 'b:2'],
    ['http=a:1', undefined],
    ['10.0.0.1:3128', '10.0.0.1:3128'],
    ['[::1]:3128', '[::1]:3128'],
    ['', undefined],
  ];
  for (const [setting, proxy] of cases) {
    it(`${JSON.stringify(setting)}: ${proxy ?? 'none'}`, () => expect(httpsProxy(setting)).toBe(proxy));
  }

  it('gives nothing that cmd.exe could take for something else', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (setting) => {
        expect(httpsProxy(setting) ?? 'p:80').toMatch(/^[\w.:[\]-]+$/);
      }),
    ));
});

describe('bypasses', () => {
  const HOST = 'passwordreset.microsoftonline.com';
  it('knows names, stars, schemes and <local>', () => {
    expect(bypasses('', HOST)).toBe(false);
    expect(bypasses('localhost;*.contoso.com', HOST)).toBe(false);
    expect(bypasses('<local>', HOST)).toBe(false);
    expect(bypasses('<local>', 'intranet')).toBe(true);
    expect(bypasses('a *.MicrosoftOnline.com', HOST)).toBe(true);
    expect(bypasses(`https://${HOST}`, HOST)).toBe(true);
    expect(bypasses('*', HOST)).toBe(true);
    // A dot is a dot.
    expect(bypasses('passwordreset-microsoftonline.com', HOST)).toBe(false);
  });
});

describe('The stores of proxy settings', () => {
  const present = <T>(value: T) => ({ state: 'present', value }) as const;
  const readAs: ReadAs = (_name, reading) => (reading.state === 'present' ? reading.value : undefined);
  const stores = (settings: Partial<Facts['proxy']>): string[] =>
    proxyStores({ ...EMPTY.proxy, ...settings }, readAs).map(({ name, proxy }) => `${name} ${proxy}`.trim());
  const everywhere = {
    winHttpSettings: present(connectionSettings(0x3, 'w:1')),
    systemConnectionSettings: present(connectionSettings(0x3, 'b:1')),
    systemProxyEnable: present(1),
    systemProxyServer: present('s:1'),
    machineProxyEnable: present(1),
    machineProxyServer: present('m:1'),
  };

  it('are those of WinHTTP and of SYSTEM, and the machine’s only by policy', () => {
    expect(stores({})).toEqual([]);
    const ofSystem = ['WinHTTP w:1', 'SYSTEM (DefaultConnectionSettings) b:1', 'SYSTEM s:1'];
    expect(stores(everywhere)).toEqual(ofSystem);
    expect(stores({ ...everywhere, perUserPolicy: present(1) })).toEqual(ofSystem);
    expect(stores({ ...everywhere, perUserPolicy: present(0) })).toEqual(['WinHTTP w:1', 'the machine m:1']);
  });

  it('name nothing where the proxy is switched off', () =>
    expect(stores({ systemProxyEnable: present(0), systemProxyServer: present('s:1') })).toEqual(['SYSTEM']));

  it('are still those that can be read where one cannot', () => {
    const broken = { ...EMPTY.proxy, ...everywhere, winHttpSettings: present('18') };
    expect(readableStores(broken)).toHaveLength(2);
    const unreadable = { state: 'unreadable', reason: 'access is denied' } as const;
    expect(readableStores({ ...broken, systemProxyServer: unreadable })).toHaveLength(1);
    expect(() => proxyStores(broken, readAs)).toThrow('WinHttpSettings cannot be decoded');
  });
});
