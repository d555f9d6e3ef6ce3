import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { PowerShell as Library, type PowerShellOptions } from 'node-powershell';
import { type Deadline, interrupted, timedOut } from '../core/deadline.ts';
import { describe, type Fault } from '../core/errors.ts';
import { redact } from '../core/secret.ts';
import { endTree } from './end-tree.ts';
import { brokeProtocol, failed, missing, unsuitable } from './errors.ts';
import type { Environment } from './executable.ts';
import { callLines, END, HELLO, HELLO_LINE, LONGEST_MARK, readAnswer } from './frame.ts';
import type { Script } from './powershell.ts';

/** More output than this in one call is refused rather than kept in memory, in characters. */
const MAX_OUTPUT = 128 * 1024 * 1024;

/** So much of the end of the standard error is kept for error messages, in characters. */
const KEPT_ERROR = 2000;

/** How long an ended process may take to hand over its last words, in milliseconds: a child of its may hold the pipe. */
const LAST_WORDS_MS = 300;

/** The standard error comes by another pipe than the output: by so much it may be late, in milliseconds. */
const STDERR_LAG_MS = 50;

/** How long a shell that was told to exit, or was killed, may take to be gone, in milliseconds. */
const LEAVE_MS = 2000;

/**
 * node-powershell, for the process alone. Its own `invoke` takes every word on the standard error for a failure, knows no
 * exit codes, and waits for ever when Windows hands it the whole output in one piece; its environment variable
 * NODE_POWERSHELL overrides what the caller asked for.
 */
class ShellProcess extends Library {
  protected override setExecutable(options: PowerShellOptions): string {
    return options.executable ?? 'pwsh';
  }

  /** The process itself, which the library's types keep to themselves. */
  get child(): ChildProcess {
    return Reflect.get(this, 'process') as ChildProcess;
  }

  /** Fulfilled or rejected when the process ends. */
  get exit(): Promise<unknown> {
    return Reflect.get(this, 'exitPromise') as Promise<unknown>;
  }
}

/**
 * RemoteSigned, since Restricted, the default of Windows clients, forbids the script files inside Windows' own modules.
 * Not Bypass: nothing needs it. A group policy goes before it in any case.
 */
const OPTIONS = { '-NoProfile': true, '-NonInteractive': true, '-ExecutionPolicy': 'RemoteSigned' };

interface Waiting {
  readonly mark: RegExp;
  done(found: RegExpExecArray): void;
  fail(why: Ended): void;
}

/** The process is no more, or said too much. */
class Ended extends Error {}

/** One running PowerShell. After any error but `powershell-failed` it is of no more use: discard it. */
export class Shell {
  readonly #executable: string;
  readonly #process: ShellProcess;
  readonly #exited: Promise<void>;
  #output: string[] = [];
  #outputLength = 0;
  #tail = '';
  #stderr = '';
  #ended: Ended | undefined;
  #notStarted: Error | undefined;
  #waiting: Waiting | undefined;
  #greeted = false;

  /** @throws Fault `powershell-missing` */
  constructor(executable: string, environment: Environment) {
    this.#executable = executable;
    this.#process = startProcess(executable, environment);
    const { stdin, stdout, stderr } = this.#process.streams;
    // The library reports the end of the process as a rejection, which would end ours.
    this.#process.exit.catch(() => undefined);
    // It would stop reading the standard error after three pieces, and the shell would stop with it.
    stderr.unpipe();
    stdin.on('error', () => undefined);
    stdout.on('data', (piece: string) => this.#read(piece)).on('error', () => undefined);
    stderr.on('data', (piece: string) => this.#complain(piece)).on('error', () => undefined);
    stderr.resume();
    this.#exited = this.#watch();
  }

  /** Whether the process has ended by itself. */
  get gone(): boolean {
    return this.#ended !== undefined;
  }

  /** @throws Fault, see `PowerShell.run` */
  async run(script: Script, data: unknown, deadline: Deadline): Promise<unknown> {
    if (!this.#greeted) await this.#greet(script, deadline);
    const nonce = randomBytes(16).toString('hex');
    this.#forget();
    const [, ended] = await this.#ask(callLines(nonce, script, data), END, script, deadline);
    const output = this.#output.join('');
    const answer = readAnswer(output, nonce);
    if (typeof answer === 'string') throw await this.#broke(script, answer, output);
    if (ended !== nonce) throw await this.#broke(script, 'it ended another call than ours', '');
    if (!answer.ok) throw failed(script.doing, answer.error);
    return answer.value;
  }

  /** Ends it at once, with all that it started. */
  async discard(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process.child;
    // The number of a process that has ended may be that of another by now.
    if (pid !== undefined && exitCode === null && signalCode === null) await endTree(pid);
    await this.#exit();
    this.#process.streams.stdin.destroy();
    this.#process.streams.stdout.destroy();
    this.#process.streams.stderr.destroy();
  }

  /** Lets it end by itself if it can. */
  async leave(): Promise<void> {
    this.#process.streams.stdin.end('exit\n');
    await this.#exit();
    await this.discard();
  }

  async #exit(): Promise<void> {
    await Promise.race([this.#exited, setTimeout(LEAVE_MS, undefined, { ref: false })]);
  }

  async #greet(script: Script, deadline: Deadline): Promise<void> {
    const [, version = '', mode = ''] = await this.#ask(`${HELLO_LINE}\n`, HELLO, script, deadline);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < 5 || (major === 5 && minor < 1)) {
      throw unsuitable(
        this.#executable,
        `it is version ${version}, needed is 5.1 or later`,
        'Install Windows Management Framework 5.1 or PowerShell 7.',
      );
    }
    if (mode !== 'FullLanguage') {
      throw unsuitable(
        this.#executable,
        `a policy of this host restricts it to ${mode}`,
        'Run the harness as a user, or on a host, for whom AppLocker or App Control does not restrict PowerShell.',
      );
    }
    this.#greeted = true;
  }

  async #ask(lines: string, mark: RegExp, script: Script, deadline: Deadline): Promise<RegExpExecArray> {
    const signal = deadline.signal();
    try {
      return await new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Ended('time is up')), { once: true });
        this.#waiting = { mark, done: resolve, fail: reject };
        if (this.#ended) reject(this.#ended);
        else this.#process.streams.stdin.write(lines);
      });
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      if (signal.aborted) throw this.#late(script, deadline);
      if (this.#notStarted) throw missing(this.#executable, this.#notStarted.message);
      throw await this.#broke(script, error.message, this.#output.join(''));
    } finally {
      this.#waiting = undefined;
    }
  }

  #read(piece: string): void {
    this.#output.push(piece);
    this.#outputLength += piece.length;
    const recent = this.#tail + piece;
    this.#tail = recent.slice(-LONGEST_MARK);
    const found = this.#waiting?.mark.exec(recent);
    if (found) this.#waiting?.done(found);
    else if (this.#outputLength > MAX_OUTPUT) {
      this.#waiting?.fail(new Ended(`it printed more than ${MAX_OUTPUT / 1024 / 1024} MB`));
      this.#forget();
    }
  }

  #complain(piece: string): void {
    this.#stderr = (this.#stderr + piece).slice(-KEPT_ERROR);
  }

  /** What it said last is told: more often than not it is the reason. */
  async #broke(script: Script, why: string, output: string): Promise<Fault> {
    await setTimeout(STDERR_LAG_MS);
    return brokeProtocol(script.doing, why, lastWords(this.#stderr) || lastWords(output));
  }

  #late(script: Script, deadline: Deadline): Fault {
    if (deadline.aborted) return interrupted(script.doing);
    return timedOut(script.doing, deadline.budgetMs, lastWords(this.#stderr) || undefined);
  }

  #forget(): void {
    this.#output = [];
    this.#outputLength = 0;
    this.#tail = '';
    this.#stderr = '';
  }

  /** Fulfilled when the process has ended and its last words are read. */
  #watch(): Promise<void> {
    return new Promise((resolve) => {
      const end = (why: string): void => {
        this.#ended ??= new Ended(why);
        this.#waiting?.fail(this.#ended);
        resolve();
      };
      const { child } = this.#process;
      let how = 'it ended';
      child.on('error', (error) => {
        this.#notStarted = error;
        end('it could not be started');
      });
      child.on('close', () => end(how));
      child.on('exit', (code, signal) => {
        how = signal === null ? `it ended with exit code ${code ?? 'none'}` : `it was ended by ${signal}`;
        void setTimeout(LAST_WORDS_MS, undefined, { ref: false }).then(() => end(how));
      });
    });
  }
}

/** @throws Fault `powershell-missing` */
function startProcess(executable: string, environment: Environment): ShellProcess {
  try {
    return new ShellProcess({
      executable,
      executableOptions: OPTIONS,
      spawnOptions: { env: childEnvironment(environment), windowsHide: true },
    });
  } catch (error) {
    throw missing(executable, describe(error));
  }
}

/**
 * Without PSModulePath: what PowerShell 7 puts there makes Windows PowerShell load modules that are not made for it. Each
 * makes its own when there is none. The two others keep PowerShell 7 from calling home.
 */
function childEnvironment(environment: Environment): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => name.toUpperCase() !== 'PSMODULEPATH');
  return { ...Object.fromEntries(kept), POWERSHELL_TELEMETRY_OPTOUT: '1', POWERSHELL_UPDATECHECK: 'Off' };
}

/** Redacted before it is cut, or half a secret would stay. */
const lastWords = (text: string): string =>
  redact(text.slice(-KEPT_ERROR)).trim().replace(/\s+/g, ' ').slice(-300);
