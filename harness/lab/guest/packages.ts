import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * The installation packages of the lab: the stand-in for the add-in, its earlier version, and two that bring a guest's
 * Windows Installer into trouble.
 */

/** Names of the packages, all in one folder. */
export const PACKAGES = {
  /** The stand-in, under the name of Microsoft's. */
  current: 'SsprWindowsLogon.PROD.msi',
  /** An earlier version of it, which `current` replaces. */
  previous: 'SsprWindowsLogon.PREVIOUS.msi',
  /** Its installation takes SECONDS=30: another one meanwhile ends with 1618. */
  slow: 'slow.msi',
  /** The stand-in for a processor that no guest has: 1633. */
  foreign: 'foreign.msi',
} as const;

const VERSIONS = {
  current: { version: '1.0.0.0', productCode: '7D3B5A52-6C0E-4E0B-9C55-5B1B0F1D5E01' },
  previous: { version: '0.9.0.0', productCode: '7D3B5A52-6C0E-4E0B-9C55-5B1B0F1D5E00' },
} as const;

/** Runs a program in the folder to its end. */
type Run = (program: string, args: readonly string[]) => Promise<void>;

/**
 * Builds all packages, the two versions of the stand-in signed by a certificate of the lab's own. Its key is gone when
 * this returns.
 * @param sources folder of package.xml, slow.xml, provider.c, provider.rc
 * @param folder takes the packages, and `provider.dll` of the current version
 */
export async function buildPackages(
  sources: string,
  folder: string,
  compiler: string,
  run: Run,
): Promise<void> {
  const work = join(folder, 'packages');
  mkdirSync(work);
  // wixl finds a source file only when it is named relative to its working folder.
  for (const name of ['package', 'slow'])
    copyFileSync(join(sources, `${name}.xml`), join(folder, `${name}.wxs`));
  await makeSigner(work, run);
  // The current version last: provider.dll, which every build overwrites, is to be its.
  for (const which of ['previous', 'current'] as const) {
    const { version, productCode } = VERSIONS[which];
    const unsigned = join(work, `${which}.msi`);
    const object = join(work, 'version.o');
    await run(compiler.replace('-gcc', '-windres'), [
      ...['-D', `VERSION_NUMBERS=${version.replaceAll('.', ',')}`, '-D', `VERSION_TEXT=\\"${version}\\"`],
      ...['-O', 'coff', join(sources, 'provider.rc'), object],
    ]);
    await run(compiler, [
      ...['-Os', '-s', '-Wall', '-Wextra', '-Werror', '-shared', '-Wl,--kill-at'],
      ...['-o', 'provider.dll', join(sources, 'provider.c'), object],
    ]);
    await run('wixl', [
      ...['-a', 'x64', '-D', `ProductCode=${productCode}`, '-D', `Version=${version}`],
      ...['-o', unsigned, 'package.wxs'],
    ]);
    await run('osslsigncode', [
      ...['sign', '-h', 'sha256', '-n', 'LAB STAND-IN'],
      ...['-certs', join(work, 'signer.pem'), '-key', join(work, 'signer.key')],
      ...['-in', unsigned, '-out', PACKAGES[which]],
    ]);
  }
  await makeSlow(run);
  copyFileSync(join(work, 'current.msi'), join(folder, PACKAGES.foreign));
  const about = ['Installation Database', 'SSPR logon compliance lab (not Microsoft)', 'Intel64;1033'];
  await run('msibuild', [PACKAGES.foreign, '-s', ...about, '{5B9C7A14-0E1F-4C55-9A86-6B0D2C3E4F05}']);
  rmSync(work, { recursive: true });
}

/** wixl knows no custom action that runs a program, so it is put in by SQL. Type: in a folder (34), result ignored (64). */
async function makeSlow(run: Run): Promise<void> {
  await run('wixl', ['-a', 'x64', '-o', PACKAGES.slow, 'slow.wxs']);
  await run('msibuild', [
    PACKAGES.slow,
    '-q',
    "INSERT INTO CustomAction (Action,Type,Source,Target) VALUES ('Wait',98,'TARGETDIR','ping.exe -n [SECONDS] 127.0.0.1')",
    '-q',
    "INSERT INTO InstallExecuteSequence (Action,`Condition`,Sequence) VALUES ('Wait','NOT REMOVE',1501)",
  ]);
}

/** Packages are built once, and used for as long as the project stays the same. */
const SIGNER_DAYS = '3650';

const SIGNER = `
[req]
prompt = no
default_md = sha256
distinguished_name = signer_name
[signer_name]
O = SSPR compliance lab
CN = SSPR compliance lab, signer of the stand-in (not Microsoft)
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
`;

async function makeSigner(folder: string, run: Run): Promise<void> {
  const file = (name: string): string => join(folder, name);
  writeFileSync(file('signer.cnf'), SIGNER);
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', SIGNER_DAYS],
    ...['-config', file('signer.cnf'), '-extensions', 'signer'],
    ...['-keyout', file('signer.key'), '-out', file('signer.pem')],
  ]);
}
