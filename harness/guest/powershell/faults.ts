import { type Blame, Fault } from '../../core/errors.ts';
import { type ErrorRecord, errorRecord } from '../../powershell/errors.ts';
import { explainFault } from '../winrm/faults.ts';

/** A machine as PowerShell's cmdlets take it. */
export interface Target {
  readonly computerName: string;
  readonly port: number;
}

/** Identifiers that PowerShell puts in place of a number. The signed numbers are those of wsmerror.h as 32 bits. */
const NUMBER_BY_ID: ReadonlyMap<string, number> = new Map(
  Object.entries({
    AccessDenied: 5,
    ServerOutOfMemory: 14,
    NetworkPathNotFound: 53,
    WinRMOperationAborted: 995,
    AuthenticationFailed: 1311,
    LogonFailure: 1326,
    ImproperResponse: 1722,
    CannotConnect: -2144108526,
    WinRMOperationTimeout: -2144108250,
    URLNotAvailable: -2144108269,
    CannotConnectWinRMService: -2144108270,
    WinRMHttpError: -2144108176,
    ComputerNotFound: -2144108103,
    InvalidAuthentication: -2144108274,
    ServerNotTrusted: -2144108316,
    CannotUseIPAddress: -2144108101,
    WorkgroupCannotUseKerberos: -2144108276,
    ClientKerberosDisabled: -2144108318,
    ExplicitCredentialsRequired: -2144108315,
    TargetUnknown: -2146893053,
    RemoteSessionDisallowed: -2144108116,
    RemoteConnectionDisallowed: -2144108061,
    InvalidResourceUri: -2144108542,
    CannotConnectTargetSessionDoesNotExist: -2144108453,
  }),
);

interface Meaning {
  readonly code: string;
  readonly blame: Blame;
  readonly retryable?: boolean;
  readonly what: string;
  readonly remedy: (target: Target) => string;
}

const UNREACHABLE: Meaning = {
  code: 'winrm-unreachable',
  blame: 'machine',
  retryable: true,
  what: 'it does not answer as WinRM',
  remedy: () =>
    'Check that the machine runs, that its WinRM service is started (winrm quickconfig) and that no firewall is in between.',
};

const NOT_TRUSTED: Meaning = {
  code: 'winrm-trusted-hosts',
  blame: 'config',
  what: 'this host does not trust it: without Kerberos, that takes HTTPS or an entry in TrustedHosts',
  remedy: ({ computerName }) =>
    `Run once on this host, as administrator: Set-Item -Path 'WSMan:\\localhost\\Client\\TrustedHosts' -Value '${computerName}' -Concatenate -Force; or use HTTPS, or winrm.authentication: ntlm.`,
};

const NO_KERBEROS: Meaning = {
  code: 'winrm-unauthorized',
  blame: 'config',
  what: 'Kerberos does not know it',
  remedy: () =>
    'Use the name of the machine in its domain, not its address, or use winrm.authentication: negotiate or ntlm.',
};

const BAD_LOGON: Meaning = {
  code: 'winrm-unauthorized',
  blame: 'config',
  what: 'it refuses this user name and password',
  remedy: () =>
    'Check the WinRM user and password, and that the machine allows this scheme: winrm get winrm/config/service/auth.',
};

const NO_REMOTING: Meaning = {
  code: 'winrm-remoting-disabled',
  blame: 'config',
  what: 'WinRM answers, but PowerShell remoting is not enabled there',
  remedy: () =>
    'Run on the machine, in PowerShell as administrator: Enable-PSRemoting -Force; or use winrm.authentication: ntlm, which needs no PowerShell.',
};

/**
 * What the numbers mean that only a client on Windows knows, or that mean more to it than to the service. All others are
 * those of faults.ts of WinRM. Source of numbers and identifiers: PowerShell's own table of WSMan errors, wsmerror.h.
 */
const BY_NUMBER: ReadonlyMap<number, Meaning> = new Map([
  // ERROR_BAD_NETPATH, and names and addresses that lead nowhere
  [53, UNREACHABLE],
  [-2144108103, { ...UNREACHABLE, what: 'there is no machine of this name' }],
  [-2144108269, UNREACHABLE],
  [-2144108270, UNREACHABLE],
  [-2144108176, UNREACHABLE],
  [1722, UNREACHABLE],
  // PowerShell says "access denied" for a wrong password, too.
  [
    5,
    {
      code: 'winrm-access-denied',
      blame: 'config',
      what: 'access is denied',
      remedy: () =>
        'Check user and password; the account must be of the local Administrators group, and for a local one LocalAccountTokenFilterPolicy must be 1.',
    },
  ],
  [1311, BAD_LOGON],
  [1312, BAD_LOGON],
  [1326, BAD_LOGON],
  [-2144108274, BAD_LOGON],
  [-2144108315, BAD_LOGON],
  [-2144108316, NOT_TRUSTED],
  [-2144108101, NOT_TRUSTED],
  [-2144108276, NO_KERBEROS],
  [-2144108318, NO_KERBEROS],
  [-2146893053, NO_KERBEROS],
  [-2144108116, NO_REMOTING],
  [-2144108061, NO_REMOTING],
  [-2144108542, NO_REMOTING],
  [-2144108485, NO_REMOTING],
]);

/**
 * What went wrong on the way to the machine, with the code that the WinRM channel has for it. Errors of PowerShell that
 * are not about WinRM, and all that is not an error of a script, come back as they are.
 * @param doing "opening a session"
 */
export function explainRemoting(error: unknown, doing: string, target: Target): unknown {
  const record = errorRecord(error);
  if (record === undefined) return error;
  const number = numberOf(record);
  if (!isRemoting(record.id, number)) return error;
  const meaning = BY_NUMBER.get(number);
  if (meaning === undefined) {
    const unsigned = number === 0 ? '' : String(number >>> 0);
    return explainFault(
      { number: unsigned, innerNumber: '', subcode: '', reason: record.message.trim() },
      doing,
    );
  }
  const { what, remedy, ...detail } = meaning;
  return new Fault(
    `${target.computerName}:${target.port} cannot be used while ${doing}: ${what} (${number}: ${record.message.trim()})`,
    { ...detail, remedy: remedy(target), cause: error },
  );
}

/** 0 when there is none. PowerShell may give it in words, as a number, or as the beginning of the identifier. */
function numberOf({ id, number }: ErrorRecord): number {
  const [first = ''] = id.split(',');
  const named = NUMBER_BY_ID.get(first) ?? (/^-?\d+$/.test(first) ? Number(first) : 0);
  return named || (number ?? 0) | 0;
}

/** Numbers of WSMan, and identifiers of the cmdlets for sessions. */
const isRemoting = (id: string, number: number): boolean =>
  number >>> 16 === 0x8033 || /PSSession(OpenFailed|StateBroken)|^JobFailure|^InvalidSessionState/.test(id);

/** The session is not there any more: the machine restarted, or PowerShell of this host did. */
export const sessionGone = (doing: string, { computerName }: Target): Fault =>
  new Fault(`The session with ${computerName} is gone while ${doing}`, {
    code: 'winrm-shell-gone',
    blame: 'machine',
    retryable: true,
    remedy: 'The machine restarted or closed an idle session: connect again.',
  });
