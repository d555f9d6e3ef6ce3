import type { Deadline } from '../../core/deadline.ts';
import type { Channel, ExecResult } from '../channel.ts';
import type { ScriptHost } from '../facts.ts';
import { openRegistry } from './fallback.ts';
import { Unreadable } from './remote-registry.ts';
import { runScript, type Script } from './script.ts';

/**
 * Where Windows Script Host is switched off, for the account and for the machine: `Enabled` is 0, as a number or as a
 * text. Source: the practice of administrators; Microsoft documents the key for `TrustPolicy`, which stands beside it.
 */
const SETTINGS = [
  'HKEY_CURRENT_USER\\Software\\Microsoft\\Windows Script Host\\Settings',
  'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings',
];

/** The least that a script host can be asked to do. */
const ONE_LINE: Script = {
  source: "WScript.Echo('SSPR-SCRIPTS-RUN');\r\n",
  path: 'C:\\Windows\\Temp\\sspr-script-host.js',
};

const GONE = 'SSPR-CSCRIPT-GONE';

/**
 * Why the machine did not run a script, found out without reading messages, which are in its language; undefined when
 * it does run scripts, so that the fault lies with that one.
 * @param failed the attempt that did not succeed
 */
export async function whyNoScripts(
  channel: Channel,
  failed: ExecResult,
  deadline: Deadline,
): Promise<ScriptHost | undefined> {
  const because = (state: 'disabled' | 'blocked' | 'missing', setting: string): ScriptHost => ({
    state,
    exitCode: failed.exitCode,
    message: `${failed.stderr}\n${failed.stdout}`.replace(/\s+/g, ' ').trim().slice(0, 500),
    setting,
  });
  const line = `if not exist "%SystemRoot%\\System32\\cscript.exe" echo ${GONE}`;
  const { stdout } = await channel.exec({ line }, deadline);
  if (stdout.includes(GONE)) return because('missing', '');
  const setting = await disablingSetting(channel, deadline);
  if (setting !== undefined) return because('disabled', setting);
  const oneLine = await runScript(channel, ONE_LINE, '', deadline);
  return oneLine.stdout.includes('SSPR-SCRIPTS-RUN') ? undefined : because('blocked', '');
}

async function disablingSetting(channel: Channel, deadline: Deadline): Promise<string | undefined> {
  const registry = await openRegistry((line) => channel.exec({ line }, deadline));
  for (const key of SETTINGS) {
    const value = await registry.value(key, 'Enabled').catch(unreadable);
    if (value !== undefined && /^(0x)?0+$/.test(value.data))
      return `${key} Enabled = ${value.type} ${value.data}`;
  }
  return undefined;
}

/** A setting that cannot be read proves nothing; the script of one line will tell. */
function unreadable(error: unknown): undefined {
  if (!(error instanceof Unreadable)) throw error;
  return undefined;
}
