import type { Deadline } from '../core/deadline.ts';
import type { WinrmEndpoint } from '../core/endpoints.ts';
import { Fault } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { openPowerShellChannel } from './powershell/open.ts';
import { openWinrm } from './winrm/open.ts';

/** How a machine's channel is opened, whatever the endpoint asks for. For tests, other ways can be given. */
export interface Ways {
  readonly winrm: typeof openWinrm;
  readonly powershell: (endpoint: WinrmEndpoint, deadline: Deadline) => Promise<Channel>;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const WAYS: Ways = {
  winrm: openWinrm,
  powershell: (endpoint, deadline) => openPowerShellChannel(endpoint, deadline),
  platform: process.platform,
  environment: process.env,
};

/**
 * Opens the channel to a machine. Negotiate and Kerberos go through PowerShell, which has the domain's tickets; everything
 * else is spoken by our own WinRM client.
 * @throws Fault `winrm-needs-windows` (config) where only PowerShell of a Windows host could do it, and those of both ways
 */
export async function openChannel(
  endpoint: WinrmEndpoint,
  deadline: Deadline,
  { winrm, powershell, platform, environment }: Ways = WAYS,
): Promise<Channel> {
  if (!needsPowerShell(endpoint)) return winrm(endpoint, deadline);
  if (platform !== 'win32' && !environment.SSPR_POWERSHELL) throw needsWindows(endpoint);
  return powershell(endpoint, deadline);
}

const needsPowerShell = ({ authentication }: WinrmEndpoint): boolean =>
  authentication === 'negotiate' || authentication === 'kerberos';

const needsWindows = ({ authentication }: WinrmEndpoint): Fault =>
  new Fault(`winrm.authentication: ${authentication ?? ''} works on a Windows host only`, {
    code: 'winrm-needs-windows',
    blame: 'config',
    remedy:
      'Use winrm.authentication: ntlm, which works from every host and with the same account; or run on Windows, or name a PowerShell that can do it in SSPR_POWERSHELL.',
  });
