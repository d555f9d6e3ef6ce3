import { Fault } from '../core/errors.ts';

/** The proxy of WinHTTP, as `netsh winhttp show proxy` would tell it. */
export interface ProxySettings {
  /** No proxy. */
  readonly direct: boolean;
  /** `proxy.contoso.com:8080`, or '' */
  readonly proxy: string;
  /** What goes past the proxy: `localhost;*.contoso.com`, or '' */
  readonly bypass: string;
}

const MANUAL_PROXY = 0x2;

/**
 * The registry value `WinHttpSettings`. Source of the layout: facts 4.1; its first two numbers vary between builds and
 * mean nothing here.
 * @param hex the value in hexadecimal, as the probe gives it
 * @throws Fault `proxy-settings-malformed`
 */
export function decodeProxySettings(hex: string): ProxySettings {
  if (!/^([0-9a-f]{2})*$/i.test(hex)) throw malformed(hex, 'it is not hexadecimal');
  const bytes = Buffer.from(hex, 'hex');
  let at = 8;
  const number = (): number => {
    if (at + 4 > bytes.length) throw malformed(hex, `it ends at byte ${bytes.length}`);
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > bytes.length) throw malformed(hex, `a text of ${length} bytes goes beyond its end`);
    at += length;
    return bytes.toString('latin1', at - length, at);
  };
  const flags = number();
  const [proxy, bypass] = [text(), text()];
  const direct = (flags & MANUAL_PROXY) === 0 || proxy === '';
  return direct ? { direct, proxy: '', bypass: '' } : { direct, proxy, bypass };
}

const malformed = (hex: string, why: string): Fault =>
  new Fault(`WinHttpSettings cannot be decoded: ${why} (${hex.slice(0, 80)})`, {
    code: 'proxy-settings-malformed',
    blame: 'machine',
    remedy: 'Set the proxy again on the machine: netsh winhttp set proxy, or netsh winhttp reset proxy.',
  });
