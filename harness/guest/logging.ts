import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { type Facts, SSPR_CLSID } from './facts.ts';
import { openRegistry } from './probe/fallback.ts';

/** Where the add-in is registered as a credential provider, and reads EnableLogging. */
export const PROVIDER_KEY = `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers\\${SSPR_CLSID}`;

/** `on` and `off` as the English document describes them (EnableLogging 1 and 0); `unset` removes the value. */
export type VerboseLogging = 'on' | 'off' | 'unset';

/** EnableLogging as it is now. */
export async function readVerboseLogging(
  channel: Channel,
  deadline: Deadline,
): Promise<Facts['verboseLogging']> {
  const registry = await openRegistry((line) => channel.exec({ line }, deadline));
  return registry.number(PROVIDER_KEY.replace('HKLM', 'HKEY_LOCAL_MACHINE'), 'EnableLogging');
}

const LINES: Readonly<Record<VerboseLogging, string>> = {
  on: `reg add "${PROVIDER_KEY}" /v EnableLogging /t REG_DWORD /d 1 /f`,
  off: `reg add "${PROVIDER_KEY}" /v EnableLogging /t REG_DWORD /d 0 /f`,
  unset: `reg delete "${PROVIDER_KEY}" /v EnableLogging /f`,
};

/**
 * Switches the add-in's verbose logging. `reg add` would make the key where it is missing, and with it a credential
 * provider that is not there: so the key is looked for first.
 * @throws Fault `logging-no-add-in`, `logging-not-switched`
 */
export async function setVerboseLogging(
  channel: Channel,
  to: VerboseLogging,
  deadline: Deadline,
): Promise<void> {
  const key = await channel.exec({ line: `reg query "${PROVIDER_KEY}"` }, deadline);
  if (key.exitCode !== 0) {
    throw new Fault(`The add-in's credential provider key is not there: ${PROVIDER_KEY}`, {
      code: 'logging-no-add-in',
      blame: 'machine',
      remedy: 'Install the add-in first.',
    });
  }
  const { exitCode, stdout, stderr } = await channel.exec({ line: LINES[to] }, deadline);
  if (exitCode === 0) return;
  throw new Fault(
    `Verbose logging was not switched ${to} (exit code ${exitCode}): ${(stderr || stdout).trim()}`,
    {
      code: 'logging-not-switched',
      blame: 'machine',
      remedy: 'Check that the account may write below HKLM\\SOFTWARE.',
    },
  );
}
