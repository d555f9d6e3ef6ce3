import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { describe } from '../../core/errors.ts';
import { findExecutable } from '../executable.ts';

const run = promisify(execFile);

/** Where PowerShell goes when a .NET SDK of this host can install it, and what came of the last try. */
const FOLDER = fileURLToPath(new URL('../../../.lab/cache/powershell/', import.meta.url));
const LAST_TRY = join(FOLDER, 'last-try.json');

/** What installing may take, in milliseconds: the tests wait for it. */
const INSTALL_MS = 60_000;

/** A try that failed is not made again before this, in milliseconds: a day. */
const RETRY_MS = 24 * 60 * 60 * 1000;

/** Every real PowerShell that can be had on this host, or why there is none. */
export type Found =
  | { readonly executables: readonly [string, ...string[]] }
  | { readonly executables: readonly []; readonly why: string };

/** For tests: the one of SSPR_POWERSHELL, else those on the PATH, else one that `dotnet tool install` brings. */
export async function findPowerShells(): Promise<Found> {
  const named = process.env.SSPR_POWERSHELL;
  const [first, ...others] = named ? present([named]) : present(['pwsh', 'powershell']);
  if (first !== undefined) return { executables: [first, ...others] };
  if (named) return { executables: [], why: `SSPR_POWERSHELL names ${named}, which is not there` };
  const [dotnet] = present(['dotnet']);
  if (dotnet === undefined) return { executables: [], why: 'no pwsh, powershell or dotnet is on the PATH' };
  return install(dotnet);
}

function present(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    try {
      return [findExecutable(name, process.env)];
    } catch {
      return [];
    }
  });
}

async function install(dotnet: string): Promise<Found> {
  const tool = join(FOLDER, process.platform === 'win32' ? 'pwsh.exe' : 'pwsh');
  if (existsSync(tool)) return { executables: [tool] };
  const why = triedLately() ?? (await tryInstall(dotnet));
  if (why === '' && existsSync(tool)) return { executables: [tool] };
  return {
    executables: [],
    why: `no pwsh or powershell is on the PATH, and ${why || 'installing brought none'}`,
  };
}

const lastTry = z.object({ why: z.string() });

function triedLately(): string | undefined {
  try {
    if (Date.now() - statSync(LAST_TRY).mtimeMs > RETRY_MS) return undefined;
    return lastTry.parse(JSON.parse(readFileSync(LAST_TRY, 'utf8'))).why;
  } catch {
    return undefined;
  }
}

/** @returns why it failed, or '' */
async function tryInstall(dotnet: string): Promise<string> {
  mkdirSync(dirname(LAST_TRY), { recursive: true });
  const why = await run(dotnet, ['tool', 'install', '--tool-path', FOLDER, 'PowerShell'], {
    timeout: INSTALL_MS,
    env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
  }).then(
    () => '',
    (error: unknown) => `"dotnet tool install PowerShell" failed: ${reason(error)}`,
  );
  writeFileSync(LAST_TRY, JSON.stringify({ why }));
  return why;
}

/** What dotnet said, without the command line and the addresses of feeds. */
const reason = (error: unknown): string =>
  describe(error)
    .replace(/^Command failed: .*? PowerShell\b/, '')
    .replace(/ \S+:\/\/\S+/g, '')
    .trim()
    .slice(0, 200);
