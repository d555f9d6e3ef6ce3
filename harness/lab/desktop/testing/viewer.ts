import { execFile } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { PNG } from 'pngjs';
import { Deadline } from '../../../core/deadline.ts';
import { poll } from '../../../core/poll.ts';

/** A line of text on the screen and the middle of it, in pixels. */
export interface Line {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/**
 * A person before the screen, for tests: the smallest VNC client that can look, read, click and type.
 * RFC 6143: version 3.8, VncAuth, Raw encoding, the pointer drawn by the server.
 */
export class Viewer {
  readonly #socket: Socket;
  readonly #incoming: AsyncIterator<Buffer, undefined>;
  #rest: Buffer = Buffer.alloc(0);
  #width = 0;
  #height = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#incoming = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  /** @throws Error with the server's reason when the password is wrong */
  static async open(port: number, password: string): Promise<Viewer> {
    const viewer = new Viewer(connect(port, '127.0.0.1'));
    await viewer.#handshake(password);
    return viewer;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The whole screen as a PNG. */
  async look(): Promise<PNG> {
    this.#socket.write(message([3, 0], [0, 0, this.#width, this.#height]));
    const screen = new PNG({ width: this.#width, height: this.#height });
    for (let left = (await this.#read(4)).readUInt16BE(2); left > 0; left--) {
      const [x = 0, y = 0, width = 0, height = 0] = shorts(await this.#read(12), 0, 4);
      const pixels = await this.#read(width * height * 4);
      for (let row = 0; row < height; row++) {
        const from = row * width * 4;
        pixels.copy(screen.data, ((y + row) * this.#width + x) * 4, from, from + width * 4);
      }
    }
    for (let at = 3; at < screen.data.length; at += 4) screen.data[at] = 255;
    return screen;
  }

  /** The lines that tesseract reads on the screen. */
  async read(): Promise<Line[]> {
    return recognize(await this.look());
  }

  /** Waits until a line of the screen reads so; returns it. */
  async see(text: string, budgetMs = 15_000): Promise<Line> {
    return poll(
      async () => {
        const lines = await this.read();
        const found = lines.find((line) => plain(line.text).includes(plain(text)));
        return found
          ? { done: true, value: found }
          : { done: false, seen: lines.map((l) => l.text).join(' | ') };
      },
      { deadline: Deadline.in(budgetMs, `looking for "${text}"`), everyMs: 100 },
    );
  }

  async click(at: { readonly x: number; readonly y: number }): Promise<void> {
    // Down, up, and into the corner, where the pointer covers no text.
    for (const [button, x, y] of [
      [0, at.x, at.y],
      [1, at.x, at.y],
      [0, at.x, at.y],
      [0, this.#width - 1, 0],
    ] as const) {
      this.#socket.write(message([5, button], [x, y]));
    }
    await this.look();
  }

  /** Types characters of ASCII; a line feed is the Enter key. */
  async type(text: string): Promise<void> {
    for (const char of text) {
      const keysym = char === '\n' ? 0xff0d : char.charCodeAt(0);
      for (const down of [1, 0]) this.#socket.write(message([4, down], [0, 0, keysym]));
    }
    await this.look();
  }

  async #handshake(password: string): Promise<void> {
    await this.#read(12);
    this.#socket.write('RFB 003.008\n');
    await this.#read((await this.#read(1))[0] ?? 0);
    this.#socket.write(Buffer.from([2]));
    this.#socket.write(response(password, await this.#read(16)));
    if ((await this.#read(4)).readUInt32BE() !== 0) {
      throw new Error((await this.#read((await this.#read(4)).readUInt32BE())).toString());
    }
    this.#socket.write(Buffer.from([1]));
    const server = await this.#read(24);
    [this.#width = 0, this.#height = 0] = shorts(server, 0, 2);
    await this.#read(server.readUInt32BE(20));
    // 32 bits a pixel: red, green, blue, nothing.
    this.#socket.write(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0]));
    this.#socket.write(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]));
  }

  async #read(count: number): Promise<Buffer> {
    const parts = [this.#rest];
    for (let got = this.#rest.length; got < count;) {
      const next = await this.#incoming.next();
      if (next.done) throw new Error('the VNC server hung up');
      parts.push(next.value);
      got += next.value.length;
    }
    const bytes = Buffer.concat(parts);
    this.#rest = bytes.subarray(count);
    return bytes.subarray(0, count);
  }
}

/** Reads a picture the way that was measured to be the best on these screens: 255 - min(R, G, B), sparse text. */
export async function recognize({ width, height, data }: PNG): Promise<Line[]> {
  const gray = Buffer.alloc(width * height);
  for (let at = 0; at < gray.length; at++) {
    gray[at] = 255 - Math.min(data[at * 4] ?? 0, data[at * 4 + 1] ?? 0, data[at * 4 + 2] ?? 0);
  }
  const words = parseTsv(
    await tesseract(Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), gray])),
  );
  const lines = [...new Set(words.map(({ line }) => line))].map((id) =>
    words.filter(({ line }) => line === id),
  );
  return lines.map((line) => {
    const right = Math.max(...line.map((word) => word.left + word.width));
    const left = Math.min(...line.map((word) => word.left));
    const [first] = line;
    return {
      text: line.map((word) => word.text).join(' '),
      x: Math.round((left + right) / 2),
      y: Math.round((first?.top ?? 0) + (first?.height ?? 0) / 2),
    };
  });
}

function tesseract(picture: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'tesseract',
      ['-', '-', '-l', 'eng', '--psm', '11', 'tsv'],
      { env: { ...process.env, OMP_THREAD_LIMIT: '1' } },
      (error, stdout) => (error ? reject(new Error('tesseract failed', { cause: error })) : resolve(stdout)),
    );
    child.stdin?.end(picture);
  });
}

const parseTsv = (tsv: string) =>
  tsv
    .split('\n')
    .map((row) => row.split('\t'))
    .filter((cells) => cells[0] === '5' && cells[11]?.trim())
    .map((cells) => {
      const [left = 0, top = 0, width = 0, height = 0] = cells.slice(6, 10).map(Number);
      return { line: cells.slice(1, 5).join('.'), left, top, width, height, text: cells[11] ?? '' };
    });

/** Letters and digits only: what OCR gets right. */
const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');

/** VNC's answer to a challenge: DES with each byte of the password mirrored. OpenSSL 3 has only triple DES. */
function response(password: string, challenge: Buffer): Buffer {
  const key = Buffer.alloc(8);
  key.write(password, 'latin1');
  const mirrored = key.map((byte) =>
    parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2),
  );
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([mirrored, mirrored, mirrored]), null);
  return cipher.setAutoPadding(false).update(challenge);
}

const message = (bytes: readonly number[], words: readonly number[]): Buffer =>
  Buffer.from([...bytes, ...words.flatMap((word) => [word >> 8, word & 255])]);

const shorts = (buffer: Buffer, from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => buffer.readUInt16BE(from + index * 2));
