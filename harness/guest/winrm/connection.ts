import http from 'node:http';
import type { Duplex } from 'node:stream';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { hostOf, isLoopback, readProxy, readUrl } from './address.ts';
import { MalformedAnswer } from './responses.ts';
import { secure } from './tls.ts';
import { openTunnel } from './tunnel.ts';

/** Far above what a machine may send (see MaxEnvelopeSize), far below what would hurt. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** A challenge has some hundred bytes; Windows' own limit for all headers together is 64 KB. */
const MAX_HEADER_BYTES = 64 * 1024;

/** We give up an idle connection long before Windows does (120 s), so that no request meets a closing one. */
const IDLE_MS = 15_000;

/** Taken off what a server says of its patience, in milliseconds. */
const MARGIN_MS = 1000;

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The `WWW-Authenticate` headers. */
  readonly challenges: readonly string[];
  readonly body: Buffer;
}

/** One HTTP connection to the machine. It is never replaced by another under the same name: NTLM belongs to one. */
export class Connection {
  readonly #agent: http.Agent;
  #idleSince = performance.now();
  #patienceMs = IDLE_MS;

  private constructor(
    readonly url: URL,
    readonly socket: Duplex,
    /** Set over HTTPS, when the certificate allows it. */
    readonly binding: Buffer | undefined,
    /** Whether nobody can read what is sent over it: TLS, or it stays on this host. */
    readonly confidential: boolean,
  ) {
    this.#agent = new OneSocket(socket);
  }

  /** @throws Fault of troubles.ts, or an error of the connection */
  static async open(endpoint: WinrmEndpoint, signal: AbortSignal): Promise<Connection> {
    const url = readUrl(endpoint.url);
    const proxy = readProxy(endpoint);
    const socket = await openTunnel(url, proxy, url.host, signal);
    if (url.protocol === 'http:') {
      return new Connection(url, socket, undefined, isLoopback(url) && proxy === undefined);
    }
    try {
      const channel = await secure(socket, endpoint, hostOf(url), url.host, signal);
      return new Connection(url, channel.socket, channel.binding, true);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  get encrypted(): boolean {
    return this.url.protocol === 'https:';
  }

  /** Whether another request may go this way. */
  get usable(): boolean {
    return (
      !this.socket.destroyed &&
      this.socket.readable &&
      this.socket.writable &&
      performance.now() - this.#idleSince < this.#patienceMs
    );
  }

  /**
   * @throws MalformedAnswer when the answer is not HTTP, or too long; otherwise what went wrong with the connection
   */
  async post(headers: http.OutgoingHttpHeaders, body: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#exchange(headers, body, signal);
    } catch (error) {
      this.close();
      throw explain(error);
    } finally {
      this.#idleSince = performance.now();
    }
  }

  close(): void {
    this.#agent.destroy();
    this.socket.destroy();
  }

  #exchange(headers: http.OutgoingHttpHeaders, body: Buffer, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        method: 'POST',
        path: this.url.pathname + this.url.search,
        agent: this.#agent,
        maxHeaderSize: MAX_HEADER_BYTES,
        signal,
        headers: { host: this.url.host, ...headers, 'content-length': body.length },
      });
      request.on('error', reject);
      // Without this, Node would wait for ever.
      request.on('upgrade', (response) => {
        reject(new MalformedAnswer(`HTTP status ${response.statusCode ?? 0}, nobody asked for that`));
      });
      request.on('response', (response) => {
        this.#patienceMs = patience(response.headers['keep-alive']);
        readAll(response).then((read) => {
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            challenges: response.headersDistinct['www-authenticate'] ?? [],
            body: read,
          });
        }, reject);
      });
      request.end(body);
    });
  }
}

/** Hands out the one socket, again and again, and never opens another. */
class OneSocket extends http.Agent {
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): Duplex {
    if (this.#socket.destroyed) throw new Error('the connection was closed');
    return this.#socket;
  }
}

/** Milliseconds, from a header such as `timeout=5, max=100`. */
function patience(keepAlive: string | string[] | undefined): number {
  const seconds = /timeout=(\d+)/i.exec(String(keepAlive ?? ''))?.[1];
  return seconds === undefined ? IDLE_MS : Math.min(IDLE_MS, Number(seconds) * 1000 - MARGIN_MS);
}

async function readAll(response: http.IncomingMessage): Promise<Buffer> {
  const announced = Number(response.headers['content-length'] ?? 0);
  if (announced > MAX_ANSWER_BYTES) {
    response.destroy();
    throw tooLong();
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLong = (): MalformedAnswer => new MalformedAnswer(`it is longer than ${MAX_ANSWER_BYTES} bytes`);

/** Errors of Node's HTTP parser tell of the answer, all others of the connection. */
function explain(error: unknown): unknown {
  const { code, reason } = error as { code?: string; reason?: string };
  return code?.startsWith('HPE_') ? new MalformedAnswer(`it is not HTTP (${reason ?? code})`) : error;
}
