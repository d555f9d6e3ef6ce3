import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Fault } from '../../core/errors.ts';
import { freePort } from '../network/ports.ts';
import { spawnMortal, type Mortal } from './mortal.ts';

export interface XServer {
  readonly process: Mortal;
  readonly vncPort: number;
  /** What a client of this X server needs in its environment. */
  readonly env: { readonly DISPLAY: string; readonly XAUTHORITY: string };
}

export interface XServerOptions {
  readonly folder: string;
  readonly vncPassword: string;
  /** Shown by VNC viewers. */
  readonly title: string;
  /** File descriptor for what the server says. */
  readonly log: number;
}

/** Somebody else may take the free port before the server does. */
const TRIES = 3;

/**
 * Starts Xtigervnc on a free display and a free loopback port.
 * @throws Fault `x-server-not-started`
 */
export async function startXServer(options: XServerOptions): Promise<XServer> {
  const passwordFile = join(options.folder, 'vnc-password');
  const authority = join(options.folder, 'Xauthority');
  await writeFile(passwordFile, await obfuscated(options.vncPassword), { mode: 0o600 });
  await writeFile(authority, xauthority(randomBytes(16)), { mode: 0o600 });

  for (let attempt = 1; ; attempt++) {
    const vncPort = await freePort(0, 'a lab console');
    const server = spawnMortal(
      'Xtigervnc',
      [
        ...['-displayfd', '3', '-auth', authority, '-nolisten', 'tcp'],
        ...['-geometry', '1024x768', '-depth', '24', '-AcceptSetDesktopSize=0', '-desktop', options.title],
        ...['-rfbport', String(vncPort), '-localhost', '-UseIPv6=0', '-AlwaysShared'],
        ...['-SecurityTypes', 'VncAuth', '-PasswordFile', passwordFile],
        // A probe that connects and leaves counts as a failed log-in: five of them would lock out the real client.
        ...['-BlacklistThreshold', '1000000', '-AcceptCutText=0', '-SendCutText=0'],
      ],
      { env: {}, stdio: ['ignore', options.log, options.log, 'pipe'] },
    );
    const outcome = await Promise.race([displayOf(server), server.ended.then((how) => ({ how }))]);
    if (typeof outcome === 'string') {
      return { process: server, vncPort, env: { DISPLAY: outcome, XAUTHORITY: authority } };
    }
    await server.kill();
    if (attempt === TRIES) {
      throw new Fault(`Xtigervnc ended before it was ready: ${outcome.how}`, {
        code: 'x-server-not-started',
        blame: 'harness',
        retryable: true,
        remedy: 'Check that the Debian packages tigervnc-standalone-server and x11-xkb-utils are installed.',
      });
    }
  }
}

/** The display that the server chose: `:1`. Never resolves if the server ends before it says so. */
async function displayOf(server: Mortal): Promise<string> {
  let said = '';
  for await (const chunk of server.child.stdio[3] as Readable) {
    said += String(chunk);
    if (said.endsWith('\n')) return `:${said.trim()}`;
  }
  return new Promise<never>(() => undefined);
}

/** The password as VNC servers read it from a file. It passes through standard input, never the command line. */
async function obfuscated(password: string): Promise<Buffer> {
  const tool = spawn('tigervncpasswd', ['-f'], { stdio: ['pipe', 'pipe', 'ignore'] });
  tool.stdin.end(`${password}\n`);
  const chunks: Buffer[] = [];
  tool.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(tool, 'close').catch(() => [undefined])) as [number | undefined];
  if (code === 0) return Buffer.concat(chunks);
  throw new Fault('The VNC password could not be written', {
    code: 'x-server-not-started',
    blame: 'harness',
    remedy:
      'Check that the Debian package tigervnc-tools is installed, and that the password has 6 to 8 characters.',
  });
}

/** An Xauthority file with one MIT-MAGIC-COOKIE-1 for any display of any host (family 65535): Xau(3). */
function xauthority(cookie: Buffer): Buffer {
  const counted = (data: Buffer): Buffer =>
    Buffer.concat([Buffer.from([data.length >> 8, data.length & 255]), data]);
  const anyHost = Buffer.from([0xff, 0xff]);
  const nothing = counted(Buffer.alloc(0));
  return Buffer.concat([
    anyHost,
    nothing,
    nothing,
    counted(Buffer.from('MIT-MAGIC-COOKIE-1')),
    counted(cookie),
  ]);
}
