import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

/*
 * The frames that the guest process and its helpers inside the guest (native/helper.c) exchange: one byte kind, u32 id,
 * u32 length, payload. Numbers are little endian, strings UTF-16LE and NUL-terminated. A reply has the kind of its
 * request in lower case, and its id.
 */

/** What is asked of a helper and answered. */
export type RequestKind = 'Q' | 'K' | 'S' | 'D' | 'L' | 'P' | 'R' | 'G';
/** What a helper is told, without an answer. */
export type NoticeKind = 'I' | 'F' | 'T' | 'O' | 'E' | 'X';

const HEAD = 9;

export function encodeFrame(kind: string, id: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD);
  head.write(kind, 0, 'latin1');
  head.writeUInt32LE(id, 1);
  head.writeUInt32LE(payload.length, 5);
  return Buffer.concat([head, payload]);
}

interface Frame {
  readonly kind: string;
  readonly id: number;
  readonly payload: Buffer;
}

/** Cuts a stream of bytes, fed in pieces of any size, into frames. */
export class FrameReader {
  #rest = Buffer.alloc(0);

  feed(bytes: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEAD) {
      const end = HEAD + this.#rest.readUInt32LE(5);
      if (this.#rest.length < end) break;
      frames.push({
        kind: this.#rest.toString('latin1', 0, 1),
        id: this.#rest.readUInt32LE(1),
        payload: this.#rest.subarray(HEAD, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

/** Strings as they stand in a payload. */
export const wideStrings = (...strings: readonly string[]): Buffer =>
  Buffer.from(strings.map((string) => string + '\0').join(''), 'utf16le');

/** The NUL-terminated strings of a payload. */
export function readWideStrings(payload: Buffer): string[] {
  const strings = payload.toString('utf16le').split('\0');
  strings.pop();
  return strings;
}

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** Who a helper says it is. */
export interface Hello {
  /** `lab-agent`, or the tool's name: `netsh`. */
  readonly name: string;
  /** The folder it was started in: `C:\windows`. */
  readonly folder: string;
  /** The whole command line, as it was given. */
  readonly commandLine: string;
}

/** One helper in the guest, for as long as it is connected. */
export class Helper {
  #nextId = 1;
  readonly #waiting = new Map<string, { done: (reply: Buffer) => void; failed: (error: Error) => void }>();
  readonly #exits = new Map<number, (code: number) => void>();
  /** Who waits until a command's stdin has taken what it was given, in order. */
  readonly #inputs = new Map<number, (() => void)[]>();
  #gone = false;
  readonly closed: Promise<void>;

  constructor(
    readonly socket: Socket,
    readonly hello: Hello,
  ) {
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#gone = true;
        for (const { failed } of this.#waiting.values()) failed(new Error(`${hello.name} has ended`));
        this.#waiting.clear();
        for (const id of [...this.#inputs.keys()]) this.forgetInput(id);
        resolve();
      });
    });
  }

  get connected(): boolean {
    return !this.#gone;
  }

  /** A number for a command, or for a request; never used twice on one helper. */
  newId(): number {
    return this.#nextId++;
  }

  /** @throws when the helper ends before it answers */
  request(kind: RequestKind, payload: Uint8Array, id = this.newId()): Promise<Buffer> {
    return new Promise((done, failed) => {
      if (this.#gone) {
        failed(new Error(`${this.hello.name} has ended`));
        return;
      }
      this.#waiting.set(kind.toLowerCase() + id.toString(), { done, failed });
      this.socket.write(encodeFrame(kind, id, payload));
    });
  }

  notify(kind: NoticeKind, id: number, payload: Uint8Array = new Uint8Array()): void {
    if (!this.#gone) this.socket.write(encodeFrame(kind, id, payload));
  }

  /**
   * Gives bytes to the stdin of a command that this agent started; none means that there will be no more.
   * Resolves when its pipe has taken them, or nobody reads there any more.
   */
  sendInput(id: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#gone) {
        resolve();
        return;
      }
      this.#inputs.set(id, [...(this.#inputs.get(id) ?? []), resolve]);
      this.notify('I', id, bytes);
    });
  }

  /** Lets go whoever waits for the stdin of that command. */
  forgetInput(id: number): void {
    for (const resolve of this.#inputs.get(id) ?? []) resolve();
    this.#inputs.delete(id);
  }

  /** The exit code of a command that this agent started: full 32 bits. Ask before starting it. */
  exitOf(id: number): Promise<number> {
    return new Promise((resolve) => this.#exits.set(id, resolve));
  }

  accept(frame: Frame): void {
    if (frame.kind === 'x') {
      this.#exits.get(frame.id)?.(frame.payload.readUInt32LE());
      this.#exits.delete(frame.id);
      return;
    }
    if (frame.kind === 'i') {
      this.#inputs.get(frame.id)?.shift()?.();
      return;
    }
    const key = frame.kind + frame.id.toString();
    this.#waiting.get(key)?.done(frame.payload);
    this.#waiting.delete(key);
  }
}

/** The guest process's end of the wire: a loopback port that only helpers with the token may use. */
export class Wire {
  readonly token = randomBytes(16).toString('hex');

  private constructor(
    readonly port: number,
    readonly server: Server,
  ) {}

  /** @param onHelper called for every helper that has said hello with the right token */
  static async open(onHelper: (helper: Helper) => void): Promise<Wire> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new Wire((server.address() as AddressInfo).port, server);
    server.on('connection', (socket) => wire.#greet(socket, onHelper));
    return wire;
  }

  #greet(socket: Socket, onHelper: (helper: Helper) => void): void {
    const reader = new FrameReader();
    let helper: Helper | undefined;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy()); // the guest's power may go off at any time
    socket.on('data', (bytes: Buffer) => {
      for (const frame of reader.feed(bytes)) {
        if (helper) {
          helper.accept(frame);
          continue;
        }
        const [token = '', name = '', folder = '', commandLine = ''] = readWideStrings(frame.payload);
        if (frame.kind !== 'H' || !this.#admits(token)) {
          socket.destroy();
          return;
        }
        helper = new Helper(socket, { name, folder, commandLine });
        onHelper(helper);
      }
    });
  }

  #admits(token: string): boolean {
    const given = Buffer.from(token);
    const right = Buffer.from(this.token);
    return given.length === right.length && timingSafeEqual(given, right);
  }

  close(): void {
    this.server.close();
  }
}
