import { spawnSync } from 'node:child_process';
import { describe, Fault, toFault } from '../core/errors.ts';
import { EXIT_CODE } from '../core/exit-code.ts';
import { readLabState } from '../config/lab-state.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { isLab, packagePath, resolveSettings } from '../config/settings.ts';
import { checkNamespaces } from '../lab/guest/power.ts';
import { findPreparedFiles } from '../lab/guest/prepare.ts';
import { missingPackages, readPackageList } from '../setup/debian.mjs';
import { checkPackage, checkTenant } from './preflight.ts';

/** One thing that a run needs: its name, and a way to see whether it is so. */
interface Examination {
  readonly what: string;
  /** Returns what was found; throws a Fault when it is not as needed. */
  readonly look: () => Promise<string> | string;
}

/** `sspr doctor`: one line for each need, with the remedy where one is not met. Touches nothing. */
export async function doctor({ config: file }: { config?: string }, signal: AbortSignal): Promise<number> {
  const loaded = loadConfig(file);
  let healthy = true;
  for (const { what, look } of isLab(loaded.config) ? labNeeds(loaded) : realNeeds(loaded, signal)) {
    try {
      process.stdout.write(`ok       ${what}: ${await look()}\n`);
    } catch (error) {
      healthy = false;
      process.stdout.write(`PROBLEM  ${what}: ${describe(error)}\n         ${toFault(error).remedy}\n`);
    }
  }
  return healthy ? EXIT_CODE.compliant : EXIT_CODE.badUsage;
}

const everywhere = (loaded: LoadedConfig): Examination[] => [
  { what: 'Node', look: () => process.versions.node },
  { what: 'Vagrant', look: vagrantVersion },
  { what: 'configuration', look: () => loaded.file ?? 'none: the embedded lab' },
];

const labNeeds = (loaded: LoadedConfig): Examination[] => [
  ...everywhere(loaded),
  { what: 'Debian packages', look: debianPackages },
  { what: 'isolation of guests', look: namespaces },
  { what: 'lab files', look: labFiles },
  { what: 'lab', look: () => (readLabState() ? 'running' : 'not running; a run starts it') },
];

const realNeeds = (loaded: LoadedConfig, signal: AbortSignal): Examination[] => [
  ...everywhere(loaded),
  {
    what: 'package',
    look: async () => {
      const { productName, productVersion, architecture } = await checkPackage(packagePath(loaded, ''));
      return `${productName} ${productVersion} (${architecture})`;
    },
  },
  {
    what: 'tenant',
    look: async () => {
      await checkTenant(resolveSettings(loaded, undefined), signal);
      return 'answers, and the app may read what it has to';
    },
  },
  ...loaded.config.machines.map(({ name }) => ({ what: `box of ${name}`, look: () => boxOf(name) })),
];

function vagrantVersion(): string {
  const { stdout, status } = spawnSync('vagrant', ['--version'], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw need('vagrant does not answer', 'Install Vagrant (Debian: apt-get install vagrant).');
}

function debianPackages(): string {
  const wanted = readPackageList();
  const missing = missingPackages(wanted);
  if (missing.length === 0) return `all ${wanted.length} installed`;
  throw need(
    `missing: ${missing.join(' ')}`,
    `apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  );
}

function namespaces(): string {
  checkNamespaces();
  return 'namespaces can be made';
}

function labFiles(): string {
  const found = findPreparedFiles();
  if (found) return found.golden;
  return 'not prepared yet; a run prepares them';
}

function boxOf(name: string): string {
  const variable = `SSPR_BOX_${name.toUpperCase()}`;
  const box = process.env[variable];
  if (box) return box;
  throw need(`${variable} is not set`, `Set ${variable} to the name of your Vagrant box.`);
}

const need = (message: string, remedy: string) =>
  new Fault(message, { code: 'need-not-met', blame: 'config', remedy });
