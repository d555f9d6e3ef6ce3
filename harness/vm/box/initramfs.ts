import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Secret } from '../../core/secret.ts';
import { tool } from '../tool.ts';
import { cpio, type Entry } from './cpio.ts';
import type { Kernel } from './kernel.ts';
import { WORDS } from './words.ts';

export interface Accounts {
  /** Who may log in at the console, and by SSH. */
  readonly user: string;
  readonly password: Secret;
  /** As in `authorized_keys`. */
  readonly publicKey: string;
}

const BUSYBOX = '/bin/busybox';
const SSH_SERVER = '/usr/sbin/dropbear';

/** Scripts of ours (see guest/) and where they go. */
const SCRIPTS = {
  rc: 'etc/rc',
  'use-lease': 'etc/use-lease',
  'power-button': 'etc/acpi/PWRF/00000080',
  shutdown: 'sbin/shutdown',
  words: 'bin/words',
  note: 'bin/note',
  board: 'bin/board',
  stubborn: 'bin/stubborn',
} as const;

/** The whole system of the little machine: BusyBox, an SSH server, drivers and a handful of scripts. It lives in memory. */
export function initramfs(kernel: Kernel, accounts: Accounts): Buffer {
  return gzipSync(
    cpio([
      ...programs(),
      ...scripts(),
      ...accountFiles(accounts),
      ...kernel.modules.map((file) => copy(`lib/modules/${basename(file)}`, file)),
      text('etc/modules', kernel.modules.map((file) => `${basename(file, '.ko')}\n`).join('')),
      text('etc/words', WORDS.map((word) => `${word}\n`).join('')),
      ...['proc/.keep', 'sys/.keep', 'dev/.keep', 'tmp/.keep', 'var/run/.keep'].map((path) => text(path, '')),
    ]),
    { level: 1 },
  );
}

/** BusyBox under all its names, and the SSH server with its libraries. */
function programs(): Entry[] {
  const applets = tool(BUSYBOX, ['--list']).trim().split('\n');
  const ours: readonly string[] = Object.values(SCRIPTS).map((path) => basename(path));
  const libraries = [...tool('ldd', [SSH_SERVER]).matchAll(/\/\S+/g)].map(([path]) => path);
  return [
    copy('bin/busybox', BUSYBOX, 'program'),
    ...applets
      .filter((name) => name !== 'busybox' && !ours.includes(name))
      .map((name) => link(`bin/${name}`, 'busybox')),
    link('init', 'bin/busybox'),
    link('sbin/getty', '/bin/busybox'),
    copy('sbin/dropbear', SSH_SERVER, 'program'),
    ...libraries.map((path) => copy(path.slice(1), realpathSync(path), 'program')),
  ];
}

function scripts(): Entry[] {
  return [
    ...Object.entries(SCRIPTS).map(([name, path]) => copy(path, guestFile(name), 'program')),
    copy('etc/inittab', guestFile('inittab')),
    copy('etc/profile', guestFile('profile')),
    text('etc/issue', 'A little machine to test with\n\n'),
  ];
}

function accountFiles({ user, password, publicKey }: Accounts): Entry[] {
  const hash = tool('openssl', ['passwd', '-6', '-stdin'], { input: password }).trim();
  const home = `home/${user}`;
  return [
    text('etc/passwd', `${user}:${hash}:0:0::/${home}:/bin/sh\n`),
    text('etc/group', `${user}:x:0:\n`),
    text('etc/shells', '/bin/sh\n'),
    text('etc/dropbear/.keep', ''),
    text(`${home}/.ssh/authorized_keys`, publicKey),
  ];
}

const guestFile = (name: string): URL => new URL(`guest/${name}`, import.meta.url);

const text = (path: string, content: string): Entry => ({
  path,
  content: Buffer.from(content),
  kind: 'file',
});

const link = (path: string, target: string): Entry => ({ path, content: Buffer.from(target), kind: 'link' });

const copy = (path: string, from: string | URL, kind: Entry['kind'] = 'file'): Entry => ({
  path,
  content: readFileSync(from),
  kind,
});
