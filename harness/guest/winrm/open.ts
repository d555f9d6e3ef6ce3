import { Deadline, timedOut } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Channel, Command, ExecResult } from '../channel.ts';
import { since } from '../../core/clock.ts';
import { basic } from './authentication.ts';
import { notWsman } from './faults.ts';
import { createShell, deleteShell, receive, startCommand, terminate, type WsmanRequest } from './requests.ts';
import { MalformedAnswer, type Received, readCommandId, readReceived, readShellId } from './responses.ts';
import { putFile } from './put.ts';
import { Transport } from './transport.ts';

export interface WinrmEndpoint {
  /** `http://127.0.0.1:5985/wsman` */
  readonly url: string;
  readonly user: string;
  readonly password: Secret;
}

/** The longest line that cmd.exe takes. */
const MAX_LINE = 8191;

/** More output than this is refused rather than kept in memory, in bytes. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What cleaning up after an error or at the end may take: the machine may be gone by then. */
const CLEAN_UP_MS = 5000;

/**
 * Opens a cmd shell on a machine through WinRM; it serves all commands until the channel is closed.
 * @throws Fault `winrm-unreachable` (try again), `winrm-unauthorized`, `winrm-protocol` (no WinRM service there),
 *   `winrm-quota` and the other codes of faults.ts
 */
export async function openWinrm(endpoint: WinrmEndpoint, deadline: Deadline): Promise<Channel> {
  const transport = new Transport(readUrl(endpoint.url), basic(endpoint.user, endpoint.password));
  try {
    const shellId = await ask(transport, createShell(), 'opening a shell', deadline, readShellId);
    return new WinrmChannel(transport, shellId);
  } catch (error) {
    transport.close();
    throw error;
  }
}

class WinrmChannel implements Channel {
  readonly #transport: Transport;
  readonly #shellId: string;
  #closed = false;

  constructor(transport: Transport, shellId: string) {
    this.#transport = transport;
    this.#shellId = shellId;
  }

  async exec(command: Command, deadline: Deadline): Promise<ExecResult> {
    const start = performance.now();
    const line = completeLine(command);
    const commandId = await this.#ask(
      startCommand(this.#shellId, line),
      'starting a command',
      deadline,
      readCommandId,
    );
    try {
      return { ...(await this.#collect(commandId, command.line, deadline)), ms: since(start) };
    } finally {
      await this.#tidy(terminate(this.#shellId, commandId));
    }
  }

  put(file: Uint8Array, path: string, deadline: Deadline): Promise<void> {
    return putFile(this, file, path, deadline);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tidy(deleteShell(this.#shellId));
    this.#transport.close();
  }

  /** Reads output until the command has ended. A character may be split over two pieces: decoded at the end. */
  async #collect(commandId: string, line: string, deadline: Deadline): Promise<Omit<ExecResult, 'ms'>> {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const piece = await this.#receive(commandId, deadline, () => lastWords(line, stdout));
      stdout.push(...piece.stdout);
      stderr.push(...piece.stderr);
      bytes += size(piece.stdout) + size(piece.stderr);
      if (bytes > MAX_OUTPUT) throw tooMuchOutput(line);
      if (piece.exitCode !== undefined) {
        return { exitCode: piece.exitCode, stdout: decode(stdout), stderr: decode(stderr) };
      }
    }
  }

  async #receive(commandId: string, deadline: Deadline, lastSeen: () => string): Promise<Received> {
    for (;;) {
      deadline.check(lastSeen());
      try {
        const request = receive(this.#shellId, commandId);
        const answer = await this.#transport.send(request, 'reading the output of a command', deadline);
        if (!answer.timedOut) return read(answer.body, 'reading the output of a command', readReceived);
      } catch (error) {
        if (error instanceof Fault && error.code === 'timed-out') {
          throw timedOut(deadline.what, deadline.budgetMs, lastSeen());
        }
        throw error;
      }
    }
  }

  #ask<T>(
    request: WsmanRequest,
    doing: string,
    deadline: Deadline,
    reader: (body: unknown) => T,
  ): Promise<T> {
    return ask(this.#transport, request, doing, deadline, reader);
  }

  /** Cleans up as well as it can: what is to be cleaned up may be gone, which is no error. */
  async #tidy(request: WsmanRequest): Promise<void> {
    await this.#transport
      .send(request, 'cleaning up', Deadline.in(CLEAN_UP_MS, 'cleaning up'))
      .catch(() => undefined);
  }
}

async function ask<T>(
  transport: Transport,
  request: WsmanRequest,
  doing: string,
  deadline: Deadline,
  reader: (body: unknown) => T,
): Promise<T> {
  const answer = await transport.send(request, doing, deadline);
  if (answer.timedOut) throw notWsman('an operation without output timed out', doing);
  return read(answer.body, doing, reader);
}

function read<T>(body: unknown, doing: string, reader: (body: unknown) => T): T {
  try {
    return reader(body);
  } catch (error) {
    if (error instanceof MalformedAnswer) throw notWsman(error.message, doing);
    throw error;
  }
}

/** The line with its secrets in place. */
function completeLine({ line, secrets }: Command): string {
  const whole =
    secrets === undefined ? line : line.replace(/\{(\d+)\}/g, (_, index) => revealed(secrets, Number(index)));
  if (whole.length <= MAX_LINE && !/[\r\n\0]/.test(whole)) return whole;
  throw new Fault(
    whole.length > MAX_LINE
      ? `The command has ${whole.length} characters, cmd.exe takes ${MAX_LINE}: ${line.slice(0, 80)}...`
      : `The command has more than one line: ${line.slice(0, 80)}`,
    {
      code: 'command-not-runnable',
      blame: 'harness',
      remedy: 'Put a script file on the machine and run that.',
    },
  );
}

function revealed(secrets: readonly Secret[], index: number): string {
  const secret = secrets[index];
  if (secret !== undefined) return secret.reveal();
  throw new Fault(`The command names secret {${index}}, but only ${secrets.length} were given`, {
    code: 'command-not-runnable',
    blame: 'harness',
    remedy: 'This is a bug of the harness: please report it.',
  });
}

function readUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:') return parsed;
  throw new Fault(`Not a WinRM address: ${url}`, {
    code: 'winrm-url',
    blame: 'config',
    remedy: 'Give an address such as http://127.0.0.1:5985/wsman.',
  });
}

const tooMuchOutput = (line: string): Fault =>
  new Fault(`A command printed more than ${MAX_OUTPUT / 1024 / 1024} MB: ${line.slice(0, 80)}`, {
    code: 'command-too-much-output',
    blame: 'machine',
    remedy: 'Let the command write to a file on the machine instead.',
  });

const size = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0);

const decode = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('utf8');

/** What was seen of a command whose time is up, for the error. */
function lastWords(line: string, stdout: readonly Buffer[]): string {
  const tail = decode(stdout).trimEnd().slice(-200);
  return `"${line.slice(0, 80)}" was still running${tail && `, its output ended with: ${tail}`}`;
}
