import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Identity } from './certificates.ts';

const PROGRAM = '/usr/sbin/dovecot';

/** Why there is no dovecot to test against, or undefined. */
export const dovecotMissing = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : `${PROGRAM} is not installed (Debian: dovecot-imapd)`;

/** A real IMAP server on loopback, with one user and his Maildir. */
export interface Dovecot {
  readonly tlsPort: number;
  /** Without TLS from the beginning. */
  readonly plainPort: number;
  /** Puts a message into the INBOX, as a mail server does. */
  deliver(message: string): void;
  /** The messages of the INBOX as files, `new/NAME` until somebody opens the folder for writing, then `cur/NAME:2,FLAGS`. */
  files(): readonly string[];
  stop(): Promise<void>;
}

export const USER = 'codes@mail.example';
export const PASSWORD = 'Correct-Horse-7';

interface Servers {
  readonly login: string;
  readonly internal: string;
  readonly group: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whose rights its processes have. Dovecot does not serve the mail of root: there, it has users of its own. */
function whoServes(): Servers {
  const us = userInfo();
  const internal = us.uid === 0 ? 'dovecot' : us.username;
  const [uid, gid] = us.uid === 0 ? idsOf('passwd', 0, internal).slice(2, 4).map(Number) : [us.uid, us.gid];
  const login = us.uid === 0 ? 'dovenull' : us.username;
  return { login, internal, group: idsOf('group', 2, String(gid))[0] ?? '', uid: uid ?? 0, gid: gid ?? 0 };
}

/** The line of /etc/passwd or /etc/group that has this value in this place. */
const idsOf = (file: string, place: number, value: string): readonly string[] =>
  readFileSync(`/etc/${file}`, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[place] === value) ?? [];

export async function startDovecot({ cert, key }: Identity): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-dovecot-'));
  // Its processes give up the rights of root.
  chmodSync(folder, 0o755);
  const { login, internal, group, uid, gid } = whoServes();
  const maildir = join(folder, 'maildir');
  for (const part of ['', 'cur', 'new', 'tmp']) {
    mkdirSync(join(maildir, part));
    chownSync(join(maildir, part), uid, gid);
  }
  const [tlsPort, plainPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  writeFileSync(join(folder, 'users'), `${USER}:{PLAIN}${PASSWORD}\n`, { mode: 0o644 });
  writeFileSync(
    join(folder, 'dovecot.conf'),
    `base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
default_login_user = ${login}
default_internal_user = ${internal}
default_internal_group = ${group}
first_valid_uid = 1
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
auth_failure_delay = 0
mail_location = maildir:${maildir}
mailbox_list_index = no
passdb {
  driver = passwd-file
  args = ${folder}/users
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${folder}
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${plainPort}
  }
  inet_listener imaps {
    port = ${tlsPort}
  }
}
service anvil {
  chroot =
  # Else every refused sign-in makes the next one wait.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`,
  );
  const server = spawn(PROGRAM, ['-F', '-c', join(folder, 'dovecot.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await listening(plainPort, server, () => said + logOf(folder));
  let delivered = 0;
  return {
    tlsPort,
    plainPort,
    deliver(message) {
      const name = `${Math.floor(Date.now() / 1000)}.M${++delivered}P${process.pid}.localhost`;
      const temporary = join(maildir, 'tmp', name);
      writeFileSync(temporary, message.replace(/\r?\n/g, '\r\n'));
      chownSync(temporary, uid, gid);
      renameSync(temporary, join(maildir, 'new', name));
    },
    files: () =>
      ['new', 'cur'].flatMap((part) => readdirSync(join(maildir, part)).map((name) => `${part}/${name}`)),
    async stop() {
      if (server.exitCode === null) {
        server.kill();
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const logOf = (folder: string): string =>
  existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '';

/** A way to a port that can be cut. */
export interface Relay {
  readonly port: number;
  /** Ends the connections that there are. While it is cut, new ones end at once, too. */
  cut(isCut: boolean): void;
  close(): Promise<void>;
}

export async function startRelay(to: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let refuses = false;
  const server = createServer((socket) => {
    const way = createConnection(to, '127.0.0.1');
    for (const end of [socket, way]) {
      sockets.add(end);
      end.on('error', () => undefined).on('close', () => [socket, way].forEach((one) => one.destroy()));
    }
    if (refuses) socket.destroy();
    else socket.pipe(way).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const destroyAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    cut(isCut) {
      refuses = isCut;
      destroyAll();
    },
    async close() {
      server.close();
      destroyAll();
      await once(server, 'close');
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, server: ChildProcess, said: () => string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (server.exitCode !== null) break;
    const socket = createConnection(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await delay(50);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`dovecot does not listen: ${said()}`);
}
