import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { since } from '../../core/clock.ts';
import { Deadline, timedOut } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import { redact } from '../../core/secret.ts';
import { errorRecord } from '../../powershell/errors.ts';
import { openPowerShell } from '../../powershell/open.ts';
import type { PowerShell, Script } from '../../powershell/powershell.ts';
import { scriptFile } from '../../powershell/script.ts';
import type { Channel, Command, ExecResult } from '../channel.ts';
import { readCertutilHash } from '../winrm/put.ts';
import { explainRemoting, sessionGone } from './faults.ts';
import { completeLine } from './lines.ts';
import { type SessionTarget, sessionTarget } from './target.ts';

const here = (name: string): URL => new URL(name, import.meta.url);
const CONNECT = scriptFile(here('connect.ps1'), 'opening a session');
const RUN = scriptFile(here('run.ps1'), 'running a command on the machine');
const DISCONNECT = scriptFile(here('disconnect.ps1'), 'closing the session');
const REMOTE_COMMAND = scriptFile(here('remote-command.ps1'), 'running a command').text;
const REMOTE_APPEND = scriptFile(here('remote-append.ps1'), 'putting a file').text;

/** More output than this is refused rather than kept in memory, in bytes. As in the WinRM channel. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Bytes of a file in one command. The service takes objects of 10 MB and 50 MB for one command; Windows 7 has 150 MB of
 * memory for a session, and needs several times the size of the text. Source: PSSessionConfiguration,
 * GetMaximumReceivedObjectSize and GetMaximumReceivedDataSizePerCommand; facts 7.2.
 */
const PIECE = 512 * 1024;

/** The machine ends a command a little before our own time is up, so that the session survives it, in milliseconds. */
const HEAD_START_MS = 3000;

/** Longer than this opening a session never takes, in milliseconds. */
const LONGEST_OPEN_MS = 180_000;

/** What cleaning up may take: the machine may be gone by then. */
const CLEAN_UP_MS = 5000;

/** A full Windows path without anything that cmd.exe would take for syntax. */
const SAFE_PATH = /^[A-Za-z]:\\[^"%!&|<>^*?\p{Cc}]{1,240}$/u;

/**
 * Opens a session on a machine by PowerShell remoting, which can authenticate as the domain asks for: Negotiate and
 * Kerberos. It serves all commands until the channel is closed.
 *
 * The machine needs WinRM and PowerShell 2.0, which Windows 7 has, and PowerShell remoting: `Enable-PSRemoting -Force`, as
 * administrator, which also does what `winrm quickconfig` does. Windows 8.1 needs it as well; only servers have it on by
 * themselves. Source: about_Remote_Requirements for Windows PowerShell 2.0; Enable-PSRemoting.
 * @throws Fault with the codes of the WinRM channel where they mean the same (`winrm-unreachable`, `winrm-unauthorized`,
 *   `winrm-access-denied`, `winrm-quota`, `winrm-shell-gone`), `winrm-trusted-hosts`, `winrm-remoting-disabled`,
 *   `winrm-powershell-setting`, and those of `PowerShell.run`
 */
export async function openPowerShellChannel(
  endpoint: WinrmEndpoint,
  deadline: Deadline,
  powershell: PowerShell = openPowerShell({ environment: process.env }),
): Promise<Channel> {
  const target = sessionTarget(endpoint);
  try {
    const data = {
      ...target,
      user: endpoint.user,
      password: endpoint.password.reveal(),
      openMs: Math.min(Math.ceil(deadline.remaining()), LONGEST_OPEN_MS),
    };
    await powershell.run(CONNECT, data, deadline);
    return new PowerShellChannel(powershell, target);
  } catch (error) {
    await powershell.close();
    throw explainRemoting(error, CONNECT.doing, target);
  }
}

/** What run.ps1 returns. */
const answer = z.union([
  z.object({ session: z.literal(false) }),
  z.object({ session: z.literal(true), texts: z.array(z.string()) }),
]);

class PowerShellChannel implements Channel {
  readonly #powershell: PowerShell;
  readonly #target: SessionTarget;
  #closed = false;

  constructor(powershell: PowerShell, target: SessionTarget) {
    this.#powershell = powershell;
    this.#target = target;
  }

  async exec(command: Command, deadline: Deadline): Promise<ExecResult> {
    const start = performance.now();
    const line = completeLine(command);
    deadline.check();
    const budget = deadline.remaining();
    const limit = Math.floor(Math.max(budget - HEAD_START_MS, budget / 2));
    const texts = await this.#remote(
      REMOTE_COMMAND,
      { line, timeLimit: limit, outputLimit: MAX_OUTPUT },
      deadline,
    );
    const stdout = bytes(texts, 'o').toString('utf8');
    const shown = command.line.slice(0, 80);
    if (value(texts, 'm') !== undefined) throw tooMuchOutput(shown);
    if (value(texts, 't') !== undefined) {
      throw timedOut(deadline.what, deadline.budgetMs, lastWords(shown, stdout));
    }
    return {
      exitCode: exitCode(texts),
      stdout,
      stderr: bytes(texts, 'e').toString('utf8'),
      ms: since(start),
    };
  }

  async put(file: Uint8Array, path: string, deadline: Deadline): Promise<void> {
    if (!SAFE_PATH.test(path)) throw unsafePath(path);
    const part = `${path}.${randomBytes(4).toString('hex')}.part`;
    try {
      for (let at = 0; at === 0 || at < file.length; at += PIECE) {
        await this.#append(part, at, file.subarray(at, at + PIECE), path, deadline);
      }
      await this.#checkHash(file, part, path, deadline);
      const moved = await this.exec({ line: `move /y "${part}" "${path}"` }, deadline);
      if (moved.exitCode !== 0) throw putFailed(path, moved.stderr || moved.stdout);
    } catch (error) {
      const patience = Deadline.in(CLEAN_UP_MS, 'cleaning up');
      await this.exec({ line: `del /f /q "${part}" 2>nul` }, patience).catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#powershell
      .run(DISCONNECT, null, Deadline.in(CLEAN_UP_MS, DISCONNECT.doing))
      .catch(() => undefined);
    await this.#powershell.close();
  }

  async #append(
    part: string,
    at: number,
    piece: Uint8Array,
    path: string,
    deadline: Deadline,
  ): Promise<void> {
    try {
      const texts = await this.#remote(
        REMOTE_APPEND,
        { path: part, offset: at, base64: Buffer.from(piece).toString('base64') },
        deadline,
      );
      const length = Number(value(texts, 'n'));
      if (length !== at + piece.length) throw putFailed(path, `it has ${length} bytes after ${at}`);
    } catch (error) {
      throw errorRecord(error) ? putFailed(path, errorRecord(error)?.message ?? '', error) : error;
    }
  }

  /** Nothing has a hash that certutil would print. */
  async #checkHash(file: Uint8Array, part: string, path: string, deadline: Deadline): Promise<void> {
    if (file.length === 0) return;
    const { stdout } = await this.exec({ line: `certutil -hashfile "${part}" SHA256` }, deadline);
    const expected = createHash('sha256').update(file).digest('hex');
    const seen = readCertutilHash(stdout);
    if (seen !== expected) {
      throw putFailed(path, `SHA-256 ${expected} expected, ${seen ?? `none in: ${stdout.trim()}`} found`);
    }
  }

  async #remote(block: string, call: object, deadline: Deadline): Promise<readonly string[]> {
    const read = answer.safeParse(await this.#run(RUN, { block, call }, deadline));
    if (!read.success) throw nonsense(z.prettifyError(read.error));
    if (!read.data.session) throw sessionGone(RUN.doing, this.#target);
    return read.data.texts;
  }

  async #run(script: Script, data: unknown, deadline: Deadline): Promise<unknown> {
    try {
      return await this.#powershell.run(script, data, deadline);
    } catch (error) {
      throw explainRemoting(error, script.doing, this.#target);
    }
  }
}

/** What follows the mark in the one text that has it. */
const value = (texts: readonly string[], mark: string): string | undefined =>
  texts.find((text) => text.startsWith(`${mark}:`))?.slice(mark.length + 1);

const bytes = (texts: readonly string[], mark: string): Buffer =>
  Buffer.concat(
    texts
      .filter((text) => text.startsWith(`${mark}:`))
      .map((text) => Buffer.from(text.slice(mark.length + 1), 'base64')),
  );

function exitCode(texts: readonly string[]): number {
  const text = value(texts, 'x');
  if (text !== undefined && /^-?\d+$/.test(text)) return Number(text);
  throw nonsense(`no exit code, but ${JSON.stringify(text)}`);
}

const lastWords = (line: string, stdout: string): string => {
  const tail = redact(stdout).trimEnd().slice(-200);
  return `"${line}" was still running${tail && `, its output ended with: ${tail}`}`;
};

const nonsense = (why: string): Fault =>
  new Fault(`The answer of the machine's PowerShell makes no sense: ${why}`, {
    code: 'powershell-protocol',
    blame: 'harness',
    retryable: true,
    remedy: 'Try again; if it stays, check what the profile of the account on the machine prints.',
  });

const tooMuchOutput = (line: string): Fault =>
  new Fault(`A command printed more than ${MAX_OUTPUT / 1024 / 1024} MB: ${line}`, {
    code: 'command-too-much-output',
    blame: 'machine',
    remedy: 'Let the command write to a file on the machine instead.',
  });

const unsafePath = (path: string): Fault =>
  new Fault(`Not a path that a file can be put to: ${path}`, {
    code: 'put-path',
    blame: 'config',
    remedy:
      'Give a full Windows path such as C:\\Windows\\Temp\\file.msi, without quotes, percent signs or ampersands.',
  });

const putFailed = (path: string, why: string, cause?: unknown): Fault =>
  new Fault(`Could not put ${path}: ${redact(why).trim().slice(0, 300)}`, {
    code: 'put-failed',
    blame: 'machine',
    retryable: true,
    remedy:
      'Check that the folder exists on the machine, that there is room, and that no scanner removes the file.',
    cause,
  });
