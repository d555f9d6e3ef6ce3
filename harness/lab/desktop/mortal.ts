import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { processStat } from '../../core/process.ts';

/** How long a process may take to leave in good order, in milliseconds. */
const GRACE = 4000;

/** A process, with all its children, that never outlives its owner. */
export interface Mortal {
  readonly child: ChildProcess;
  /** Resolves when it has ended, with how: `exit code 1`. */
  readonly ended: Promise<string>;
  /** Ends it and all its children; returns when none is left. */
  kill(): Promise<void>;
}

export interface MortalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
}

/** Marks a process and its children in their environment: a child may leave the process group, but not this. */
const MARK = 'LAB_DESKTOP_PROCESS';

/**
 * Starts a program in a process group of its own. The kernel sends it SIGTERM when this process dies in whatever
 * way, so that it goes in good order (an X server removes its lock) even when its owner is killed.
 */
export function spawnMortal(program: string, args: readonly string[], { env, stdio }: MortalOptions): Mortal {
  const mark = randomUUID();
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', program, ...args], {
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8', ...env, [MARK]: mark },
    stdio,
    detached: true,
  });
  const ended = once(child, 'exit').then(
    ([code, signal]) => (code === null ? `signal ${String(signal)}` : `exit code ${String(code)}`),
    (error: unknown) => `not started: ${String(error)}`,
  );
  const family = (): number[] =>
    livePids().filter((pid) => groupOf(pid) === child.pid || isMarked(pid, mark));
  return { child, ended, kill: () => killFamily(child, family) };
}

async function killFamily(head: ChildProcess, family: () => number[]): Promise<void> {
  // The head alone is asked, so that it can end its children; who still is there after a while has to go.
  head.kill('SIGTERM');
  const until = performance.now() + GRACE;
  for (let left = family(); left.length > 0; left = family()) {
    if (performance.now() > until) left.forEach(forceEnd);
    await delay(20);
  }
}

function forceEnd(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** All processes but zombies, which wait for their parent only. */
const livePids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => !['Z', 'X', undefined].includes(processStat(pid)[0]));

const groupOf = (pid: number): number => Number(processStat(pid)[2]);

/** A process that is gone, or is not ours, is not marked. */
function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${mark}`);
  } catch {
    return false;
  }
}
