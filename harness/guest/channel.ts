import type { Deadline } from '../core/deadline.ts';
import type { Secret } from '../core/secret.ts';

/** A command for the guest's cmd.exe. Anything secret in it must be wrapped, so that no log shows it. */
export interface Command {
  /** The line as one would type it at the prompt; at most 8191 characters. */
  readonly line: string;
  /** Secrets that stand in the line as `{0}`, `{1}`, ...: put in only when it is sent. */
  readonly secrets?: readonly Secret[];
}

export interface ExecResult {
  /** Unsigned 32 bits, as Windows counts them. */
  readonly exitCode: number;
  /** Text, whether the program printed UTF-8 or in the machine's OEM code page. */
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** The running machine seen from inside. Every method throws a Fault when it could not do its work. */
export interface Channel {
  /** Runs the line to its end. An exit code other than 0 is a result, not an error. */
  exec(command: Command, deadline: Deadline): Promise<ExecResult>;
  /** Puts a file there, checked by its hash. `path` is a full Windows path; its folder must exist. */
  put(file: Uint8Array, path: string, deadline: Deadline): Promise<void>;
  close(): Promise<void>;
}
