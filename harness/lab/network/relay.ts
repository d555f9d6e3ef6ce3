import { type AddressInfo, type Socket, connect as connectPlain } from 'node:net';
import {
  type SecureContextOptions,
  type TLSSocket,
  connect,
  createSecureContext,
  createServer,
} from 'node:tls';
import type { ServerIdentity } from './authority.ts';
import { PREFERENCES, recordHandshakes } from './handshakes.ts';

/** What a relay shows to its callers. */
export interface RelayFace {
  /** Who it says it is to who asks for that name ('' when the caller gives none). */
  identity(name: string): ServerIdentity;
  readonly limits: Limits;
}

export type Limits = Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'ciphers'>;

export interface RelayOptions {
  /** Asked at each connection, but for its limits: see `setLimits`. */
  readonly face: () => RelayFace;
  /** Where it takes the clear text to, again over TLS, and whom it trusts there. */
  readonly upstream: () => { readonly port: number; readonly authority: string };
  /** The address from which the other side sees it come. */
  readonly egressAddress: string;
  /** Handshakes are written down there (see handshakes.ts). */
  readonly handshakesFile: string;
}

/** A device that ends the callers' TLS and begins its own: everything in between is clear to it. */
export interface Relay {
  readonly port: number;
  /** Has the limits of its face hold for connections from now on. */
  setLimits(): void;
  close(): void;
}

/** Starts a relay on loopback. A caller whose destination cannot be reached or trusted is hung up on. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const face = (name: string | undefined): ServerIdentity => options.face().identity(name ?? '');
  const context = (name: string) => {
    const { key, chain } = face(name);
    return { key: key.reveal(), cert: chain };
  };
  const own = () => ({ ...PREFERENCES, ...options.face().limits, ...context('') });
  const open = new Set<Socket>();
  const keep = <T extends Socket>(socket: T): T => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    return socket;
  };

  const server = createServer({
    ...own(),
    SNICallback: (name, done) => done(null, createSecureContext(context(name))),
  });
  recordHandshakes(server, (name) => face(name).chain, options.handshakesFile);
  server.on('connection', keep);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (caller) => {
    const { port, authority } = options.upstream();
    const upstream = keep(
      connect({
        socket: keep(connectPlain({ host: '127.0.0.1', port, localAddress: options.egressAddress })),
        ca: authority,
        ...nameOf(caller),
      }),
    );
    for (const [one, other] of [
      [caller, upstream],
      [upstream, caller],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    upstream.once('secureConnect', () => caller.pipe(upstream).pipe(caller));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    setLimits: () => server.setSecureContext(own()),
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

const nameOf = ({ servername }: TLSSocket): { servername?: string } =>
  typeof servername === 'string' && servername !== '' ? { servername } : {};
