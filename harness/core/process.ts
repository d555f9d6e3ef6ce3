import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same pid. */
export interface ProcessMark {
  readonly pid: number;
  /** As `processStartTime` gives it; '' on hosts without /proc, where the pid alone has to do. */
  readonly startTime: string;
}

export const thisProcess = (): ProcessMark => ({
  pid: process.pid,
  startTime: processStartTime(process.pid),
});

/** Whether the process that wrote this still runs. */
export function isAlive(writer: ProcessMark): boolean {
  return exists(writer.pid) && processStartTime(writer.pid) === writer.startTime;
}

/** Also for hosts without /proc. */
function exists(pid: number): boolean {
  try {
    // Signal 0 is none: it only looks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process in clock ticks since boot, or '' when there is none (or it is a zombie). */
export function processStartTime(pid: number): string {
  const fields = processStat(pid);
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

/** The fields of /proc/PID/stat from the state on, see proc(5); none when there is no such process. */
export function processStat(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}

/**
 * The processes that a process has started from its main thread.
 * @throws what reading a file throws, when there is no such process
 */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
