import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive, processStartTime } from '../config/lab-state.ts';
import type { Deadline } from '../core/deadline.ts';
import { poll } from '../core/poll.ts';
import { readIfThere } from './read-if-there.ts';

interface Owner {
  readonly pid: number;
  readonly startTime: string;
}

/** Milliseconds between two looks at a lock that somebody else holds. */
const LOOK_MS = 50;

let claims = 0;

/**
 * Runs the work while no other process, and nobody else in this one, runs work under the same lock file. The lock of
 * a process that is gone is void, so a crash leaves nothing to clean up.
 * @throws Fault `timed-out` that names the owner
 */
export async function withLock<T>(file: string, deadline: Deadline, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  await poll(() => Promise.resolve(acquire(file)), { deadline, everyMs: LOOK_MS });
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function acquire(file: string): { done: true; value: true } | { done: false; seen: string } {
  const claim = `${file}.${process.pid}.${++claims}`;
  writeFileSync(
    claim,
    JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid) } satisfies Owner),
  );
  try {
    // Unlike creating the file and then writing to it, a link is made with its content, or not at all.
    linkSync(claim, file);
    return { done: true, value: true };
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(claim, { force: true });
  }
  const owner = readOwner(file);
  if (owner && !runs(owner)) removeStale(file, owner);
  return { done: false, seen: `process ${owner?.pid ?? '?'} has the lock ${file}` };
}

/** Takes the lock file of a dead process away, unless somebody else did so and has put a living one there. */
function removeStale(file: string, stale: Owner): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readOwner(aside);
  // Should a third one be faster here, two processes work at once, and Vagrant's own locks keep them apart.
  if (moved?.pid !== stale.pid || moved.startTime !== stale.startTime) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function readOwner(file: string): Owner | undefined {
  const text = readIfThere(file);
  return text === undefined ? undefined : (JSON.parse(text) as Owner);
}

function runs(owner: Owner): boolean {
  try {
    // Start times exist on Linux only; elsewhere this signal, which does nothing, has to do.
    process.kill(owner.pid, 0);
    return isAlive(owner);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code;
