import { execFileSync } from 'node:child_process';
import { constants, createHash, createVerify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from '@playwright/test';
import nock from 'nock';
import { z } from 'zod';
import { Deadline } from '../core/deadline.ts';
import { describe as tell, Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { TenantCredential } from '../core/tenant-credential.ts';
import { type DirectoryOptions, openGraph } from './graph-directory.ts';
import type { Transport } from './transport.ts';

// nock takes over the network when it is imported; other tests need the real one.
nock.restore();

const LOGIN = 'https://login.test';
const TENANT = '11111111-2222-4333-8444-555555555555';
const CLIENT = '99999999-2222-4333-8444-555555555555';
const PASSWORD = 'planted key password';

const deadline = (): Deadline => Deadline.in(10_000, 'asking the tenant');
const secret = (value: string): TenantCredential => ({ kind: 'secret', secret: new Secret(value) });

describe('Credentials', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  const openssl = (words: string): void => {
    execFileSync('openssl', words.split(' '), {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, PASSWORD },
    });
  };
  const opened: Transport[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-credentials-'));
    openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=app -keyout key.pem -out cert.pem');
    openssl('req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other-key.pem -out other.pem');
    openssl('req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN=weak -keyout weak-key.pem -out weak.pem');
    openssl(
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ec -keyout ec-key.pem -out ec.pem',
    );
    openssl('x509 -in cert.pem -signkey key.pem -days 0 -out old.pem');
    openssl('pkcs8 -topk8 -in key.pem -v2 aes256 -passout env:PASSWORD -out locked.pem');
    openssl('rsa -in key.pem -traditional -aes256 -passout env:PASSWORD -out locked-traditional.pem');
  });
  after(() => {
    nock.enableNetConnect();
    rmSync(folder, { recursive: true });
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
    nock.cleanAll();
    nock.restore();
  });

  type Options = Partial<Pick<DirectoryOptions, 'clientId' | 'proxy'>>;

  const open = (credential: TenantCredential, options: Options = {}) => {
    const own = {
      authority: LOGIN,
      graph: 'https://graph.test',
      tenantId: TENANT,
      clientId: CLIENT,
      credential,
    };
    const { graph, transport } = openGraph({ ...own, ...options });
    opened.push(transport);
    return graph;
  };

  const faultOf = async (asking: () => Promise<unknown>): Promise<Fault> => {
    try {
      await asking();
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      return error as Fault;
    }
    throw new Error('no error');
  };

  const expectClean = (fault: Fault, planted: readonly string[]): void => {
    const printed = `${tell(fault)} ${fault.remedy} ${inspect(fault, { depth: 20, showHidden: true })}`;
    for (const one of planted) {
      expect(one.length).toBeGreaterThan(0);
      for (const form of [one, encodeURIComponent(one), Buffer.from(one).toString('base64')])
        expect(printed).not.toContain(form);
    }
    expect(fault.message).not.toContain('\n');
  };

  /** The token end point; each token is another one, and already nearly over. */
  function login(
    answer?: (body: string) => readonly [status: number, body: string, headers?: Record<string, string>],
  ) {
    nock.activate();
    nock.disableNetConnect();
    const bodies: URLSearchParams[] = [];
    const at = `${LOGIN}/${TENANT}`;
    nock(LOGIN)
      .persist()
      .get(/openid-configuration/)
      .reply(200, {
        issuer: `${at}/v2.0`,
        authorization_endpoint: `${at}/authorize`,
        token_endpoint: `${at}/oauth2/v2.0/token`,
        jwks_uri: `${at}/keys`,
      });
    nock(LOGIN)
      .persist()
      .post(/\/token/)
      .reply(async (request) => {
        const body = await request.text();
        bodies.push(new URLSearchParams(body));
        const [status, text, headers = {}] = answer?.(body) ?? [
          200,
          JSON.stringify({ token_type: 'Bearer', expires_in: 60, access_token: `token-${bodies.length}` }),
        ];
        return [status, text, headers];
      });
    return bodies;
  }

  describe('by certificate', () => {
    const certificate = (pem: string, password?: string): TenantCredential => ({
      kind: 'certificate',
      pem: new Secret(pem),
      ...(password !== undefined && { password: new Secret(password) }),
    });

    const good: Readonly<Record<string, () => TenantCredential>> = {
      'certificate and key': () => certificate(read('cert.pem') + read('key.pem')),
      'key and certificate': () => certificate(read('key.pem') + read('cert.pem')),
      'a chain in any order': () => certificate(read('other.pem') + read('cert.pem') + read('key.pem')),
      'line ends of Windows': () =>
        certificate((read('cert.pem') + read('key.pem')).replaceAll('\n', '\r\n')),
      'words around': () => certificate(`Bag Attributes\n${read('cert.pem')}\nKey:\n${read('key.pem')}\n`),
      'an encrypted key': () => certificate(read('cert.pem') + read('locked.pem'), PASSWORD),
      'a key encrypted in the old way': () =>
        certificate(read('cert.pem') + read('locked-traditional.pem'), PASSWORD),
      'a password that is not needed': () => certificate(read('cert.pem') + read('key.pem'), PASSWORD),
    };
    for (const [what, credential] of Object.entries(good)) {
      it(`signs for a token, from a PEM with ${what}`, async () => {
        const bodies = login();
        expect(await open(credential()).token(deadline())).toBe('token-1');
        const assertion = bodies[0]?.get('client_assertion') ?? '';
        const [header = '', payload = '', signature = ''] = assertion.split('.');
        const own = new X509Certificate(read('cert.pem'));
        const key = { key: own.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING };
        const verify = createVerify('sha256').update(`${header}.${payload}`);
        expect(verify.verify(key, signature, 'base64url')).toBe(true);
        expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
          alg: 'PS256',
          'x5t#S256': createHash('sha256').update(own.raw).digest('base64url'),
        });
        expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
          iss: CLIENT,
          sub: CLIENT,
        });
        expect(bodies[0]?.get('client_secret')).toBeNull();
      });
    }

    const bad: Readonly<Record<string, readonly [() => TenantCredential, code: string, message: RegExp]>> = {
      'no certificate': [() => certificate(read('key.pem')), 'tenant-certificate-unusable', /no certificate/],
      'no key': [() => certificate(read('cert.pem')), 'tenant-certificate-unusable', /no private key/],
      nothing: [() => certificate(''), 'tenant-certificate-unusable', /no certificate/],
      'a wrong password': [
        () => certificate(read('cert.pem') + read('locked.pem'), 'planted, but wrong'),
        'tenant-certificate-password',
        /cannot be decrypted/,
      ],
      'a wrong password for the old way': [
        () => certificate(read('cert.pem') + read('locked-traditional.pem'), 'planted, but wrong'),
        'tenant-certificate-password',
        /cannot be decrypted/,
      ],
      'no password': [
        () => certificate(read('cert.pem') + read('locked.pem')),
        'tenant-certificate-password',
        /no password/,
      ],
      'the key of another one': [
        () => certificate(read('cert.pem') + read('other-key.pem')),
        'tenant-certificate-unusable',
        /belongs to none/,
      ],
      'a key that is not RSA': [
        () => certificate(read('ec.pem') + read('ec-key.pem')),
        'tenant-certificate-unusable',
        /type ec/,
      ],
      'a short key': [
        () => certificate(read('weak.pem') + read('weak-key.pem')),
        'tenant-certificate-unusable',
        /1024 bits/,
      ],
      'an end in the past': [
        () => certificate(read('old.pem') + read('key.pem')),
        'tenant-certificate-expired',
        /has ended on \d{4}-/,
      ],
      'a damaged certificate': [
        () =>
          certificate(read('cert.pem').replace(/(?<=-\n).{20}/, 'plantedplantedplante') + read('key.pem')),
        'tenant-certificate-unusable',
        /damaged certificate/,
      ],
      'a damaged key': [
        () =>
          certificate(read('cert.pem') + read('key.pem').replace(/(?<=-\n).{20}/, 'plantedplantedplante')),
        'tenant-certificate-unusable',
        /damaged private key/,
      ],
    };
    for (const [what, [credential, code, message]] of Object.entries(bad)) {
      it(`says of a PEM with ${what} what is wrong, and not what is in it`, async () => {
        const fault = await faultOf(() => Promise.resolve(open(credential())));
        expect(fault).toMatchObject({
          code,
          blame: 'config',
          retryable: false,
          message: expect.stringMatching(message),
        });
        const lines = read('key.pem')
          .split('\n')
          .filter((line) => /^[^-]{20}/.test(line));
        expectClean(fault, ['planted', PASSWORD, ...lines]);
      });
    }
  });

  describe('by workload identity', () => {
    const credential = (): TenantCredential => ({ kind: 'workloadIdentity', tokenFile: file('token') });

    it('give the token that is in the file now', async () => {
      const bodies = login();
      const graph = open(credential());
      for (const token of ['first.planted.token', 'second.planted.token\n']) {
        writeFileSync(file('token'), token);
        await graph.token(deadline());
      }
      expect(bodies.map((body) => body.get('client_assertion'))).toEqual([
        'first.planted.token',
        'second.planted.token',
      ]);
      expect(bodies[0]?.get('client_id')).toBe(CLIENT);
    });

    it('say which file is missing or empty', async () => {
      login();
      rmSync(file('token'), { force: true });
      expect(await faultOf(() => open(credential()).token(deadline()))).toMatchObject({
        code: 'tenant-token-file',
        blame: 'config',
        message: `The token file ${file('token')} cannot be read (ENOENT)`,
      });
      writeFileSync(file('token'), ' \n');
      expect(await faultOf(() => open(credential()).token(deadline()))).toMatchObject({
        message: `The token file ${file('token')} is empty`,
      });
    });
  });

  describe('by managed identity', () => {
    let server: Server;
    let listener: RequestListener;
    let asked: URL[] = [];
    let clients = 0;
    const managed = (options: Options = {}) => open({ kind: 'managedIdentity' }, options);
    /** Tokens are remembered by process and client: each test is another client. */
    const another = (): string => `${CLIENT.slice(0, -4)}${String(++clients).padStart(4, '0')}`;

    before(async () => {
      server = createServer((request, response) => {
        asked.push(new URL(request.url ?? '', 'http://identity.test'));
        listener(request, response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      // Read once in the life of a process.
      process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => {
      asked = [];
    });
    after(() => {
      delete process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST;
      server.closeAllConnections();
      server.close();
    });

    const give: RequestListener = (request, response) => {
      expect(request.headers.metadata).toBe('true');
      const expires = Math.floor(Date.now() / 1000) + 3600;
      response.end(
        JSON.stringify({ access_token: 'managed', token_type: 'Bearer', expires_on: String(expires) }),
      );
    };

    it('ask the machine, past the proxy, and for one identity of several when it is named', async () => {
      listener = give;
      // Nobody listens at this proxy.
      const proxy = 'http://127.0.0.1:9';
      expect(await managed({ clientId: '', proxy }).token(deadline())).toBe('managed');
      const clientId = another();
      expect(await managed({ clientId, proxy }).token(deadline())).toBe('managed');
      expect(asked.map((url) => url.searchParams.get('client_id'))).toEqual([null, clientId]);
      expect(asked[0]?.searchParams.get('resource')).toBe('https://graph.test');
    });

    it('still work when the first directory of the process is closed', async () => {
      listener = give;
      await Promise.all(opened.splice(0).map((transport) => transport.close()));
      expect(await managed({ clientId: another() }).token(deadline())).toBe('managed');
    });

    const refusals: Readonly<Record<string, readonly [status: number, body: string, code: string]>> = {
      'an identity that it does not have': [
        400,
        JSON.stringify({ error: 'invalid_request', error_description: 'Identity not found' }),
        'tenant-no-managed-identity',
      ],
      "a page, as of another cloud's machines": [404, '<html>not here</html>', 'tenant-no-managed-identity'],
      'a page that looks fine': [200, '<html>welcome</html>', 'tenant-no-managed-identity'],
      'a bad day': [
        500,
        JSON.stringify({ error: 'server_error', error_description: 'x' }),
        'tenant-refuses-token',
      ],
    };
    for (const [what, [status, body, code]] of Object.entries(refusals)) {
      it(`say what the machine answers: ${what}`, async () => {
        listener = (_, response) => response.writeHead(status).end(body);
        const fault = await faultOf(() => managed({ clientId: another() }).token(deadline()));
        expect(fault).toMatchObject({ code, retryable: status >= 500 });
        expect(asked).toHaveLength(1);
      });
    }

    it('are cancelled', async () => {
      listener = () => undefined;
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 100);
      const graph = managed({ clientId: another() });
      const fault = await faultOf(() => graph.token(Deadline.in(10_000, 'asking', abort.signal)));
      expect(fault).toMatchObject({ code: 'interrupted' });
    });

    it('say that there is none on this host', async () => {
      server.closeAllConnections();
      server.close();
      const fault = await faultOf(() => managed({ clientId: another() }).token(deadline()));
      expect(fault).toMatchObject({ code: 'tenant-no-managed-identity', blame: 'config' });
    });

    it('are not taken for a workload identity, which would go past our proxy and authority', async () => {
      const own = { AZURE_TENANT_ID: TENANT, AZURE_FEDERATED_TOKEN_FILE: file('token') };
      Object.assign(process.env, own);
      try {
        const fault = await faultOf(() => Promise.resolve(managed({ clientId: another() })));
        expect(fault).toMatchObject({ code: 'tenant-config', blame: 'config' });
      } finally {
        for (const name of Object.keys(own)) Reflect.deleteProperty(process.env, name);
      }
    });
  });

  it('get a new token when Graph refuses the one that they remember', async () => {
    const bodies = login(() => [
      200,
      JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: `token-${bodies.length}` }),
    ]);
    const item = (token: string) =>
      nock('https://graph.test', { reqheaders: { authorization: `Bearer ${token}` } }).get('/item');
    item('token-1').reply(200, {});
    item('token-1').reply(401, {});
    item('token-2').reply(200, {});
    const query = { path: '/item', schema: z.object({}), what: 'it', permission: 'none', report: false };
    const graph = open(secret('planted~1'));
    for (const _ of [1, 2]) expect(await graph.get(query, deadline())).toEqual({});
    expect(bodies).toHaveLength(2);
  });

  describe('refused by number', () => {
    const numbers: Readonly<Record<string, string>> = {
      '700027': 'tenant-certificate-rejected',
      '50012': 'tenant-certificate-rejected',
      '700024': 'tenant-assertion-expired',
      '70021': 'tenant-federation-missing',
      '700211': 'tenant-federation-missing',
      '700212': 'tenant-federation-missing',
      '700213': 'tenant-federation-missing',
      '700016': 'tenant-app-not-found',
      '7000229': 'tenant-app-not-found',
      '7000222': 'tenant-secret-expired',
      '7000112': 'tenant-app-disabled',
      '53003': 'tenant-conditional-access',
      '50194': 'tenant-not-found',
      '90002': 'tenant-not-found',
      '650052': 'tenant-graph-missing',
      '500011': 'tenant-graph-missing',
      '7002121': 'tenant-federation-missing',
      '7009999': 'tenant-refuses-token',
    };
    for (const [number, code] of Object.entries(numbers)) {
      it(`${number}: ${code}`, async () => {
        login(() => {
          const description = `AADSTS${number}: words of tomorrow.\r\nTrace ID: 1\r\nTimestamp: 2`;
          return [401, JSON.stringify({ error: 'invalid_client', error_description: description })];
        });
        const fault = await faultOf(() => open(secret('planted~1')).token(deadline()));
        expect(fault).toMatchObject({
          code,
          retryable: false,
          message: expect.stringContaining(`AADSTS${number}`),
        });
        expect(fault.message).not.toMatch(/Trace ID|\n/);
      });
    }

    it('unless the end point is unwell, which passes', async () => {
      let asked = 0;
      login(() => (++asked, [503, 'planted']));
      const graph = open(secret('opensesame~8Q'));
      for (const _ of [1, 2])
        expect(await faultOf(() => graph.token(deadline()))).toMatchObject({
          code: 'tenant-refuses-token',
          retryable: true,
        });
      // Its refusal is not remembered.
      expect(asked).toBe(2);
    });
  });

  describe('never come out of an error', () => {
    const ASSERTION = 'planted.federated_assertion-1';
    const SECRET = 'pl~nted &+"secret"';
    const kinds: Readonly<Record<string, () => TenantCredential>> = {
      secret: () => secret(SECRET),
      certificate: () => ({ kind: 'certificate', pem: new Secret(read('cert.pem') + read('key.pem')) }),
      workloadIdentity: () => {
        writeFileSync(file('token'), ASSERTION);
        return { kind: 'workloadIdentity', tokenFile: file('token') };
      },
    };
    /** What stands between us and the tenant may repeat all that it gets. */
    const echoes: Readonly<Record<string, Parameters<typeof login>[0]>> = {
      'a page with status 200': (body) => [200, `<html>${body} ${decodeURIComponent(body)}`],
      'a page that begins with it': (body) => [
        200,
        new URLSearchParams(body).get('client_assertion') ?? SECRET,
      ],
      'a text in JSON': (body) => [200, JSON.stringify(decodeURIComponent(body))],
      'a token of the wrong type': (body) => [200, JSON.stringify({ access_token: { body } })],
      'a refusal': (body) => [
        401,
        JSON.stringify({
          error: 'invalid_client',
          error_description: `AADSTS1: ${body} ${decodeURIComponent(body)}`,
        }),
      ],
      'a refusal with status 200': (body) => [
        200,
        JSON.stringify({ error: body, error_description: decodeURIComponent(body) }),
      ],
      'a page with status 403': (body) => [403, `${body} ${decodeURIComponent(body)}`],
      'a page with status 500': (body) => [500, `${body} ${decodeURIComponent(body)}`],
      'a redirection': (body) => [307, '', { location: `https://evil.test/?${body}` }],
    };
    for (const [kind, credential] of Object.entries(kinds)) {
      for (const [what, echo] of Object.entries(echoes)) {
        it(`${kind}: not from ${what}`, async () => {
          const bodies = login(echo);
          const fault = await faultOf(() => open(credential()).token(deadline()));
          const [body] = bodies;
          expect(bodies).toHaveLength(1);
          const sent = body?.get('client_assertion') ?? body?.get('client_secret') ?? '';
          expectClean(fault, [
            sent,
            SECRET,
            ASSERTION,
            ...sent.split('.').filter((part) => part.length > 15),
          ]);
        });
      }
    }
  });
});
