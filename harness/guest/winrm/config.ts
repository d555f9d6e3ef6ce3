import type { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import { ask } from './ask.ts';
import { getConfig, identify } from './requests.ts';
import { type WinrmConfig, readConfig, readProductVersion } from './config-answer.ts';
import { Transport } from './transport.ts';

export type { WinrmConfig } from './config-answer.ts';

/**
 * The settings of a machine's WinRM service, as `winrm get winrm/config` shows them, in any language.
 * Source: MS-WSMV 2.2.4.10 ConfigType and 4.2.1.
 * @throws Fault `winrm-config-unreadable` for an account that may not read them (which may do all else), and the errors
 *   of opening a channel
 */
export async function readWinrmConfig(endpoint: WinrmEndpoint, deadline: Deadline): Promise<WinrmConfig> {
  const transport = new Transport(endpoint);
  try {
    const settings = await ask(transport, getConfig(), 'reading its settings', deadline, readConfig);
    const productVersion = await ask(
      transport,
      identify(),
      'asking who is there',
      deadline,
      readProductVersion,
    ).catch(unlessInterrupted);
    return { ...settings, productVersion };
  } catch (error) {
    throw error instanceof Fault && error.code === 'winrm-access-denied' ? notReadable(error) : error;
  } finally {
    transport.close();
  }
}

/** A server may not say who it is; that is no reason to lose its settings. */
function unlessInterrupted(error: unknown): undefined {
  if (error instanceof Fault && error.code === 'interrupted') throw error;
}

const notReadable = (cause: Fault): Fault =>
  new Fault(`The settings of WinRM could not be read: ${cause.message}`, {
    code: 'winrm-config-unreadable',
    blame: 'config',
    remedy: `Only administrators may read them. ${cause.remedy}`,
    cause,
  });
