import { type Blame, Fault } from '../../core/errors.ts';

/** What the machine said when it refused a request, whichever of its two forms of detail it used. */
export interface WsmanFault {
  /** Number of the fault as decimal text, '' when there is none. */
  readonly number: string;
  /** `w:TimedOut` without its prefix, or ''. */
  readonly subcode: string;
  readonly reason: string;
}

interface Meaning {
  readonly code: string;
  readonly blame: Blame;
  readonly retryable: boolean;
  readonly what: string;
  readonly remedy: string;
}

/** The operation time limit elapsed without output: nothing is wrong, ask again. Never shown to anybody. */
const TIMED_OUT = '2150858793';

const SHELL_GONE: Meaning = {
  code: 'winrm-shell-gone',
  blame: 'machine',
  retryable: true,
  what: 'the remote shell is gone',
  remedy: 'The machine restarted or closed an idle shell: connect again.',
};

const QUOTA: Meaning = {
  code: 'winrm-quota',
  blame: 'machine',
  retryable: true,
  what: 'the machine allows no more of them',
  remedy: 'Close other WinRM sessions of this user, or raise the quota: winrm get winrm/config shows it.',
};

const BUG: Meaning = {
  code: 'winrm-protocol',
  blame: 'harness',
  retryable: false,
  what: 'it does not understand the request',
  remedy: 'This is a bug of the harness, or the address is not that of a WinRM service: check the port.',
};

/** Numbers of WS-Management faults and what they mean for the caller. Source: facts 7.3. */
const BY_NUMBER: Readonly<Record<string, Meaning>> = {
  '2150858843': SHELL_GONE,
  // Errors of reading the registry turn up when the user's profile was unloaded under the shell.
  '2147943418': SHELL_GONE,
  '995': { ...SHELL_GONE, what: 'it aborted the operation' },
  '2150859174': { ...QUOTA, what: 'too many commands run at once for this user' },
  '2150859173': { ...QUOTA, what: 'too many shells are open for this user' },
  '2150858817': BUG,
  '2150858778': BUG,
  '5': {
    code: 'winrm-access-denied',
    blame: 'config',
    retryable: false,
    what: 'access is denied',
    remedy:
      'Use an account of the local Administrators group; for a local account set LocalAccountTokenFilterPolicy to 1.',
  },
  '2150858770': {
    code: 'winrm-unreachable',
    blame: 'machine',
    retryable: true,
    what: 'it cannot connect',
    remedy: 'Check that the WinRM service runs: winrm quickconfig.',
  },
  '2150859046': {
    code: 'winrm-unreachable',
    blame: 'machine',
    retryable: true,
    what: 'it cannot complete the operation',
    remedy: 'Check the WinRM service and the firewall profile of the network: winrm quickconfig.',
  },
};

const BY_SUBCODE: Readonly<Record<string, Meaning>> = { QuotaLimit: QUOTA, InvalidSelectors: SHELL_GONE };

const UNKNOWN: Meaning = {
  code: 'winrm-fault',
  blame: 'machine',
  retryable: false,
  what: 'it refused',
  remedy: 'Look the number up: winrm helpmsg NUMBER, on the machine.',
};

export const isTimedOut = (fault: WsmanFault): boolean =>
  fault.number === TIMED_OUT || (fault.number === '' && fault.subcode === 'TimedOut');

/** @param doing what was asked of the machine: "opening a shell" */
export function explainFault(fault: WsmanFault, doing: string): Fault {
  const meaning = BY_NUMBER[fault.number] ?? BY_SUBCODE[fault.subcode] ?? UNKNOWN;
  const number = fault.number || fault.subcode || 'no number';
  return new Fault(`WinRM failed while ${doing}: ${meaning.what} (${number}: ${fault.reason})`, meaning);
}

/** @param why what is wrong with the answer */
export const notWsman = (why: string, doing: string): Fault =>
  new Fault(`The answer is not WS-Management while ${doing}: ${why}`, {
    code: 'winrm-protocol',
    blame: 'machine',
    remedy:
      'Check that the address and port are those of the WinRM service (5985 for HTTP), not of another server.',
  });
