import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe } from '../../core/errors.ts';
import type { NtlmServer } from './ntlm/acceptor.ts';
import { NtlmRefusal } from './ntlm/messages.ts';
import { type Soap, isSealed, sealBody, unsealBody } from './sealed-body.ts';
import { type Admitted, ConnectionAuthentication, offers } from './winrm-auth.ts';
import type { WinrmService } from './winrm-service.ts';
import { WsmanFault, internalError } from './wsman-faults.ts';
import { decodeSoap, faulted, parseRequest } from './wsman.ts';

export interface WinrmOptions {
  readonly service: WinrmService;
  readonly security: NtlmServer;
  /** The port of the boot before, to be taken again if it is free; 0 for any. */
  readonly port: number;
  /** Why clients were refused. They themselves are never told. */
  readonly log: (text: string) => void;
}

const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';
/** Source: MS-WSMV 2.2.4.36, MaxPacketRetrievalTimeSeconds. */
const RETRIEVAL_MS = 120_000;
/** What sealing adds to a message, and some more. */
const FRAMING = 4096;
/** How much of a request that is too large is still read, so that its sender gets to see the answer. */
const PATIENCE = 8 * 1024 * 1024;

/**
 * The service that remote clients talk to: WS-Management over HTTP on loopback. Authenticates by Basic and Negotiate
 * (NTLM), as the guest's settings allow, and seals its answers to messages that came sealed.
 */
export class WinrmServer {
  readonly port: number;

  private constructor(
    private readonly server: Server,
    private readonly options: WinrmOptions,
  ) {
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(options: WinrmOptions): Promise<WinrmServer> {
    const connections = new WeakMap<Socket, Connection>();
    const server = createServer((request, response) => {
      const connection = connections.get(request.socket) ?? new Connection(options);
      connections.set(request.socket, connection);
      connection.serve(request, response);
    });
    server.keepAliveTimeout = RETRIEVAL_MS;
    server.requestTimeout = RETRIEVAL_MS;
    server.on('clientError', (_, socket) => {
      if (socket.writable)
        socket.end(
          'HTTP/1.1 400 Bad Request\r\nServer: Microsoft-HTTPAPI/2.0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
        );
    });
    await listen(server, options.port).catch(() => listen(server, 0));
    return new WinrmServer(server, options);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.options.service.close();
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

interface Answer {
  readonly status: number;
  readonly body?: Soap;
  readonly authenticate?: string | string[];
  /** Windows closes the connection after an answer that ends the talk. */
  readonly close?: true;
}

/** One TCP connection: who is at its other end is known for as long as it lasts. */
class Connection {
  readonly #authentication: ConnectionAuthentication;
  /** Requests are served one after the other: sealed messages have an order. */
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: WinrmOptions) {
    this.#authentication = new ConnectionAuthentication(
      options.security,
      options.service.settings.service,
      options.log,
    );
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    this.#turn = this.#turn
      .then(() => this.#answerTo(request, gone.signal))
      .then((answer) => {
        if (!gone.signal.aborted) send(response, answer);
      })
      .catch((error: unknown) => {
        if (!gone.signal.aborted) this.options.log(`WinRM: ${describe(error)}`);
        response.destroy();
      });
  }

  async #answerTo(request: IncomingMessage, gone: AbortSignal): Promise<Answer> {
    const limit = this.options.service.settings.maxEnvelopeSizeKb * 1024;
    const body = await readBody(request, limit + FRAMING);
    if (body === 'too large') return { status: 413, close: true };
    if (pathOf(request) !== '/wsman') return { status: 404 };
    if (request.method !== 'POST') return { status: 405, close: true };

    const verdict = this.#authentication.judge(request.headers.authorization);
    if (verdict.kind === 'challenged') return { status: 401, authenticate: verdict.header };
    const sent = { bytes: body, contentType: request.headers['content-type'] ?? '' };
    if (verdict.kind === 'refused') {
      // Anybody may ask what is here who says that this is all he wants (DSP0226 11).
      const anonymous = /^unauthenticated$/i.test(String(request.headers.wsmanidentify ?? ''));
      if (anonymous && asksIdentity(sent))
        return { status: 200, body: plain(this.options.service.identify('anonymous')) };
      return this.#unauthorised();
    }
    // A handshake without a message: the client wants to seal even its first one.
    const last = verdict.header === undefined ? {} : { authenticate: verdict.header };
    if (verdict.now && verdict.session && body.length === 0) return { status: 200, ...last };

    const opened = this.#open(verdict, sent);
    if (opened === 'unsealed') return { status: 500, close: true };
    if (opened === 'refused') return this.#unauthorised();
    if (opened.bytes.length > limit) return { status: 413, close: true };
    const { status, xml } = await this.#ask(decodeSoap(opened), gone);
    // An answer goes the way its question came: sealed or plain.
    const seals = verdict.session !== undefined && isSealed(sent.contentType);
    return { status, ...last, body: seals ? sealBody(verdict.session, Buffer.from(xml)) : plain(xml) };
  }

  /**
   * The message as it was before sealing. One that was not sealed is an error of its own, where only sealed ones are
   * allowed: Windows answers it with a bare 500.
   */
  #open(verdict: Admitted, body: Soap): Soap | 'unsealed' | 'refused' {
    if (!isSealed(body.contentType))
      return this.options.service.settings.service.allowUnencrypted ? body : 'unsealed';
    try {
      if (!verdict.session?.seals) throw new NtlmRefusal('a sealed message without a session that seals');
      return unsealBody(verdict.session, body.contentType, body.bytes);
    } catch (error) {
      if (!(error instanceof NtlmRefusal)) throw error;
      this.options.log(`WinRM refuses a message: ${error.message}`);
      return 'refused';
    }
  }

  async #ask(xml: string, gone: AbortSignal): Promise<{ status: number; xml: string }> {
    try {
      return { status: 200, xml: await this.options.service.answer(parseRequest(xml), gone) };
    } catch (error) {
      const fault = error instanceof WsmanFault ? error : internalError(describe(error));
      const messageId = /MessageID[^>]*>\s*([^<\s]{0,200})/.exec(xml)?.[1] ?? '';
      return { status: 500, xml: faulted(messageId, fault, this.options.security.computerName) };
    }
  }

  #unauthorised(): Answer {
    this.#authentication.forget();
    return { status: 401, close: true, authenticate: offers(this.options.service.settings.service) };
  }
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  if (Number(request.headers['content-length'] ?? 0) > PATIENCE) return 'too large';
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > PATIENCE) return 'too large';
    if (size <= limit) chunks.push(chunk as Buffer);
  }
  return size > limit ? 'too large' : Buffer.concat(chunks);
}

const pathOf = (request: IncomingMessage): string =>
  (request.url ?? '/').replace(/\?.*$/s, '').replace(/\/$/, '').toLowerCase();

function asksIdentity(sent: Soap): boolean {
  try {
    return parseRequest(decodeSoap(sent)).operation === 'Identify';
  } catch {
    return false;
  }
}

const plain = (xml: string): Soap => ({ bytes: Buffer.from(xml), contentType: SOAP_TYPE });

function send(response: ServerResponse, { status, close, authenticate, body }: Answer): void {
  if (body) response.setHeader('Content-Type', body.contentType);
  response.setHeader('Server', 'Microsoft-HTTPAPI/2.0');
  if (authenticate !== undefined) response.setHeader('WWW-Authenticate', authenticate);
  if (close) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Length': body?.bytes.length ?? 0 }).end(body?.bytes);
}
