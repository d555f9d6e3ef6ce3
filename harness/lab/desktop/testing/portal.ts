import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { issueServerIdentity } from '../../network/authority.ts';

/** A reset page behind a proxy, for tests: the least that a desktop can open. */
export interface Portal {
  readonly url: string;
  readonly proxy: { readonly host: string; readonly port: number };
  /** The authority that issued the portal's certificate. */
  readonly caFile: string;
  /** What the proxy was asked to connect to. */
  readonly connects: string[];
  close(): Promise<void>;
}

const HOST = 'passwordreset.portal.test';

const PAGE = `<!doctype html><title>Reset</title>
<body style="font: 20px 'Open Sans'; padding: 40px">
<h1>Get back into your account</h1>
<p><button style="font: inherit; padding: 10px 30px"
  onclick="parent.postMessage({ sspr: 'finished' }, '*')">Finish</button></p>`;

/** Starts a TLS server that only the proxy knows the way to, and that proxy. `folder` gets the authority's certificate. */
export async function startPortal(folder: string): Promise<Portal> {
  const { authority, key, chain } = issueServerIdentity([HOST]);
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority);
  const connects: string[] = [];
  const sockets = new Set<Duplex>();
  const page = createServer({ key: key.reveal(), cert: chain }, (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE);
  });
  const proxy = createProxy();
  proxy.on('connect', (request, client: Socket) => {
    connects.push(request.url ?? '');
    if (request.url !== `${HOST}:443`) {
      client.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
      return;
    }
    const upstream = connect((page.address() as AddressInfo).port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.pipe(upstream).pipe(client);
  });
  for (const server of [page, proxy]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    url: `https://${HOST}/n/passwordreset?mkt=en-us`,
    proxy: { host: '127.0.0.1', port: (proxy.address() as AddressInfo).port },
    caFile,
    connects,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      for (const server of [page, proxy]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}
