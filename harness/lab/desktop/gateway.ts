import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A page that may be reached, and the proxy through which. */
export interface Way {
  readonly url: string;
  readonly proxy: { readonly host: string; readonly port: number };
}

/** The browser's only way out: a loopback proxy that leads to one page, through the guest's own proxy, or nowhere. */
export interface Gateway {
  readonly port: number;
  open(way: Way): void;
  /** Cuts what is open; from now on everything is refused. */
  shut(): void;
  close(): Promise<void>;
}

export async function startGateway(): Promise<Gateway> {
  let way: Way | undefined;
  const tunnels = new Set<Duplex>();
  const shut = (): void => {
    way = undefined;
    for (const tunnel of tunnels) tunnel.destroy();
  };

  const server = createServer((_request, response) => response.writeHead(403).end());
  server.on('connect', (asked, client: Duplex, head: Buffer) => {
    tunnels.add(client);
    client.on('error', () => client.destroy()).on('close', () => tunnels.delete(client));
    if (way !== undefined && asked.url === authorityOf(way.url)) tunnel(client, head, asked.url, way.proxy);
    else client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    open: (opened) => {
      way = opened;
    },
    shut,
    close: async () => {
      shut();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Asks the proxy for a tunnel and joins it to the client's; passes on the proxy's refusal. */
function tunnel(client: Duplex, head: Buffer, authority: string, proxy: Way['proxy']): void {
  const asking = request({
    ...proxy,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority },
    agent: false,
  });
  const fail = (status: string): void => {
    client.end(`HTTP/1.1 ${status}\r\n\r\n`);
  };
  asking.on('connect', (answer, upstream, rest) => {
    if (answer.statusCode !== 200) {
      upstream.destroy();
      fail(`${answer.statusCode ?? 502} Refused by the proxy`);
      return;
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.write(rest);
    upstream.write(head);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  });
  // A proxy that answers a CONNECT with a body (squid's error page) comes this way.
  asking.on('response', (answer) => {
    answer.resume();
    fail(`${answer.statusCode ?? 502} Refused by the proxy`);
  });
  asking.on('error', () => fail('502 Bad Gateway'));
  client.on('close', () => asking.destroy());
  asking.end();
}

const authorityOf = (url: string): string => {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || '443'}`;
};
