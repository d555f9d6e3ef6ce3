import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { utcNow } from '../../core/clock.ts';
import { describe } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { CorporateNetwork } from '../network/corporate.ts';
import { PREFERENCES, recordHandshakes } from '../network/handshakes.ts';
import { portInUse } from '../network/ports.ts';
import { ADMIN_PATH } from './admin-page.ts';
import { answerAdmin } from './admin.ts';
import { serveFaulty, type Served } from './fault-effects.ts';
import { answerGraph } from './graph.ts';
import { text, type Reply, type Request } from './http.ts';
import { answerOAuth } from './oauth.ts';
import { Portal } from './portal.ts';
import type { Tenant } from './tenant.ts';
import type { WireFault } from './wire-faults.ts';

export const PORTAL_HOST = 'passwordreset.microsoftonline.com';
/** Names that Microsoft's article adds for Windows 10 and for virus scanners: reachable, and nothing behind them. */
export const PROBE_HOSTS = ['ajax.aspnetcdn.com', 'ocsp.digicert.com'] as const;
/** Every name under which the tenant answers. */
export const TENANT_HOSTS = ['localhost', PORTAL_HOST, ...PROBE_HOSTS] as const;

export interface TenantServerOptions {
  readonly tenant: Tenant;
  /** PEM: the server's key, and its certificate followed by the authority's. */
  readonly key: Secret;
  readonly chain: string;
  readonly adminToken: Secret;
  /** The network before it, as far as the lab's administration changes it. */
  readonly network?: () => CorporateNetwork | undefined;
  /** Where handshakes are written down (network/handshakes.ts). */
  readonly handshakesFile?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Is told of each request, with what was negotiated on the wire; never of bodies. */
  readonly onRequest?: (record: WireRecord) => void;
}

/** What one request looked like on the wire. */
export interface WireRecord {
  readonly at: string;
  readonly remote: string;
  readonly host: string;
  readonly protocol: string;
  readonly cipher: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The seeded fault that it suffered. */
  readonly fault?: WireFault['kind'];
}

export interface TenantServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Longer bodies nobody sends to these services. */
const LONGEST_BODY = 64 * 1024;

/**
 * Azure AD, Graph, the portal and the probes behind one port on loopback, told apart by the name that is asked for.
 * TLS 1.2 or later only, as the real ones.
 * @throws Fault `port-in-use`
 */
export async function serveTenant(options: TenantServerOptions): Promise<TenantServer> {
  const route = router(options);
  const server = createServer(
    { ...PREFERENCES, key: options.key.reveal(), cert: options.chain, minVersion: 'TLSv1.2' },
    (request, response) => {
      response.setHeader('date', new Date(options.tenant.now()).toUTCString());
      void handle(request, response, route, options.onRequest);
    },
  );
  // A closed connection and a failed handshake are the caller's affair.
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  if (options.handshakesFile !== undefined)
    recordHandshakes(server, () => options.chain, options.handshakesFile);
  await listen(server, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Route = (host: string, request: Request) => Served;

function router({ tenant, adminToken, network }: TenantServerOptions): Route {
  const portal = new Portal(tenant);
  const cloud = (request: Request): Reply =>
    answerAdmin(tenant, adminToken, request, network?.()) ??
    answerOAuth(tenant, request) ??
    (request.url.pathname.startsWith('/v1.0/') ? answerGraph(tenant, request) : text(404, 'Not found'));
  const probe = (): Reply => text(200, 'ok');
  const hosts = new Map<string, (request: Request) => Reply>([
    ['localhost', cloud],
    [PORTAL_HOST, (request) => portal.answer(request)],
    ...PROBE_HOSTS.map((host) => [host, probe] as const),
  ]);
  return (host, request) => {
    const proper = (): Reply => hosts.get(host)?.(request) ?? text(421, `Nobody here is called ${host}`);
    const { pathname, search } = request.url;
    // Whoever seeds faults must be able to take them back.
    const fault = pathname.startsWith(ADMIN_PATH) ? undefined : tenant.faults.take(pathname + search);
    return fault ? serveFaulty(fault, tenant, request, proper) : { reply: proper() };
  };
}

async function handle(
  incoming: IncomingMessage,
  response: ServerResponse,
  route: Route,
  onRequest: TenantServerOptions['onRequest'],
): Promise<void> {
  // Read now: a connection that breaks off forgets it.
  const wire = wireOf(incoming);
  const host = hostOf(incoming);
  const { reply, delayMs = 0, broken, fault } = await answer(incoming, host, wire.remote, route);
  if (delayMs > 0) await delay(delayMs, undefined, { ref: false });
  if (broken === 'reset') incoming.socket.destroy();
  else send(incoming, response, reply, broken === 'cut');
  const path = (incoming.url ?? '').replace(/\?.*$/s, '');
  onRequest?.({
    at: utcNow(),
    host,
    ...wire,
    method: incoming.method ?? '',
    path,
    status: reply.status,
    ...(fault === undefined ? {} : { fault }),
  });
}

/** @param cut whether the connection breaks in the middle of it */
function send(incoming: IncomingMessage, response: ServerResponse, reply: Reply, cut: boolean): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, {
    'content-type': reply.type,
    'content-length': body.length,
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    ...reply.headers,
  });
  if (cut) response.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
  else response.end(incoming.method === 'HEAD' ? undefined : body);
}

async function answer(
  incoming: IncomingMessage,
  host: string,
  remoteAddress: string,
  route: Route,
): Promise<Served> {
  const say = (status: number, sentence: string): Served => ({ reply: text(status, sentence) });
  // A front end refuses to speak for a name other than the one that the handshake was for.
  const servername = serverNameOf(incoming);
  if (servername !== undefined && servername !== host) return say(421, 'Misdirected request');
  const origin = `https://${incoming.headers.host ?? host}`;
  if (!URL.canParse(incoming.url ?? '', origin)) return say(400, 'Bad request');
  try {
    const body = await readBody(incoming);
    if (body === undefined) return say(413, 'The request is too long');
    return route(host, {
      method: incoming.method ?? 'GET',
      url: new URL(incoming.url ?? '', origin),
      headers: incoming.headers,
      body,
      remoteAddress,
    });
  } catch (error) {
    process.stderr.write(`${utcNow()} tenant: ${describe(error)}\n`);
    return say(500, 'The lab failed; its log says more');
  }
}

function wireOf({ socket }: IncomingMessage) {
  const remote = socket.remoteAddress ?? '';
  if (!(socket instanceof TLSSocket)) return { remote, protocol: '', cipher: '' };
  return { remote, protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name };
}

/** The name that the handshake was for, when the client gave one. */
function serverNameOf({ socket }: IncomingMessage): string | undefined {
  const { servername } = socket as { servername?: unknown };
  return typeof servername === 'string' ? servername.toLowerCase() : undefined;
}

const hostOf = ({ headers }: IncomingMessage): string =>
  (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();

async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(portInUse(port, "the lab's tenant", cause)),
    );
    server.listen(port, '127.0.0.1', () => resolve());
  });
