import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Fault } from '../../core/errors.ts';
import { tool } from '../tool.ts';

/** The kernel of the little machine, and its modules in the order in which they can be loaded. */
export interface Kernel {
  readonly image: string;
  readonly modules: readonly string[];
}

/** Depends on the present kernel for virtual machines; has all that QEMU offers, and is small. */
const PACKAGE = 'linux-image-cloud-amd64';

/** Network, disk, power button. Each after those that it needs; one that is missing is part of the kernel itself. */
const MODULES = [
  'failover',
  'net_failover',
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'virtio_net',
  'virtio_blk',
  'evdev',
  'button',
];

/**
 * Fetches Debian's kernel once and keeps what is needed of it. It is never installed: an installed kernel would be the
 * next one that the host boots.
 * @param cache folder that outlives the run
 * @throws Fault `kernel-missing` (config), `kernel-incomplete` (harness)
 */
export function kernelFrom(cache: string): Kernel {
  const folder = join(cache, 'kernel');
  if (!existsSync(folder)) fetchInto(folder);
  const has = (file: string): boolean => existsSync(join(folder, file));
  if (!has('vmlinuz') || !has('virtio_net.ko')) throw incomplete(folder);
  return {
    image: join(folder, 'vmlinuz'),
    modules: MODULES.map((module) => `${module}.ko`)
      .filter(has)
      .map((file) => join(folder, file)),
  };
}

/** Appears with everything in it, or not at all. */
function fetchInto(folder: string): void {
  const work = mkdtempSync(join(tmpdir(), 'sspr-kernel-'));
  try {
    tool('dpkg-deb', ['--extract', download(work), work]);
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    for (const file of readdirSync(work, { recursive: true, encoding: 'utf8' })) {
      const base = basename(file);
      if (base.startsWith('vmlinuz-')) cpSync(join(work, file), join(partial, 'vmlinuz'));
      if (base.endsWith('.ko') && MODULES.includes(basename(base, '.ko'))) {
        cpSync(join(work, file), join(partial, base));
      }
    }
    renameSync(partial, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns the package file, of the kernel that the package without a version depends on today */
function download(work: string): string {
  try {
    const name = /Depends: (linux-image-\S+)/.exec(tool('apt-cache', ['depends', PACKAGE]))?.[1] ?? PACKAGE;
    tool('apt-get', ['download', '--quiet', name], { cwd: work });
    return join(work, readdirSync(work).find((file) => file.endsWith('.deb')) ?? '');
  } catch (cause) {
    throw new Fault('The kernel for the little machine cannot be fetched', {
      code: 'kernel-missing',
      blame: 'config',
      remedy: 'Check that this is Debian 12 for amd64, run "apt-get update" and try again.',
      cause,
    });
  }
}

const incomplete = (folder: string): Fault =>
  new Fault(`The kernel package held no kernel or no network driver: ${folder}`, {
    code: 'kernel-incomplete',
    blame: 'harness',
    remedy: `Remove ${folder} and try again; then compare the package's files with the list in harness/vm/box/kernel.ts.`,
  });
