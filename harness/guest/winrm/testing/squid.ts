import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from '../../../core/deadline.ts';
import { poll } from '../../../core/poll.ts';

const SHARED_MEMORY = '/dev/shm';

/** A real squid for one test file. */
export interface Squid {
  /** Lets CONNECT through to the allowed ports. */
  readonly url: string;
  /** Asks everybody for a password first. */
  readonly askingUrl: string;
  /** What it was asked for, a line a request. */
  log(): string;
  close(): Promise<void>;
}

/** @param ports of this host that may be reached */
export async function startSquid(ports: readonly number[]): Promise<Squid> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-test-squid-'));
  // squid refuses to be root, and its user has to write its log here.
  chmodSync(folder, 0o777);
  const [open, asking] = [await freePort(), await freePort()];
  const log = join(folder, 'access');
  writeFileSync(
    join(folder, 'squid.conf'),
    `http_port 127.0.0.1:${open}
http_port 127.0.0.1:${asking}
auth_param basic program /usr/lib/squid/basic_fake_auth
acl here dst 127.0.0.0/8
acl winrm port ${ports.join(' ')}
acl asking localport ${asking}
acl known proxy_auth REQUIRED
http_access allow asking known
http_access deny asking
http_access allow CONNECT here winrm
http_access deny all
access_log stdio:${log}
cache_log ${join(folder, 'cache.log')}
cache deny all
pid_filename none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname squid.test
`,
  );
  const identity = process.getuid?.() === 0 ? ['--reuid=proxy', '--regid=proxy', '--clear-groups'] : [];
  const name = `ssprtest${process.pid}`;
  const child = spawn(
    'setpriv',
    [...identity, '--pdeathsig=KILL', '/usr/sbin/squid', '-N', '-n', name, '-f', join(folder, 'squid.conf')],
    { stdio: 'ignore', cwd: folder },
  );
  await poll(
    async () => ((await reachable(open)) ? { done: true, value: open } : { done: false, seen: 'no answer' }),
    { deadline: Deadline.in(15_000, 'starting squid'), everyMs: 50 },
  );
  return {
    url: `http://127.0.0.1:${open}`,
    askingUrl: `http://127.0.0.1:${asking}`,
    log: () => readFileSync(log, 'utf8'),
    close: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
      // squid leaves these behind when it is told to end at once.
      for (const segment of readdirSync(SHARED_MEMORY).filter((file) => file.startsWith(`${name}-`)))
        rmSync(join(SHARED_MEMORY, segment));
    },
  };
}

function reachable(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const closed = once(server, 'close');
  server.close();
  await closed;
  return port;
}
