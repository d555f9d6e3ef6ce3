import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import { hostOf, portOf, readUrl } from '../winrm/address.ts';
import type { Target } from './faults.ts';

/** What New-PSSession is told about the way to the machine. */
export interface SessionTarget extends Target {
  readonly useSsl: boolean;
  /** `wsman`: the path of the address. */
  readonly applicationName: string;
  readonly authentication: 'Negotiate' | 'Kerberos';
}

/** What Windows takes from its own settings, and what to do where an endpoint asks for something of its own. */
const ELSEWHERE = {
  ca: "import the authority into the host's Trusted Root Certification Authorities, and leave winrm.certificateAuthority out",
  fingerprint:
    "import the machine's certificate into the host's Trusted Root Certification Authorities, and leave winrmFingerprint out",
  proxy: 'take a way without a proxy',
} as const;

/**
 * @throws Fault `winrm-url`, `winrm-powershell-setting` for what PowerShell remoting cannot do: a pinned certificate that
 *   nobody checks would be worse than none
 */
export function sessionTarget(endpoint: WinrmEndpoint): SessionTarget {
  const url = readUrl(endpoint.url);
  for (const [setting, otherwise] of Object.entries(ELSEWHERE)) {
    if (endpoint[setting as keyof typeof ELSEWHERE] !== undefined) throw unsupported(setting, otherwise);
  }
  return {
    computerName: hostOf(url),
    port: portOf(url),
    useSsl: url.protocol === 'https:',
    applicationName: url.pathname.replace(/^\/+|\/+$/g, '') || 'wsman',
    authentication: endpoint.authentication === 'kerberos' ? 'Kerberos' : 'Negotiate',
  };
}

const unsupported = (setting: string, otherwise: string): Fault =>
  new Fault(`The WinRM setting "${setting}" cannot be used together with Negotiate or Kerberos`, {
    code: 'winrm-powershell-setting',
    blame: 'config',
    remedy: `Use winrm.authentication: ntlm, or ${otherwise}.`,
  });
