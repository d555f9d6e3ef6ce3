import { expect } from '@playwright/test';
import { EMPTY } from './probe/answer.ts';
import type { Connection, Facts } from './facts.ts';
import { type Ask, firstAsk, furtherAsks, trustworthy, winHttpProxy, winInetAsk } from './routes.ts';

const PORTAL = 'passwordreset.microsoftonline.com';
const EXTRA = ['extra.example'];
const present = <T>(value: T) => ({ state: 'present', value }) as const;

const counted = (text: string): string => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, Buffer.from(text, 'latin1')]).toString('hex');
};
const winHttp = (proxy: string, bypass = ''): Partial<Facts['proxy']> => ({
  winHttpSettings: present(`180000000000000003000000${counted(proxy)}${counted(bypass)}`),
});
const system = (proxy: string): Partial<Facts['proxy']> => ({
  systemProxyEnable: present(1),
  systemProxyServer: present(proxy),
});

const made = (seen: Partial<Connection>): Connection => ({
  url: firstAsk(PORTAL).url,
  route: 'settings',
  stack: 'winhttp',
  ok: false,
  status: 0,
  error: '',
  ms: 1,
  ...seen,
});
const answered = made({ ok: true, status: 200 });
const failed = (error: string): Connection => made({ error });

const plan = (proxy: Partial<Facts['proxy']>, ...connections: Connection[]): string[] =>
  furtherAsks(factsOf({ proxy: { ...EMPTY.proxy, ...proxy }, connections }), PORTAL, EXTRA).map(inWords);
const factsOf = (facts: Partial<Facts>): Facts => ({ ...EMPTY, ...facts }) as unknown as Facts;
const inWords = ({ route, url, stack }: Ask): string => [route, url, ...(stack ? [stack] : [])].join(' ');

describe('winHttpProxy', () => {
  const of = (proxy: Partial<Facts['proxy']>): string | undefined =>
    winHttpProxy({ ...EMPTY.proxy, ...proxy }, PORTAL);

  it('is the one for HTTPS, unless the portal goes past it', () => {
    expect(of({})).toBeUndefined();
    expect(of(winHttp('Proxy.Test:8080'))).toBe('proxy.test:8080');
    expect(of(winHttp('http=a:1;https=b:2'))).toBe('b:2');
    expect(of(winHttp('http=a:1'))).toBeUndefined();
    expect(of(winHttp('p:1', '<local>;*.contoso.com'))).toBe('p:1');
    expect(of(winHttp('p:1', '*.microsoftonline.com'))).toBeUndefined();
    expect(of(system('p:1'))).toBeUndefined();
  });

  it('is none where the settings cannot be decoded: that is for another control to say', () =>
    expect(of({ winHttpSettings: present('18') })).toBeUndefined());
});

describe('furtherAsks', () => {
  it('asks for nothing but the other hosts where no proxy is named', () => {
    expect(plan({}, answered)).toEqual(['settings https://extra.example/']);
    expect(plan({}, failed('0x80072efd'))).toEqual(['settings https://extra.example/']);
  });

  it('tries the direct way, and every other proxy once, behind one that cannot be', () => {
    const proxies = {
      ...winHttp('p:1'),
      ...system('https=q:2'),
      ...{ systemConnectionSettings: present('00') },
    };
    expect(plan(proxies, answered)).toEqual([
      'settings https://extra.example/',
      `proxy.invalid:9 https://${PORTAL}/`,
      `direct https://${PORTAL}/`,
      `q:2 https://${PORTAL}/`,
    ]);
    expect(plan({ ...winHttp('p:1'), ...system('P:1') }, answered)).not.toContain(`p:1 https://${PORTAL}/`);
  });

  it('asks the proxy itself, and through it without TLS, where the portal does not answer', () => {
    expect(plan(winHttp('p:1'), failed('0x80072f7d')).slice(0, 2)).toEqual([
      'settings http://p:1/',
      `settings http://${PORTAL}/`,
    ]);
  });

  it('asks nothing again on a way that was silent, but whether the proxy is', () => {
    expect(plan(winHttp('p:1'), failed('0x80072ee2'))).toEqual([
      'settings http://p:1/',
      `proxy.invalid:9 https://${PORTAL}/`,
      `direct https://${PORTAL}/`,
    ]);
    expect(plan({}, failed('0x80072ee2'))).toEqual([]);
  });

  it('takes an impossible proxy whose error would be another one', () =>
    expect(plan(winHttp('p:1'), failed('0x80072ee7'))).toContain(`127.0.0.1:9 https://${PORTAL}/`));

  it('plans nothing where the first connection was not made', () => expect(plan(winHttp('p:1'))).toEqual([]));
});

describe('winInetAsk', () => {
  const ask = (seen: Connection, tls: Partial<Facts['tls']> = {}): Ask | undefined =>
    winInetAsk(factsOf({ connections: [seen], tls: { ...EMPTY.tls, ...tls } }), PORTAL);

  it('asks where WinHTTP got no answer, and WinINET may have something to add', () => {
    expect(ask(failed('0x80072f7d'))).toEqual({ ...firstAsk(PORTAL), stack: 'wininet' });
    expect(ask(answered)).toBeUndefined();
    expect(ask(failed('0x80072ee2'))).toBeUndefined();
    expect(ask(failed('0x80072f7d'), { enabled: present(0) })).toBeUndefined();
    expect(ask(failed('0x80072f7d'), { disabledByDefault: present(1) })).toBeUndefined();
  });
});

describe('trustworthy', () => {
  const nowhere = made({ route: 'proxy.invalid:9', error: '0x80072ee7' });
  const direct = made({ route: 'direct', ok: true, status: 200 });

  it('keeps what came on other ways where the impossible one failed in its own way', () => {
    expect(trustworthy([answered, nowhere, direct])).toEqual([answered, direct]);
    const refused = failed('0x80072efd');
    expect(trustworthy([refused, nowhere, direct])).toEqual([refused, direct]);
  });

  it('drops it where the impossible one came out as the machine’s own: the stack forgot the way', () => {
    const forgotten = made({ route: 'proxy.invalid:9', ok: true, status: 200 });
    expect(trustworthy([answered, forgotten, direct])).toEqual([answered]);
    const dead = [failed('0x80072efd'), made({ route: 'proxy.invalid:9', error: '0x80072efd' })];
    expect(trustworthy([...dead, made({ route: 'direct', error: '0x80072efd' })])).toEqual([dead[0]]);
    const unknown = [failed('0x80072ee7'), made({ route: '127.0.0.1:9', error: '0x80072ee7' })];
    expect(trustworthy(unknown)).toEqual([unknown[0]]);
  });

  it('leaves alone what was made as the machine is set up', () => {
    const others = [answered, made({ stack: 'wininet' }), made({ url: 'http://p:1/', status: 400 })];
    expect(trustworthy(others)).toEqual(others);
  });
});
