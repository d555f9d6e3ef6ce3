import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { redact } from '../../core/secret.ts';
import { machineDown } from '../faults.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** More than VBoxManage says to any question asked here. */
const MOST_OUTPUT = 1024 * 1024;
/** So long it may take to end after it was told to, in milliseconds. */
const PATIENCE_MS = 2000;

/**
 * The program: SSPR_VBOXMANAGE, else on Windows the folder that VirtualBox' installer notes (it does not extend the PATH),
 * else the one on the PATH.
 */
export function chooseVBoxManage(
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  if (environment.SSPR_VBOXMANAGE) return environment.SSPR_VBOXMANAGE;
  if (platform !== 'win32') return 'VBoxManage';
  const folder = environment.VBOX_MSI_INSTALL_PATH ?? environment.VBOX_INSTALL_PATH;
  return folder ? join(folder, 'VBoxManage.exe') : 'VBoxManage.exe';
}

/**
 * Runs VBoxManage and waits until it has ended, also when time is up.
 * @returns what it printed
 * @throws Fault `vboxmanage-missing` (config), `virtualbox-no-such-machine` (config), `machine-down`, `virtualbox-busy`,
 *   `virtualbox-failed` (machine), `timed-out`, `interrupted`
 */
export async function vboxManage(args: readonly string[], deadline: Deadline): Promise<string> {
  deadline.check();
  const program = chooseVBoxManage(process.env);
  const child = spawn(program, args, {
    // Its errors are told apart by their English text.
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const collect = (into: Buffer[]) => (chunk: Buffer) => {
    if (into.reduce((sum, { length }) => sum + length, 0) < MOST_OUTPUT) into.push(chunk);
  };
  child.stdout.on('data', collect(out));
  child.stderr.on('data', collect(err));

  const signal = deadline.signal();
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill();
    late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(missing(program, error)));
      child.once('close', resolve);
    });
    const said = Buffer.concat(err).toString('utf8');
    if (code === 0) return Buffer.concat(out).toString('utf8');
    deadline.check();
    throw toFault(args[1] ?? '', said, code);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', stop);
  }
}

const missing = (program: string, cause: Error): Fault =>
  new Fault(`VBoxManage cannot be started: ${program}`, {
    code: 'vboxmanage-missing',
    blame: 'config',
    remedy: 'Install VirtualBox, or set SSPR_VBOXMANAGE to the full path of VBoxManage.',
    cause,
  });

interface Saying {
  readonly says: RegExp;
  readonly fault: (id: string, said: string) => Fault;
}

/** What VBoxManage is known to say. Source: VirtualBox' manual, chapter VBoxManage; COM result codes of its Main API. */
const SAYINGS: readonly Saying[] = [
  {
    says: /VBOX_E_OBJECT_NOT_FOUND|Could not find a registered machine/,
    fault: (id, said) =>
      new Fault(`VirtualBox knows no machine ${id}: ${said}`, {
        code: 'virtualbox-no-such-machine',
        blame: 'config',
        remedy: 'Run as the user who made the machine; if Vagrant no longer knows it either, make it anew.',
      }),
  },
  {
    says: /is not currently running|VBOX_E_INVALID_VM_STATE/,
    fault: (id) => machineDown(`VirtualBox' ${id}`, 'not running'),
  },
  {
    says: /already locked|is locked|VBOX_E_INVALID_OBJECT_STATE/,
    fault: (id, said) =>
      new Fault(`VirtualBox is busy with the machine ${id}: ${said}`, {
        code: 'virtualbox-busy',
        blame: 'machine',
        retryable: true,
        remedy: 'Wait until no other action on this machine runs, then try again.',
      }),
  },
];

function toFault(id: string, stderr: string, code: number | null): Fault {
  const said = redact(
    stderr
      .split('\n')
      .map((line) => line.replace(/^VBoxManage(\.exe)?: error: /, '').trim())
      .filter(Boolean)
      .join('; ')
      .slice(0, 400),
  );
  const known = SAYINGS.find(({ says }) => says.test(stderr));
  if (known) return known.fault(id, said);
  return new Fault(`VBoxManage failed (exit code ${code}): ${said || 'it says nothing'}`, {
    code: 'virtualbox-failed',
    blame: 'machine',
    retryable: true,
    remedy: 'Run the same command of VBoxManage by hand; look at the log of the machine in VirtualBox.',
  });
}
