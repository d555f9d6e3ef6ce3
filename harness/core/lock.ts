import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Deadline } from './deadline.ts';
import { type Look, poll } from './poll.ts';
import { isAlive, type ProcessMark, thisProcess } from './process.ts';
import { readIfThere } from './read-if-there.ts';

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

function acquire(file: string): Look<true> {
  const claim = `${file}.${process.pid}.${++claims}`;
  writeFileSync(claim, JSON.stringify(thisProcess()));
  try {
    // Unlike creating the file and then writing to it, a link is made with its content, or not at all.
    linkSync(claim, file);
    return { done: true, value: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(claim, { force: true });
  }
  const owner = readOwner(file);
  if (owner && !isAlive(owner)) removeStale(file);
  return { done: false, seen: `process ${owner?.pid ?? '?'} has the lock ${file}` };
}

/**
 * Takes the lock file of a dead process away. Under a lock of its own: of two who saw the dead one, the slower would
 * otherwise take away what the faster has put there since.
 */
function removeStale(file: string): void {
  const guard = `${file}.stale`;
  if (!acquire(guard).done) return;
  try {
    const owner = readOwner(file);
    if (owner && !isAlive(owner)) rmSync(file, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function readOwner(file: string): ProcessMark | undefined {
  const text = readIfThere(file);
  return text === undefined ? undefined : (JSON.parse(text) as ProcessMark);
}
