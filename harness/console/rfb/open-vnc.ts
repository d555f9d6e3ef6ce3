import { connect, type Socket } from 'node:net';
import type { Deadline } from '../../core/deadline.ts';
import { timedOut } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Console } from '../console.ts';
import { ByteReader } from './byte-reader.ts';
import { closed, remoteDesktop, silent, unreachable } from './faults.ts';
import { shakeHands, TPKT, type Wire } from './handshake.ts';
import { encodings } from './server-messages.ts';
import { VncConsole } from './vnc-console.ts';

export interface VncAddress {
  readonly host: string;
  readonly port: number;
  /** At most 8 characters count. Not used when the server asks for none. */
  readonly password: Secret;
}

/** A VNC server speaks first, and at once. */
const GREETING_MS = 5000;

/**
 * Opens the console of a machine over VNC (RFB 3.3, 3.7 or 3.8, security None or VNC password) and waits for its first
 * picture. `frames()` of the console ends when we close it and throws `vnc-closed` when the server does.
 * @throws Fault `vnc-unreachable` (machine), `vnc-unauthorized` (config), `vnc-refused` (machine),
 *   `vnc-security-unsupported` (config), `rdp-not-a-console` (config), `vnc-closed` (machine), `vnc-garbled` (machine),
 *   `timed-out`, `interrupted`
 */
export async function openVnc({ host, port, password }: VncAddress, deadline: Deadline): Promise<Console> {
  const where = `${host}:${port}`;
  deadline.check();
  const socket = await dial(host, port, deadline);
  const from = new ByteReader();
  socket.on('data', (chunk: Buffer) => from.push(chunk));
  socket.on('error', (cause) => from.end(closed(where, cause)));
  socket.on('close', () => from.end(closed(where)));
  const wire: Wire = { from, where, send: (bytes) => void socket.write(bytes) };
  const signal = deadline.signal();
  const giveUp = (): void => from.end(outOfTime(deadline));
  signal.addEventListener('abort', giveUp);
  const patience = setTimeout(
    () => askWhetherRdp(socket, from, where),
    Math.min(GREETING_MS, deadline.remaining() / 2),
  );
  socket.once('data', () => clearTimeout(patience));
  try {
    const welcome = await shakeHands(wire, password);
    return await new VncConsole(wire, () => socket.destroy(), welcome, encodings(isLoopback(host))).start();
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(patience);
    signal.removeEventListener('abort', giveUp);
  }
}

function dial(host: string, port: number, deadline: Deadline): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const signal = deadline.signal();
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error instanceof Fault ? error : unreachable(`${host}:${port}`, error));
    };
    const giveUp = (): void =>
      fail(deadline.aborted ? outOfTime(deadline) : unreachable(`${host}:${port}`, 'no answer'));
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/**
 * A server that stays silent may be an RDP server, which waits for the client's first word: X.224 connection request
 * ([MS-RDPBCGR] 2.2.1.1) in a TPKT packet. Only an RDP server answers with TPKT.
 */
function askWhetherRdp(socket: Socket, from: ByteReader, where: string): void {
  const connectionRequest = [TPKT, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];
  const verdict = setTimeout(() => from.end(silent(where)), 2000);
  socket.once('data', (answer: Buffer) => {
    clearTimeout(verdict);
    from.end(answer[0] === TPKT ? remoteDesktop(where) : silent(where));
  });
  socket.once('close', () => {
    clearTimeout(verdict);
    from.end(silent(where));
  });
  socket.write(Buffer.from(connectionRequest));
}

function outOfTime(deadline: Deadline): Error {
  try {
    deadline.check();
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  return timedOut(deadline.what, deadline.budgetMs);
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');
