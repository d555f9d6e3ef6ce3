import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { prepareGuestFiles } from '../../lab/guest/prepare.ts';
import { packageExaminations } from './package.ts';
import { findings, troubles } from './testing.ts';

describe('the doctor looks at the package', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-package-'));
  const file = (name: string): string => join(folder, name);
  const tool = (program: string, ...args: string[]) => promisify(execFile)(program, args, { cwd: folder });
  const unsigned = file('unsigned.msi');
  let standIn = '';
  const look = (path: string, ofLab = false) => findings(packageExaminations(path, ofLab).examinations);

  before(async () => {
    standIn = (await prepareGuestFiles(() => undefined)).msi;
    await tool('osslsigncode', 'remove-signature', '-in', standIn, '-out', unsigned);
    for (const [name, usage, organization] of [
      ['code', 'codeSigning', 'Microsoft Corporation'],
      ['other', 'codeSigning', 'Throw Away'],
      ['mail', 'emailProtection', 'Microsoft Corporation'],
    ] as const) {
      const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`];
      const subject = `/O=${organization}/CN=Signer`;
      const says = ['-days', '2', '-subj', subject, '-addext', `extendedKeyUsage=${usage}`];
      await tool('openssl', 'req', '-x509', ...key, ...says);
      const by = ['-h', 'sha256', '-certs', `${name}.pem`, '-key', `${name}.key`];
      await tool('osslsigncode', 'sign', ...by, '-in', unsigned, '-out', `${name}.msi`);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('that is signed: says by whom, and what was not checked', async () => {
    const found = await look(file('code.msi'));
    expect(troubles(found)).toEqual({});
    expect(found).toMatchObject({
      package: { says: expect.stringMatching(/^code\.msi: .* \(x64\), by /) },
      'its SHA-256': { says: expect.stringMatching(/^[0-9a-f]{64}$/) },
      'its signature': {
        says: 'sha256, signed by Signer (Microsoft Corporation), issuer Signer, without time-stamp; not checked against a root',
      },
    });
  });

  it('that nobody has signed: a problem, but for the stand-in of the lab', async () => {
    expect((await look(unsigned))['its signature']).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('https://aka.ms/sspraddin'),
    });
    expect(troubles(await look(unsigned, true))).toEqual({ 'its signature': 'note' });
  });

  it('that is the stand-in of the lab: says that the lab has signed it', async () => {
    expect((await look(standIn, true))['its signature']).toMatchObject({
      state: 'note',
      says: expect.stringMatching(/^by the lab's own signer: sha256, signed by /),
    });
  });

  it('that somebody else has signed: worth knowing', async () => {
    expect((await look(file('other.msi')))['its signature']).toMatchObject({
      state: 'note',
      says: expect.stringMatching(/^not by Microsoft: sha256, signed by Signer \(Throw Away\)/),
      remedy: expect.stringContaining('https://aka.ms/sspraddin'),
    });
  });

  it('that was changed, or signed with a certificate for something else', async () => {
    const bad = readFileSync(file('code.msi'));
    const at = bad.indexOf('MSCF') + 100;
    bad[at] = (bad[at] ?? 0) ^ 1;
    writeFileSync(file('bad.msi'), bad);
    expect((await look(file('bad.msi')))['its signature']).toMatchObject({
      state: 'problem',
      says: 'does not hold: the package was changed after it was signed',
    });
    expect((await look(file('mail.msi')))['its signature']).toMatchObject({
      state: 'problem',
      says: expect.stringContaining('the certificate is not for signing code'),
    });
  });

  it('that is not there: one problem', async () => {
    expect(troubles(await look(file('none.msi')))).toEqual({
      package: 'problem',
      'its SHA-256': 'later',
      'its signature': 'later',
    });
  });
});
