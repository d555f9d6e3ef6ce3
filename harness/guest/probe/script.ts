import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Channel, ExecResult } from '../channel.ts';

/** A script for the machine's cscript, and where it lies there. */
export interface Script {
  readonly source: string;
  readonly path: string;
}

const MISSING = 'SSPR-SCRIPT-MISSING';

/**
 * Where the 64-bit programs are, for a shell of 32 bits too: Windows shows it this folder and redirects System32 to
 * SysWOW64, from where half of the registry looks empty. cmd.exe finds a program in the current folder first.
 * Source: Windows documentation, "File System Redirector".
 */
const NATIVE = '(cd /d "%SystemRoot%\\Sysnative" 2>nul || cd /d "%SystemRoot%\\System32")';

/**
 * Runs the script with cscript, putting it there first when it is not there yet.
 * @throws Fault `probe-removed` when it is gone as soon as it has been put there
 */
export async function runScript(
  channel: Channel,
  script: Script,
  args: string,
  deadline: Deadline,
): Promise<ExecResult> {
  // Without //B: batch mode is said to silence Echo as well, and cscript asks nobody anything.
  const run = `cscript //nologo "${script.path}" ${args}`.trimEnd();
  const line = `${NATIVE} & if not exist "${script.path}" (echo ${MISSING}) else ${run}`;
  const first = await channel.exec({ line }, deadline);
  if (!first.stdout.includes(MISSING)) return first;
  await channel.put(Buffer.from(script.source), script.path, deadline);
  const second = await channel.exec({ line }, deadline);
  if (second.stdout.includes(MISSING)) throw removed(script.path);
  return second;
}

/** @throws Fault `probe-removed` */
export async function isThere(channel: Channel, { path }: Script, deadline: Deadline): Promise<void> {
  const { stdout } = await channel.exec({ line: `if not exist "${path}" echo ${MISSING}` }, deadline);
  if (stdout.includes(MISSING)) throw removed(path);
}

const removed = (path: string): Fault =>
  new Fault(`The script was put on the machine and is gone again: ${path}`, {
    code: 'probe-removed',
    blame: 'machine',
    remedy:
      'Look into the quarantine of the antivirus program on the machine, and exclude C:\\Windows\\Temp\\sspr-*.js from it.',
  });
