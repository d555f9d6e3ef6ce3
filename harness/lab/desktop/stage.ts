import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import { Fault, describe } from '../../core/errors.ts';
import type { DesktopHost, ResetPage } from './contract.ts';
import type { Gateway } from './gateway.ts';
import { FromPage, type ResetAnswer, type Show, type ToPage } from './messages.ts';

/** Serves the page that plays Windows, tells it what to show, and takes its wishes to the machine. */
export interface Stage {
  /** The page's address. It holds a token, without which nothing is served. */
  readonly url: string;
  /** Resolves when a page has connected. */
  ready(): Promise<void>;
  /** Shows a scene; resolves when it is painted. */
  show(show: Show): Promise<void>;
  /** From now on nothing can be shown: all waiting and coming calls reject with this. */
  fail(fault: Fault): void;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly host: DesktopHost;
  readonly gateway: Gateway;
  readonly log: (line: string) => void;
}

const PAGES = new URL('pages/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export async function startStage({ host, gateway, log }: StageOptions): Promise<Stage> {
  const token = randomBytes(16).toString('hex');
  let page: WebSocket | undefined;
  let shown: ToPage | undefined;
  let shows = 0;
  const connected = defer();
  const failed = defer();
  const waiting = new Map<number, () => void>();

  const send = (message: ToPage): void => page?.send(JSON.stringify(message));

  const receive = async (data: Buffer): Promise<void> => {
    const message = FromPage.parse(JSON.parse(data.toString()));
    switch (message.type) {
      case 'painted':
        waiting.get(message.id)?.();
        break;
      case 'sign-in':
        send({ type: 'answer', id: message.id, value: await signIn(message.account, message.password) });
        break;
      case 'open-reset-page':
        send({ type: 'answer', id: message.id, value: await openResetPage(message.account) });
        break;
      case 'reset-page-closed':
        closeResetPage();
        break;
      case 'power':
        host.power(message.action);
        break;
    }
  };

  const signIn = (account: string, password: string) =>
    host.signIn(account, password).catch((error: unknown) => {
      log(`sign-in of ${account}: ${describe(error)}`);
      return 'unavailable' as const;
    });

  // Counts the openings, so that an answer that comes after the dialog was closed opens nothing.
  let openings = 0;
  const openResetPage = async (account: string): Promise<ResetAnswer> => {
    const opening = ++openings;
    const found = await host
      .openResetPage(account)
      .catch((error: unknown): ResetPage => ({ reachable: false, reason: describe(error) }));
    if (!found.reachable) log(`the reset page can't be reached: ${found.reason}`);
    if (!found.reachable) return { reachable: false, closes: found.closes ?? false };
    if (opening !== openings) return { reachable: false, closes: false };
    gateway.open(found);
    return { reachable: true, url: found.url };
  };
  const closeResetPage = (): void => {
    openings++;
    gateway.shut();
  };

  const server = createServer((request, response) => void serve(request, response, token));
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== `/${token}/socket`) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (opened) => {
      page = opened;
      opened.on('message', (data: Buffer) => {
        receive(data).catch((error: unknown) => log(describe(error)));
      });
      if (shown) send(shown);
      connected.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`,
    ready: () => Promise.race([connected.promise, failed.promise]),
    show: async (show) => {
      const id = ++shows;
      const painted = defer();
      waiting.set(id, painted.resolve);
      closeResetPage();
      send((shown = { type: 'show', id, ...show }));
      await Promise.race([painted.promise, failed.promise]).finally(() => waiting.delete(id));
    },
    fail: (fault) => failed.reject(fault),
    close: async () => {
      page?.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, token: string): Promise<void> {
  const [, given, name] = (request.url ?? '').split('/');
  if (given !== token) return void response.writeHead(403).end();
  const file = basename(name === '' || name === undefined ? 'index.html' : name);
  try {
    const body = await readFile(new URL(file, PAGES));
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'text/plain',
      'cache-control': 'no-store',
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(fault: Fault): void;
}

function defer(): Deferred {
  let resolve!: () => void;
  let reject!: (fault: Fault) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Nobody may be waiting when it is rejected.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
