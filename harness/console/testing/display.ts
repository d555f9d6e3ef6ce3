import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
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
  /** Puts another page in place of the one that it was started with, and forgets what that has posted. */
  show(html: string): Promise<void>;
  close(): Promise<void>;
}

const PASSWORD = 'testpass';

/** Chromium does not offer to keep passwords: its bubble would cover the page. */
const PREFERENCES = { credentials_enable_service: false, profile: { password_manager_enabled: false } };

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
      // -r: no auto-repeat, which types a key again where its release comes late.
      ...['-r', '-displayfd', '3', '-geometry', '1024x768', '-depth', '24', '-nolisten', 'tcp'],
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
    const profile = join(folder, 'profile');
    mkdirSync(join(profile, 'Default'), { recursive: true });
    writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify(PREFERENCES));
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
          `--user-data-dir=${profile}`,
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
    show: (next) => web?.show(next) ?? Promise.reject(new Error('This display was started without a page')),
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

/** At the end of every page: it says when it is there, and makes room for the next one when it is told to. */
const CHANGING = `<script>
  requestAnimationFrame(() => fetch('/shown', { method: 'POST' }));
  fetch('/changed').then(() => location.reload());
</script>`;

interface Web {
  readonly port: number;
  show(html: string): Promise<void>;
  close(): void;
}

async function serve(html: string, said: unknown[]): Promise<Web> {
  let page = html;
  let waiting: ServerResponse | undefined;
  let shown = (): void => undefined;
  const server = createHttpServer((request, response) => {
    if (request.url === '/say') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        said.push(JSON.parse(body));
        response.end();
      });
    } else if (request.url === '/shown') {
      shown();
      response.end();
    } else if (request.url === '/changed') {
      waiting = response;
    } else {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page + CHANGING);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async show(next) {
      page = next;
      const there = new Promise<void>((resolve) => (shown = resolve));
      // Who has not asked yet gets the next page by itself.
      waiting?.end();
      waiting = undefined;
      await there;
      said.length = 0;
    },
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
