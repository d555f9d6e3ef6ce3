import type { Deadline } from '../core/deadline.ts';

/** A script of ours: a .ps1 file that reads `$in` and returns one object. */
export interface Script {
  /** For errors and logs: "taking a picture of the console". */
  readonly doing: string;
  /** Text of the script. */
  readonly text: string;
}

/** One PowerShell of this host, kept running. Calls wait for each other. */
export interface PowerShell {
  /**
   * Runs a script. `data` becomes its `$in` and what it returns comes back, both as one Base64 JSON document: nothing is
   * ever put into the text of a script.
   * @throws Fault `powershell-missing` and `powershell-unsuitable` (config), `powershell-failed` with what the script said
   *   (see `errorRecord`), `powershell-protocol`, `timed-out` and `interrupted` (the shell is thrown away then; the next call
   *   starts another)
   */
  run(script: Script, data: unknown, deadline: Deadline): Promise<unknown>;
  close(): Promise<void>;
}
