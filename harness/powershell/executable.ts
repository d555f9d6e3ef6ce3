import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { missing } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The PowerShell to use: the one that was asked for, else that of SSPR_POWERSHELL, else that of NODE_POWERSHELL (a
 * setting of the npm package node-powershell), else Windows PowerShell on Windows, where every host has it, and `pwsh`
 * elsewhere.
 */
export function chooseExecutable(asked: string | undefined, environment: Environment): string {
  const named = [asked, environment.SSPR_POWERSHELL, environment.NODE_POWERSHELL].find(Boolean);
  return named ?? (process.platform === 'win32' ? windowsPowerShell(environment) : 'pwsh');
}

/** By its full path: a bare name would be looked for in the current folder first. */
const windowsPowerShell = (environment: Environment): string =>
  join(environment.SystemRoot ?? 'C:\\Windows', 'System32\\WindowsPowerShell\\v1.0\\powershell.exe');

/**
 * Where the executable is.
 * @throws Fault `powershell-missing`
 */
export function findExecutable(name: string, environment: Environment): string {
  if (name.includes('\0')) throw missing(JSON.stringify(name), 'a path has no NUL in it');
  const found = candidates(name, environment).find(isExecutable);
  if (found !== undefined) return found;
  throw missing(name, isPath(name) ? 'there is no such executable file' : 'it is not on the PATH');
}

function candidates(name: string, environment: Environment): string[] {
  const names = process.platform === 'win32' && !/\.\w+$/.test(name) ? [`${name}.exe`] : [name];
  if (isPath(name)) return names;
  const path = environment.PATH ?? environment.Path ?? '';
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.flatMap((folder) => names.map((file) => join(folder, file)));
}

const isPath = (name: string): boolean => /[/\\]/.test(name);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
