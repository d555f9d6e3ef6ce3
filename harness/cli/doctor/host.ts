import { statfs } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { freemem, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../config/lab-state.ts';
import { TESSERACT } from '../../console/open.ts';
import { installTesseract } from '../../console/text/tesseract.ts';
import { Fault } from '../../core/errors.ts';
import type { Language } from '../../core/languages.ts';
import type { ProviderName } from '../../machines/machine.ts';
import { type Examination, note, type Once } from './finding.ts';
import { ask } from './tool.ts';
import { compareVersions, judgeVersion, KNOWN_GOOD } from './versions.ts';

/**
 * Whether the screens of these machines can be read.
 * @param languages of the machines
 * @param list what `tesseract --list-langs` says
 */
export const readingExamination = (
  languages: readonly Language[],
  list = (remedy: string) => ask('tesseract', ['--list-langs'], remedy),
): Examination => ({
  what: 'Tesseract',
  look: async () => {
    const needed = [...new Set(languages.flatMap((language) => TESSERACT[language].split('+')))];
    const installed = (await list(`${installTesseract(needed)}.`)).split(/\s+/);
    const missing = needed.filter((one) => !installed.includes(one));
    if (missing.length === 0) return `reads ${needed.join(', ')}`;
    throw new Fault(
      `its data of ${missing.join(', ')} is missing; the machines speak ${languages.join(', ')}`,
      {
        code: 'ocr-missing',
        blame: 'config',
        remedy: `${installTesseract(missing)}.`,
      },
    );
  },
});

/** What each machine gets, in MB: the Vagrantfile says the same. */
export const MACHINE_MEMORY_MB = 2048;

/** A machine that is yet to be made: its box, unpacked, and a disk that grows while it works. In GB, estimated. */
const MACHINE_DISK_GB = 25;

export const nodeExamination: Examination = {
  what: 'Node',
  look: () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const least = engines.node.replace(/^>=/, '');
    if (compareVersions(process.versions.node, least) >= 0) return process.versions.node;
    throw new Fault(`${process.versions.node}; ${least} or later is needed`, {
      code: 'version-too-old',
      blame: 'config',
      remedy: `Install Node.js ${least} or later.`,
    });
  },
};

/** @param version what `vagrant --version` says */
export const vagrantExamination = (version: Once<string>): Examination => ({
  what: 'Vagrant',
  look: async () => judgeVersion(await version.own(), KNOWN_GOOD.vagrant),
});

/** @param count machines that do not run yet; a run brings all of them up side by side */
export const memoryExamination = (count: number, free = freeMegabytes): Examination => ({
  what: 'memory',
  look: () => {
    const [needed, found] = [count * MACHINE_MEMORY_MB, free()];
    const says = `${gigabytes(found)} GB free; ${count} more of ${gigabytes(MACHINE_MEMORY_MB)} GB each`;
    if (found >= needed) return says;
    throw new Fault(says, {
      code: 'memory-short',
      blame: 'config',
      remedy: 'Run fewer machines at once (npx sspr run NAME), or free some memory of this host.',
    });
  },
});

const gigabytes = (megabytes: number): string => (megabytes / 1024).toFixed(1);

/** What Linux could give without swapping; elsewhere what nobody uses. */
function freeMegabytes(): number {
  const linux = existsSync('/proc/meminfo')
    ? /^MemAvailable: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
    : undefined;
  return linux === undefined ? freemem() / 1024 ** 2 : Number(linux) / 1024;
}

/** Where a provider puts the disks of its machines, as long as nobody has moved that; boxes are in Vagrant's home. */
const DISK_FOLDERS: Readonly<Record<ProviderName, () => string>> = {
  lab: () => ROOT,
  virtualbox: () => join(homedir(), 'VirtualBox VMs'),
  vmware_desktop: () => ROOT,
  hyperv: () => ROOT,
  libvirt: () => '/var/lib/libvirt/images',
};

/** @param count machines of that provider that are yet to be made */
export const diskExamination = (provider: ProviderName, count: number): Examination => ({
  what: `disk (${provider})`,
  look: async () => {
    const folder = nearest(DISK_FOLDERS[provider]());
    const { bavail, bsize } = await statfs(folder);
    const [free, needed] = [(bavail * bsize) / 1024 ** 3, count * MACHINE_DISK_GB];
    const says = `${free.toFixed(0)} GB free at ${folder}; ${count} more of about ${MACHINE_DISK_GB} GB each`;
    if (free >= needed) return says;
    // The size of a machine is an estimate, so this is no verdict.
    return note(says, `Free some space there, or have ${provider} keep its machines elsewhere.`);
  },
});

/** The folder, or the nearest one above it that exists. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}
