import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Fault, describe } from '../core/errors.ts';
import { COMPOUND_FILE_MAGIC } from './signature/compound-file.ts';

const run = promisify(execFile);

export type Architecture = 'x64' | 'x86';

/** What an MSI file says of itself. */
export interface MsiFacts {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly architecture: Architecture | 'arm64' | 'ia64';
  readonly productCode: string;
  readonly productName: string;
  readonly productVersion: string;
  readonly manufacturer: string;
  /** Versions of the files that it installs, by their names in lower case; those without one are left out. */
  readonly fileVersions: Readonly<Record<string, string>>;
}

/** Platform in the Template of the summary information: `x64;1033`. Empty means Intel; Intel64 is Itanium. */
const PLATFORMS: Readonly<Record<string, MsiFacts['architecture']>> = {
  '': 'x86',
  intel: 'x86',
  x64: 'x64',
  amd64: 'x64',
  arm64: 'arm64',
  intel64: 'ia64',
};

/**
 * Reads an MSI file on this host, before it is sent anywhere.
 * @param wanted what the file must fit, where that is known: the architecture of the machine
 * @throws Fault `msi-missing`, `msi-not-an-msi`, `msi-wrong-architecture`, `msi-tools-missing`
 */
export async function inspectMsi(
  path: string,
  wanted: { readonly architecture?: Architecture } = {},
): Promise<MsiFacts> {
  const content = await readFile(path).catch((error: unknown) => {
    throw missing(path, error);
  });
  if (!content.subarray(0, COMPOUND_FILE_MAGIC.length).equals(COMPOUND_FILE_MAGIC)) {
    throw notAnMsi(
      path,
      content.length === 0 ? 'it is empty' : `it begins with ${content.subarray(0, 8).toString('hex')}`,
    );
  }
  const msi: MsiFacts = {
    path,
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    architecture: readArchitecture(path, await msiinfo(path, 'suminfo', path)),
    ...readProperties(path, await msiinfo(path, 'export', path, 'Property')),
    fileVersions: readFileVersions(await msiinfo(path, 'export', path, 'File')),
  };
  const { architecture = msi.architecture } = wanted;
  if (msi.architecture !== architecture) throw wrongArchitecture(msi, architecture);
  return msi;
}

/** Output of msitools' `msiinfo`. */
async function msiinfo(path: string, ...args: string[]): Promise<string> {
  try {
    return (await run('msiinfo', args, { encoding: 'utf8', timeout: 30_000 })).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw toolsMissing();
    throw notAnMsi(path, `msiinfo says: ${describe(error)}`);
  }
}

function readArchitecture(path: string, summary: string): MsiFacts['architecture'] {
  const template = /^Template: *(.*)$/m.exec(summary)?.[1] ?? '';
  const platform = (template.split(';')[0] ?? '').trim().toLowerCase();
  const architecture = PLATFORMS[platform];
  if (architecture === undefined) throw notAnMsi(path, `its template is "${template}"`);
  return architecture;
}

/** Rows of the Property table: name, tab, value; three lines of headings first. */
function readProperties(
  path: string,
  table: string,
): Pick<MsiFacts, 'productCode' | 'productName' | 'productVersion' | 'manufacturer'> {
  const rows = new Map(table.split(/\r?\n/).map((line) => line.split('\t', 2) as [string, string]));
  const property = (name: string): string => {
    const value = rows.get(name);
    if (value === undefined) throw notAnMsi(path, `it has no ${name}`);
    return value;
  };
  return {
    productCode: property('ProductCode').toUpperCase(),
    productName: property('ProductName'),
    productVersion: property('ProductVersion'),
    manufacturer: rows.get('Manufacturer') ?? '',
  };
}

/**
 * Rows of the File table: `key component SHORT|long-name.dll size version ...`. A version may also be the key of another
 * file, whose version it shares. Three lines of headings first.
 */
function readFileVersions(table: string): MsiFacts['fileVersions'] {
  const rows = table.split(/\r?\n/).slice(3);
  const versions = rows.flatMap((row) => {
    const [, , name = '', , version = ''] = row.split('\t');
    const long = name.slice(name.indexOf('|') + 1).toLowerCase();
    return /^\d+(\.\d+)*$/.test(version) ? [[long, version] as const] : [];
  });
  return Object.fromEntries(versions);
}

export const missing = (path: string, cause: unknown): Fault =>
  // The system's own text repeats the path.
  new Fault(`The MSI cannot be read: ${describe(cause).replace(/, open '.*'$/, '')}: ${path}`, {
    code: 'msi-missing',
    blame: 'config',
    remedy: 'Put the path of the downloaded SsprWindowsLogon.PROD.msi under package.path in sspr.yaml.',
  });

export const notAnMsi = (path: string, why: string): Fault =>
  new Fault(`Not a Windows Installer package: ${path} (${why})`, {
    code: 'msi-not-an-msi',
    blame: 'config',
    remedy: 'Download SsprWindowsLogon.PROD.msi again: a saved web page or a cut download looks like this.',
  });

const wrongArchitecture = (msi: MsiFacts, wanted: string): Fault =>
  new Fault(`The MSI is for ${msi.architecture}, the machine is ${wanted}: ${msi.path}`, {
    code: 'msi-wrong-architecture',
    blame: 'config',
    remedy: `Use the ${wanted} installer of the add-in.`,
  });

const toolsMissing = (): Fault =>
  new Fault('msiinfo is not installed on this host', {
    code: 'msi-tools-missing',
    blame: 'config',
    remedy: 'Install it: apt-get install msitools',
  });
