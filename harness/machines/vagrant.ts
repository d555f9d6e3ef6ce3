import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Access, vagrantEnvironment } from '../config/access.ts';
import type { Deadline } from '../core/deadline.ts';
import { interrupted, timedOut } from '../core/deadline.ts';
import { withLock } from '../core/lock.ts';
import { MachineReadable, type VagrantLine } from './machine-readable.ts';
import { CRASH, LOCK_CLASSES, shortClass, vagrantFault, vagrantMissing } from './vagrant-faults.ts';

export interface VagrantSettings {
  /** Folder of the Vagrantfile. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** How real machines are reached; the lab's tell it themselves. */
  readonly access?: Access;
  /** Milliseconds that a cancelled Vagrant gets for its clean-up before it is killed. */
  readonly graceMs?: number;
}

/** What a successful command said. */
export type VagrantEvent = Extract<VagrantLine, { kind: 'event' }>;

interface Exit {
  readonly events: readonly VagrantEvent[];
  /** Undefined when it succeeded. */
  readonly failure: { readonly rubyClass: string; readonly text: string } | undefined;
  /** The last thing that it told a person. */
  readonly lastWords: string;
}

const WINDOWS = process.platform === 'win32';

/** A lab guest may take 25 s to shut down when an `up` is cancelled. */
const GRACE_MS = 40_000;

/** Backoff between two tries to get one of Vagrant's locks: doubles from the first to the last, in milliseconds. */
const FIRST_BACKOFF_MS = 250;
const LAST_BACKOFF_MS = 4000;

/** How much of stderr is kept: a backtrace begins with what matters. */
const STDERR_CHARS = 4000;

/** Vagrant's state folder of a project. */
export const vagrantFolder = ({ root, environment }: VagrantSettings): string =>
  resolve(root, environment.VAGRANT_DOTFILE_PATH ?? '.vagrant');

/** Runs Vagrant commands: one at a time for what they concern, tried again while a lock is held, cancelled by SIGINT. */
export class Vagrant {
  /** Vagrant's state folder of this project. */
  readonly folder: string;

  constructor(readonly settings: VagrantSettings) {
    this.folder = vagrantFolder(settings);
  }

  /**
   * @param scope what the command concerns: no two commands of one scope run at once
   * @throws Fault see vagrant-faults.ts; `interrupted` or `timed-out` by the deadline
   */
  async run(args: readonly string[], scope: string, deadline: Deadline): Promise<readonly VagrantEvent[]> {
    return withLock(join(this.folder, `sspr-${scope}.lock`), deadline, async () => {
      for (let tries = 0; ; tries++) {
        deadline.check();
        const { events, failure, lastWords } = await this.#once(args, deadline);
        if (failure === undefined) return events;
        if (deadline.aborted) throw interrupted(deadline.what);
        if (deadline.expired) throw timedOut(deadline.what, deadline.budgetMs, lastWords);

        const fault = vagrantFault(args.join(' '), failure.rubyClass, failure.text);
        if (!LOCK_CLASSES.has(shortClass(failure.rubyClass))) throw fault;
        const backoff = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries) * (0.5 + Math.random());
        if (backoff >= deadline.remaining()) throw fault;
        await deadline.sleep(backoff);
      }
    });
  }

  async #once(args: readonly string[], deadline: Deadline): Promise<Exit> {
    const child = spawn('vagrant', [...args, '--machine-readable'], {
      cwd: this.settings.root,
      env: this.#environment(),
      // A group of its own: a Ctrl-C at the terminal must reach Vagrant once, from here. Windows has no such groups, and
      // would open a window.
      detached: !WINDOWS,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const parser = new MachineReadable();
    const lines: VagrantLine[] = [];
    let stderr = '';
    child.stdout.on('data', (bytes: Uint8Array) => lines.push(...parser.feed(bytes)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, STDERR_CHARS);
    });

    // What it says while it cleans up tells nothing of what it was cancelled in.
    let linesBefore = Infinity;
    const forget = this.#cancelWith(child, deadline, () => (linesBefore = lines.length));
    try {
      const code = await ended(child);
      lines.push(...parser.end());
      return summarise(code, lines, stderr, linesBefore);
    } finally {
      forget();
    }
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...this.settings.environment,
      ...(this.settings.access && vagrantEnvironment(this.settings.access)),
      VAGRANT_CWD: this.settings.root,
      VAGRANT_DOTFILE_PATH: this.folder,
      VAGRANT_CHECKPOINT_DISABLE: '1',
      VAGRANT_NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
      // The lab's guests run on the Node.js that runs the harness.
      SSPR_NODE: process.execPath,
    };
  }

  /**
   * SIGINT makes Vagrant undo what it began; other signals don't. Windows knows none that could be sent to another process:
   * there Vagrant is ended at once. Returns what ends the watch.
   */
  #cancelWith(child: ChildProcess, deadline: Deadline, onCancel: () => void): () => void {
    const signal = deadline.signal();
    let kill: NodeJS.Timeout | undefined;
    const cancel = (): void => {
      onCancel();
      if (!WINDOWS) child.kill('SIGINT');
      kill = setTimeout(() => killGroup(child), WINDOWS ? 0 : (this.settings.graceMs ?? GRACE_MS));
    };
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    return () => {
      clearTimeout(kill);
      signal.removeEventListener('abort', cancel);
    };
  }
}

/**
 * Kills the child and what it runs, and nothing else: it leads a process group of its own. On Windows `vagrant.exe` only
 * starts Ruby, which would run on without it.
 */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (WINDOWS) {
    const taskkill = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32\\taskkill.exe');
    execFile(taskkill, ['/pid', String(child.pid), '/t', '/f'], { windowsHide: true }, () => child.kill());
  } else process.kill(-child.pid, 'SIGKILL');
}

/** Exit code, or null when it was killed. Doesn't wait long for daemons that have inherited the pipes. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(vagrantMissing('vagrant', error)));
    child.once('exit', (code) => {
      const settle = (): void => {
        clearTimeout(timer);
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(code);
      };
      const timer = setTimeout(settle, 1000);
      child.once('close', settle);
    });
  });
}

function summarise(
  code: number | null,
  lines: readonly VagrantLine[],
  stderr: string,
  linesBefore: number,
): Exit {
  const events = lines.filter((line) => line.kind === 'event');
  const words = lines
    .slice(0, linesBefore)
    .map((line) => (line.kind === 'text' ? line.text : line.type === 'ui' ? line.data[1] : ''));
  const lastWords = words.findLast((word) => word !== undefined && word !== '') ?? stderr.trim();
  if (code === 0) return { events, failure: undefined, lastWords };

  const exit = events.find((event) => event.type === 'error-exit');
  const rubyClass = exit?.data[0] ?? CRASH;
  const text = exit?.data[1] ?? (stderr.trim() || lastWords || `ended with ${code ?? 'a signal'}`);
  return { events, failure: { rubyClass, text }, lastWords };
}
