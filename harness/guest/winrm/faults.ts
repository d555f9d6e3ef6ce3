import { type Blame, Fault } from '../../core/errors.ts';
import { type Quota, isQuota, tooLowQuota } from './quotas.ts';
import { OPERATION_TIMEOUT_S } from './requests.ts';

/** What the machine said when it refused a request, whichever of its two forms of detail it used. */
export interface WsmanFault {
  /** Number of the fault as unsigned decimal text, '' when there is none. */
  readonly number: string;
  /** Number that a provider behind the service gave. */
  readonly innerNumber?: string | undefined;
  /** `w:TimedOut` without its prefix; the code, such as `MustUnderstand`, where there is no subcode; or ''. */
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

const ABORTED: Meaning = { ...SHELL_GONE, what: 'it aborted the operation' };

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

const DENIED: Meaning = {
  code: 'winrm-access-denied',
  blame: 'config',
  retryable: false,
  what: 'access is denied',
  remedy:
    'Use an account of the local Administrators group; for a local account set LocalAccountTokenFilterPolicy to 1.',
};

const BAD_LOGON: Meaning = {
  code: 'winrm-unauthorized',
  blame: 'config',
  retryable: false,
  what: 'the account cannot sign in',
  remedy:
    'Check the WinRM user and password, and on the machine that the account is neither disabled, locked nor expired.',
};

const UNREACHABLE: Meaning = {
  code: 'winrm-unreachable',
  blame: 'machine',
  retryable: true,
  what: 'it cannot connect',
  remedy: 'Check that the WinRM service runs: winrm quickconfig.',
};

/**
 * Numbers of faults and what they mean for the caller: a meaning, or the quota that is used up.
 * Source: facts 7.3; names of the others from wsmerror.h and winerror.h, whose texts `winrm helpmsg NUMBER` prints.
 */
const BY_NUMBER: Readonly<Record<string, Meaning | Quota>> = {
  // ERROR_WSMAN_QUOTA_MAX_SHELLS and _MAX_SHELLS_PPQ, _MAX_PLUGINSHELLS_PPQ
  '2150859173': 'MaxShellsPerUser',
  '2150859236': 'MaxShellsPerUser',
  '2150859238': 'MaxShellsPerUser',
  // ERROR_WSMAN_QUOTA_MAX_OPERATIONS and _MAX_PLUGINOPERATIONS_PPQ, _MAX_OPERATIONS_USER_PPQ
  '2150859174': 'MaxConcurrentOperationsPerUser',
  '2150859239': 'MaxConcurrentOperationsPerUser',
  '2150859240': 'MaxConcurrentOperationsPerUser',
  // ERROR_WSMAN_QUOTA_MAX_SHELLUSERS and _MAX_USERS_PPQ
  '2150859179': 'MaxConcurrentUsers',
  '2150859237': 'MaxConcurrentUsers',
  // ERROR_WSMAN_QUOTA_MAX_COMMANDS_PER_SHELL_PPQ, ERROR_NOT_ENOUGH_QUOTA
  '2150859241': 'MaxProcessesPerShell',
  '1816': 'MaxProcessesPerShell',
  // ERROR_NOT_ENOUGH_MEMORY, ERROR_OUTOFMEMORY, ERROR_COMMITMENT_LIMIT
  '8': 'MaxMemoryPerShellMB',
  '14': 'MaxMemoryPerShellMB',
  '1455': 'MaxMemoryPerShellMB',
  // ERROR_WSMAN_MAX_ENVELOPE_SIZE, _MAX_ENVELOPE_SIZE_EXCEEDED, _ENVELOPE_TOO_LARGE, _HTTP_REQUEST_TOO_LARGE_STATUS
  '2150858823': 'MaxEnvelopeSizekb',
  '2150858824': 'MaxEnvelopeSizekb',
  '2150858790': 'MaxEnvelopeSizekb',
  '2150859025': 'MaxEnvelopeSizekb',
  // ERROR_WSMAN_QUOTA_LIMIT, _QUOTA_USER, _QUOTA_SYSTEM, _QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ
  '2150858815': { ...QUOTA, what: 'it is busy with other requests' },
  '2150859175': { ...QUOTA, what: 'this user made too many requests in a short time' },
  '2150859176': { ...QUOTA, what: 'there were too many requests in a short time' },
  '2150859242': QUOTA,

  // ERROR_WSMAN_UNEXPECTED_SELECTORS: what a shell that is gone is told by
  '2150858843': SHELL_GONE,
  // ERROR_WINRS_SHELL_DISCONNECTED, ERROR_WSMAN_SERVICE_STREAM_DISCONNECTED
  '2150859204': SHELL_GONE,
  '2150859230': SHELL_GONE,
  // ERROR_KEY_DELETED: reading the registry fails when the user's profile was unloaded under the shell
  '2147943418': SHELL_GONE,
  // ERROR_OPERATION_ABORTED, ERROR_CANCELLED
  '995': ABORTED,
  '1223': ABORTED,

  // ERROR_WSMAN_SCHEMA_VALIDATION_ERROR, ERROR_WSMAN_ENUMERATE_CANNOT_PROCESS_FILTER
  '2150858817': BUG,
  '2150858778': BUG,
  // ERROR_WSMAN_RESOURCE_NOT_FOUND, _INVALID_ACTIONURI, _INVALID_URI, _INVALID_RESOURCE_URI, _INVALID_OPTIONS,
  // _INVALID_XML, _UNSUPPORTED_FEATURE
  '2150858752': BUG,
  '2150858753': BUG,
  '2150858754': BUG,
  '2150858811': BUG,
  '2150858809': BUG,
  '2150858819': BUG,
  '2150858818': BUG,

  // ERROR_ACCESS_DENIED
  '5': DENIED,
  // ERROR_WSMAN_REMOTESHELLS_NOT_ALLOWED
  '2150859180': {
    code: 'winrm-access-denied',
    blame: 'config',
    retryable: false,
    what: 'the machine allows no remote shells',
    remedy:
      'Allow them on the machine, in cmd.exe: winrm set winrm/config/winrs @{AllowRemoteShellAccess="true"}',
  },
  // ERROR_LOGON_FAILURE, _ACCOUNT_RESTRICTION, _PASSWORD_EXPIRED, _ACCOUNT_DISABLED, _LOGON_TYPE_NOT_GRANTED,
  // _PASSWORD_MUST_CHANGE, _ACCOUNT_LOCKED_OUT, ERROR_WSMAN_FAILED_AUTHENTICATION
  '1326': BAD_LOGON,
  '1327': { ...BAD_LOGON, what: 'the account is restricted, as one with an empty password is' },
  '1330': { ...BAD_LOGON, what: 'the password has expired' },
  '1331': { ...BAD_LOGON, what: 'the account is disabled' },
  '1385': { ...BAD_LOGON, what: 'the account may not sign in over the network' },
  '1907': { ...BAD_LOGON, what: 'the password must be changed first' },
  '1909': { ...BAD_LOGON, what: 'the account is locked' },
  '2150858806': BAD_LOGON,

  // ERROR_WSMAN_CANNOT_CONNECT, ERROR_WSMAN_NETWORK_TIMEDOUT
  '2150858770': UNREACHABLE,
  '2150859046': {
    ...UNREACHABLE,
    what: 'it cannot complete the operation',
    remedy: 'Check the WinRM service and the firewall profile of the network: winrm quickconfig.',
  },
  // ERROR_WSMAN_HTTP_SERVICE_UNAVAILABLE_STATUS, ERROR_SHUTDOWN_IN_PROGRESS, ERROR_SERVICE_NOT_ACTIVE, RPC_S_SERVER_UNAVAILABLE
  '2150859026': { ...UNREACHABLE, what: 'the service is not available' },
  '1115': { ...UNREACHABLE, what: 'the machine is shutting down', remedy: 'Connect again when it is back.' },
  '1062': { ...UNREACHABLE, what: 'a service that it needs does not run' },
  '1722': { ...UNREACHABLE, what: 'a service that it needs does not answer' },
};

/** Subcodes, for faults without a number or with one that is not in the table. Source: DSP0226, WS-Addressing, SOAP 1.2. */
const BY_SUBCODE: Readonly<Record<string, Meaning | Quota>> = {
  QuotaLimit: QUOTA,
  InvalidSelectors: SHELL_GONE,
  AccessDenied: DENIED,
  EncodingLimit: 'MaxEnvelopeSizekb',
  SchemaValidationError: BUG,
  UnsupportedFeature: BUG,
  ActionNotSupported: BUG,
  DestinationUnreachable: BUG,
  MustUnderstand: BUG,
  VersionMismatch: BUG,
  EndpointUnavailable: UNREACHABLE,
};

/** What the specified texts of QuotaLimit speak of, for faults that have nothing else. Source: MS-WSMV 3.1.4.5.2.1. */
const QUOTA_BY_TEXT: readonly (readonly [RegExp, Quota])[] = [
  [/concurrent shells/i, 'MaxShellsPerUser'],
  [/users? concurrently|concurrent users/i, 'MaxConcurrentUsers'],
  [/concurrent (operations|commands)/i, 'MaxConcurrentOperationsPerUser'],
  [/number of processes/i, 'MaxProcessesPerShell'],
  [/memory/i, 'MaxMemoryPerShellMB'],
];

const UNKNOWN: Meaning = {
  code: 'winrm-fault',
  blame: 'machine',
  retryable: false,
  what: 'it refused',
  remedy: 'Look the number up: winrm helpmsg NUMBER, on the machine.',
};

export const isTimedOut = (fault: WsmanFault): boolean =>
  fault.number === TIMED_OUT || (fault.number === '' && fault.subcode === 'TimedOut');

/** The machine knows the shell no more, so it has not begun what was asked for. */
export class ShellGone extends Fault {}

/** @param doing what was asked of the machine: "opening a shell" */
export function explainFault(fault: WsmanFault, doing: string): Fault {
  const meaning = meaningOf(fault);
  const number = [fault.number, fault.innerNumber, fault.subcode].find(Boolean) ?? 'no number';
  const said = `(${number}: ${fault.reason || 'without a reason'})`;
  if (isQuota(meaning)) return tooLowQuota(meaning, doing, said);
  const message = `WinRM failed while ${doing}: ${meaning.what} ${said}`;
  return meaning === SHELL_GONE ? new ShellGone(message, meaning) : new Fault(message, meaning);
}

function meaningOf({ number, innerNumber, subcode, reason }: WsmanFault): Meaning | Quota {
  const known = byNumber(number) ?? byNumber(innerNumber ?? '') ?? ownEntry(BY_SUBCODE, subcode) ?? UNKNOWN;
  if (known !== QUOTA) return known;
  return QUOTA_BY_TEXT.find(([pattern]) => pattern.test(reason))?.[1] ?? QUOTA;
}

/** An error of Windows may be wrapped as an HRESULT: 0x80070005 is 5. */
function byNumber(number: string): Meaning | Quota | undefined {
  const value = Number(number);
  const wrapped = value >>> 16 === 0x8007 ? String(value & 0xffff) : number;
  return ownEntry(BY_NUMBER, number) ?? ownEntry(BY_NUMBER, wrapped);
}

/** What comes from the wire may be called `constructor`. */
const ownEntry = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** @param why what is wrong with the answer */
export const notWsman = (why: string, doing: string): Fault =>
  new Fault(`The answer is not WS-Management while ${doing}: ${why}`, {
    code: 'winrm-protocol',
    blame: 'machine',
    remedy:
      'Check that the address and port are those of the WinRM service (5985 for HTTP), not of another server.',
  });

/** The machine gave an operation up that has no output to wait for, when its time was over: it is busy. */
export const tooSlow = (doing: string): Fault =>
  new Fault(`WinRM failed while ${doing}: the machine did not do it within ${OPERATION_TIMEOUT_S} s`, {
    code: 'winrm-operation-timed-out',
    blame: 'machine',
    retryable: true,
    remedy: 'Try again when the machine is less busy; it is busiest just after its start.',
  });
