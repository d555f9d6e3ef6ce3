import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

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

/** Starts a TLS server that only the proxy knows the way to, and that proxy. `folder` gets the keys. */
export async function startPortal(folder: string): Promise<Portal> {
  const { key, cert, caFile } = issue(folder);
  const connects: string[] = [];
  const sockets = new Set<Duplex>();
  const page = createServer({ key, cert }, (_request, response) => {
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

/** A new authority and a certificate of it for the portal. */
function issue(folder: string): { key: Buffer; cert: Buffer; caFile: string } {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const request = (name: string, subject: string): string[] => [
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-keyout', file(`${name}.key`), '-subj', subject],
  ];
  openssl(...request('ca', '/CN=Desktop test authority'), '-x509', '-days', '2', '-out', file('ca.pem'));
  openssl(...request('portal', `/CN=${HOST}`), '-out', file('portal.csr'));
  writeFileSync(file('portal.ext'), `subjectAltName=DNS:${HOST}\n`);
  openssl(
    ...['x509', '-req', '-in', file('portal.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
    ...['-days', '2', '-extfile', file('portal.ext'), '-out', file('portal.pem')],
  );
  return {
    key: readFileSync(file('portal.key')),
    cert: readFileSync(file('portal.pem')),
    caFile: file('ca.pem'),
  };
}
