import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from '../../core/secret.ts';
import { tool } from '../tool.ts';
import { initramfs } from './initramfs.ts';
import { kernelFrom } from './kernel.ts';

/** The account of the little machine, as in the Vagrantfile. */
export const USER = 'vagrant';

/** Capacity of the machine's disk in GB, which is the smallest that a box can state. It takes next to no room. */
const DISK_GB = 1;

/**
 * Puts everything of which Vagrant makes the machines into a folder: kernel, system, an SSH key, and boxes to be added.
 * @param cache folder that outlives the run
 * @returns the box files by the names under which the Vagrantfile knows them
 */
export function buildBoxes(folder: string, cache: string, password: Secret): Record<string, string> {
  const kernel = kernelFrom(cache);
  cpSync(kernel.image, join(folder, 'vmlinuz'));
  tool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'sspr', '-f', join(folder, 'key')]);
  const publicKey = readFileSync(join(folder, 'key.pub'), 'utf8');
  writeFileSync(join(folder, 'initramfs'), initramfs(kernel, { user: USER, password, publicKey }));
  return {
    'sspr/tiny': packBox(folder, 'tiny', 'qcow2'),
    'sspr/broken': packBox(folder, 'broken', 'raw'),
  };
}

/**
 * A box for the provider libvirt with an empty disk: the machines start from `vmlinuz` and `initramfs`.
 * Source: vagrant-libvirt, "Box Format".
 */
function packBox(folder: string, name: string, format: 'qcow2' | 'raw'): string {
  const parts = join(folder, name);
  const box = join(folder, `${name}.box`);
  mkdirSync(parts);
  const metadata = { provider: 'libvirt', format, virtual_size: DISK_GB };
  writeFileSync(join(parts, 'metadata.json'), JSON.stringify(metadata));
  tool('qemu-img', ['create', '-q', '-f', format, join(parts, 'box.img'), `${DISK_GB}G`]);
  tool('tar', ['--create', '--gzip', '--sparse', '--file', box, '--directory', parts, '.']);
  rmSync(parts, { recursive: true });
  return box;
}
