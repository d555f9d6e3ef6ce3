import { Deadline, interrupted, timedOut } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { ask, read } from './ask.ts';
import { ShellGone } from './faults.ts';
import { QuotaFault } from './quotas.ts';
import {
  MAX_SEND_BYTES,
  type WsmanRequest,
  createShell,
  deleteShell,
  receive,
  send,
  startCommand,
  terminate,
} from './requests.ts';
import { type Received, readCommandId, readReceived, readShellId } from './responses.ts';
import type { Transport } from './transport.ts';

/** More output than this is refused rather than kept in memory, in bytes. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What cleaning up after an error or at the end may take: the machine may be gone by then. */
const CLEAN_UP_MS = 5000;

const READING = 'reading the output of a command';

/** What is run in a shell. */
export interface Run {
  /** As it is sent. */
  readonly line: string;
  /** As errors may show it. */
  readonly shown: string;
  /** What it finds on its standard input, to the end; a console when missing. */
  readonly input?: Uint8Array;
}

/** What a command printed, byte for byte. */
export interface RawResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A cmd shell on the machine. Commands run in it one after the other. */
export class Shell {
  readonly #transport: Transport;
  readonly #maxOutput: number;
  #id: string;
  /** The last command, when it has ended by itself and the machine still keeps it. */
  #ended: string | undefined;
  /** Commands that it has run. */
  #ran = 0;

  private constructor(transport: Transport, maxOutput: number, id: string) {
    this.#transport = transport;
    this.#maxOutput = maxOutput;
    this.#id = id;
  }

  /**
   * Takes the transport over: closes it with the shell, or when there is none.
   * @param maxOutput more output of a command, in bytes, is refused
   */
  static async open(transport: Transport, deadline: Deadline, maxOutput = MAX_OUTPUT): Promise<Shell> {
    deadline.check();
    // The machine may make the shell and answer too late: then it is there, and one of the few that it allows.
    const patient = Deadline.in(deadline.remaining() + CLEAN_UP_MS, deadline.what);
    const creating = create(transport, patient);
    try {
      return new Shell(
        transport,
        maxOutput,
        await inTime(creating, deadline, 'no answer while opening a shell'),
      );
    } catch (error) {
      void creating
        .then((id) => tidy(transport, deleteShell(id)))
        .catch(() => undefined)
        .finally(() => transport.close());
      throw error;
    }
  }

  /** Runs a command to its end. */
  async run(run: Run, deadline: Deadline): Promise<RawResult> {
    await this.#forgetEnded();
    const commandId = await this.#start(run, deadline);
    this.#ran++;
    try {
      if (run.input) await this.#feed(commandId, run.input, deadline);
      const result = await this.#collect(commandId, run.shown, deadline);
      this.#ended = commandId;
      return result;
    } catch (error) {
      await tidy(this.#transport, terminate(this.#id, commandId));
      throw error;
    }
  }

  /**
   * A command that has ended by itself is terminated too, or the machine keeps it (MS-WSMV 3.1.4.14): before the next
   * one, so that nobody waits for it and the last one goes with its shell.
   */
  async #forgetEnded(): Promise<void> {
    if (this.#ended === undefined) return;
    const request = terminate(this.#id, this.#ended);
    this.#ended = undefined;
    await tidy(this.#transport, request);
  }

  async close(): Promise<void> {
    await tidy(this.#transport, deleteShell(this.#id));
    this.#transport.close();
  }

  async #start(run: Run, deadline: Deadline): Promise<string> {
    const start = (): Promise<string> => {
      const request = startCommand(this.#id, run.line, run.input ? 'pipe' : 'console');
      return ask(this.#transport, request, 'starting a command', deadline, readCommandId);
    };
    try {
      return await start();
    } catch (error) {
      if (!this.#isWornOut(error)) throw error;
      await this.#renew(deadline);
      return start();
    }
  }

  /**
   * The machine closes a shell that was idle for long, after 3 minutes on Windows 7 (facts 7.2); and some versions count
   * every command of a shell as an operation until the shell is closed. Nothing is lost with a shell: each command has a
   * cmd.exe of its own.
   */
  #isWornOut(error: unknown): boolean {
    if (error instanceof ShellGone) return true;
    return error instanceof QuotaFault && error.setting === 'MaxConcurrentOperationsPerUser' && this.#ran > 0;
  }

  async #renew(deadline: Deadline): Promise<void> {
    await tidy(this.#transport, deleteShell(this.#id));
    this.#id = await create(this.#transport, deadline);
    this.#ran = 0;
  }

  async #feed(commandId: string, input: Uint8Array, deadline: Deadline): Promise<void> {
    for (let at = 0; at === 0 || at < input.length; at += MAX_SEND_BYTES) {
      const isLast = at + MAX_SEND_BYTES >= input.length;
      const request = send(this.#id, commandId, input.subarray(at, at + MAX_SEND_BYTES), isLast);
      await ask(this.#transport, request, 'giving input to a command', deadline, () => undefined);
    }
  }

  /** Reads output until the command has ended. */
  async #collect(commandId: string, shown: string, deadline: Deadline): Promise<RawResult> {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const piece = await this.#receive(commandId, deadline, () => lastWords(shown, stdout));
      stdout.push(...piece.stdout);
      stderr.push(...piece.stderr);
      bytes += size(piece.stdout) + size(piece.stderr);
      if (bytes > this.#maxOutput) throw tooMuchOutput(this.#maxOutput, shown);
      if (piece.exitCode !== undefined) {
        return { exitCode: piece.exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
      }
    }
  }

  async #receive(commandId: string, deadline: Deadline, lastSeen: () => string): Promise<Received> {
    for (;;) {
      try {
        deadline.check();
        const answer = await this.#transport.send(receive(this.#id, commandId), READING, deadline);
        if (!answer.timedOut) return read(answer.body, READING, readReceived);
      } catch (error) {
        if (error instanceof Fault && error.code === 'timed-out') {
          throw timedOut(deadline.what, deadline.budgetMs, lastSeen());
        }
        throw error;
      }
    }
  }
}

const create = (transport: Transport, deadline: Deadline): Promise<string> =>
  ask(transport, createShell(), 'opening a shell', deadline, readShellId);

/** Cleans up as well as it can: what is to be cleaned up may be gone, which is no error. */
async function tidy(transport: Transport, request: WsmanRequest): Promise<void> {
  await transport
    .send(request, 'cleaning up', Deadline.in(CLEAN_UP_MS, 'cleaning up'))
    .catch(() => undefined);
}

/** The value, unless time is up or the caller cancels before it is there. */
function inTime<T>(value: Promise<T>, deadline: Deadline, lastSeen: string): Promise<T> {
  const signal = deadline.signal();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(
        deadline.aborted ? interrupted(deadline.what) : timedOut(deadline.what, deadline.budgetMs, lastSeen),
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const tooMuchOutput = (bytes: number, shown: string): Fault =>
  new Fault(`A command printed more than ${bytes / 1024 / 1024} MB: ${shown.slice(0, 80)}`, {
    code: 'command-too-much-output',
    blame: 'machine',
    remedy: 'Let the command write to a file on the machine instead.',
  });

const size = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

/** What was seen of a command whose time is up, for the error. */
function lastWords(shown: string, stdout: readonly Buffer[]): string {
  const tail = Buffer.concat(stdout).subarray(-1000).toString('utf8').trimEnd().slice(-200);
  return `"${shown.slice(0, 80)}" was still running${tail && `, its output ended with: ${tail}`}`;
}
