import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, win32 } from 'node:path';
import { promisify } from 'node:util';
import type { Language } from '../../core/languages.ts';
import { AGENT_NAMES } from './agents.ts';
import { machineHive, userHive } from './first-boot.ts';
import { patchHive } from './hive.ts';
import type { GuestFiles } from './prepare.ts';
import type { Profile } from './profile.ts';

/** What a guest is given when it is made, and keeps through snapshots. */
export interface Identity {
  /** `S-1-5-21-a-b-c` */
  readonly machineSid: string;
  readonly winrmPassword: string;
  readonly vncPassword: string;
}

/**
 * The disk of a machine: a folder that is copied as a whole for a snapshot. It holds the Wine prefix, the event log
 * and what the lab must remember of the machine.
 */
export class Disk {
  readonly identity: Identity;

  private constructor(readonly folder: string) {
    this.identity = JSON.parse(readFileSync(join(folder, 'identity.json'), 'utf8')) as Identity;
  }

  /** The machine's disk; made from the golden files when there is none yet. */
  static async open(folder: string, install: Installation): Promise<Disk> {
    if (!existsSync(folder)) {
      const unfinished = `${folder}.unfinished`;
      rmSync(unfinished, { recursive: true, force: true });
      await make(unfinished, install);
      renameSync(unfinished, folder);
    }
    const disk = new Disk(folder);
    rmSync(disk.path('C:\\lab\\jobs'), { recursive: true, force: true });
    mkdirSync(disk.path('C:\\lab\\jobs'), { recursive: true });
    return disk;
  }

  get prefix(): string {
    return join(this.folder, 'prefix');
  }

  /** A file beside the Wine prefix: on the disk, but not seen by the guest. */
  beside(name: string): string {
    return join(this.folder, name);
  }

  /**
   * The host's path of a file in the guest, which may not exist. Names are matched as Windows does, whatever their case.
   * @param windowsPath a full path on drive C:, or one relative to `folder`
   */
  path(windowsPath: string, folder = 'C:\\'): string {
    const full = /^[a-z]:/i.test(windowsPath)
      ? windowsPath
      : windowsPath.startsWith('\\')
        ? `C:${windowsPath}`
        : `${folder}\\${windowsPath}`;
    const parts = full
      .slice(2)
      .split(/[\\/]+/)
      .filter((part) => part !== '' && part !== '.');
    const at: string[] = [];
    for (const part of parts) {
      if (part === '..') at.pop();
      else at.push(part);
    }
    return at.reduce(matchName, join(this.prefix, 'drive_c'));
  }

  /** What is free on drive C:, in bytes. */
  freeBytes(): number {
    const root = join(this.prefix, 'drive_c');
    const large = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => statSync(join(root, name)).size)
      .filter((size) => size >= LARGE_BYTES);
    return Math.max(
      0,
      large.reduce((free, size) => free - size, CAPACITY_BYTES),
    );
  }
}

/** What a new machine is made of. */
export interface Installation {
  readonly profile: Profile;
  readonly language: Language;
  readonly files: GuestFiles;
  readonly tools: ToolNames;
}

/** Programs in system32 that are the lab's, and those elsewhere in the Windows folder, by their path. */
export interface ToolNames {
  readonly system32: readonly string[];
  readonly elsewhere: readonly string[];
}

/** Where Wine's own programs go when the lab's take their places, and hand over to them. */
export const WINE_MSIEXEC = 'C:\\lab\\wine\\msiexec.exe';
export const WINE_CSCRIPT = 'C:\\lab\\wine\\cscript.exe';
export const WINE_NET = 'C:\\lab\\wine\\net.exe';
export const WINE_SC = 'C:\\lab\\wine\\sc.exe';
export const WINE_FSUTIL = 'C:\\lab\\wine\\fsutil.exe';
const WINE_PROGRAMS = [WINE_MSIEXEC, WINE_CSCRIPT, WINE_NET, WINE_SC, WINE_FSUTIL];

/** Packages in a guest that bring its Windows Installer into trouble. */
const PACKAGES_FOLDER = 'lab/packages';
/** What a disk of the lab holds. Only large files in the root are counted: one that fills it can be made there. */
export const CAPACITY_BYTES = 64 * 2 ** 30;
const LARGE_BYTES = 2 ** 30;

function matchName(folder: string, name: string): string {
  const exact = join(folder, name);
  if (existsSync(exact) || !existsSync(folder)) return exact;
  const found = readdirSync(folder).find((entry) => entry.toLowerCase() === name.toLowerCase());
  return found === undefined ? exact : join(folder, found);
}

async function make(folder: string, { profile, language, files, tools }: Installation): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const prefix = join(folder, 'prefix');
  await promisify(execFile)('cp', ['-a', '--reflink=auto', files.golden, prefix]);
  const identity: Identity = {
    machineSid: ['S-1-5-21', ...Array.from({ length: 3 }, () => randomInt(1, 2 ** 32))].join('-'),
    winrmPassword: randomBytes(12).toString('base64url'),
    vncPassword: randomBytes(6).toString('base64url'),
  };
  writeFileSync(join(folder, 'identity.json'), JSON.stringify(identity), { mode: 0o600 });

  const windows = join(prefix, 'drive_c/windows');
  const lab = join(prefix, 'drive_c/lab');
  mkdirSync(join(lab, 'bin'), { recursive: true });
  mkdirSync(join(lab, 'wine'));
  for (const program of WINE_PROGRAMS.map((path) => win32.basename(path))) {
    renameSync(join(windows, 'system32', program), join(lab, 'wine', program));
  }
  mkdirSync(join(prefix, 'drive_c', PACKAGES_FOLDER));
  for (const msi of [files.previousMsi, ...files.troubles])
    copyFileSync(msi, join(prefix, 'drive_c', PACKAGES_FOLDER, basename(msi)));
  const places = [
    ...AGENT_NAMES.map((name) => join(lab, 'bin', `${name}.exe`)),
    ...tools.system32.map((name) => join(windows, 'system32', `${name}.exe`)),
    ...tools.elsewhere.map((path) => join(windows, path)),
  ];
  for (const place of places) {
    mkdirSync(dirname(place), { recursive: true });
    rmSync(place, { force: true });
    copyFileSync(files.helper, place);
  }
  // The inbox credential providers must be files that are there.
  for (const { dll } of profile.credentialProviders) {
    const place = join(windows, 'system32', dll);
    if (!existsSync(place)) writeFileSync(place, 'A part of Windows that nobody loads in the lab.\r\n');
  }
  const edits = {
    'system.reg': machineHive(profile, identity.machineSid, language),
    'user.reg': userHive([...tools.system32, ...tools.elsewhere.map(programName)], language),
  };
  for (const [name, edit] of Object.entries(edits)) {
    const hive = join(prefix, name);
    writeFileSync(hive, patchHive(readFileSync(hive, 'utf8'), edit));
  }
}

const programName = (path: string): string => path.replace(/^.*\//, '').replace(/\.exe$/, '');
