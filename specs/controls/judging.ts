import { Fault } from '../../harness/core/errors.ts';
import { couldNotCheck, type Verdict } from '../../harness/core/outcome.ts';
import type { Facts, Reading } from '../../harness/guest/facts.ts';
import type { Judge } from './control.ts';

/** The parts of the facts that a probe can fail to read as a whole, in words. */
const PARTS = {
  os: 'the version of Windows',
  tls: 'the settings of TLS',
  connections: 'connections to the portal',
  handshakes: 'the handshakes',
  proxy: 'the proxy settings',
  packages: 'the installed updates',
  rebootPending: 'the marks of a pending restart',
  credentialProviders: 'the credential providers',
  products: 'the installed products',
  verboseLogging: 'EnableLogging of the add-in',
  userAccountControl: 'EnableLUA',
  environment: 'the surroundings of the logon screen',
  providerFilters: 'the credential provider filters',
} as const satisfies Partial<Record<keyof Facts, string>>;

export type Part = keyof typeof PARTS;

const PROBE_REMEDY =
  'Run the probe again as an administrator of the machine; if it fails again, read its error and the access rights of what it reads.';
const SCRIPTS_REMEDY =
  'Let the machine run scripts, and run again: reg add "HKLM\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings" /v Enabled /t REG_DWORD /d 1 /f; where AppLocker or another policy blocks cscript.exe, allow it for the account of WinRM.';

/**
 * A judge that speaks only of what could be read. When one of the parts failed as a whole, or a reading that the judge
 * takes is unreadable, the verdict is "could not check", with the reason.
 */
export function given(parts: readonly Part[], judge: Judge): Judge {
  return (subject) => {
    const unread = firstUnread(parts, subject.facts);
    if (unread !== undefined) return unread;
    try {
      return judge(subject);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return couldNotCheck(error.message, { remediation: error.remedy });
    }
  };
}

/** "Could not check", with the reason, when one of these parts could not be read; else undefined. */
export function firstUnread(parts: readonly Part[], { failures, scriptHost }: Facts): Verdict | undefined {
  const part = parts.find((one) => failures[one] !== undefined);
  if (part === undefined) return undefined;
  // Only a script can make connections (harness/guest/probe/fallback.ts).
  const needsScripts = part === 'connections' && scriptHost.state !== 'available';
  return couldNotCheck(`The probe could not read ${PARTS[part]}: ${failures[part]}`, {
    remediation: needsScripts ? SCRIPTS_REMEDY : PROBE_REMEDY,
  });
}

/**
 * The value of a reading; `undefined` means that it is absent.
 * @throws Fault `unreadable`: nothing can be said about it
 */
export function read<T>(name: string, reading: Reading<T>): T | undefined {
  if (reading.state === 'present') return reading.value;
  if (reading.state === 'absent') return undefined;
  throw new Fault(`${name} could not be read: ${reading.reason}`, {
    code: 'unreadable',
    blame: 'machine',
    retryable: true,
    remedy: WRONG_TYPE.test(reading.reason)
      ? `Give ${name} the type that Windows documents for it: what Windows makes of another one is not known.`
      : PROBE_REMEDY,
  });
}

/** How the probe says that a value is there, but a text in place of a number, or the other way round. */
const WRONG_TYPE = /^(not a (number|text)|neither a number nor a text)/;

/** A DWORD as Windows writes it: `0xffffffff`, also when JScript has read it as -1. */
export const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** `Enabled 0x1` or `Enabled absent`. */
export const shown = (name: string, value: number | string | undefined): string =>
  `${name} ${value === undefined ? 'absent' : typeof value === 'number' ? hex(value) : JSON.stringify(value)}`;
