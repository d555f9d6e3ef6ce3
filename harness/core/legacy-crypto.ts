/**
 * MD4 and RC4: NTLM needs them, and OpenSSL 3 offers them no more. Nothing else may use them.
 * Sources: RFC 1320; RC4 as in MS-NLMP's test vectors.
 */

const ROUNDS = [
  {
    add: 0x00000000,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    turns: [3, 7, 11, 19],
    mix: (x: number, y: number, z: number) => (x & y) | (~x & z),
  },
  {
    add: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    turns: [3, 5, 9, 13],
    mix: (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  },
  {
    add: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    turns: [3, 9, 11, 15],
    mix: (x: number, y: number, z: number) => x ^ y ^ z,
  },
] as const;

const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;

type State = [number, number, number, number];

/** @returns the 16 bytes of the digest */
export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc(((message.length + 8) >> 6) * 64 + 64);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);
  let state: State = [...START];
  for (let at = 0; at < padded.length; at += 64) state = digestBlock(state, padded.subarray(at, at + 64));
  const digest = Buffer.alloc(16);
  state.forEach((word, index) => digest.writeUInt32LE(word >>> 0, index * 4));
  return digest;
}

function digestBlock(before: State, block: Buffer): State {
  let [a, b, c, d] = before;
  for (const { add, order, turns, mix } of ROUNDS) {
    order.forEach((word, step) => {
      const sum = (a + mix(b, c, d) + block.readUInt32LE(word * 4) + add) | 0;
      const turn = turns[step % 4] ?? 0;
      [a, b, c, d] = [d, (sum << turn) | (sum >>> (32 - turn)), b, c];
    });
  }
  return [(before[0] + a) | 0, (before[1] + b) | 0, (before[2] + c) | 0, (before[3] + d) | 0];
}

/** A stream of RC4; encrypting and decrypting are the same. */
export class Rc4 {
  readonly #box = Uint8Array.from({ length: 256 }, (_, index) => index);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + (this.#box[i] ?? 0) + (key[i % key.length] ?? 0)) & 255;
      this.#swap(i, j);
    }
  }

  /** The next bytes of the stream over `bytes`. */
  update(bytes: Uint8Array): Buffer {
    const result = Buffer.allocUnsafe(bytes.length);
    for (let at = 0; at < bytes.length; at++) {
      this.#i = (this.#i + 1) & 255;
      this.#j = (this.#j + (this.#box[this.#i] ?? 0)) & 255;
      this.#swap(this.#i, this.#j);
      const key = this.#box[((this.#box[this.#i] ?? 0) + (this.#box[this.#j] ?? 0)) & 255] ?? 0;
      result[at] = (bytes[at] ?? 0) ^ key;
    }
    return result;
  }

  #swap(i: number, j: number): void {
    const kept = this.#box[i] ?? 0;
    this.#box[i] = this.#box[j] ?? 0;
    this.#box[j] = kept;
  }
}
