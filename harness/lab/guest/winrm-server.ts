import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe } from '../../core/errors.ts';
import type { Shells } from './shells.ts';
import { WsmanFault, faulted, parseRequest } from './wsman.ts';

export interface WinrmOptions {
  readonly user: string;
  readonly password: string;
  readonly computerName: string;
  readonly shells: Shells;
  /** The port of the boot before, to be taken again if it is free; 0 for any. */
  readonly port: number;
}

/** The service that remote clients talk to: WS-Management over HTTP on loopback, with Basic authentication. */
export class WinrmServer {
  readonly port: number;

  private constructor(private readonly server: Server) {
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(options: WinrmOptions): Promise<WinrmServer> {
    const server = createServer((request, response) => void serve(request, response, options));
    server.keepAliveTimeout = 120_000;
    await listen(server, options.port).catch(() => listen(server, 0));
    return new WinrmServer(server);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: WinrmOptions,
): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return; // the client went away
  }
  const path = new URL(request.url ?? '/', 'http://guest').pathname.replace(/\/$/, '');
  if (path !== '/wsman') {
    reply(response, 404, '');
    return;
  }
  if (!admits(request, options)) {
    response.setHeader('WWW-Authenticate', 'Basic realm="WSMAN"');
    reply(response, 401, '');
    return;
  }
  const xml = Buffer.concat(chunks).toString('utf8');
  try {
    reply(response, 200, await options.shells.answer(parseRequest(xml)));
  } catch (error) {
    const fault =
      error instanceof WsmanFault ? error : new WsmanFault(1726, 'w:InternalError', describe(error));
    const messageId = /MessageID[^>]*>\s*([^<\s]*)/.exec(xml)?.[1] ?? '';
    reply(response, 500, faulted(messageId, fault, options.computerName));
  }
}

function reply(response: ServerResponse, status: number, body: string): void {
  if (body !== '') response.setHeader('Content-Type', 'application/soap+xml;charset=UTF-8');
  response.setHeader('Server', 'Microsoft-HTTPAPI/2.0');
  response.writeHead(status, { 'Content-Length': Buffer.byteLength(body) }).end(body);
}

function admits(request: IncomingMessage, { user, password, computerName }: WinrmOptions): boolean {
  const [, encoded = ''] = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const given = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = given.indexOf(':');
  const account = given.slice(0, Math.max(colon, 0)).toLowerCase();
  // The account may be written with the machine's name, or a dot, before it.
  const known = [user, `${computerName}\\${user}`, `.\\${user}`].some(
    (name) => name.toLowerCase() === account,
  );
  const right = Buffer.from(password);
  const tried = Buffer.from(given.slice(colon + 1));
  return known && tried.length === right.length && timingSafeEqual(tried, right);
}
