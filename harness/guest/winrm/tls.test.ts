import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Secret } from '../../core/secret.ts';
import { systemAuthorities } from './authorities.ts';
import { bindingHash, channelBinding } from './channel-binding.ts';
import { createShell } from './requests.ts';
import { readBody } from './responses.ts';
import {
  type CertificateOptions,
  TestAuthority,
  type TestCertificate,
  bindingOf,
  derOf,
  fingerprintOf,
} from './testing/certificates.ts';
import { ANSWER, type ForeignServer, startForeign } from './testing/foreign-server.ts';
import { type Answer, Transport } from './transport.ts';

const usual: Answer = { timedOut: false, body: readBody(ANSWER) };

describe('HTTPS of the WinRM client', () => {
  let authority: TestAuthority;
  const transports: Transport[] = [];
  const servers: { close(): unknown }[] = [];
  /** Closed after the test, also when it fails. */
  const kept = <T extends { close(): unknown }>(server: T): T => {
    servers.push(server);
    return server;
  };

  before(() => {
    authority = new TestAuthority();
  });
  after(() => authority.remove());
  afterEach(async () => {
    for (const transport of transports.splice(0)) transport.close();
    for (const server of servers.splice(0)) await server.close();
  });

  const send = (port: number, more: Partial<WinrmEndpoint> = {}, limitMs = 5000): Promise<Answer> => {
    const transport = new Transport({
      url: `https://127.0.0.1:${port}/wsman`,
      user: 'vagrant',
      password: new Secret('correct horse'),
      ...more,
    });
    transports.push(transport);
    return transport.send(createShell(), 'testing', Deadline.in(limitMs, 'testing'));
  };

  describe('is bound to its channel, as gss-ntlmssp checks it', () => {
    const signed: readonly (readonly [hash: string, CertificateOptions])[] = [
      ['sha256', { hash: 'sha256', key: 'rsa' }],
      ['sha256', { hash: 'sha1' }],
      ['sha384', { hash: 'sha384' }],
      ['sha512', { hash: 'sha512', key: 'ec', selfSigned: true }],
      ['sha384', { hash: 'sha384', key: 'pss' }],
    ];
    for (const [hash, options] of signed) {
      it(`by ${hash} for a certificate of ${JSON.stringify(options)}`, async () => {
        const certificate = authority.issue(options);
        const fingerprint = fingerprintOf(certificate.certificate);
        const right = kept(await startTls(certificate, bindingOf(certificate.certificate, hash)));
        const other = kept(
          await startTls(certificate, Buffer.from('tls-server-end-point:another').toString('base64')),
        );
        // SHA-1 is too weak for OpenSSL to trust: pinned, as it would be.
        await expect(send(right.port, { fingerprint })).resolves.toEqual(usual);
        await expect(send(other.port, { fingerprint })).rejects.toMatchObject({ code: 'winrm-unauthorized' });
        expect(right.events.filter(({ sealed }) => sealed)).toEqual([]);
      });
    }

    it('by the hash that RFC 5929 names, and by none where there is none', () => {
      const hashes = signed.map(([, options]) => bindingHash(derOf(authority.issue(options).certificate)));
      expect(hashes).toEqual(signed.map(([hash]) => hash));
      const none = derOf(authority.issue({ key: 'ed25519', selfSigned: true }).certificate);
      expect(bindingHash(none)).toBeUndefined();
      expect(channelBinding(none)).toBeUndefined();
      for (const broken of [
        Buffer.alloc(0),
        Buffer.alloc(50, 0x30),
        Buffer.from('3084ffffffff', 'hex'),
        none.subarray(0, 60),
      ])
        expect(bindingHash(broken)).toBeUndefined();
    });
  });

  describe('trusts', () => {
    it('the given authority, with Basic in each request', async () => {
      const server = kept(await startHttps(authority.issue({ names: 'DNS:win7.example,IP:127.0.0.1' })));
      await expect(send(server.port, { ca: authority.pem, authentication: 'basic' })).resolves.toEqual(usual);
      await expect(send(server.port, { ca: authority.pem, authentication: 'auto' })).resolves.toEqual(usual);
      expect(server.authorizations.map((header) => header.split(' ')[0])).toEqual([
        'Basic',
        'Negotiate',
        'Basic',
      ]);
    });

    it("the system's authorities, where none is given", async () => {
      const server = kept(await startHttps(authority.issue()));
      const before = process.env.SSL_CERT_FILE;
      process.env.SSL_CERT_FILE = authority.file;
      try {
        await expect(send(server.port, { authentication: 'basic' })).resolves.toEqual(usual);
      } finally {
        if (before === undefined) delete process.env.SSL_CERT_FILE;
        else process.env.SSL_CERT_FILE = before;
      }
      expect(systemAuthorities({}).length).toBeGreaterThan(100);
      expect(systemAuthorities({ SSL_CERT_FILE: authority.file })).toContain(authority.pem);
    });

    it('the pinned certificate, however it is written, whatever its name and date', async () => {
      const certificate = authority.issue({ names: 'DNS:other', selfSigned: true, until: '20210101000000Z' });
      const server = kept(await startHttps(certificate));
      const pinned = fingerprintOf(certificate.certificate);
      for (const fingerprint of [pinned, pinned.toLowerCase(), pinned.replaceAll(':', '')])
        await expect(send(server.port, { fingerprint, authentication: 'basic' })).resolves.toEqual(usual);
    });
  });

  const distrusted: readonly (readonly [
    code: string,
    CertificateOptions,
    'authority' | 'system' | 'another pin',
  ])[] = [
    ['winrm-certificate-self-signed', { selfSigned: true }, 'authority'],
    ['winrm-certificate-untrusted', {}, 'system'],
    ['winrm-certificate-expired', { until: '20210101000000Z' }, 'authority'],
    ['winrm-certificate-not-yet-valid', { from: '20900101000000Z' }, 'authority'],
    ['winrm-certificate-name', { names: 'DNS:other.example' }, 'authority'],
    ['winrm-certificate-fingerprint', {}, 'another pin'],
  ];
  for (const [code, options, trust] of distrusted) {
    it(`sends nothing, and says what it found: ${code}`, async () => {
      const certificate = authority.issue(options);
      const server = kept(await startHttps(certificate));
      const error = await send(server.port, {
        authentication: 'basic',
        ...(trust === 'authority' && { ca: authority.pem }),
        ...(trust === 'another pin' && { fingerprint: 'AB'.repeat(32) }),
      }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'Fault', code, retryable: false });
      expect((error as Error).message).toContain(fingerprintOf(certificate.certificate));
      expect(server.authorizations).toEqual([]);
    });
  }

  it('refuses an authority that is no certificate', async () => {
    const server = kept(await startHttps(authority.issue()));
    for (const ca of ['nonsense', '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n'])
      await expect(send(server.port, { ca })).rejects.toMatchObject({ code: 'winrm-certificate-authority' });
  });

  it('says when the other side speaks no TLS, or an old one only (openssl s_server)', async () => {
    const plain = kept(
      createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1'),
    );
    await once(plain, 'listening');
    await expect(send((plain.address() as AddressInfo).port)).rejects.toMatchObject({ code: 'winrm-tls' });

    const old = kept(await startOpenssl(authority.issue(), '-tls1', '-cipher', 'DEFAULT@SECLEVEL=0'));
    await expect(send(old.port)).rejects.toMatchObject({ code: 'winrm-tls' });
  });

  describe('ends in time when openssl s_server answers with', () => {
    const answers: readonly (readonly [what: string, answer: string, code: string])[] = [
      ['garbage', 'garbage\r\n', 'winrm-protocol'],
      ['headers without end', `HTTP/1.1 200 OK\r\n${'X-More: more\r\n'.repeat(10_000)}`, 'winrm-protocol'],
      ['a length of 1 GB', 'HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n<', 'winrm-protocol'],
      ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<', 'timed-out'],
      ['a page', 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>\r\n', 'winrm-protocol'],
    ];
    for (const [what, answer, code] of answers) {
      it(what, async () => {
        const certificate = authority.issue();
        const server = kept(await startOpenssl(certificate));
        server.answerWith(answer);
        const fingerprint = fingerprintOf(certificate.certificate);
        await expect(send(server.port, { fingerprint, authentication: 'basic' }, 1500)).rejects.toMatchObject(
          {
            name: 'Fault',
            code,
          },
        );
      });
    }
  });

  it('says when the other side hangs up in the middle of the handshake', async () => {
    const server = kept(
      createTcpServer((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1'),
    );
    await once(server, 'listening');
    await expect(send((server.address() as AddressInfo).port)).rejects.toMatchObject({
      code: 'winrm-unreachable',
      retryable: true,
    });
  });

  it('keeps to its time when the handshake never ends', async () => {
    const server = kept(createTcpServer(() => undefined).listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const transport = new Transport({
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/wsman`,
      user: 'u',
      password: new Secret('p'),
    });
    const sent = transport.send(createShell(), 'testing', Deadline.in(200, 'testing'));
    await expect(sent).rejects.toMatchObject({ code: 'timed-out' });
    transport.close();
  });
});

const startTls = (certificate: TestCertificate, binding: string): Promise<ForeignServer> =>
  startForeign({ users: ':vagrant:correct horse\n', ...certificate, binding });

/** A server of Node that wants Basic, and keeps what it was told. */
async function startHttps({ certificate, key }: TestCertificate): Promise<{
  port: number;
  authorizations: string[];
  close(): Promise<void>;
}> {
  const authorizations: string[] = [];
  const options = { cert: readFileSync(certificate), key: readFileSync(key) };
  const server = https.createServer(options, (request, response) => {
    const { authorization = '' } = request.headers;
    authorizations.push(authorization);
    request.resume();
    if (authorization.startsWith('Basic ')) response.end(ANSWER);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="WSMAN"' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    authorizations,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function startOpenssl(
  { certificate, key }: TestCertificate,
  ...options: string[]
): Promise<{ port: number; answerWith(text: string): void; close(): Promise<void> }> {
  const files = ['-cert', certificate, '-key', key];
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...options], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  const printed = async (expected: RegExp): Promise<RegExpExecArray> => {
    let text = '';
    for (;;) {
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
      text += chunk.toString();
      const found = expected.exec(text);
      if (found) return found;
    }
  };
  const [, port] = await printed(/ACCEPT \S*:(\d+)/);
  return {
    port: Number(port),
    answerWith: (text) => void printed(/POST \/wsman/).then(() => child.stdin.write(text)),
    close: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
