import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmAuthentication, WinrmEndpoint } from '../../core/endpoints.ts';
import { Secret } from '../../core/secret.ts';
import { isLoopback, readUrl } from './address.ts';
import { readOffers } from './offers.ts';
import { createShell } from './requests.ts';
import { readBody } from './responses.ts';
import { createdShell } from './scripted-server.ts';
import { type Answer, Transport } from './transport.ts';

const usual: Answer = { timedOut: false, body: readBody(createdShell) };
const soon = (ms = 5000): Deadline => Deadline.in(ms, 'testing');

const servers: Server[] = [];
const sockets = new Set<Socket>();
const transports: Transport[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/wsman`;
}

/** A peer that does this once the client has said something. */
const serveRaw = (answer: (socket: Socket) => void): Promise<string> =>
  listen(createServer((socket) => socket.once('data', () => answer(socket))));

const serveHttp = (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> =>
  listen(
    createHttpServer((request, response) => {
      request.resume().on('end', () => answer(request, response));
    }),
  );

function connect(url: string, more: Partial<WinrmEndpoint> = {}): Transport {
  const endpoint = { url, user: 'vagrant', password: new Secret('correct horse') };
  const transport = new Transport({ ...endpoint, authentication: 'basic', ...more });
  transports.push(transport);
  return transport;
}

const send = (transport: Transport, deadline = soon()): Promise<Answer> =>
  transport.send(createShell(), 'testing', deadline);

describe('WinRM transport', () => {
  afterEach(async () => {
    for (const transport of transports.splice(0)) transport.close();
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) {
      const closed = once(server, 'close');
      server.close();
      await closed;
    }
  });

  describe('with a broken peer', () => {
    const head = 'HTTP/1.1 200 OK\r\n';
    const drip = (start: string, piece: string) => (socket: Socket) => {
      socket.write(start);
      const timer = setInterval(() => socket.write(piece), 5);
      socket.on('close', () => clearInterval(timer));
    };
    const flood = (start: string, piece: string) => (socket: Socket) => {
      socket.write(start);
      const more = (): void => {
        if (!socket.destroyed) socket.write(piece, () => setImmediate(more));
      };
      more();
    };
    const peers: readonly (readonly [what: string, (socket: Socket) => unknown, code: string])[] = [
      [
        'garbage before the status line',
        (socket) => socket.end(`\0\x01garbage\r\n${head}\r\n`),
        'winrm-protocol',
      ],
      ['another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'winrm-protocol'],
      ['headers without end', flood(head, `X-More: ${'x'.repeat(1000)}\r\n`), 'winrm-protocol'],
      ['one header without end', flood(`${head}X-More: `, 'x'.repeat(1000)), 'winrm-protocol'],
      [
        'a body of 1 GB',
        flood(`${head}Content-Length: 1073741824\r\n\r\n`, ' '.repeat(65_536)),
        'winrm-protocol',
      ],
      ['a body without end', flood(`${head}\r\n`, ' '.repeat(65_536)), 'winrm-protocol'],
      [
        'chunks without end',
        flood(`${head}Transfer-Encoding: chunked\r\n\r\n`, `1000\r\n${' '.repeat(4096)}\r\n`),
        'winrm-protocol',
      ],
      [
        'a chunk of no size',
        (socket) => socket.end(`${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`),
        'winrm-protocol',
      ],
      [
        'two lengths',
        (socket) => socket.end(`${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
        'winrm-protocol',
      ],
      [
        'a length that is none',
        (socket) => socket.end(`${head}Content-Length: -5\r\n\r\nhello`),
        'winrm-protocol',
      ],
      [
        'a body that is too short',
        (socket) => socket.end(`${head}Content-Length: 500\r\n\r\nhello`),
        'winrm-unreachable',
      ],
      [
        'another protocol on the same connection',
        (socket) =>
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
        'winrm-protocol',
      ],
      ['nothing', (socket) => socket.end(), 'winrm-unreachable'],
      ['a reset', (socket) => socket.resetAndDestroy(), 'winrm-unreachable'],
      ['half a status line', (socket) => socket.end('HTTP/1.'), 'winrm-unreachable'],
      ['a slow drip of body', drip(`${head}\r\n`, ' '), 'timed-out'],
      ['a slow drip of headers', drip(head, 'X: y\r\n'), 'timed-out'],
      ['"go on" without end', drip('', 'HTTP/1.1 100 Continue\r\n\r\n'), 'timed-out'],
      ['silence', () => undefined, 'timed-out'],
    ];
    for (const [what, answer, code] of peers) {
      it(`that sends ${what}, ends in time as ${code}`, async () => {
        const url = await serveRaw(answer);
        const start = performance.now();
        const limit = code === 'timed-out' ? 300 : 5000;
        await expect(send(connect(url), soon(limit))).rejects.toMatchObject({ name: 'Fault', code });
        expect(performance.now() - start).toBeLessThan(limit + 2000);
        await expect.poll(() => sockets.size).toBe(0);
      });
    }
  });

  describe('chooses how to log on:', () => {
    const offer =
      (...offers: string[]) =>
      (request: IncomingMessage, response: ServerResponse): void => {
        if (request.headers.authorization?.startsWith('Basic ')) response.end(createdShell);
        else response.writeHead(401, { 'www-authenticate': offers }).end();
      };
    const cases: readonly (readonly [
      offered: readonly string[],
      WinrmAuthentication,
      /** `in`, or the code of the fault. */
      outcome: string,
    ])[] = [
      [['Basic realm="WSMAN"'], 'auto', 'in'],
      [['Basic realm="WSMAN"'], 'basic', 'in'],
      [['Negotiate', 'Basic realm="WSMAN"'], 'basic', 'in'],
      [['Negotiate', 'Basic realm="WSMAN"'], 'auto', 'winrm-no-scheme'],
      [['Basic realm="WSMAN"'], 'ntlm', 'winrm-no-scheme'],
      [['Kerberos'], 'auto', 'winrm-no-scheme'],
      [[], 'auto', 'winrm-no-scheme'],
      [['Negotiate'], 'kerberos', 'winrm-scheme-elsewhere'],
      [['Negotiate'], 'negotiate', 'winrm-scheme-elsewhere'],
      [['Negotiate TlRMTVNTUAACAAAA'], 'auto', 'winrm-protocol'],
      [['Negotiate oYIBCzCCAQegAwoBAaEMBgorBgEEAYI3AgIK'], 'ntlm', 'winrm-protocol'],
      [[`Negotiate ${challenge(0x22888205)}`], 'auto', 'winrm-downgrade'],
    ];
    for (const [offered, authentication, outcome] of cases) {
      it(`${authentication}, offered ${offered.join(', ').slice(0, 50) || 'nothing'}: ${outcome}`, async () => {
        const bodies: number[] = [];
        const url = await serveHttp((request, response) => {
          bodies.push(Number(request.headers['content-length']));
          offer(...offered)(request, response);
        });
        const sent = send(connect(url, { authentication }));
        if (outcome === 'in') await expect(sent).resolves.toEqual(usual);
        else {
          await expect(sent).rejects.toMatchObject({ code: outcome, retryable: false });
          expect(bodies.filter((length) => length > 0)).toEqual([]);
        }
      });
    }

    it('Basic after the server has closed the connection over which it asked for it', async () => {
      const url = await serveHttp((request, response) => {
        response.setHeader('connection', 'close');
        offer('Basic realm="WSMAN"')(request, response);
      });
      const transport = connect(url, { authentication: 'auto' });
      for (let n = 0; n < 2; n++) await expect(send(transport)).resolves.toEqual(usual);
    });

    it('a refused password of Basic is sent once', async () => {
      let logins = 0;
      const url = await serveHttp((request, response) => {
        if (request.headers.authorization?.startsWith('Basic ')) logins++;
        response.writeHead(401, { 'www-authenticate': 'Negotiate, Basic realm="WSMAN"' }).end();
      });
      const transport = connect(url);
      for (let n = 0; n < 3; n++) {
        await expect(send(transport)).rejects.toMatchObject({ code: 'winrm-unauthorized' });
        await expect(send(transport)).rejects.toThrow(/tried basic, it offers negotiate, basic/);
      }
      expect(logins).toBe(1);
    });

    it('says when the machine takes nothing in the clear', async () => {
      const url = await serveHttp((_, response) => response.writeHead(500).end());
      await expect(send(connect(url))).rejects.toMatchObject({
        code: 'winrm-clear-refused',
        blame: 'config',
      });
    });

    it('a server that asks nobody is no WinRM service', async () => {
      const url = await serveHttp((_, response) => response.end('hello'));
      await expect(send(connect(url, { authentication: 'ntlm' }))).rejects.toMatchObject({
        code: 'winrm-protocol',
      });
    });
  });

  it('keeps the connection, and makes a new one when it was closed or is about to be', async () => {
    let connections = 0;
    const headers: Record<string, string>[] = [{}, {}, { 'keep-alive': 'timeout=1' }, {}, {}];
    const url = await serveHttp((_, response) => response.writeHead(200, headers.shift()).end(createdShell));
    servers[0]?.on('connection', () => connections++);
    const transport = connect(url);
    for (const expected of [1, 1, 1, 2]) {
      await expect(send(transport)).resolves.toEqual(usual);
      expect(connections).toBe(expected);
    }
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(send(transport)).resolves.toEqual(usual);
    expect(connections).toBe(3);
  });

  it('finds the machine again after it was away', async () => {
    const answer = (_: IncomingMessage, response: ServerResponse): void => void response.end(createdShell);
    const url = await serveHttp(answer);
    const transport = connect(url);
    await expect(send(transport)).resolves.toEqual(usual);
    const gone = servers.pop();
    gone?.close();
    for (const socket of sockets) socket.destroy();
    await expect(send(transport)).rejects.toMatchObject({ code: 'winrm-unreachable', retryable: true });
    const again = createHttpServer(answer).listen(Number(new URL(url).port), '127.0.0.1');
    servers.push(again);
    await once(again, 'listening');
    await expect(send(transport)).resolves.toEqual(usual);
  });

  it('lets a request wait for the one before it, but not beyond its time', async () => {
    const url = await serveHttp(() => undefined);
    const transport = connect(url);
    const both = [send(transport, soon(200)), send(transport, soon(200))];
    for (const sent of both) await expect(sent).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('leaves nothing open when it is closed, also in the middle of a request', async () => {
    const url = await serveHttp(() => undefined);
    const transport = connect(url);
    const sent = send(transport);
    await expect.poll(() => sockets.size).toBe(1);
    transport.close();
    await expect(sent).rejects.toMatchObject({ name: 'Fault', code: 'winrm-unreachable' });
    await expect.poll(() => sockets.size).toBe(0);
    await expect(send(transport)).rejects.toMatchObject({ code: 'winrm-unreachable' });
    await expect.poll(() => sockets.size).toBe(0);
  });

  it('takes addresses of HTTP and HTTPS, without a password in them', () => {
    for (const url of ['http://win7:5985/wsman', 'https://[::1]:5986/wsman'])
      expect(readUrl(url).href).toBe(url);
    for (const url of ['win7', 'ftp://win7/wsman', '', 'http://me:hunter2@win7/wsman']) {
      const error = thrownBy(() => connect(url));
      expect(error).toMatchObject({ code: 'winrm-url', blame: 'config' });
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('knows what never leaves this host', () => {
    const here = ['http://localhost/', 'http://127.0.0.1/', 'http://127.9.9.9:1/', 'http://[::1]/'];
    const elsewhere = [
      'http://win7/',
      'http://127.0.0.1.example/',
      'http://10.0.0.1/',
      'http://[::2]/',
      'http://localhost.example/',
    ];
    expect(here.map((url) => isLoopback(new URL(url)))).toEqual(here.map(() => true));
    expect(elsewhere.map((url) => isLoopback(new URL(url)))).toEqual(elsewhere.map(() => false));
  });

  it('reads offers in one header or in several', () => {
    expect(readOffers(['Negotiate', 'Basic realm="a, b"'])).toEqual([
      { scheme: 'negotiate', token: '' },
      { scheme: 'basic', token: '' },
    ]);
    expect(readOffers(['NTLM TlRM==, Kerberos, X-Other abc'])).toEqual([
      { scheme: 'ntlm', token: 'TlRM==' },
      { scheme: 'kerberos', token: '' },
    ]);
    expect(readOffers(['NegotiateX abc', ''])).toEqual([]);
  });
});

/** A challenge with these flags, in Base64. */
function challenge(flags: number): string {
  const message = Buffer.alloc(52);
  message.write('NTLMSSP\0', 'latin1');
  message.writeUInt32LE(2, 8);
  message.writeUInt32LE(flags, 20);
  message.writeUInt16LE(4, 40);
  message.writeUInt32LE(48, 44);
  return message.toString('base64');
}

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
