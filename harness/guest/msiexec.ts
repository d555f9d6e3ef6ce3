import { utcNow } from '../core/clock.ts';
import type { Deadline } from '../core/deadline.ts';
import type { Channel } from './channel.ts';
import { type MsiExit, msiExit } from './msiexec-codes.ts';

/** How an msiexec run ended. What its class means for the caller is in msiexec-codes.ts. */
export interface MsiRun {
  readonly line: string;
  /** Of the last try. */
  readonly exit: MsiExit;
  readonly ms: number;
  /** Every try, in order: `at` is our clock's, ISO 8601 UTC. */
  readonly tries: readonly { readonly at: string; readonly exitCode: number; readonly ms: number }[];
}

/** How long to wait for another installation to end: the first time, and at most, in milliseconds. */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * The silent install of the English document, made fit for automation: `/norestart` (without it `/qn` may restart
 * the machine by itself), a verbose log, and `start /wait`, because cmd does not wait for a windowed program.
 * @param file full path of the MSI on the machine
 */
export const installLine = (file: string, log: string): string =>
  `start /wait msiexec /i "${file}" /qn /norestart /l*v "${log}"`;

/** @param package_ full path of the MSI on the machine, or a product code with braces */
export const uninstallLine = (package_: string, log: string): string =>
  `start /wait msiexec /x ${package_.startsWith('{') ? package_ : `"${package_}"`} /qn /norestart /l*v "${log}"`;

/**
 * Runs one of the lines above. Whatever its exit code: it is a result, with its meaning. While another installation is
 * in progress it waits, each time twice as long, and tries again as long as the deadline leaves room for it.
 */
export async function runMsiexec(
  channel: Channel,
  line: string,
  deadline: Deadline,
  firstWaitMs = FIRST_WAIT_MS,
): Promise<MsiRun> {
  const tries: MsiRun['tries'][number][] = [];
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    const at = utcNow();
    const { exitCode, ms } = await channel.exec({ line }, deadline);
    tries.push({ at, exitCode, ms });
    const exit = msiExit(exitCode);
    if (exit.class !== 'retry' || deadline.remaining() < 2 * waitMs) return { line, exit, ms, tries };
    await deadline.sleep(waitMs);
  }
}
