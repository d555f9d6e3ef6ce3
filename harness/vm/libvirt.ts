import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deadline } from '../core/deadline.ts';
import { poll } from '../core/poll.ts';
import { tool } from './tool.ts';

const CONFIGURATION = '/etc/libvirt';

/**
 * The machines' processes are root of namespaces that will be gone in minutes, and nobody else is there: what guards
 * several users from each other, and needs the host's help, is off.
 * Source: comments of the files of these names in the package libvirt-daemon-system.
 */
const FILES = {
  'qemu.conf': [
    'user = "root"',
    'group = "root"',
    'dynamic_ownership = 0',
    'remember_owner = 0',
    'security_driver = "none"',
    'cgroup_controllers = [ ]',
    'namespaces = [ ]',
  ],
  'libvirtd.conf': ['unix_sock_group = "root"', 'auth_unix_rw = "none"'],
} as const;

/** Milliseconds for the daemons to start or to end. */
const LONGEST_MS = 60_000;

/** What runs of libvirt, by its own words and by those of the kernel. */
export interface Remains {
  /** Names of all machines, also of those that are off. */
  readonly domains: readonly string[];
  /** Process ids of QEMU. */
  readonly processes: readonly number[];
  /** Taps of machines: those of networks stay as long as libvirt runs. */
  readonly interfaces: readonly string[];
  /** Disks and snapshots; the boxes' own images are kept for the next machine. */
  readonly disks: readonly string[];
}

/** A libvirt of our own. Must run in namespaces of its own: see isolate.sh. */
export interface Libvirt {
  remains(): Remains;
  stop(): Promise<void>;
}

/**
 * @param logs folder for the daemons' words
 * @throws Fault `timed-out`
 */
export async function startLibvirt(logs: string): Promise<Libvirt> {
  mkdirSync(CONFIGURATION, { recursive: true });
  for (const [name, lines] of Object.entries(FILES)) {
    writeFileSync(join(CONFIGURATION, name), lines.map((line) => `${line}\n`).join(''));
  }
  const daemons = ['virtlogd', 'libvirtd'].map((name) => daemon(name, join(logs, `${name}.log`)));
  await poll(() => Promise.resolve(answers()), {
    deadline: Deadline.in(LONGEST_MS, 'starting libvirt'),
    everyMs: 200,
  });
  return { remains, stop: () => Promise.all(daemons.map(end)).then(() => undefined) };
}

function daemon(name: string, log: string): ChildProcess {
  const words = openSync(log, 'w');
  return spawn(`/usr/sbin/${name}`, { stdio: ['ignore', words, words] });
}

function answers(): { done: true; value: string } | { done: false; seen: string } {
  try {
    return { done: true, value: virsh('version') };
  } catch (error) {
    return { done: false, seen: String(error) };
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    if (child.exitCode === null && child.signalCode === null) child.kill();
    else resolve();
  });
}

/** Not by way of Vagrant: whether it tells the truth is what is to be found out. */
function remains(): Remains {
  return {
    domains: words(virsh('list', '--all', '--name')),
    processes: processesNamed('qemu-system-x86'),
    interfaces: readdirSync('/sys/class/net').filter((name) => name.startsWith('vnet')),
    disks: words(virsh('pool-list', '--name')).flatMap((pool) =>
      words(virsh('vol-list', pool))
        .filter((word) => word.endsWith('.img') && !word.includes('/'))
        .filter((name) => !name.includes('_vagrant_box_image_')),
    ),
  };
}

const virsh = (...args: string[]): string => tool('virsh', ['--connect', 'qemu:///system', ...args]);

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** By the name of 15 characters that the kernel keeps. */
export function processesNamed(name: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name ? [Number(pid)] : [];
    } catch {
      // It has ended since.
      return [];
    }
  });
}
