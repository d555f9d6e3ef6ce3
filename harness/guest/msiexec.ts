import type { Deadline } from '../core/deadline.ts';
import type { Channel } from './channel.ts';
import { type MsiExit, msiExit } from './msiexec-codes.ts';

/** How an msiexec run ended. What its class means for the caller is in msiexec-codes.ts. */
export interface MsiRun {
  readonly line: string;
  readonly exit: MsiExit;
  readonly ms: number;
}

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

/** Runs one of the lines above. Whatever its exit code: it is a result, with its meaning. */
export async function runMsiexec(channel: Channel, line: string, deadline: Deadline): Promise<MsiRun> {
  const { exitCode, ms } = await channel.exec({ line }, deadline);
  return { line, exit: msiExit(exitCode), ms };
}
