import { Fault } from '../core/errors.ts';
import type { Facts, Reading } from './facts.ts';

/** The proxy of WinHTTP, as `netsh winhttp show proxy` would tell it. */
export interface ProxySettings {
  /** No proxy. */
  readonly direct: boolean;
  /** `proxy.contoso.com:8080`, or '' */
  readonly proxy: string;
  /** What goes past the proxy: `localhost;*.contoso.com`, or '' */
  readonly bypass: string;
}

/** The proxy of WinINET, as the page "Local Area Network (LAN) Settings" would tell it. */
export interface ConnectionSettings extends ProxySettings {
  /** Address of the script that chooses the proxy (PAC), or '' */
  readonly script: string;
  /** Whether the network is asked for such a script (WPAD). */
  readonly autoDetect: boolean;
}

const MANUAL_PROXY = 0x2;
const SCRIPT = 0x4;
const AUTO_DETECT = 0x8;

/**
 * The registry value `WinHttpSettings`. Source of the layout: facts 4.1; its first two numbers vary between builds and
 * mean nothing here.
 * @param hex the value in hexadecimal, as the probe gives it
 * @throws Fault `proxy-settings-malformed`
 */
export function decodeProxySettings(hex: string): ProxySettings {
  const { number, text } = reader(
    'WinHttpSettings',
    hex,
    'netsh winhttp set proxy, or netsh winhttp reset proxy',
  );
  const flags = number();
  return manualProxy(flags, text(), text());
}

/**
 * The registry value `DefaultConnectionSettings`. Source of the layout: facts 4.2; what follows the script's address is
 * left alone.
 * @param hex the value in hexadecimal, as the probe gives it
 * @throws Fault `proxy-settings-malformed`
 */
export function decodeConnectionSettings(hex: string): ConnectionSettings {
  const { number, text } = reader(
    'DefaultConnectionSettings',
    hex,
    'in the Internet options, for that account',
  );
  const flags = number();
  const manual = manualProxy(flags, text(), text());
  const script = text();
  return {
    ...manual,
    direct: manual.direct && (flags & SCRIPT) === 0 && (flags & AUTO_DETECT) === 0,
    script: (flags & SCRIPT) === 0 ? '' : script,
    autoDetect: (flags & AUTO_DETECT) !== 0,
  };
}

function manualProxy(flags: number, proxy: string, bypass: string): ProxySettings {
  const direct = (flags & MANUAL_PROXY) === 0 || proxy === '';
  return direct ? { direct, proxy: '', bypass: '' } : { direct, proxy, bypass };
}

/** Reads numbers and counted texts, one after another, after the two numbers that mean nothing. */
function reader(name: string, hex: string, setAgain: string): { number: () => number; text: () => string } {
  const malformed = (why: string): Fault =>
    new Fault(`${name} cannot be decoded: ${why} (${hex.slice(0, 80)})`, {
      code: 'proxy-settings-malformed',
      blame: 'machine',
      remedy: `Set the proxy again on the machine: ${setAgain}.`,
    });
  if (!/^([0-9a-f]{2})*$/i.test(hex)) throw malformed('it is not hexadecimal');
  const bytes = Buffer.from(hex, 'hex');
  let at = 8;
  const number = (): number => {
    if (at + 4 > bytes.length) throw malformed(`it ends at byte ${bytes.length}`);
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > bytes.length) throw malformed(`a text of ${length} bytes goes beyond its end`);
    at += length;
    return bytes.toString('latin1', at - length, at);
  };
  return { number, text };
}

export const WINHTTP = 'WinHTTP';

/** One place where a proxy can be set, and what is set there. */
export interface ProxyStore extends ConnectionSettings {
  readonly name: string;
}

/** How a reading becomes a value, undefined for one that is absent; it may throw for one that is unreadable. */
export type ReadAs = <T>(name: string, reading: Reading<T>) => T | undefined;

type StoreReader = (settings: Facts['proxy'], read: ReadAs) => ProxyStore | undefined;

/** The policy `ProxySettingsPerUser` 0 makes WinINET take the machine's settings in place of the account's (facts 4.2). */
const perMachine = (settings: Facts['proxy'], read: ReadAs): boolean =>
  read('ProxySettingsPerUser', settings.perUserPolicy) === 0;

const STORES: readonly StoreReader[] = [
  (settings, read) => {
    const hex = read('WinHttpSettings', settings.winHttpSettings);
    return hex === undefined
      ? undefined
      : { name: WINHTTP, ...decodeProxySettings(hex), script: '', autoDetect: false };
  },
  (settings, read) => {
    const hex = read('DefaultConnectionSettings of SYSTEM', settings.systemConnectionSettings);
    return hex === undefined || perMachine(settings, read)
      ? undefined
      : { name: 'SYSTEM (DefaultConnectionSettings)', ...decodeConnectionSettings(hex) };
  },
  (settings, read) => {
    const store = plainStore('SYSTEM', {
      enable: read('ProxyEnable of SYSTEM', settings.systemProxyEnable),
      proxy: read('ProxyServer of SYSTEM', settings.systemProxyServer),
      bypass: read('ProxyOverride of SYSTEM', settings.systemProxyOverride),
      script: read('AutoConfigURL of SYSTEM', settings.systemAutoConfigUrl),
    });
    return perMachine(settings, read) ? undefined : store;
  },
  (settings, read) => {
    const store = plainStore('the machine', {
      enable: read('ProxyEnable of the machine', settings.machineProxyEnable),
      proxy: read('ProxyServer of the machine', settings.machineProxyServer),
      bypass: read('ProxyOverride of the machine', settings.machineProxyOverride),
      script: read('AutoConfigURL of the machine', settings.machineAutoConfigUrl),
    });
    return perMachine(settings, read) ? store : undefined;
  },
];

/**
 * Every store of proxy settings that is set on the machine and that a program of SYSTEM could go by.
 * @throws Fault `proxy-settings-malformed`, and what `read` throws
 */
export const proxyStores = (settings: Facts['proxy'], read: ReadAs): ProxyStore[] =>
  STORES.flatMap((store) => store(settings, read) ?? []);

/** Those of them that can be read and decoded. */
export const readableStores = (settings: Facts['proxy']): ProxyStore[] =>
  STORES.flatMap((store) => {
    try {
      return store(settings, valueOrThrow) ?? [];
    } catch (error) {
      if (error instanceof Fault) return [];
      throw error;
    }
  });

const valueOrThrow: ReadAs = (name, reading) => {
  if (reading.state === 'unreadable') {
    throw new Fault(`${name} could not be read: ${reading.reason}`, {
      code: 'unreadable',
      blame: 'machine',
      remedy: 'Run the probe again as an administrator of the machine.',
    });
  }
  return reading.state === 'present' ? reading.value : undefined;
};

/** The values that WinINET keeps one by one; undefined when none of them is set. */
function plainStore(
  name: string,
  values: {
    enable?: number | undefined;
    proxy?: string | undefined;
    bypass?: string | undefined;
    script?: string | undefined;
  },
): ProxyStore | undefined {
  const { enable, proxy = '', bypass = '', script = '' } = values;
  if (enable === undefined && script === '') return undefined;
  const manual = enable !== undefined && enable !== 0 && proxy !== '';
  return {
    name,
    direct: !manual && script === '',
    proxy: manual ? proxy : '',
    bypass: manual ? bypass : '',
    script,
    autoDetect: false,
  };
}

/**
 * The proxy for HTTPS in a setting such as `proxy:8080` or `http=a:80;https=b:88`, as `host:port`, lower case; undefined
 * when it names none. Without a port it is 80.
 */
export function httpsProxy(setting: string): string | undefined {
  const entries = setting.split(/[;\s]+/).filter((entry) => entry !== '');
  const entry =
    entries.find((one) => /^https=/i.test(one))?.slice('https='.length) ??
    entries.find((one) => !one.includes('='));
  const [, host, port = '80'] =
    /^(?:https?:\/\/)?(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d+))?\/?$/i.exec(entry ?? '') ?? [];
  return host === undefined ? undefined : `${host.toLowerCase()}:${port}`;
}

/** Whether a bypass list sends a host past the proxy: `*.contoso.com`, `<local>` for names without a dot. */
export function bypasses(list: string, host: string): boolean {
  return list
    .toLowerCase()
    .split(/[;\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => (entry === '<local>' ? !host.includes('.') : wildcard(entry).test(host.toLowerCase())));
}

const wildcard = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/^https?:\/\//, '')
      .split('*')
      .map(literally)
      .join('.*')}$`,
  );

const literally = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
