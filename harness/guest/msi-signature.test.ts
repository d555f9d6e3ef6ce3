import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@playwright/test';
import { SignerInfo } from '@peculiar/asn1-cms';
import fc from 'fast-check';
import { inspectSignature, type MsiSignature } from './msi-signature.ts';
import { readCompoundFile } from './signature/compound-file.ts';
import { findStream, SIGNATURE_STREAM } from './signature/msi-digest.ts';
import { readSignedData } from './signature/signed-data.ts';
import { readTimeStamp } from './signature/time-stamp.ts';

const run = promisify(execFile);
const DAY = 86_400_000;

/** A package with streams in the mini stream and beyond it, built by wixl. */
const WXS = `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="{AAAAAAAA-0000-4000-8000-000000000064}" UpgradeCode="5F6A1E10-0B4B-4E2B-9D0B-1A2B3C4D5E6F" Name="N" Language="1033" Version="1.2.3" Manufacturer="M">
    <Package InstallerVersion="300" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder"><Directory Id="D" Name="D">
      <Component Id="C" Guid="A2B4C6D8-1111-4222-8333-444455556666"><File Id="F" Source="content.bin" KeyPath="yes"/></Component>
    </Directory></Directory></Directory>
    <Feature Id="Main" Level="1"><ComponentRef Id="C"/></Feature>
  </Product>
</Wix>`;

/** A certificate authority and a clock, both for this test only. */
const OPENSSL = `
[ca]
default_ca = authority
[authority]
database = index.txt
serial = ca-serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[code]
extendedKeyUsage = codeSigning
[clock]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = stamps
[stamps]
serial = tsa-serial
default_policy = 1.2.3.4.1
digests = sha1, sha256
signer_digest = sha256
ess_cert_id_alg = sha256
`;

describe('inspectSignature, of packages signed by osslsigncode', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-signature-'));
  const file = (name: string): string => join(folder, name);
  const tool = (program: string, ...args: string[]) => run(program, args, { cwd: folder });

  before(async () => {
    // Incompressible, so that the cabinet is a stream of its own sectors.
    const content = Array.from({ length: 400 }, (_, index) =>
      createHash('sha256').update(String(index)).digest(),
    );
    writeFileSync(file('content.bin'), Buffer.concat(content));
    writeFileSync(file('plain.wxs'), WXS);
    await tool('wixl', '-a', 'x86', '-o', 'plain.msi', 'plain.wxs');
    writeFileSync(file('openssl.cnf'), OPENSSL);
    writeFileSync(file('index.txt'), '');
    for (const serial of ['ca-serial', 'tsa-serial']) writeFileSync(file(serial), '1000\n');
    const root = ['-x509', '-days', '30', '-addext', 'basicConstraints=critical,CA:TRUE'];
    await tool('openssl', 'req', ...newKey('root', '/CN=Throw-away Root'), ...root, '-out', 'root.pem');
    await issue('signer', '/O=Contoso, Ltd./CN=Contoso Packages', 'code', ['-days', '20']);
    const january = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z'];
    await issue('expired', '/CN=Long Gone', 'code', january);
    await issue('tsa', '/CN=Throw-away Clock', 'clock', ['-days', '20']);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const newKey = (name: string, subject: string) => {
    return ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-subj', subject];
  };
  async function issue(name: string, subject: string, usage: string, validity: string[]) {
    await tool('openssl', 'req', ...newKey(name, subject), '-out', `${name}.csr`);
    const by = ['-config', 'openssl.cnf', '-batch', '-notext', '-cert', 'root.pem', '-keyfile', 'root.key'];
    const what = ['-extensions', usage, '-in', `${name}.csr`, '-out', `${name}.pem`];
    await tool('openssl', 'ca', ...by, ...validity, ...what);
  }

  async function sign(name: string, ...options: string[]): Promise<MsiSignature> {
    const certificate = options.includes('-certs') ? [] : ['-certs', 'signer.pem', '-key', 'signer.key'];
    const by = [...certificate, '-ac', 'root.pem'];
    await tool('osslsigncode', 'sign', ...by, ...options, '-in', 'plain.msi', '-out', name);
    return inspectSignature(file(name));
  }

  for (const algorithm of ['sha1', 'sha256', 'sha384'] as const) {
    it(`confirms ${algorithm}, and says who has signed`, async () => {
      const begun = Date.now();
      const found = await sign(`${algorithm}.msi`, '-h', algorithm);
      const pem = new X509Certificate(readFileSync(file('signer.pem')));
      expect(found).toEqual({
        state: 'signed',
        algorithm,
        digest: expect.stringMatching(/^([0-9a-f]{2}){20,48}$/),
        withMetadata: false,
        signer: {
          commonName: 'Contoso Packages',
          organization: 'Contoso, Ltd.',
          issuer: 'Throw-away Root',
          fingerprint: pem.fingerprint256.replaceAll(':', '').toLowerCase(),
          validFrom: expect.stringMatching(/Z$/),
          validTo: new Date(pem.validTo).toISOString(),
          forCode: true,
        },
        chain: ['Throw-away Root'],
        timeStamp: undefined,
        validThen: true,
      });
      const { stdout } = await tool('osslsigncode', 'verify', '-CAfile', 'root.pem', `${algorithm}.msi`);
      if (found.state !== 'signed') throw new Error('unreachable');
      expect(stdout.toLowerCase()).toContain(found.digest);
      // Without a time-stamp a signature ends with its certificate.
      expect(await inspectSignature(file(`${algorithm}.msi`), new Date(begun + 30 * DAY))).toMatchObject({
        validThen: false,
      });
    });
  }

  /** A time-stamp authority on loopback: gives each request to openssl. */
  async function withClock(
    answer: (request: Buffer) => Promise<Buffer>,
    work: (url: string) => Promise<void>,
  ) {
    const server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        // RFC 3161 has a type of its own; the older protocol has none.
        const rfc3161 = request.headers['content-type'] === 'application/timestamp-query';
        response.setHeader('content-type', `application/${rfc3161 ? 'timestamp-reply' : 'octet-stream'}`);
        response.end(await answer(Buffer.concat(chunks)));
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await work(`http://127.0.0.1:${port}/`).finally(() => server.close());
  }

  it('reads a time-stamp, and judges the certificate by it', async () => {
    const reply = async (request: Buffer) => {
      writeFileSync(file('query'), request);
      const by = ['-config', 'openssl.cnf', '-signer', 'tsa.pem', '-inkey', 'tsa.key'];
      await tool('openssl', 'ts', '-reply', ...by, '-queryfile', 'query', '-out', 'reply');
      return readFileSync(file('reply'));
    };
    const begun = Math.floor(Date.now() / 1000) * 1000;
    await withClock(reply, async (url) => {
      const found = await sign('stamped.msi', '-h', 'sha256', '-ts', url);
      expect(found).toMatchObject({ timeStamp: { by: 'Throw-away Clock' }, validThen: true });
      if (found.state !== 'signed') throw new Error('unreachable');
      expect(Date.parse(found.timeStamp?.at ?? '')).toBeGreaterThanOrEqual(begun);
      // With a time-stamp it outlives its certificate.
      const later = new Date(Date.now() + 300 * DAY);
      expect(await inspectSignature(file('stamped.msi'), later)).toMatchObject({ validThen: true });

      const late = ['-certs', 'expired.pem', '-key', 'expired.key', '-h', 'sha256', '-ts', url];
      expect(await sign('late.msi', ...late)).toMatchObject({
        signer: { commonName: 'Long Gone', validTo: '2020-02-01T00:00:00.000Z' },
        timeStamp: { by: 'Throw-away Clock' },
        validThen: false,
      });
    });
  });

  it('does not believe a time-stamp of another signature', () => {
    const [mine, theirs] = ['stamped.msi', 'late.msi'].map((name) => {
      const { content } = findStream(readCompoundFile(readFileSync(file(name))), SIGNATURE_STREAM)!;
      return readSignedData(content).data.signerInfos[0]!;
    });
    expect(readTimeStamp(mine!, [])).toMatchObject({ by: 'Throw-away Clock' });
    const mixed = Object.assign(new SignerInfo(), mine, { unsignedAttrs: theirs!.unsignedAttrs });
    expect(() => readTimeStamp(mixed, [])).toThrow('its time-stamp: it is that of another signature');
  });

  it('reads a countersignature, the older kind of time-stamp', async () => {
    const begun = Math.floor(Date.now() / 1000) * 1000;
    const stamp = async (request: Buffer) => {
      // The request ends with the signature, of an RSA key of 2048 bits.
      writeFileSync(file('seen'), Buffer.from(request.toString(), 'base64').subarray(-256));
      const form = ['-sign', '-binary', '-nodetach', '-outform', 'DER', '-in', 'seen', '-out', 'stamp'];
      await tool('openssl', 'smime', ...form, '-signer', 'tsa.pem', '-inkey', 'tsa.key');
      return Buffer.from(readFileSync(file('stamp')).toString('base64'));
    };
    await withClock(stamp, async (url) => {
      const found = await sign('counter.msi', '-h', 'sha256', '-t', url);
      expect(found).toMatchObject({
        state: 'signed',
        validThen: true,
        timeStamp: { by: 'Throw-away Clock' },
      });
      if (found.state !== 'signed') throw new Error('unreachable');
      expect(Date.parse(found.timeStamp?.at ?? '')).toBeGreaterThanOrEqual(begun);
    });
  });

  it('finds a changed byte in every stream', async () => {
    await sign('good.msi', '-h', 'sha256');
    const good = readFileSync(file('good.msi'));
    const streams = readCompoundFile(good).children.flatMap((one) => (one.kind === 'stream' ? [one] : []));
    let changed = 0;
    for (const { name, content } of streams) {
      const at = good.indexOf(content.subarray(0, 64));
      if (content.length < 16 || name.toString('utf16le') === SIGNATURE_STREAM) continue;
      expect(at).toBeGreaterThan(0);
      const bad = Buffer.from(good);
      bad[at + 9] = (bad[at + 9] ?? 0) ^ 1;
      writeFileSync(file('bad.msi'), bad);
      expect(await inspectSignature(file('bad.msi'))).toEqual({
        state: 'broken',
        why: 'the package was changed after it was signed',
      });
      changed++;
    }
    expect(changed).toBeGreaterThan(5);
    // The foreign judge says the same of the last of them.
    await expect(tool('osslsigncode', 'verify', '-CAfile', 'root.pem', 'bad.msi')).rejects.toMatchObject({
      code: 1,
    });
  });

  it('takes a package without signature for unsigned', async () => {
    expect(await inspectSignature(file('plain.msi'))).toEqual({ state: 'unsigned' });
    await sign('again.msi', '-h', 'sha256', '-add-msi-dse');
    await tool('osslsigncode', 'remove-signature', '-in', 'again.msi', '-out', 'stripped.msi');
    expect(await inspectSignature(file('stripped.msi'))).toEqual({ state: 'unsigned' });
  });

  it('finds a changed time of a stream where times are signed, too', async () => {
    expect(await sign('whole.msi', '-h', 'sha256', '-add-msi-dse')).toMatchObject({
      state: 'signed',
      withMetadata: true,
    });
    for (const [name, state] of [
      ['whole.msi', 'broken'],
      ['good.msi', 'signed'],
    ] as const) {
      const bad = readFileSync(file(name));
      // FILETIME of the last change of the first stream after the root of the directory.
      const directory = (bad.readUInt32LE(0x30) + 1) * 2 ** bad.readUInt16LE(0x1e);
      const modified = directory + 128 + 0x6c;
      bad[modified] = (bad[modified] ?? 0) ^ 1;
      writeFileSync(file('bad.msi'), bad);
      expect(await inspectSignature(file('bad.msi')), name).toMatchObject({ state });
    }
  });

  it('does not take the signature of another package, or of another signer', async () => {
    const good = readFileSync(file('good.msi'));
    const signature = findStream(readCompoundFile(good), SIGNATURE_STREAM)!.content;
    const at = good.indexOf(signature.subarray(0, 64));
    // The last bytes are those of the signature itself: there is nothing unsigned behind it.
    const other = Buffer.from(good);
    other[at + signature.length - 1] = (other[at + signature.length - 1] ?? 0) ^ 1;
    writeFileSync(file('bad.msi'), other);
    expect(await inspectSignature(file('bad.msi'))).toEqual({
      state: 'broken',
      why: 'it is not by Contoso Packages, whose certificate it names',
    });
  });

  it('takes a signature whose dates are none for broken', async () => {
    const good = readFileSync(file('good.msi'));
    /** Tag and length of a UTCTime: YYMMDDhhmmssZ. */
    const utcTime = Buffer.from([0x17, 0x0d]);
    const states: string[] = [];
    for (let at = good.indexOf(utcTime); at >= 0; at = good.indexOf(utcTime, at + 1)) {
      const bad = Buffer.from(good);
      bad[at + utcTime.length] = 0;
      writeFileSync(file('bad.msi'), bad);
      states.push((await inspectSignature(file('bad.msi'))).state);
    }
    // Those of the signer's certificate; the dates of its issuer's are not looked at.
    expect(states.filter((state) => state === 'broken').length).toBeGreaterThanOrEqual(2);
  });

  it('ends in a finding or in a Fault, whatever the bytes', async () => {
    const good = readFileSync(file('good.msi'));
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(damage, fc.option(fc.nat(good.length), { freq: 4 }), async (changes, length) => {
        const bad = Buffer.from(good);
        for (const [at, value] of changes) bad[at] = value;
        // Headers and directories deserve more hits than they would get.
        for (const [at, value] of changes) bad[at % 512] = value;
        writeFileSync(file('bad.msi'), bad.subarray(0, length ?? bad.length));
        const state = await inspectSignature(file('bad.msi')).then(
          (found) => found.state,
          (error: unknown) => (error as { code?: string }).code,
        );
        expect(['signed', 'broken', 'unsigned', 'msi-not-an-msi']).toContain(state);
      }),
      { numRuns: 300 },
    );
  });

  it('says when there is no package', async () => {
    await expect(inspectSignature(file('none.msi'))).rejects.toMatchObject({ code: 'msi-missing' });
    writeFileSync(file('page.msi'), '<!DOCTYPE html>');
    await expect(inspectSignature(file('page.msi'))).rejects.toMatchObject({ code: 'msi-not-an-msi' });
  });
});
