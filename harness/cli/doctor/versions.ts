import { Fault } from '../../core/errors.ts';
import { type Finding, note } from './finding.ts';

/** The versions of a program that are known to do. */
export interface KnownGood {
  readonly name: string;
  /** Older ones do not work, or nobody has tried them. */
  readonly from: string;
  /** The newest one that is known to work; a newer one is only noted. Its last part stands for all with its beginning. */
  readonly to: string;
  readonly remedy: string;
}

/**
 * Where the numbers come from: Vagrant 2.3.4 is what the tests run with; 2.4.9 is the newest that was read for this
 * table. VirtualBox: what Vagrant's provider supports, see VIRTUALBOX_NEEDS. vagrant-libvirt 0.11.2 is what the tests
 * run with; VMware's plugin replaced its predecessors as 1.0.0, and 3.0.0 was the newest known.
 */
export const KNOWN_GOOD = {
  vagrant: {
    name: 'Vagrant',
    from: '2.3.4',
    to: '2.4',
    remedy: 'Install Vagrant 2.3.4 or a later 2.4 (Debian: apt-get install vagrant).',
  },
  virtualbox: {
    name: 'VirtualBox',
    from: '6.1',
    to: '7.2',
    remedy: 'Install VirtualBox 6.1 to 7.2.',
  },
  'vagrant-libvirt': {
    name: 'vagrant-libvirt',
    from: '0.11.2',
    to: '0.12',
    remedy: 'Install it: apt-get install vagrant-libvirt, or vagrant plugin install vagrant-libvirt.',
  },
  'vagrant-vmware-desktop': {
    name: 'vagrant-vmware-desktop',
    from: '1.0.0',
    to: '3',
    remedy: 'Install it: vagrant plugin install vagrant-vmware-desktop, and the Vagrant VMware utility.',
  },
} as const satisfies Readonly<Record<string, KnownGood>>;

/** The first Vagrant that knows a VirtualBox. Source: Vagrant's changelog (2.2.7, 2.3.2, 2.4.2, 2.4.9). */
export const VIRTUALBOX_NEEDS: readonly { readonly virtualbox: string; readonly vagrant: string }[] = [
  { virtualbox: '6.1', vagrant: '2.2.7' },
  { virtualbox: '7.0', vagrant: '2.3.2' },
  { virtualbox: '7.1', vagrant: '2.4.2' },
  { virtualbox: '7.2', vagrant: '2.4.9' },
];

/** @throws Fault `version-too-old`, `version-unreadable` */
export function judgeVersion(text: string, { name, from, to, remedy }: KnownGood): Finding | string {
  const version = versionIn(text, name);
  if (compareVersions(version, from) < 0) {
    throw new Fault(`${version}; ${from} or later is needed`, {
      code: 'version-too-old',
      blame: 'config',
      remedy,
    });
  }
  const newer = compareVersions(version.split('.').slice(0, to.split('.').length).join('.'), to) > 0;
  return newer ? note(`${version}: newer than ${to}, the newest that is known to work`) : version;
}

/** The first version number in what a program says of itself: `7.0.26r168464`, `Vagrant 2.4.1`. */
export function versionIn(text: string, name: string): string {
  const version = /\d+(\.\d+)+/.exec(text)?.[0];
  if (version !== undefined) return version;
  throw new Fault(`${name} says ${JSON.stringify(text.slice(0, 60))}, which is no version`, {
    code: 'version-unreadable',
    blame: 'harness',
    remedy: `Ask ${name} for its version by hand, and report what it says.`,
  });
}

/** Negative when a is older than b. Missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
