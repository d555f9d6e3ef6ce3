import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync, writeFileSync } from 'node:fs';
import type { PasswordKeeping } from '../config/schema.ts';
import { describe, Fault } from '../core/errors.ts';
import { redact, type Secret } from '../core/secret.ts';

export interface PasswordEntry {
  readonly upn: string;
  readonly password: Secret;
  /** `trying` is kept before the password is typed: a run that dies after the last click has then lost nothing. */
  readonly state: 'trying' | 'set' | 'refused';
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** Where new passwords go, so that nobody is locked out of a test user. */
export interface Keeping {
  /** @throws Fault `password-not-kept`: a password that was to be tried must then not be typed */
  keep(entry: PasswordEntry): Promise<void>;
}

/** How long a command may take to keep a password, in milliseconds. */
const COMMAND_MS = 30_000;

/** How long a command that has ended may take to hand over its last words: a child of its may hold the pipe. */
const LAST_WORDS_MS = 300;

/** Of what a command says on its standard error so much is read, and so much is shown, in characters. */
const READ_ERROR = 65_536;
const SHOWN_ERROR = 500;

/**
 * Looks at once whether the file can be used, since an attempt that fails for it would be lost.
 * @param commandMs how long a command may take; tests shorten it
 * @throws Fault `password-not-kept`
 */
export function openKeeping(settings: PasswordKeeping, commandMs = COMMAND_MS): Keeping {
  switch (settings.keep) {
    case 'memory':
      return { keep: () => Promise.resolve() };
    case 'file':
      append(settings.path, '');
      // eslint-disable-next-line @typescript-eslint/require-await -- what it throws has to be a rejection
      return { keep: async (entry) => append(settings.path, lineOf(entry)) };
    case 'command':
      return { keep: (entry) => hand(settings.command, lineOf(entry), commandMs) };
  }
}

const lineOf = ({ at, upn, state, password }: PasswordEntry): string =>
  `${JSON.stringify({ at, upn, state, password: password.reveal() })}\n`;

/** Adds to a file that nobody else can read; it has reached the disk when this returns. */
function append(path: string, line: string): void {
  const remedy =
    'Name a file of yours under "passwords" that only you can read, or one that is not there yet.';
  let file: number | undefined;
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile()) throw notKept(`${path} is a link, a folder or a device`, remedy);
    // Windows has no O_NOFOLLOW, nor the modes.
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    file = openSync(path, flags, 0o600);
    const mode = fstatSync(file).mode & 0o777;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw notKept(`others can get at ${path}: its mode is ${mode.toString(8)}, expected 600`, remedy);
    writeFileSync(file, line);
    fsyncSync(file);
  } catch (error) {
    throw error instanceof Fault ? error : notKept(describe(error), remedy, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Gives the line to a command on its standard input: what is an argument or a variable, others can see. */
async function hand([program = '', ...args]: readonly string[], line: string, ms: number): Promise<void> {
  const complaint = await complaintOf(program, args, line, ms).catch(notStarted);
  if (complaint === undefined) return;
  throw notKept(
    `the command ${program} ${complaint}`,
    'Correct the command under "passwords": it gets a line of JSON on its standard input and must exit with 0.',
  );
}

/** What went wrong with the command; undefined when nothing did. */
function complaintOf(
  program: string,
  args: readonly string[],
  line: string,
  ms: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      windowsHide: true,
      // In a group of its own, so that Ctrl+C, which ends the run, does not end it, too.
      detached: process.platform !== 'win32',
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < READ_ERROR) said += text;
    });
    const finish = (complaint: string | undefined): void => {
      clearTimeout(late);
      child.stderr.destroy();
      const words = redact(said).trim().slice(0, SHOWN_ERROR);
      resolve(complaint === undefined || words === '' ? complaint : `${complaint}: ${words}`);
    };
    const ended = (code: number | null, signal: string | null): void =>
      finish(code === 0 ? undefined : `ended with ${signal ?? `exit code ${String(code)}`}`);
    const late = setTimeout(() => {
      killGroup(child.pid);
      finish(`was not done after ${ms / 1000} s`);
    }, ms);
    child.once('error', (error) => finish(notStarted(error)));
    child.once('close', ended);
    child.once('exit', (code, signal) => setTimeout(() => ended(code, signal), LAST_WORDS_MS));
    // A command that does not read on says why by its exit code.
    child.stdin.on('error', () => undefined).end(line);
  });
}

const notStarted = (error: unknown): string => `cannot be started (${describe(error)})`;

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

const notKept = (why: string, remedy: string, cause?: unknown): Fault =>
  new Fault(`The new password cannot be kept: ${why}`, {
    code: 'password-not-kept',
    blame: 'config',
    remedy,
    cause,
  });
