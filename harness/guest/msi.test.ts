import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { inspectMsi } from './msi.ts';

const PRODUCT = '{AAAAAAAA-0000-4000-8000-000000000064}';

/** The least that is a package. */
const wxs = (program: string, win64: string): string => `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="${PRODUCT}" UpgradeCode="5F6A1E10-0B4B-4E2B-9D0B-1A2B3C4D5E6F" Name="A &amp; B" Language="1033" Version="1.2.3" Manufacturer="Tester">
    <Package InstallerVersion="300" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="${program}"><Directory Id="D" Name="D">
      <Component Id="C" Guid="A2B4C6D8-1111-4222-8333-444455556666" Win64="${win64}"><File Id="F" Source="content.txt" KeyPath="yes"/></Component>
    </Directory></Directory></Directory>
    <Feature Id="Main" Level="1"><ComponentRef Id="C"/></Feature>
  </Product>
</Wix>`;

describe('inspectMsi, with packages built by wixl', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-msi-'));
    writeFileSync(file('content.txt'), 'content');
    for (const [arch, program, win64] of [
      ['x64', 'ProgramFiles64Folder', 'yes'],
      ['x86', 'ProgramFilesFolder', 'no'],
    ] as const) {
      writeFileSync(file(`${arch}.wxs`), wxs(program, win64));
      await promisify(execFile)('wixl', ['-a', arch, '-o', file(`${arch}.msi`), file(`${arch}.wxs`)], {
        cwd: folder,
      });
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('reads what a package says of itself', async () => {
    expect(await inspectMsi(file('x64.msi'), { architecture: 'x64' })).toMatchObject({
      architecture: 'x64',
      productCode: PRODUCT,
      productName: 'A & B',
      productVersion: '1.2.3',
      manufacturer: 'Tester',
      bytes: readFileSync(file('x64.msi')).length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('knows the versions of the files that have one', async () => {
    expect((await inspectMsi(file('x64.msi'))).fileVersions).toEqual({});
    copyFileSync(file('x64.msi'), file('versioned.msi'));
    const row = "UPDATE `File` SET `Version`='1.2.3.4', `FileName`='CONTEN~1.TXT|Content Long.txt'";
    await promisify(execFile)('msibuild', [file('versioned.msi'), '-q', `${row} WHERE \`File\`='F'`]);
    expect((await inspectMsi(file('versioned.msi'))).fileVersions).toEqual({
      'content long.txt': '1.2.3.4',
    });
  });

  it('refuses a package for another architecture, when one is asked for', async () => {
    await expect(inspectMsi(file('x86.msi'), { architecture: 'x64' })).rejects.toMatchObject({
      code: 'msi-wrong-architecture',
      blame: 'config',
    });
    expect((await inspectMsi(file('x86.msi'))).architecture).toBe('x86');
  });

  it('says when there is no file', async () => {
    for (const path of [file('none.msi'), folder]) {
      await expect(inspectMsi(path)).rejects.toMatchObject({ code: 'msi-missing', blame: 'config' });
    }
  });

  it('refuses what is no package', async () => {
    const whole = readFileSync(file('x64.msi'));
    const others: Readonly<Record<string, Buffer>> = {
      empty: Buffer.alloc(0),
      'web page': Buffer.from('<!DOCTYPE html><title>Sign in</title>'),
      'magic only': whole.subarray(0, 8),
      'download cut short': whole.subarray(0, 700),
    };
    for (const [name, content] of Object.entries(others)) {
      writeFileSync(file('other.msi'), content);
      await expect(inspectMsi(file('other.msi')), name).rejects.toMatchObject({ code: 'msi-not-an-msi' });
    }
  });

  it('takes a name with spaces and quotes', async () => {
    copyFileSync(file('x64.msi'), file(`it's "one".msi`));
    expect((await inspectMsi(file(`it's "one".msi`))).productVersion).toBe('1.2.3');
  });
});
