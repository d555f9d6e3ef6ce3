import { expect } from '@playwright/test';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Secret } from '../../core/secret.ts';
import { createShell } from './requests.ts';
import { readBody } from './responses.ts';
import { TestAuthority, bindingOf } from './testing/certificates.ts';
import { ANSWER, type ForeignServer, startForeign } from './testing/foreign-server.ts';
import { type Squid, freePort, startSquid } from './testing/squid.ts';
import { type Answer, Transport } from './transport.ts';

const usual: Answer = { timedOut: false, body: readBody(ANSWER) };

describe('WinRM client through squid', () => {
  let authority: TestAuthority;
  let plain: ForeignServer;
  let encrypted: ForeignServer;
  let squid: Squid;
  let nobody: number;
  const transports: Transport[] = [];

  before(async () => {
    authority = new TestAuthority();
    const certificate = authority.issue();
    const users = ':vagrant:correct horse\n';
    plain = await startForeign({ users });
    const binding = bindingOf(certificate.certificate, 'sha256');
    encrypted = await startForeign({ users, ...certificate, binding });
    nobody = await freePort();
    squid = await startSquid([plain.port, encrypted.port, nobody]);
  });
  after(async () => {
    await Promise.all([squid, plain, encrypted].map((server) => server.close()));
    authority.remove();
  });
  afterEach(() => {
    for (const transport of transports.splice(0)) transport.close();
  });

  const connect = (more: Partial<WinrmEndpoint> = {}): Transport => {
    const transport = new Transport({
      url: `http://127.0.0.1:${plain.port}/wsman`,
      user: 'vagrant',
      password: new Secret('correct horse'),
      authentication: 'ntlm',
      proxy: squid.url,
      ...more,
    });
    transports.push(transport);
    return transport;
  };
  const send = (transport: Transport): Promise<Answer> =>
    transport.send(createShell(), 'testing', Deadline.in(5000, 'testing'));

  it('seals over HTTP, through a tunnel that stays', async () => {
    const transport = connect();
    for (let n = 0; n < 3; n++) await expect(send(transport)).resolves.toEqual(usual);
    transport.close();
    await expect.poll(() => squid.log()).toMatch(new RegExp(`CONNECT 127.0.0.1:${plain.port}`));
    expect(squid.log().match(/CONNECT/g)).toHaveLength(1);
  });

  it('is bound to the TLS channel to the machine, not to the proxy', async () => {
    const url = `https://127.0.0.1:${encrypted.port}/wsman`;
    await expect(send(connect({ url, ca: authority.pem }))).resolves.toEqual(usual);
  });

  it('does not take the way over a proxy for this host, though it begins here', async () => {
    const server = createServer((socket) =>
      socket.once('data', () =>
        socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n'),
      ),
    ).listen(nobody, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${nobody}/wsman`;
    await expect(send(connect({ url, authentication: 'auto' }))).rejects.toMatchObject({
      code: 'winrm-basic-in-clear',
    });
    server.close();
  });

  const troubles: readonly (readonly [
    what: string,
    code: string,
    retryable: boolean,
    () => Partial<WinrmEndpoint>,
  ])[] = [
    ['asks for a password', 'winrm-proxy-authentication', false, () => ({ proxy: squid.askingUrl })],
    ['allows no such port', 'winrm-proxy-refused', false, () => ({ url: 'http://127.0.0.1:1/wsman' })],
    ['finds nobody there', 'winrm-proxy-no-way', true, () => ({ url: `https://127.0.0.1:${nobody}/wsman` })],
    ['is not there', 'winrm-proxy-unreachable', true, () => ({ proxy: `http://127.0.0.1:${nobody}` })],
  ];
  for (const [what, code, retryable, endpoint] of troubles) {
    it(`says that the proxy ${what}`, async () => {
      await expect(send(connect(endpoint()))).rejects.toMatchObject({ code, retryable });
    });
  }

  it('refuses what is no proxy, and a password in its address, without printing it', () => {
    for (const proxy of ['proxy:3128', 'https://proxy:3128', 'http://me:hunter2@proxy:3128', '']) {
      const error = thrownBy(() => connect({ proxy }));
      expect(error).toMatchObject({ code: 'winrm-proxy-url', blame: 'config' });
      expect(String(error)).not.toContain('hunter2');
    }
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
