import { createHash, randomBytes } from 'node:crypto';
import { Deadline } from '../../core/deadline.ts';
import { Fault, describe } from '../../core/errors.ts';
import type { Channel, ExecResult } from '../channel.ts';

/** What putting a file takes of a machine. */
export interface Uploader extends Pick<Channel, 'exec'> {
  /** Runs a line with bytes on its standard input. Where it is missing, or does not work, commands carry the file. */
  feed?(line: string, input: Uint8Array, deadline: Deadline): Promise<ExecResult>;
}

/** Characters of Base64 in one command: a multiple of 4, and the rest of the line stays below cmd's 8191. */
const CHUNK = 7600;

/** Above so many bytes it pays to ask which program copies a pipe. */
const SMALL = 3 * CHUNK;

/** Characters of Base64 in one line of a pipe: a multiple of 4, and far below the 8191 that findstr takes. */
const LINE = 1000;

/** What the trial of a pipe may take: where the end of the input does not arrive, it would wait for ever. */
const TRIAL_MS = 20_000;

/** What deleting the pieces of a file may take when the caller's time is up. */
const CLEAN_UP_MS = 5000;

interface Reader {
  /** A stock program that prints every line of its standard input. */
  readonly line: string;
  /** Put to every line of Base64; certutil skips blanks. */
  readonly mark: string;
}

/**
 * In the order in which they are tried; each must give back a sample first. findstr passes bytes on, whatever the
 * console's code page is; find is for a machine whose findstr prints nothing, as that of Wine 8.
 * Source: `findstr /?` ("^", beginning of line), `find /?` (lines with a text in them).
 */
const READERS: readonly Reader[] = [
  { line: 'findstr "^"', mark: '' },
  { line: 'find " "', mark: ' ' },
];

/** A full Windows path without anything that cmd.exe would take for syntax. */
const SAFE_PATH = /^[A-Za-z]:\\[^"%!&|<>^*?\p{Cc}]{1,240}$/u;

/** Errors after which another way to bring the file over fails as well. */
const HOPELESS: readonly string[] = [
  'interrupted',
  'winrm-unreachable',
  'winrm-unauthorized',
  'winrm-shell-gone',
];

/**
 * Puts a file on the machine with nothing but what every Windows has: the content goes there as Base64, through the
 * pipe of one command or, where that does not work, by cmd's `echo`; certutil decodes it beside the target and tells its
 * SHA-256, and only then it takes the target's name.
 * @throws Fault `put-path` for a path that cmd.exe would misread, `put-failed` with what the machine said
 */
export async function putFile(
  machine: Uploader,
  file: Uint8Array,
  path: string,
  deadline: Deadline,
): Promise<void> {
  if (!SAFE_PATH.test(path)) throw unsafePath(path);
  const stem = `${path}.${randomBytes(4).toString('hex')}`;
  const upload = new Upload(machine, file, path, `${stem}.b64`, `${stem}.part`, deadline);
  try {
    await upload.bringOver();
    await upload.run(`move /y "${stem}.part" "${path}"`);
  } finally {
    const cleanUp = (limit: Deadline): Promise<unknown> =>
      machine.exec({ line: `del /f /q "${stem}.b64" "${stem}.part" 2>nul` }, limit).catch(() => undefined);
    // A caller without time does not wait for it; that is no reason to leave something on the machine.
    if (deadline.expired || deadline.aborted) void cleanUp(Deadline.in(CLEAN_UP_MS, 'cleaning up'));
    else await cleanUp(deadline);
  }
}

class Upload {
  constructor(
    readonly machine: Uploader,
    readonly file: Uint8Array,
    /** Where it shall be in the end. */
    readonly path: string,
    /** Where it is put as Base64. */
    readonly encoded: string,
    /** Where it is decoded to. */
    readonly decoded: string,
    readonly deadline: Deadline,
  ) {}

  async run(line: string): Promise<ExecResult> {
    return this.#checked(line, await this.machine.exec({ line }, this.deadline));
  }

  async bringOver(): Promise<void> {
    if (this.file.length === 0) await this.run(`type nul> "${this.decoded}"`);
    else if (this.file.length <= SMALL || !(await this.#byPipe())) await this.#byCommands();
  }

  /** @returns whether it has arrived; false where the machine does not take it this way */
  async #byPipe(): Promise<boolean> {
    const reader = await this.#findReader();
    if (!reader) return false;
    try {
      const line = `${reader.line} > "${this.encoded}"`;
      this.#checked(line, await this.#feed(line, pipeText(this.file, reader.mark), this.deadline));
      await this.#decode();
      return true;
    } catch (error) {
      this.#throwIfHopeless(error);
      return false;
    }
  }

  /** The first program that gives back what it gets. */
  async #findReader(): Promise<Reader | undefined> {
    if (!this.machine.feed) return undefined;
    for (const reader of READERS) {
      const sample = `${BEGIN}\r\n${randomBytes(30).toString('base64')}${reader.mark}\r\n`;
      const limit = this.deadline.within(TRIAL_MS, `trying ${reader.line}`);
      try {
        const { exitCode, stdout } = await this.#feed(reader.line, Buffer.from(sample), limit);
        if (exitCode === 0 && stdout === sample) return reader;
      } catch (error) {
        this.#throwIfHopeless(error);
      }
    }
    return undefined;
  }

  async #byCommands(): Promise<void> {
    for (const line of encodingLines(this.file, this.encoded)) await this.run(line);
    await this.#decode();
  }

  async #decode(): Promise<void> {
    await this.run(`certutil -f -decode "${this.encoded}" "${this.decoded}"`);
    this.#checkHash(await this.run(`certutil -hashfile "${this.decoded}" SHA256`));
  }

  #checkHash(result: ExecResult): void {
    const expected = createHash('sha256').update(this.file).digest('hex');
    const seen = readCertutilHash(result.stdout);
    if (seen !== expected)
      throw putFailed(this.path, `SHA-256 ${expected} expected, ${seen ?? 'none'} found`, result);
  }

  #feed(line: string, input: Uint8Array, limit: Deadline): Promise<ExecResult> {
    if (this.machine.feed) return this.machine.feed(line, input, limit);
    throw new Error('there is no pipe');
  }

  #checked(line: string, result: ExecResult): ExecResult {
    if (result.exitCode !== 0) throw putFailed(this.path, line, result);
    return result;
  }

  #throwIfHopeless(error: unknown): void {
    this.deadline.check(describe(error));
    if (!(error instanceof Fault) || HOPELESS.includes(error.code)) throw error;
  }
}

/** The header and footer are there because certutil of Windows 7 is reported to insist on them. */
const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/** The file as lines of Base64. */
function pipeText(file: Uint8Array, mark: string): Buffer {
  const base64 = Buffer.from(file).toString('base64');
  const lines = [BEGIN];
  for (let at = 0; at < base64.length; at += LINE) lines.push(base64.slice(at, at + LINE) + mark);
  return Buffer.from([...lines, END, ''].join('\r\n'));
}

/** The commands that write a file as Base64. The redirection stands first: a digit before `>>` would name a handle. */
function* encodingLines(file: Uint8Array, path: string): Generator<string> {
  const base64 = Buffer.from(file).toString('base64');
  yield `> "${path}" echo ${BEGIN}`;
  for (let at = 0; at < base64.length; at += CHUNK) yield `>> "${path}" echo ${base64.slice(at, at + CHUNK)}`;
  yield `>> "${path}" echo ${END}`;
}

/**
 * The SHA-256 in the output of `certutil -hashfile`, lower case, or undefined. Windows 7 and 8 print the bytes with
 * spaces between them; the lines around the hash are localised.
 */
export function readCertutilHash(output: string): string | undefined {
  return output
    .split(/\r?\n/)
    .map((line) => line.replace(/\s/g, '').toLowerCase())
    .find((line) => /^[0-9a-f]{64}$/.test(line));
}

const unsafePath = (path: string): Fault =>
  new Fault(`Not a path that a file can be put to: ${path}`, {
    code: 'put-path',
    blame: 'config',
    remedy:
      'Give a full Windows path such as C:\\Windows\\Temp\\file.msi, without quotes, percent signs or ampersands.',
  });

const putFailed = (path: string, step: string, { exitCode, stdout, stderr }: ExecResult): Fault =>
  new Fault(
    `Could not put ${path}: ${step.slice(0, 200)} (exit code ${exitCode}: ${(stderr || stdout).trim().slice(-200)})`,
    {
      code: 'put-failed',
      blame: 'machine',
      retryable: true,
      remedy:
        'Check that the folder exists on the machine, that there is room, and that no scanner removes the file.',
    },
  );
