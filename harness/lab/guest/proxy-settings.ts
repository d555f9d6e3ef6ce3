/** WinHTTP's proxy settings of a machine, as `netsh winhttp` shows and sets them. */
export interface ProxySettings {
  /** `proxy.example:8080`, or '' for direct access. */
  readonly proxy: string;
  /** `localhost;*.example`, or '' for none. */
  readonly bypass: string;
}

export const CONNECTIONS_KEY =
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections';
export const SETTINGS_VALUE = 'WinHttpSettings';

const INTERNET_SETTINGS = 'Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
/** The user part of the registry of the account SYSTEM. */
export const SYSTEM_HIVE = 'HKU\\S-1-5-18';
/** WinINET's settings: of the account of WinRM, and of SYSTEM. */
export const WININET_KEYS = [`HKCU\\${INTERNET_SETTINGS}`, `${SYSTEM_HIVE}\\${INTERNET_SETTINGS}`] as const;

const MARK = 0x18;
const DIRECT = 1;
const MANUAL_PROXY = 2;

/** The bytes of `WinHttpSettings`: mark, counter, flags, then proxy and bypass list with their lengths. */
export function encodeProxySettings({ proxy, bypass }: ProxySettings): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(MARK, 0);
  head.writeUInt32LE(proxy === '' ? DIRECT : DIRECT | MANUAL_PROXY, 8);
  return Buffer.concat([head, counted(proxy), counted(bypass)]);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** What the bytes say; direct access when there are none or they are cut short. */
export function decodeProxySettings(bytes: Buffer | undefined): ProxySettings {
  const direct = { proxy: '', bypass: '' };
  if (!bytes || bytes.length < 20 || (bytes.readUInt32LE(8) & MANUAL_PROXY) === 0) return direct;
  const proxyEnd = 16 + bytes.readUInt32LE(12);
  if (proxyEnd + 4 > bytes.length) return direct;
  const bypassEnd = proxyEnd + 4 + bytes.readUInt32LE(proxyEnd);
  return {
    proxy: bytes.toString('latin1', 16, proxyEnd),
    bypass: bytes.toString('latin1', proxyEnd + 4, Math.min(bypassEnd, bytes.length)),
  };
}

/** Host and port of a `host:port` setting; undefined for direct access. */
export function proxyAddress({ proxy }: ProxySettings): { host: string; port: number } | undefined {
  const match = /^(?:https?:\/\/)?([^:/;=\s]+):(\d+)/.exec(proxy);
  return match?.[1] === undefined ? undefined : { host: match[1], port: Number(match[2]) };
}
