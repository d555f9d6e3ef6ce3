import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** The public side of a VNC server. */
export interface VncRelay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Stands before a VNC server on loopback and hides one thing from it: that a client knows LastRect. Xtigervnc then
 * counts its rectangles beforehand; clients of the TightVNC family (vncsnapshot) wait for ever when it doesn't.
 */
export async function startVncRelay(serverPort: number): Promise<VncRelay> {
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    const toServer = withoutLastRect();
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.end();
      });
    }
    client.on('data', (chunk: Buffer) => server.write(toServer(chunk)));
    server.pipe(client);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
      await once(relay, 'close');
    },
  };
}

const LAST_RECT = -224;
const SET_ENCODINGS = 2;

/**
 * Length in bytes of a client's message, by its type: RFC 6143 section 7.5, and the extensions of TigerVNC. Given as
 * the length of the part that tells the whole length, and the whole length told by it.
 */
const MESSAGES: Readonly<
  Record<number, { readonly head: number; readonly length: (head: Buffer) => number }>
> = {
  0: { head: 1, length: () => 20 },
  [SET_ENCODINGS]: { head: 4, length: (head) => 4 + 4 * head.readUInt16BE(2) },
  3: { head: 1, length: () => 10 },
  4: { head: 1, length: () => 8 },
  5: { head: 1, length: () => 6 },
  // A negative length announces the extended clipboard.
  6: { head: 8, length: (head) => 8 + Math.abs(head.readInt32BE(4)) },
  150: { head: 1, length: () => 10 },
  248: { head: 9, length: (head) => 9 + head.readUInt8(8) },
  251: { head: 8, length: (head) => 8 + 16 * head.readUInt8(6) },
  255: { head: 1, length: () => 12 },
};

/** A function that takes what a client sends, in pieces of any size, and gives what the server shall get. */
export function withoutLastRect(): (chunk: Buffer) => Buffer {
  let rest: Buffer = Buffer.alloc(0);
  // Version, answer to the challenge, shared flag; from version 3.7 on also the chosen kind of security.
  let handshake: number[] | undefined;

  const nextLength = (): number => {
    if (handshake === undefined) return 12;
    if (handshake[0] !== undefined) return handshake[0];
    const kind = MESSAGES[rest[0] ?? 0];
    // What is not known can't be measured: all that follows passes unseen.
    if (kind === undefined) return rest.length;
    return rest.length < kind.head ? Infinity : kind.length(rest);
  };
  const pass = (message: Buffer): Buffer => {
    if (handshake === undefined)
      handshake = message.toString('latin1').startsWith('RFB 003.003') ? [16, 1] : [1, 16, 1];
    else if (handshake.length > 0) handshake.shift();
    else if (message[0] === SET_ENCODINGS) return setEncodings(message);
    return message;
  };

  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const passed: Buffer[] = [];
    for (let length = nextLength(); rest.length > 0 && length <= rest.length; length = nextLength()) {
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      passed.push(pass(message));
    }
    return Buffer.concat(passed);
  };
}

function setEncodings(message: Buffer): Buffer {
  const encodings = Array.from({ length: message.readUInt16BE(2) }, (_, index) =>
    message.readInt32BE(4 + 4 * index),
  );
  const kept = encodings.filter((encoding) => encoding !== LAST_RECT);
  const out = Buffer.alloc(4 + 4 * kept.length);
  out.writeUInt8(SET_ENCODINGS, 0);
  out.writeUInt16BE(kept.length, 2);
  kept.forEach((encoding, index) => out.writeInt32BE(encoding, 4 + 4 * index));
  return out;
}
