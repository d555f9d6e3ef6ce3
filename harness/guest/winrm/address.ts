import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';

const SCHEMES: readonly string[] = ['http:', 'https:'];

/** @throws Fault `winrm-url` */
export function readUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && SCHEMES.includes(parsed.protocol) && !hasLogin(parsed)) return parsed;
  throw new Fault(
    parsed && hasLogin(parsed)
      ? 'The WinRM address holds a user name or a password'
      : `Not a WinRM address: ${url}`,
    {
      code: 'winrm-url',
      blame: 'config',
      remedy: 'Give an address such as http://127.0.0.1:5985/wsman or https://win7.example:5986/wsman.',
    },
  );
}

/** @throws Fault `winrm-proxy-url` */
export function readProxy({ proxy }: WinrmEndpoint): URL | undefined {
  if (proxy === undefined) return undefined;
  const parsed = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (parsed?.protocol === 'http:' && !hasLogin(parsed)) return parsed;
  throw new Fault(
    parsed && hasLogin(parsed)
      ? 'The address of the proxy holds a user name or a password, which is not supported'
      : `Not the address of an HTTP proxy: ${proxy}`,
    {
      code: 'winrm-proxy-url',
      blame: 'config',
      remedy: 'Give an address such as http://proxy.example:3128.',
    },
  );
}

const hasLogin = ({ username, password }: URL): boolean => username !== '' || password !== '';

/** The host without the brackets of IPv6. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

export const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);

/** Whether what is sent there never leaves this host. */
export const isLoopback = (url: URL): boolean => /^(localhost|127(\.\d+){3}|::1)$/i.test(hostOf(url));
