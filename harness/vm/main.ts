// `npm run test:vm`: the same Vagrant wrapper and console as for Windows, on a real provider. See docs/real-vm.md.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAB_FOLDER, ROOT } from '../config/lab-state.ts';
import { describe, Fault } from '../core/errors.ts';
import { kernelFrom } from './box/kernel.ts';
import { processesNamed } from './libvirt.ts';
import { printStep } from './step.ts';

const CACHE = join(LAB_FOLDER, 'cache', 'vm');
const EVIDENCE = join(ROOT, 'test-results', 'real-vm');

/** Whatever else is in the environment, libvirt or Vagrant may obey. */
const KEPT_VARIABLES = ['PATH', 'LANG', 'TMPDIR', 'SUDO_UID', 'SUDO_GID'];

/** Processes and interfaces as libvirt and its machines have them. */
const TRACES = {
  processes: ['libvirtd', 'virtlogd', 'dnsmasq', 'qemu-system-x86'],
  interfaces: /^(virbr|vnet)\d+/,
};

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const DIE_WITH_US = ['--pdeathsig', 'KILL'];
const OWN_NAMESPACES = [
  ...['unshare', '--mount', '--net', '--ipc', '--uts', '--pid'],
  ...['--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
  fileOf('isolate.sh'),
];

try {
  process.exitCode = await main();
} catch (error) {
  const remedy = error instanceof Fault ? `\n${error.remedy}` : '';
  process.stderr.write(`test:vm: ${describe(error)}${remedy}\n`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  mkdirSync(CACHE, { recursive: true });
  mkdirSync(EVIDENCE, { recursive: true });
  if (process.getuid?.() !== 0) return asRoot();

  checkIsolation();
  const before = traces();
  const began = performance.now();
  // In the namespaces there is no network to fetch it by.
  kernelFrom(CACHE);
  printStep('ok', performance.now() - began, "has Debian's kernel");

  rmSync(EVIDENCE, { recursive: true, force: true });
  mkdirSync(EVIDENCE, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'sspr-vm-'));
  try {
    const code = await isolated(folder);
    return code === 0 && leavesNothing(before) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    [CACHE, EVIDENCE].forEach(giveBack);
  }
}

/** Bridges and mounts are for root only. */
function asRoot(): number {
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status, error } = spawnSync('sudo', ['--', ...words], { cwd: ROOT, stdio: 'inherit' });
  if (!error) return status ?? 1;
  throw new Fault('A real VM needs root, and there is no sudo', {
    code: 'root-missing',
    blame: 'config',
    remedy: 'Run "npm run test:vm" as root.',
    cause: error,
  });
}

/** @throws Fault `namespaces-refused` */
function checkIsolation(): void {
  const { status, stderr } = spawnSync('setpriv', [...DIE_WITH_US, ...OWN_NAMESPACES, 'true'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new Fault(`This host does not let root make namespaces and mounts of its own: ${stderr.trim()}`, {
    code: 'namespaces-refused',
    blame: 'config',
    remedy: 'Run it on a machine of its own, or in a privileged container.',
  });
}

/** Tells the story in namespaces of its own; when this process ends, whatever happens, so does everything in there. */
function isolated(folder: string): Promise<number> {
  const environment = Object.fromEntries(KEPT_VARIABLES.map((name) => [name, process.env[name]]));
  const story = [process.execPath, '--import', 'tsx', fileOf('inside.ts')];
  const child = spawn('setpriv', [...DIE_WITH_US, ...OWN_NAMESPACES, ...story], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...environment,
      HOME: folder,
      SSPR_VM_FOLDER: folder,
      SSPR_VM_CACHE: CACHE,
      SSPR_VM_EVIDENCE: EVIDENCE,
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill());
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** What a libvirt leaves on a host: here, that of anybody else. */
function traces(): Set<string> {
  return new Set([
    ...TRACES.processes.flatMap((name) => processesNamed(name).map((pid) => `process ${pid} (${name})`)),
    ...readdirSync('/sys/class/net')
      .filter((name) => TRACES.interfaces.test(name))
      .map((name) => `network interface ${name}`),
  ]);
}

function leavesNothing(before: ReadonlySet<string>): boolean {
  const began = performance.now();
  const left = [...traces()].filter((trace) => !before.has(trace));
  const ok = left.length === 0;
  printStep(ok ? 'ok' : 'FAILED', performance.now() - began, 'leaves nothing on this host');
  if (!ok) process.stdout.write(`${left.join('\n')}\n`);
  return ok;
}

/** Below sudo, files would stay root's. */
function giveBack(folder: string): void {
  const { SUDO_UID, SUDO_GID } = process.env;
  if (SUDO_UID === undefined || SUDO_GID === undefined) return;
  for (const file of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(folder, file), Number(SUDO_UID), Number(SUDO_GID));
  }
}
