import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Secret } from '../../core/secret.ts';

/** A real VNC server for tests, with a page of HTML on it if wanted. */
export interface Display {
  readonly kind: 'vnc';
  /** As X11's clients know it: `:1`. */
  readonly display: string;
  readonly host: string;
  readonly port: number;
  readonly password: Secret;
  /** What the page has posted to `/say`, in order. */
  readonly said: readonly unknown[];
  close(): Promise<void>;
}

const PASSWORD = 'testpass';

/** Starts Xtigervnc on a free loopback port and, with `html`, a Chromium that fills its screen with that page. */
export async function startDisplay({ html }: { html?: string } = {}): Promise<Display> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-display-'));
  const started: ChildProcess[] = [];
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, execFileSync('tigervncpasswd', ['-f'], { input: `${PASSWORD}\n` }), {
    mode: 0o600,
  });
  const port = await freePort();
  const server = run(
    'Xtigervnc',
    [
      ...['-displayfd', '3', '-geometry', '1024x768', '-depth', '24', '-nolisten', 'tcp'],
      ...[
        '-rfbport',
        String(port),
        '-localhost',
        '-UseIPv6=0',
        '-AlwaysShared',
        '-BlacklistThreshold',
        '1000',
      ],
      ...['-SecurityTypes', 'VncAuth', '-PasswordFile', passwordFile],
    ],
    {},
  );
  started.push(server);
  const display = `:${String(await firstChunk(server)).trim()}`;

  const said: unknown[] = [];
  const web = html === undefined ? undefined : await serve(html, said);
  if (web) {
    started.push(
      run(
        'chromium',
        [
          ...[
            `--app=http://127.0.0.1:${web.port}/`,
            '--kiosk',
            '--no-sandbox',
            '--test-type',
            '--disable-gpu',
          ],
          ...['--window-size=1025,769', '--window-position=0,0', '--force-device-scale-factor=1'],
          ...['--disable-lcd-text', '--no-first-run', '--no-default-browser-check', '--password-store=basic'],
          ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
          `--user-data-dir=${join(folder, 'profile')}`,
        ],
        { DISPLAY: display, HOME: folder, TMPDIR: folder },
      ),
    );
  }
  return {
    kind: 'vnc',
    display,
    host: '127.0.0.1',
    port,
    password: new Secret(PASSWORD),
    said,
    async close() {
      web?.close();
      for (const child of started.reverse()) await end(child);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** In a process group of its own, which the kernel ends when we die. */
function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'TERM', '--', program, ...args], {
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', DBUS_SESSION_BUS_ADDRESS: 'disabled:', ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  process.kill(-child.pid, 'SIGTERM');
  const late = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 4000);
  await gone;
  clearTimeout(late);
}

async function firstChunk(child: ChildProcess): Promise<unknown> {
  const [chunk] = (await once(child.stdio[3] as Readable, 'data')) as unknown[];
  return chunk;
}

async function serve(html: string, said: unknown[]): Promise<{ port: number; close: () => void }> {
  const server = createHttpServer((request, response) => {
    if (request.url !== '/say') {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(html);
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      said.push(JSON.parse(body));
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
