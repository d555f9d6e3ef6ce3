import { Deadline, timedOut } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { ask, read } from './ask.ts';
import { ShellGone } from './faults.ts';
import { inTime } from './in-time.ts';
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

/** How long a command may go on that runs when its shell is closed. */
const MOMENT_MS = 1000;

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
  /** Commands that run just now. */
  readonly #running = new Set<Promise<RawResult>>();
  /** The end of a shell that came too late. */
  #late: Promise<void> = Promise.resolve();

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
    const { id, settled } = create(transport, deadline);
    try {
      return new Shell(transport, maxOutput, await id);
    } catch (error) {
      void settled.then(() => transport.close());
      throw error;
    }
  }

  /** Runs a command to its end. */
  async run(run: Run, deadline: Deadline): Promise<RawResult> {
    this.#forgetEnded();
    const running = this.#run(run, deadline);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #run(run: Run, deadline: Deadline): Promise<RawResult> {
    const commandId = await this.#start(run, deadline);
    this.#ran++;
    try {
      if (run.input) await this.#feed(commandId, run.input, deadline);
      const result = await this.#collect(commandId, run.shown, deadline);
      this.#ended = commandId;
      return result;
    } catch (error) {
      // The caller has no time left to wait for it; what is sent next goes after it.
      void tidy(this.#transport, terminate(this.#id, commandId));
      throw error;
    }
  }

  /**
   * A command that has ended by itself is terminated too, or the machine keeps it (MS-WSMV 3.1.4.14): before the next
   * one, so that nobody waits for it and the last one goes with its shell.
   */
  #forgetEnded(): void {
    if (this.#ended === undefined) return;
    void tidy(this.#transport, terminate(this.#id, this.#ended));
    this.#ended = undefined;
  }

  async close(): Promise<void> {
    await this.#endRunning();
    await Promise.all([tidy(this.#transport, deleteShell(this.#id)), this.#late]);
    this.#transport.close();
  }

  /**
   * A command that still runs may hold the connection until our patience ends, and the machine would keep the shell. One
   * that cleans up is done in a moment.
   */
  async #endRunning(): Promise<void> {
    if (this.#running.size === 0) return;
    const limit = Deadline.in(MOMENT_MS, 'waiting for running commands');
    await inTime(Promise.allSettled(this.#running), limit, '').catch(() => this.#transport.drop());
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
    void tidy(this.#transport, deleteShell(this.#id));
    const { id, settled } = create(this.#transport, deadline);
    this.#late = settled;
    this.#id = await id;
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

interface Creation {
  readonly id: Promise<string>;
  /** When nothing more will come of it: the shell is there, or will not be, or came too late and was closed again. */
  readonly settled: Promise<void>;
}

/** The machine may make the shell and answer too late: then it is there, and one of the few that it allows. */
function create(transport: Transport, deadline: Deadline): Creation {
  const givenUp = new AbortController();
  const patient = Deadline.in(deadline.remaining() + CLEAN_UP_MS, deadline.what, givenUp.signal);
  const creating = ask(transport, createShell(), 'opening a shell', patient, readShellId);
  const id = inTime(creating, deadline, 'no answer while opening a shell');
  const closeWhenLate = async (): Promise<void> => {
    const patience = setTimeout(() => givenUp.abort(), CLEAN_UP_MS);
    await creating.then((late) => tidy(transport, deleteShell(late))).catch(() => undefined);
    clearTimeout(patience);
  };
  return { id, settled: id.then(() => undefined, closeWhenLate) };
}

/** Cleans up as well as it can: what is to be cleaned up may be gone, which is no error. */
async function tidy(transport: Transport, request: WsmanRequest): Promise<void> {
  await transport
    .send(request, 'cleaning up', Deadline.in(CLEAN_UP_MS, 'cleaning up'))
    .catch(() => undefined);
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
