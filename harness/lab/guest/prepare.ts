import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Fault, describe } from '../../core/errors.ts';
import { LAB_FOLDER } from '../../config/lab-state.ts';
import { PACKAGES, buildPackages } from './packages.ts';
import { slimDown } from './slim.ts';
import { ACCOUNT, cleanUpServerFolder, wineEnvironment } from './wine.ts';

const run = promisify(execFile);
const NATIVE = fileURLToPath(new URL('./native/', import.meta.url));
const COMPILER = 'x86_64-w64-mingw32-gcc';

/** What a guest is made of. All of it is only ever copied, never changed or linked to. */
export interface GuestFiles {
  /** A Wine prefix that has never been used. */
  readonly golden: string;
  /** The lab's hands in a guest, a Windows program (native/helper.c). */
  readonly helper: string;
  /** The stand-in credential provider (native/provider.c), as a file. */
  readonly provider: string;
  /** The stand-in for the add-in's installation package. */
  readonly msi: string;
  /** An earlier version of it, to try the upgrade from. */
  readonly previousMsi: string;
  /** Packages that bring a guest's Windows Installer into trouble: see packages.ts. */
  readonly troubles: readonly string[];
}

/**
 * Prepares everything that guests are made of, once: a second call with the same Wine and the same sources finds it
 * done. Takes about ten seconds the first time.
 * @throws Fault `lab-preparation` that names the program that failed
 */
export async function prepareGuestFiles(
  report: (text: string) => void,
  labFolder = LAB_FOLDER,
): Promise<GuestFiles> {
  const prepared = findPreparedFiles(labFolder);
  if (prepared) return prepared;
  const cache = join(labFolder, 'cache');
  const folder = preparedFolder(labFolder);

  // Made under another name and renamed when complete: an interruption leaves nothing that could be taken for done.
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, 'unfinished-'));
  try {
    const files = filesIn(unfinished);
    report('compiling the helper and the stand-in package');
    await buildNative(unfinished, files);
    report('making the Wine prefix');
    await makeGolden(unfinished, files.golden);
    try {
      renameSync(unfinished, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // else another process was faster, with the same result
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOthers(cache, folder);
  return filesIn(folder);
}

/** Another working copy may share the folder: what was prepared lately stays. */
const KEPT_MS = 24 * 3_600_000;

/** What was prepared from older sources, or for another Wine, serves nobody any more. */
function removeOthers(cache: string, current: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (!name.startsWith('guest-') || path === current) continue;
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
}

/** The prepared files, or undefined when prepareGuestFiles has not made them yet for this Wine and these sources. */
export function findPreparedFiles(labFolder = LAB_FOLDER): GuestFiles | undefined {
  const folder = preparedFolder(labFolder);
  return existsSync(folder) ? filesIn(folder) : undefined;
}

const preparedFolder = (labFolder: string): string => join(labFolder, 'cache', `guest-${cacheKey()}`);

const filesIn = (folder: string): GuestFiles => ({
  golden: join(folder, 'golden'),
  helper: join(folder, 'helper.exe'),
  provider: join(folder, 'provider.dll'),
  msi: join(folder, PACKAGES.current),
  previousMsi: join(folder, PACKAGES.previous),
  troubles: [PACKAGES.slow, PACKAGES.foreign].map((name) => join(folder, name)),
});

function cacheKey(): string {
  const version = spawnSync('wine', ['--version'], { encoding: 'utf8' });
  if (version.status !== 0) throw notPrepared('wine does not answer', version.error);
  const hash = createHash('sha256').update(version.stdout);
  const sources = ['slim.ts', 'prepare.ts', 'packages.ts', 'wine.ts'].map((name) =>
    fileURLToPath(new URL(name, import.meta.url)),
  );
  const native = readdirSync(NATIVE).sort();
  for (const file of [...sources, ...native.map((name) => join(NATIVE, name))])
    hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

async function buildNative(folder: string, files: GuestFiles): Promise<void> {
  const small = ['-Os', '-s', '-Wall', '-Wextra', '-Werror'];
  const libraries = ['-lws2_32', '-lpsapi'];
  await tool(COMPILER, [...small, '-municode', '-o', files.helper, join(NATIVE, 'helper.c'), ...libraries]);
  await buildPackages(NATIVE, folder, COMPILER, (program, args) => tool(program, args, { cwd: folder }));
}

async function makeGolden(folder: string, golden: string): Promise<void> {
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = wineEnvironment({ prefix: golden, home });
  await tool('wine', ['wineboot', '-i'], { env }).catch(async (error: unknown) => {
    await tool('wineserver', ['-k'], { env }).catch(() => undefined);
    throw error;
  });
  await tool('wineserver', ['-k'], { env });
  await tool('wineserver', ['-w'], { env });
  cleanUpServerFolder(golden);
  // The folders of the account are links to the builder's home; a guest must have its own.
  const profile = join(golden, 'drive_c/users', ACCOUNT);
  for (const entry of readdirSync(profile, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    rmSync(join(profile, entry.name));
    mkdirSync(join(profile, entry.name));
  }
  for (const device of readdirSync(join(golden, 'dosdevices'))) {
    if (device !== 'c:') rmSync(join(golden, 'dosdevices', device));
  }
  rmSync(join(golden, 'drive_c/windows/resources/themes/light/light.msstyles'), { force: true });
  slimDown(join(golden, 'drive_c'), wineBuiltins());
  writeFileSync(join(golden, '.update-timestamp'), 'disable\n');
  rmSync(home, { recursive: true });
}

/** Where Wine keeps its 64-bit Windows files: Debian and Ubuntu, then Wine's own default. */
function wineBuiltins(): string {
  const places = [
    '/usr/lib/x86_64-linux-gnu/wine',
    '/usr/lib/wine',
    '/usr/lib64/wine',
    '/opt/wine-stable/lib64/wine',
  ];
  const found = places.map((place) => join(place, 'x86_64-windows')).find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Fault(`Wine's 64-bit files are in none of ${places.join(', ')}`, {
    code: 'lab-preparation',
    blame: 'config',
    remedy: 'Install the Debian package wine64.',
  });
}

/** None of the tools takes a tenth of this, in milliseconds: one that does hangs. */
const LONGEST_MS = 180_000;

/** Runs a program to its end. Its stderr goes nowhere: Wine's services would keep a pipe open. */
async function tool(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  const options = { cwd, env, timeout: LONGEST_MS, killSignal: 'SIGKILL' as const };
  try {
    await (command.startsWith('wine')
      ? run('/bin/sh', ['-c', 'exec "$@" >/dev/null 2>&1 </dev/null', 'sh', command, ...args], options)
      : run(command, args, options));
  } catch (error) {
    throw notPrepared(`${command} failed`, error);
  }
}

function notPrepared(why: string, cause: unknown): Fault {
  return new Fault(`The lab could not be prepared: ${why}: ${describe(cause)}`, {
    code: 'lab-preparation',
    blame: 'config',
    remedy: 'Run npm start, which installs what the lab needs, and try again.',
    cause,
  });
}
