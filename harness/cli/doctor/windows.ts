import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { type ClockReading, compareClocks } from '../../directory/clock.ts';
import type { Channel, ExecResult } from '../../guest/channel.ts';
import type { Architecture } from '../../guest/msi.ts';

/** What a machine says of itself without anything being put there. */
export interface WindowsFacts {
  /** `6.1.7601` */
  readonly version: string;
  readonly architecture: Architecture;
  readonly clock: ClockReading;
}

/** Without its input closed, wmic waits for more under WinRM. */
const LINE = 'wmic os get LocalDateTime,OSArchitecture,Version /value < nul';

/** What WMI answered, and our clock before and after. */
export interface WmiAnswer {
  readonly result: ExecResult;
  readonly asked: number;
  readonly answered: number;
}

/** Asks WMI for clock, architecture and version; nothing is changed on the machine. */
export async function askWindows(channel: Channel, deadline: Deadline): Promise<WmiAnswer> {
  const asked = Date.now();
  const result = await channel.exec({ line: LINE }, deadline);
  return { result, asked, answered: Date.now() };
}

/**
 * Finds the values by their form: real Windows writes NAME=VALUE, Wine a table.
 * @throws Fault `windows-unreadable`
 */
export function readWindows({ result, asked, answered }: WmiAnswer): WindowsFacts {
  // wmic writes UTF-16; a channel that reads bytes sees zeros between the characters.
  const text = result.stdout.replaceAll('\0', '');
  const [instant = ''] = /\d{14}\.\d{6}[+-]\d{2,3}/.exec(text) ?? [];
  const [version = ''] = /\d+\.\d+\.\d{4,}/.exec(text.replace(instant, '')) ?? [];
  // "64-bit", "64 bits", "64 位": the words are translated, the number is not.
  const bits = /\b(32|64)\b/.exec(text.replace(instant, '').replace(version, ''))?.[1];
  const other = parseWmiTime(instant);
  if (version === '' || bits === undefined || Number.isNaN(other)) throw unreadable(result);
  return {
    version,
    architecture: bits === '64' ? 'x64' : 'x86',
    clock: compareClocks({ asked, answered, other, resolutionMs: 1000 }),
  };
}

/**
 * Milliseconds since 1970 of WMI's form of an instant, `20261121154146.123000+060`: local time, then the minutes by which
 * it is ahead of UTC (Wine leaves a digit of these out). Source: Windows 2000 Scripting Guide, Working with Dates and Times using WMI. NaN for anything else.
 */
export function parseWmiTime(text: string): number {
  const form = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})\.(\d{3})\d{3}([+-]\d{2,3})$/;
  const [, ...parts] = (form.exec(text) ?? []).map(Number);
  const [year, month, day, hour, minute, second, ms, offset] = parts;
  if (year === undefined || month === undefined || offset === undefined) return Number.NaN;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms) - offset * 60_000;
}

const unreadable = ({ exitCode, stdout, stderr }: ExecResult): Fault =>
  new Fault(
    `wmic does not say (exit code ${exitCode}): ${(stderr + stdout).trim().replace(/\s+/g, ' ').slice(0, 200) || 'nothing'}`,
    {
      code: 'windows-unreadable',
      blame: 'harness',
      remedy: 'Run on the machine: wmic os get LocalDateTime,OSArchitecture,Version /value',
    },
  );
