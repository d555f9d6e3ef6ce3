import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { USUAL_ACCESS } from '../config/access.ts';
import { LAB_FOLDER, type LabState, ROOT } from '../config/lab-state.ts';
import { Deadline, interrupted } from '../core/deadline.ts';
import { EXIT_CODE } from '../core/exit-code.ts';
import { Fault } from '../core/errors.ts';
import { redact } from '../core/secret.ts';
import { startLab, stopLab } from '../lab/services.ts';
import type { Machines } from '../machines/machine.ts';
import { openMachines } from '../machines/machines.ts';
import { type Reaper, startReaper } from '../run/reaper.ts';
import type { SeededFault, STATES } from './fault.ts';
import type { Tree } from './merged.ts';
import { runConfig } from './run-config.ts';

const SSPR = join(ROOT, 'harness/cli/sspr.js');
/** A command that has been told to end gets this long to put things right. Milliseconds. */
const GRACE_MS = 60_000;
/** One verb of Vagrant, or the start of the services. Milliseconds. */
const VERB_MS = 180_000;

export type State = (typeof STATES)[number];
type MachineKind = SeededFault['machine'];

export interface Ended {
  readonly exit: number;
  readonly output: string;
}

/** A command of ours in a process of its own; `folder` is where its results go. */
export interface CommandOptions {
  readonly config: Tree;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A lab of its own: services, machines, results. Machines are prepared once for every state that is asked for, and put
 * back to it, with new services under them, as often as one likes.
 */
export class Lab {
  readonly machines: Machines;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #labFolder: string;
  readonly #reaper: Reaper;
  /** Machines by what they are prepared as. */
  readonly #prepared = new Map<string, Set<State>>();
  #running: string | undefined;

  /** @param folder an empty one, for all that is not kept */
  constructor(
    readonly folder: string,
    readonly signal: AbortSignal,
  ) {
    this.#labFolder = join(folder, 'lab');
    mkdirSync(this.#labFolder, { recursive: true });
    // What was prepared once serves every lab.
    symlinkSync(join(LAB_FOLDER, 'cache'), join(this.#labFolder, 'cache'));
    this.#environment = {
      ...process.env,
      SSPR_LAB_FOLDER: this.#labFolder,
      SSPR_RESULTS_FOLDER: join(folder, 'results'),
      SSPR_STATE_FOLDER: join(folder, 'state'),
      VAGRANT_DOTFILE_PATH: join(folder, 'vagrant'),
      // Side by side they would be in each other's way at the index of all machines.
      VAGRANT_HOME: join(folder, 'vagrant-home'),
      NO_COLOR: '1',
    };
    this.machines = openMachines({ root: ROOT, environment: this.#environment, access: USUAL_ACCESS });
    this.#reaper = startReaper(this.#environment);
  }

  /** Where a machine keeps what it says of itself. */
  machineFolder(name: string): string {
    return join(this.folder, 'vagrant', 'machines', name, 'lab');
  }

  /** Whether a machine like this can be put back without being made first. */
  isPrepared(kind: MachineKind, state: State): boolean {
    return this.#prepared.get(keyOf(kind))?.has(state) ?? false;
  }

  /**
   * A machine in a state, as new, with a tenant and a proxy as new.
   * @param states all that will be asked for of machines like this
   * @returns where the services of the lab are now
   */
  async renew(kind: MachineKind, state: State, states: ReadonlySet<State>): Promise<LabState> {
    if (!this.isPrepared(kind, state)) await this.#prepare(kind, states);
    const { os } = kind;
    if (this.#running !== undefined && this.#running !== os)
      await this.machines.halt(this.#running, this.#deadline(`halting ${this.#running}`));
    await stopLab(this.#labFolder);
    const { auditDelaySeconds } = runConfig(kind).lab as { auditDelaySeconds: number };
    const services = await startLab({
      folder: this.#labFolder,
      auditDelayMs: auditDelaySeconds * 1000,
      deadline: this.#deadline('starting the services of the lab'),
    });
    // At its boot it joins the network as it is now.
    await this.machines.restore(os, state, this.#deadline(`putting ${os} back to ${state}`));
    this.#running = os;
    return services;
  }

  /** Runs `sspr` with these words. @throws Fault `interrupted` */
  async sspr(
    words: readonly string[],
    { config, environment = {} }: CommandOptions,
    folder = this.folder,
  ): Promise<Ended> {
    const file = join(folder, 'sspr.yaml');
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, stringify(config));
    if (this.signal.aborted) throw interrupted(`running sspr ${words[0] ?? ''}`);
    const child = spawn(process.execPath, [SSPR, ...words, '--config', file], {
      cwd: ROOT,
      env: { ...this.#environment, ...environment },
      // Ctrl-C at the terminal reaches the proof, which then tells it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    let patience: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill('SIGINT');
      patience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    this.signal.addEventListener('abort', stop, { once: true });
    const [code] = (await once(child, 'close')) as [number | null];
    this.signal.removeEventListener('abort', stop);
    clearTimeout(patience);
    // `aborted` may have come in the meantime.
    if ((this.signal as { aborted: boolean }).aborted) throw interrupted(`running sspr ${words[0] ?? ''}`);
    return { exit: code ?? -1, output: redact(output) };
  }

  /** Nothing of it is left running. */
  async down(): Promise<void> {
    const undisturbed = new AbortController().signal;
    for (const { name } of this.machines.known())
      await this.machines.destroy(name, Deadline.in(VERB_MS, `taking ${name} down`, undisturbed));
    await stopLab(this.#labFolder);
    this.#reaper.dismiss();
  }

  async #prepare(kind: MachineKind, states: ReadonlySet<State>): Promise<void> {
    const { os } = kind;
    const config = runConfig(kind);
    const done = new Set<State>();
    // The same machine in another language is another machine.
    for (const key of this.#prepared.keys()) if (key.startsWith(`${os} `)) this.#prepared.delete(key);
    if (this.machines.known().some(({ name }) => name === os))
      await this.machines.destroy(os, this.#deadline(`destroying ${os}`));
    await this.#must(['up', os], config);
    this.#running = os;
    if (states.has('clean')) {
      await this.machines.snapshot(os, 'clean', this.#deadline(`taking a snapshot of ${os}`));
      done.add('clean');
    }
    if (states.has('installed')) {
      await this.#must(['run', os, '--as-is', '--stage', 'install', '--stage', 'reboot'], config);
      await this.machines.snapshot(os, 'installed', this.#deadline(`taking a snapshot of ${os}`));
      done.add('installed');
    }
    this.#prepared.set(keyOf(kind), done);
  }

  async #must(words: readonly string[], config: Tree): Promise<void> {
    const { exit, output } = await this.sspr(words, { config });
    if (exit === EXIT_CODE.compliant) return;
    throw new Fault(`"sspr ${words.join(' ')}" ended with ${exit}: ${lastError(output)}`, {
      code: 'not-prepared',
      blame: 'harness',
      remedy: 'Run the same command by hand; no fault was seeded yet.',
    });
  }

  #deadline(what: string): Deadline {
    return Deadline.in(VERB_MS, what, this.signal);
  }
}

const LONGEST_ERROR = 800;
/** From the error on, where the command names one. */
const lastError = (output: string): string => {
  const at = output.lastIndexOf('error: ');
  return at < 0 ? output.slice(-LONGEST_ERROR).trim() : output.slice(at, at + LONGEST_ERROR).trim();
};

const keyOf = ({ os, language }: MachineKind): string => `${os} ${language}`;

/** The one run below a folder of results, or undefined while there is none. */
export function runBelow(results: string): string | undefined {
  try {
    const name = readdirSync(results).find((one) => one.endsWith('-lab'));
    return name === undefined ? undefined : join(results, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
