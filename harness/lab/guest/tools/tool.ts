import type { Disk } from '../disk.ts';
import type { EventLog } from '../event-log.ts';
import type { Profile } from '../profile.ts';
import type { Registry } from '../registry.ts';

/** What a tool can see of the machine and do to it. */
export interface Machine {
  readonly computerName: string;
  readonly profile: Profile;
  readonly disk: Disk;
  readonly events: EventLog;
  /** Resolves when all that happened before is in the event log. */
  settleEvents(): Promise<void>;
  readonly bootedAt: Date;
  /** The lab's own log of this guest. */
  readonly log: (text: string) => void;
  /** Takes the machine down in so many seconds. @returns false when a shutdown is already under way */
  scheduleShutdown(how: 'restart' | 'shutdown', delaySeconds: number): boolean;
  /** @returns false when none was under way */
  abortShutdown(): boolean;
  /** Ends the session of whoever is signed in at the console. */
  signOut(): void;
  /** Runs a program as the account SYSTEM, to its end. */
  runAsSystem(line: string): Promise<number>;
  readonly winrmRunning: boolean;
  /** Starts or stops the service of remote management. @returns false when it is as asked already */
  switchWinrm(to: 'start' | 'stop'): boolean;
  /** Held while an installation runs: Windows Installer does one at a time. */
  readonly installer: { busy: boolean };
}

/** One call of a tool by a program in the guest. */
export interface ToolCall {
  /** Without the program's own name; quotes are taken off as C programs see them. */
  readonly args: readonly string[];
  /** As it was written, without the program's own name. */
  readonly rawArguments: string;
  /** The Windows folder it was called in. */
  readonly folder: string;
  readonly machine: Machine;
  readonly registry: Registry;
  print(text: string): void;
  complain(text: string): void;
  /** Prints bytes as they are. */
  printBytes(bytes: Uint8Array): void;
  /** What comes next on the tool's stdin; nothing at its end. */
  readInput(): Promise<Buffer>;
  /** Runs a Windows program on the tool's own standard handles. */
  run(application: string, line: string): Promise<number>;
  /** The processes of the guest. */
  processes(): Promise<readonly GuestProcess[]>;
}

export interface GuestProcess {
  readonly pid: number;
  readonly parent: number;
  readonly workingSetKib: number;
  readonly name: string;
}

/** Does what the Windows tool does and returns its exit code. Lines end with `\n`; the wire makes them `\r\n`. */
export type Tool = (call: ToolCall) => number | Promise<number>;

/** Splits a command line as Windows' C run time does (CommandLineToArgvW), the program's name first. */
export function splitCommandLine(line: string): { args: string[]; rawArguments: string } {
  const program = /^\s*(?:"[^"]*"|[^\s"]*)+/.exec(line)?.[0] ?? '';
  const rawArguments = line.slice(program.length).trimStart();
  const args: string[] = [];
  let current = '';
  let started = false;
  let quoted = false;
  for (let i = 0; i < rawArguments.length; i++) {
    const backslashes = /^\\+(?=")/.exec(rawArguments.slice(i))?.[0].length ?? 0;
    if (backslashes > 0) {
      current += '\\'.repeat(Math.floor(backslashes / 2));
      i += backslashes;
      started = true;
      if (backslashes % 2 === 1) {
        current += '"';
        continue;
      }
    }
    const char = rawArguments.charAt(i);
    if (char === '"') {
      quoted = !quoted;
      started = true;
    } else if (!quoted && /\s/.test(char)) {
      if (started) args.push(current);
      current = '';
      started = false;
    } else {
      current += char;
      started = true;
    }
  }
  if (started) args.push(current);
  return { args, rawArguments };
}

/** `/name:value`, `/name value` or `-name value` of a tool's arguments, names in lower case; flags have the value ''. */
export function switches(args: readonly string[], withValue: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const match = /^[/-]([a-z?]+)(?::(.*))?$/is.exec(args[i] ?? '');
    if (!match) continue;
    const name = (match[1] ?? '').toLowerCase();
    if (match[2] !== undefined) found.set(name, match[2]);
    else found.set(name, withValue.includes(name) ? (args[++i] ?? '') : '');
  }
  return found;
}
