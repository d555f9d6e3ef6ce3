import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, Fault } from '../../core/errors.ts';
import { processorFor } from './one-cpu.ts';
import { cleanUpServerFolder, wineEnvironment } from './wine.ts';

const INIT = fileURLToPath(new URL('./native/init.sh', import.meta.url));
/** A shutdown that takes longer is a crash: then the power is cut. */
const SHUTDOWN_MS = 6000;

export interface PowerOptions {
  /** The Wine prefix. */
  readonly prefix: string;
  /** A folder for the name service files, the home folder and Wine's own messages. */
  readonly folder: string;
  readonly computerName: string;
  /** `address name` pairs that the guest can resolve besides localhost. */
  readonly hosts: readonly string[];
  /** Where GnuTLS writes the keys of each TLS connection of the guest: see key-log.ts. */
  readonly keyLog: string;
}

/**
 * A guest with its power on: a namespace of its own (processes, mounts, host name) in which Wine runs. No other guest sees its processes; everything in it ends with it.
 */
export class Power {
  readonly #init: ChildProcess;
  readonly #prefix: string;
  readonly off: Promise<void>;

  private constructor(init: ChildProcess, prefix: string) {
    this.#init = init;
    this.#prefix = prefix;
    this.off = new Promise((resolve) =>
      init.once('exit', () => {
        cleanUpServerFolder(prefix);
        resolve();
      }),
    );
  }

  /** @throws Fault `namespaces-refused` when this host allows no namespaces */
  static async on(options: PowerOptions): Promise<Power> {
    // A copied disk may still name the folder of sockets of the machine that it was copied from.
    rmSync(join(options.prefix, 'wineserver'), { force: true });
    const home = join(options.folder, 'home');
    mkdirSync(home, { recursive: true });
    const files = nameServiceFiles(options);
    const log = openSync(join(options.folder, 'wine.log'), 'a', 0o600);
    const init = spawn(
      'taskset',
      [
        ...['--cpu-list', String(processorFor(options.computerName))],
        ...['unshare', namespaceFlags(), '--mount-proc', '--kill-child'],
        ...['bash', INIT, options.computerName, ...files],
      ],
      {
        cwd: join(options.prefix, 'drive_c'),
        env: wineEnvironment({ prefix: options.prefix, home, more: { SSLKEYLOGFILE: options.keyLog } }),
        stdio: ['pipe', log, log],
      },
    );
    closeSync(log);
    init.stdin?.on('error', () => undefined); // it may be off already when an order is sent
    const power = new Power(init, options.prefix);
    await once(init, 'spawn').catch((error: unknown) => {
      throw namespacesRefused(error);
    });
    return power;
  }

  /**
   * Starts a helper of `C:\lab\bin` in the guest.
   * @param tlsPolicy file that GnuTLS reads in it and in what it starts; without one Wine's Schannel is left alone
   */
  startHelper(name: string, account: string, tlsPolicy = ''): void {
    this.#init.stdin?.write(`${name} ${account} ${tlsPolicy}\n`);
  }

  /** Shuts Wine down, so that the registry is on the disk, and ends everything in the guest. */
  async shutDown(): Promise<void> {
    this.#init.stdin?.end();
    await Promise.race([this.off, delay(SHUTDOWN_MS, undefined, { ref: false })]);
    await this.cut();
  }

  /** Pulls the plug: what was not written yet is lost. */
  async cut(): Promise<void> {
    if (this.#init.exitCode === null && this.#init.signalCode === null) killInit(this.#init);
    await this.off;
    cleanUpServerFolder(this.#prefix);
  }
}

/** Kills process 1 of the namespace, and so all in it; `unshare`, its parent, then reaps it and ends. */
function killInit(unshare: ChildProcess): void {
  const children = `/proc/${unshare.pid}/task/${unshare.pid}/children`;
  const init = existsSync(children) ? Number(readFileSync(children, 'utf8').split(' ')[0]) : 0;
  if (init > 0) process.kill(init, 'SIGKILL');
  else unshare.kill('SIGKILL');
}

/** Own name service files: the guest knows localhost, itself and what it is told, and can ask nobody. */
function nameServiceFiles(options: PowerOptions): string[] {
  const contents = {
    hosts: ['127.0.0.1 localhost', `127.0.0.1 ${options.computerName}`, ...options.hosts],
    'resolv.conf': ['# no name servers'],
    'nsswitch.conf': ['passwd: files', 'group: files', 'hosts: files'],
  };
  return Object.entries(contents).map(([name, lines]) => {
    const path = join(options.folder, name);
    writeFileSync(path, lines.join('\n') + '\n');
    return path;
  });
}

/**
 * Tries the namespaces that a guest will need, before anything is started.
 * @throws Fault `namespaces-refused`
 */
export function checkNamespaces(): void {
  const { status, error, stderr } = spawnSync('unshare', [namespaceFlags(), '--mount-proc', 'true'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw namespacesRefused(error ?? new Error(stderr.trim()));
}

/** Processes, mounts and host name of a guest are its own; without root that takes a user namespace too. */
const namespaceFlags = (): string => (process.getuid?.() === 0 ? '-pmuf' : '-Urpmuf');

export function namespacesRefused(cause: unknown): Fault {
  return new Fault(
    `This host lets no process have namespaces of its own, so a lab guest cannot be isolated: ${describe(cause)}`,
    {
      code: 'namespaces-refused',
      blame: 'config',
      remedy:
        process.getuid?.() === 0
          ? 'Not even root may make them here: give the container CAP_SYS_ADMIN (--privileged), and a chroot a mount point as its root.'
          : 'Run as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1).',
      cause,
    },
  );
}
