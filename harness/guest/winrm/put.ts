import { createHash, randomBytes } from 'node:crypto';
import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Channel, ExecResult } from '../channel.ts';

/** Characters of Base64 in one command: a multiple of 4, and the rest of the line stays below cmd's 8191. */
const CHUNK = 7600;

/** A full Windows path without anything that cmd.exe would take for syntax. */
const SAFE_PATH = /^[A-Za-z]:\\[^"%!&|<>^*?\p{Cc}]{1,240}$/u;

/**
 * Puts a file on the machine with nothing but cmd's `echo` and certutil, which every Windows has: the content goes
 * there as Base64, is decoded beside the target, checked by its SHA-256 and only then takes the target's name.
 * @throws Fault `put-path` for a path that cmd.exe would misread, `put-failed` with what the machine said
 */
export async function putFile(
  channel: Pick<Channel, 'exec'>,
  file: Uint8Array,
  path: string,
  deadline: Deadline,
): Promise<void> {
  if (!SAFE_PATH.test(path)) throw unsafePath(path);
  const stem = `${path}.${randomBytes(4).toString('hex')}`;
  const [encoded, decoded] = [`${stem}.b64`, `${stem}.part`];
  const run = async (line: string): Promise<ExecResult> => {
    const result = await channel.exec({ line }, deadline);
    if (result.exitCode !== 0) throw putFailed(path, line, result);
    return result;
  };
  try {
    for (const line of encodingLines(file, encoded)) await run(line);
    if (file.length > 0) await run(`certutil -f -decode "${encoded}" "${decoded}"`);
    else await run(`type nul> "${decoded}"`);
    if (file.length > 0) checkHash(file, path, await run(`certutil -hashfile "${decoded}" SHA256`));
    await run(`move /y "${decoded}" "${path}"`);
  } finally {
    await channel
      .exec({ line: `del /f /q "${encoded}" "${decoded}" 2>nul` }, deadline)
      .catch(() => undefined);
  }
}

/**
 * The commands that write a file as Base64. The redirection stands first: a digit before `>>` would name a handle.
 * The header and footer are there because certutil of Windows 7 is reported to insist on them.
 */
function* encodingLines(file: Uint8Array, path: string): Generator<string> {
  const base64 = Buffer.from(file).toString('base64');
  yield `> "${path}" echo -----BEGIN CERTIFICATE-----`;
  for (let at = 0; at < base64.length; at += CHUNK) yield `>> "${path}" echo ${base64.slice(at, at + CHUNK)}`;
  yield `>> "${path}" echo -----END CERTIFICATE-----`;
}

function checkHash(file: Uint8Array, path: string, result: ExecResult): void {
  const expected = createHash('sha256').update(file).digest('hex');
  const seen = readCertutilHash(result.stdout);
  if (seen !== expected)
    throw putFailed(path, `SHA-256 ${expected} expected, ${seen ?? 'none'} found`, result);
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
    `Could not put ${path}: ${step.slice(0, 120)} (exit code ${exitCode}: ${(stderr || stdout).trim().slice(-200)})`,
    {
      code: 'put-failed',
      blame: 'machine',
      retryable: true,
      remedy:
        'Check that the folder exists on the machine, that there is room, and that no scanner removes the file.',
    },
  );
