import { Fault } from '../core/errors.ts';
import { redact } from '../core/secret.ts';

/** What PowerShell says of an error, apart from its text, which comes in the language of the host. */
export interface ErrorRecord {
  readonly message: string;
  /** `FullyQualifiedErrorId`: `CannotConnect,PSSessionOpenFailed`. The same in every language. */
  readonly id: string;
  /** `CategoryInfo.Category`: `OpenError`. */
  readonly category: string;
  /** `ErrorCode` or `NativeErrorCode` of the first exception in the chain that has one: a Win32 or WSMan number. */
  readonly number: number | null;
  /** Line of the script, or 0. */
  readonly line: number;
}

/** The cause of a Fault `powershell-failed`: decide by its `id` and `number`, never by its text. */
export class PowerShellError extends Error {
  override readonly name = 'PowerShellError';

  constructor(
    message: string,
    readonly record: ErrorRecord,
  ) {
    super(message);
  }
}

/** The script ran and threw. */
export function failed(doing: string, record: ErrorRecord): Fault {
  const where = record.line > 0 ? `, line ${record.line}` : '';
  const message = redact(
    `PowerShell failed while ${doing}: ${record.message.trim()} (${record.id}, ${record.category}${where})`,
  );
  return new Fault(message, {
    code: 'powershell-failed',
    blame: 'machine',
    remedy:
      'Look the error identifier up; the same cmdlet, typed in a PowerShell of this host, fails likewise.',
    // The same text: whoever prints the chain of causes prints it once.
    cause: new PowerShellError(message, { ...record, message: redact(record.message) }),
  });
}

/** The error record behind a Fault, or undefined when the Fault is not a script's. */
export const errorRecord = (error: unknown): ErrorRecord | undefined =>
  error instanceof Fault && error.cause instanceof PowerShellError ? error.cause.record : undefined;

/** The executable is not there, or cannot be started. */
export const missing = (executable: string, why: string): Fault =>
  new Fault(`PowerShell cannot be started: ${executable}: ${why}`, {
    code: 'powershell-missing',
    blame: 'config',
    remedy:
      'Install PowerShell 7, or name one that is installed: set SSPR_POWERSHELL to the full path of pwsh or powershell.exe.',
  });

/** It is a PowerShell, but ours cannot work in it. */
export const unsuitable = (executable: string, why: string, remedy: string): Fault =>
  new Fault(`This PowerShell cannot be used: ${executable}: ${why}`, {
    code: 'powershell-unsuitable',
    blame: 'config',
    remedy,
  });

/** It did not keep to the protocol: it ended, or what it said makes no sense. @param said without secrets */
export const brokeProtocol = (doing: string, why: string, said: string): Fault =>
  new Fault(`PowerShell gave no answer while ${doing}: ${why}${said && `; it said: ${said}`}`, {
    code: 'powershell-protocol',
    blame: 'harness',
    retryable: true,
    remedy:
      'Try again; if it stays, check that SSPR_POWERSHELL is a PowerShell, and that no scanner blocks scripts.',
  });
