import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Server as HttpServer, createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import { describe as describeError, Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { TenantCredential } from '../core/tenant-credential.ts';
import type { Directory } from './directory.ts';
import { openDirectory } from './graph-directory.ts';
import type { NetworkOptions } from './transport.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const USER = { lastPasswordChangeDateTime: '2026-11-21T04:05:07Z' };

interface Addresses {
  readonly authority?: string;
  readonly graph?: string;
  readonly credential?: TenantCredential;
}

/** A tenant on loopback with a certificate that only its own PEM vouches for, and a corporate proxy before it. */
describe('The way to the tenant', () => {
  let folder = '';
  const servers: (Server | HttpServer)[] = [];
  const opened: Directory[] = [];
  const tunnels: string[] = [];
  const signIns: (string | undefined)[] = [];
  let ca = '';
  let root = '';
  let proxy = '';
  let strictProxy = '';

  const listen = async (server: Server | HttpServer): Promise<number> => {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-tenant-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${cert}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    );
    ca = readFileSync(cert, 'utf8');
    const tenant = createHttps({ key: readFileSync(key), cert: ca }, (request, response) => {
      const path = request.url ?? '';
      response.setHeader('content-type', 'application/json');
      if (path.includes('openid-configuration')) {
        const at = `${root}/${TENANT}`;
        const endpoints = {
          authorization_endpoint: `${at}/authorize`,
          token_endpoint: `${at}/token`,
          jwks_uri: `${at}/keys`,
        };
        response.end(JSON.stringify({ issuer: `${at}/v2.0`, ...endpoints }));
      } else if (path.includes('token')) {
        response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: 't' }));
      } else if (!path.includes('slow')) response.end(JSON.stringify(USER));
    });
    root = `https://localhost:${await listen(tenant)}`;
    const corporate = createHttp().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      signIns.push(request.headers['proxy-authorization']);
      const way = connect(Number((request.url ?? '').split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        way.pipe(socket).pipe(way);
      });
    });
    proxy = `http://127.0.0.1:${await listen(corporate)}`;
    const strict = createHttp().on('connect', (_, socket) => {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    });
    strictProxy = `http://127.0.0.1:${await listen(strict)}`;
  });

  afterEach(() => Promise.all(opened.splice(0).map((directory) => directory.close())));

  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
  });

  function open(network: NetworkOptions, at: Addresses = {}): Directory {
    const directory = openDirectory({
      authority: root,
      graph: root,
      tenantId: TENANT,
      clientId: '99999999-2222-4333-8444-555555555555',
      credential: { kind: 'secret', secret: new Secret('correct horse battery') },
      ...at,
      backOffMs: 1,
      ...network,
    });
    opened.push(directory);
    return directory;
  }

  const ask = (network: NetworkOptions, at?: Addresses): Promise<Date> =>
    open(network, at).passwordChangedAt('anna@contoso.test', Deadline.in(10_000, 'asking'));

  it('stops when it is cancelled, or when time is up', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 150);
    const cancelled = Deadline.in(20_000, 'asking', abort.signal);
    await expect(open({ ca }).passwordChangedAt('slow@contoso.test', cancelled)).rejects.toMatchObject({
      code: 'interrupted',
    });
    await expect(
      open({ ca }).passwordChangedAt('slow@contoso.test', Deadline.in(150, 'asking')),
    ).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringContaining('No answer from the tenant'),
    });
  });

  it('does not wait for a token longer than there is time', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    const authority = `https://localhost:${await listen(silent)}`;
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 150);
    const cancelled = Deadline.in(20_000, 'asking', abort.signal);
    for (const [limit, code] of [
      [cancelled, 'interrupted'],
      [Deadline.in(150, 'asking'), 'timed-out'],
    ] as const)
      await expect(
        open({ ca }, { authority }).passwordChangedAt('anna@contoso.test', limit),
      ).rejects.toMatchObject({ code });
    for (const socket of sockets) socket.destroy();
  });

  it('trusts the authority that it is given', async () => {
    expect(await ask({ ca })).toEqual(new Date(USER.lastPasswordChangeDateTime));
  });

  it('trusts it through a proxy too, for tokens and for Graph', async () => {
    expect(await ask({ ca, proxy })).toEqual(new Date(USER.lastPasswordChangeDateTime));
    expect(new Set(tunnels)).toEqual(new Set([new URL(root).host]));
  });

  it('says that a certificate is not trusted, and which way', async () => {
    const asking = ask({});
    await expect(asking).rejects.toMatchObject({ code: 'tenant-tls', blame: 'network', retryable: false });
    await expect(asking).rejects.toThrow(/DEPTH_ZERO_SELF_SIGNED_CERT/);
  });

  it('is the same for every kind of credential', async () => {
    const [key, cert, tokenFile] = ['app-key.pem', 'app.pem', 'token'].map((name) => join(folder, name));
    execFileSync(
      'openssl',
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=app -keyout ${key} -out ${cert}`.split(' '),
      { stdio: 'ignore' },
    );
    writeFileSync(tokenFile!, 'a.federated.token');
    const pem = new Secret(readFileSync(key!, 'utf8') + readFileSync(cert!, 'utf8'));
    const credentials: TenantCredential[] = [
      { kind: 'certificate', pem },
      { kind: 'workloadIdentity', tokenFile: tokenFile! },
    ];
    for (const credential of credentials) {
      tunnels.length = 0;
      expect(await ask({ ca, proxy }, { credential })).toEqual(new Date(USER.lastPasswordChangeDateTime));
      expect(new Set(tunnels)).toEqual(new Set([new URL(root).host]));
      await expect(ask({}, { credential })).rejects.toMatchObject({
        code: 'tenant-tls',
        message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
      });
    }
  });

  it('says that a certificate is for another name', async () => {
    await expect(ask({ ca }, { authority: root.replace('localhost', '127.0.0.1') })).rejects.toThrow(
      /ALTNAME/,
    );
  });

  it('says that nobody answers, for tokens and for Graph', async () => {
    const closed = createServer();
    const nobody = `https://localhost:${await listen(closed)}`;
    closed.close();
    for (const at of [{ authority: nobody }, { graph: nobody }]) {
      const asking = ask({ ca }, at);
      await expect(asking).rejects.toMatchObject({
        code: 'tenant-unreachable',
        blame: 'network',
        retryable: true,
      });
      await expect(asking).rejects.toThrow(/ECONNREFUSED/);
    }
  });

  it('signs in at a proxy, and shows neither user nor password in any error', async () => {
    const user = 'http://planted%40user:planted%3Apassword@';
    expect(await ask({ ca, proxy: proxy.replace('http://', user) })).toEqual(
      new Date(USER.lastPasswordChangeDateTime),
    );
    const credentials = Buffer.from('planted@user:planted:password').toString('base64');
    expect(signIns.at(-1)).toBe(`Basic ${credentials}`);
    const nobody = 'http://planted%40user:planted%3Apassword@127.0.0.1:9';
    const proxies = [strictProxy.replace('http://', user), nobody, `${user}:no port`, 'planted:no proxy'];
    for (const bad of [...proxies, 'planted%zz', 'http://planted:planted%zz@127.0.0.1:9']) {
      for (const at of [{}, { graph: 'https://nowhere.test' }]) {
        const error = await Promise.resolve()
          .then(() => ask({ ca, proxy: bad }, at))
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(Fault);
        const printed = `${describeError(error)} ${inspect(error, { depth: 20, showHidden: true })}`;
        expect(printed).not.toContain('planted');
        expect(printed).not.toContain(credentials);
      }
    }
  });

  it('says that the proxy refuses', async () => {
    await expect(ask({ ca, proxy: strictProxy })).rejects.toMatchObject({ code: 'tenant-proxy-refused' });
  });
});
