import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import { processStartTime } from '../../core/process.ts';
import { freePort } from './ports.ts';

export interface ProxyOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** The names that may be reached, each on port 443 only. */
  readonly allowedHosts: readonly string[];
  /** Where on 127.0.0.1 these names really are; `sendTo` changes it. */
  readonly destinationPort: number;
  /** The address from which the destination sees everything come: any of 127.0.0.0/8. */
  readonly egressAddress: string;
  /** Is told in which way squid ended, when it was not `close` that ended it. */
  readonly onEnd?: (how: string) => void;
}

/** The corporate proxy: a real squid, owned by this process and gone with it. */
export interface Proxy {
  readonly port: number;
  /** 0 while it does not run. */
  readonly pid: number;
  /** In squid's native format: `time duration client result/status bytes method target user hierarchy/peer type`. */
  readonly accessLog: string;
  readonly configFile: string;
  /** Empty at first; what is written there comes first in the configuration. */
  readonly extraFile: string;
  /** Starts squid again where somebody has ended it; does nothing while it runs. */
  start(): void;
  /** Has everything that comes from now on go to this port of 127.0.0.1. */
  sendTo(port: number): void;
  close(): Promise<void>;
}

/** Both name the process that made them, so that what a killed lab left behind can be told and removed. */
const FOLDER = (pid: number): string => `sspr-lab-proxy-${pid}-`;
const SERVICE = (pid: number): string => `ssprlab${pid}`;
const SHARED_MEMORY = '/dev/shm';
/** What squid asks for the way to a name: always the port that the file says at that moment. */
const WAY = (file: string): string =>
  `while read -r request; do read -r port < '${file}'; echo "OK rewrite-url=\\"127.0.0.1:$port\\""; done\n`;

/**
 * Starts squid on loopback. It lets nothing through but CONNECT to port 443 of the allowed names, and it alone knows
 * where these are: a line of shell tells it to go to the destination's port instead, so neither root, nor port 443,
 * nor the host's name service is needed. It is not started again by itself when it ends.
 * @throws Fault `squid-missing`, `squid-failed` (with squid's own last words) or `port-in-use`
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const squid = findSquid();
  // squid refuses to be root.
  const user = process.getuid?.() === 0 ? proxyUser() : undefined;
  const port = await freePort(options.port, "the lab's proxy");
  const folder = mkdtempSync(join(tmpdir(), FOLDER(process.pid)));
  const file = (name: string): string => join(folder, name);
  const sendTo = (destination: number): void => {
    // In one step: squid's shell may read it at any moment.
    writeFileSync(file('destination.new'), `${destination}\n`);
    renameSync(file('destination.new'), file('destination'));
  };
  sendTo(options.destinationPort);
  writeFileSync(file('way'), WAY(file('destination')));
  writeFileSync(file('squid.conf'), configuration({ ...options, port }, file));
  writeFileSync(file('extra.conf'), '');

  const owned = [folder, ...['way', 'destination', 'squid.conf', 'extra.conf'].map(file)];
  if (user) for (const path of owned) chownSync(path, user.uid, user.gid);

  // Its user is changed before it starts: a process that changes it later is no longer told that its parent has died.
  const identity = user ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'] : [];
  const command = [...identity, '--pdeathsig', 'KILL', squid, '-N', '-n', SERVICE(process.pid)];
  const run = (): Running => {
    const errors = openSync(file('errors'), 'w');
    const child = spawn('setpriv', [...command, '-f', file('squid.conf')], {
      stdio: ['ignore', errors, errors],
      cwd: folder,
    });
    closeSync(errors);
    const running = { child, ended: endOf(child) };
    void running.ended.then((how) => {
      if (!closing) options.onEnd?.(how);
    });
    return running;
  };
  let closing = false;
  let { child, ended } = run();
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const close = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    closing = true;
    child.kill(signal);
    // One that is stopped hears nothing else.
    const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(patience);
    removeRemains(process.pid, folder);
  };
  const startup = Deadline.in(15_000, 'waiting for squid');
  try {
    await poll(() => lookFor(child, port, () => tail(file('errors'), file('cache.log'))), {
      deadline: startup,
      everyMs: 40,
    });
  } catch (error) {
    await close('SIGKILL');
    throw error;
  }
  return {
    port,
    get pid() {
      return isRunning() ? (child.pid ?? 0) : 0;
    },
    accessLog: file('access.log'),
    configFile: file('squid.conf'),
    extraFile: file('extra.conf'),
    start: () => {
      if (!isRunning() && !closing) ({ child, ended } = run());
    },
    sendTo,
    close: () => close('SIGTERM'),
  };
}

interface Running {
  readonly child: ChildProcess;
  /** Resolves with the way in which it ended; never rejects. */
  readonly ended: Promise<string>;
}

/** Removes what labs that were killed have left behind: folders and shared memory of processes that are no more. */
export function sweepProxies(): void {
  for (const [parent, pattern] of REMAINS) {
    for (const name of readdirSync(parent)) {
      const pid = pattern.exec(name)?.[1];
      if (pid !== undefined && processStartTime(Number(pid)) === '') removeOwn(join(parent, name));
    }
  }
}

const REMAINS = [
  [tmpdir(), /^sspr-lab-proxy-(\d+)-/],
  [SHARED_MEMORY, /^ssprlab(\d+)-cf__/],
] as const;

/** What another user's lab has left is that user's to remove. */
function removeOwn(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EACCES', 'EPERM'].includes(code)) throw error;
  }
}

function removeRemains(pid: number, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const name of readdirSync(SHARED_MEMORY)) {
    if (name.startsWith(`${SERVICE(pid)}-`)) rmSync(join(SHARED_MEMORY, name), { force: true });
  }
}

const configuration = (options: ProxyOptions, file: (name: string) => string): string => `
http_port 127.0.0.1:${options.port}
visible_hostname proxy.contoso.example

acl allowed_names dstdomain -n ${options.allowedHosts.join(' ')}
acl https port 443
include ${file('extra.conf')}
http_access allow CONNECT https allowed_names
http_access deny all

url_rewrite_program /bin/sh ${file('way')}
url_rewrite_children 1 startup=1
tcp_outgoing_address ${options.egressAddress}

logformat native %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %>ru %[un %Sh/%<a %mt
access_log stdio:${file('access.log')} native
cache_log ${file('cache.log')}

cache deny all
cache_mem 0 MB
memory_cache_shared off
digest_generation off
netdb_filename none
pinger_enable off
hosts_file none
dns_nameservers 127.0.0.1
pid_filename none
coredump_dir none
via off
forwarded_for delete
shutdown_lifetime 0 seconds
`;

/** Debian keeps it out of the PATH of ordinary users. */
function findSquid(): string {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, 'squid')).find(isExecutable);
  if (found) return found;
  throw new Fault('squid, the corporate proxy of the lab, is not installed', {
    code: 'squid-missing',
    blame: 'harness',
    remedy: 'Install it: apt-get install squid.',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The user that Debian's squid package made for it. */
const proxyUser = () => ({ uid: idOf('-u'), gid: idOf('-g') });

function idOf(flag: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [flag, 'proxy'], { encoding: 'utf8' });
  if (status === 0) return Number(stdout);
  throw new Fault('There is no user "proxy" for squid to run as', {
    code: 'squid-missing',
    blame: 'harness',
    remedy: "Install Debian's package, which makes that user: apt-get install squid.",
  });
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code ?? -1}`));
  });

async function lookFor(child: ChildProcess, port: number, lastWords: () => string) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    throw new Fault(`squid ended while it started: ${lastWords()}`, {
      code: 'squid-failed',
      blame: 'harness',
      remedy:
        'Read its last words; setpriv (util-linux) and the user "proxy" of the squid package are needed too.',
    });
  }
  return (await accepts(port))
    ? { done: true as const, value: undefined }
    : { done: false as const, seen: lastWords() };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** What the first of these files that says anything has to complain of, or else its end. */
function tail(...paths: readonly string[]): string {
  const texts = paths.map((path) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : ''));
  const lines = (texts.find((text) => text !== '') ?? 'it has said nothing').split('\n');
  const complaints = lines.filter((line) => /FATAL|ERROR|setpriv:/.test(line));
  return (complaints.length > 0 ? complaints : lines).slice(-3).join(' / ');
}
