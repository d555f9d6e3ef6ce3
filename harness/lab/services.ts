import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Deadline, interrupted, timedOut } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { LAB_FOLDER, labStateFile, readLabState, ROOT, type LabState } from '../config/lab-state.ts';
import { isAlive, processStartTime } from '../core/process.ts';
import { sweepProxies } from './network/proxy.ts';
import type { Greeting } from './services-main.ts';
import type { ServicesOptions } from './services-process.ts';

export interface StartOptions extends Partial<ServicesOptions> {
  /** The folder of the lab; another one makes another, independent lab. */
  readonly folder?: string;
  readonly deadline?: Deadline;
}

const MAIN = fileURLToPath(new URL('./services-main.ts', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 10_000;

export const servicesLog = (folder = LAB_FOLDER): string =>
  join(dirname(labStateFile(folder)), 'logs', 'services.log');

/**
 * Starts the lab's services as a process of its own that outlives this one, and waits until they can be used. When a
 * lab is running already, it is that one.
 * @throws Fault `squid-missing`, `squid-failed`, `openssl-failed`, `port-in-use`, `lab-died` (with the end of its log),
 *   `timed-out` or `interrupted`; then nothing of it is left running
 */
export async function startLab(options: StartOptions = {}): Promise<LabState> {
  const { folder = LAB_FOLDER, deadline = Deadline.in(START_MS, 'waiting for the lab to start') } = options;
  const running = readLabState(folder);
  if (running) return running;
  sweep(folder);

  const child = spawnServices(folder, options);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    const greeting = await greetingOf(child, folder, deadline);
    if ('ready' in greeting) return greeting.ready;
    await exited;
    const winner = readLabState(folder);
    if (greeting.fault.code === 'lab-already-running' && winner) return winner;
    throw new Fault(greeting.fault.message, greeting.fault);
  } catch (error) {
    if (child.kill('SIGKILL')) await exited;
    sweep(folder);
    throw error;
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/**
 * Ends the running lab, if there is one, and removes what a lab that was killed has left behind. Only ever ends the
 * very process that wrote the address book.
 * @throws Fault `timed-out` when it does not even die of SIGKILL
 */
export async function stopLab(folder = LAB_FOLDER): Promise<void> {
  const state = readLabState(folder);
  if (state) {
    process.kill(state.pid, 'SIGTERM');
    await gone(state, STOP_MS).catch(async () => {
      process.kill(state.pid, 'SIGKILL');
      await gone(state, STOP_MS);
    });
  }
  sweep(folder);
}

function spawnServices(folder: string, options: StartOptions): ChildProcess {
  const log = servicesLog(folder);
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, 'w', 0o600);
  const flag = (name: string, value: number | undefined): string[] =>
    value === undefined ? [] : [`--${name}`, String(value)];
  try {
    return fork(
      MAIN,
      [
        ...flag('audit-delay-ms', options.auditDelayMs),
        ...flag('tenant-port', options.tenantPort),
        ...flag('proxy-port', options.proxyPort),
      ],
      {
        cwd: ROOT,
        env: { ...process.env, SSPR_LAB_FOLDER: folder },
        execArgv: ['--import', 'tsx'],
        detached: true,
        stdio: ['ignore', output, output, 'ipc'],
      },
    );
  } finally {
    closeSync(output);
  }
}

/** What the process says of itself; it is killed when it has not said anything in time. */
function greetingOf(child: ChildProcess, folder: string, deadline: Deadline): Promise<Greeting> {
  const signal = deadline.signal();
  return new Promise((resolve, reject) => {
    child.once('message', (greeting) => resolve(greeting as Greeting));
    child.once('error', reject);
    child.once('exit', () => reject(died(folder)));
    // Once there is a greeting this comes too late to mean anything.
    signal.addEventListener('abort', () => {
      reject(deadline.aborted ? interrupted(deadline.what) : timedOut(deadline.what, deadline.budgetMs));
    });
  });
}

function died(folder: string): Fault {
  const log = servicesLog(folder);
  const lastWords = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join(' / ') : '';
  return new Fault(`The lab's process ended while it started: ${lastWords || 'it said nothing'}`, {
    code: 'lab-died',
    blame: 'harness',
    retryable: true,
    remedy: `Read its log, ${log}.`,
  });
}

async function gone(state: LabState, withinMs: number): Promise<void> {
  await poll(
    () =>
      Promise.resolve(
        isAlive(state)
          ? { done: false, seen: `process ${state.pid} runs` }
          : { done: true, value: undefined },
      ),
    { deadline: Deadline.in(withinMs, 'waiting for the lab to end'), everyMs: 25 },
  );
}

/** Removes the address book and the private folders of labs whose process is no more. */
function sweep(folder: string): void {
  const run = dirname(labStateFile(folder));
  if (existsSync(run)) {
    if (!readLabState(folder)) rmSync(labStateFile(folder), { force: true });
    for (const name of readdirSync(run)) {
      const pid = /^lab-(\d+)$/.exec(name)?.[1];
      if (pid !== undefined && processStartTime(Number(pid)) === '') {
        rmSync(join(run, name), { recursive: true, force: true });
      }
    }
  }
  sweepProxies();
}
