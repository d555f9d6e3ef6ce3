import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Rc4 } from '../../../core/legacy-crypto.ts';
import { FLAG, NtlmRefusal } from './messages.ts';

/*
 * Signing and sealing with extended session security (MS-NLMP 3.4). Each direction has its own keys, its own RC4
 * stream and its own count of messages, so that nothing can be left out, repeated or exchanged.
 */

export const SIGNATURE_SIZE = 16;
const VERSION = 1;

export interface Sealed {
  readonly signature: Buffer;
  readonly message: Buffer;
}

/** What a server and a client share after NTLM has succeeded. */
export class NtlmSession {
  /** Whether the client has asked for sealing at all. */
  readonly seals: boolean;
  readonly #fromClient: Direction;
  readonly #fromServer: Direction;

  constructor(
    readonly user: string,
    sessionKey: Buffer,
    flags: number,
  ) {
    this.seals = (flags & FLAG.seal) !== 0;
    this.#fromClient = new Direction('client-to-server', sessionKey, flags);
    this.#fromServer = new Direction('server-to-client', sessionKey, flags);
  }

  /**
   * The server's code over something that is not sealed. Sealing starts afresh after it, but the count goes on
   * (MS-SPNG 3.3.5.1).
   */
  code(plain: Buffer): Buffer {
    const code = this.#fromServer.sign(plain);
    this.#fromServer.startAfresh();
    return code;
  }

  /** The client's code over something that is not sealed. @throws NtlmRefusal when it is wrong */
  checkCode(plain: Buffer, code: Buffer): void {
    const right = this.#fromClient.sign(plain);
    this.#fromClient.startAfresh();
    if (code.length !== right.length || !timingSafeEqual(code, right))
      throw new NtlmRefusal('the integrity code over the mechanisms is wrong');
  }

  /** What a client has sealed. @throws NtlmRefusal when it is not its next message, unchanged */
  unseal({ signature, message }: Sealed): Buffer {
    const plain = this.#fromClient.crypt(message);
    const right = this.#fromClient.sign(plain);
    if (signature.length !== right.length || !timingSafeEqual(signature, right))
      throw new NtlmRefusal('the signature of a sealed message is wrong');
    return plain;
  }

  /** Messages must leave in the order in which they were sealed. */
  seal(plain: Buffer): Sealed {
    const message = this.#fromServer.crypt(plain);
    return { message, signature: this.#fromServer.sign(plain) };
  }
}

class Direction {
  readonly #signingKey: Buffer;
  readonly #sealingKey: Buffer;
  #stream: Rc4;
  readonly #exchanged: boolean;
  #sequence = 0;

  constructor(name: 'client-to-server' | 'server-to-client', sessionKey: Buffer, flags: number) {
    const magic = (purpose: 'signing' | 'sealing'): Buffer =>
      Buffer.from(`session key to ${name} ${purpose} key magic constant\0`, 'latin1');
    const size = (flags & FLAG.key128) !== 0 ? 16 : (flags & FLAG.key56) !== 0 ? 7 : 5;
    this.#signingKey = md5(sessionKey, magic('signing'));
    this.#sealingKey = md5(sessionKey.subarray(0, size), magic('sealing'));
    this.#stream = new Rc4(this.#sealingKey);
    this.#exchanged = (flags & FLAG.keyExchange) !== 0;
  }

  startAfresh(): void {
    this.#stream = new Rc4(this.#sealingKey);
  }

  crypt(message: Buffer): Buffer {
    return this.#stream.update(message);
  }

  /** The signature of the next message; to be called after that message went through `crypt`. */
  sign(plain: Buffer): Buffer {
    const signature = Buffer.alloc(SIGNATURE_SIZE);
    signature.writeUInt32LE(VERSION, 0);
    signature.writeUInt32LE(this.#sequence, 12);
    const digest = createHmac('md5', this.#signingKey)
      .update(signature.subarray(12))
      .update(plain)
      .digest()
      .subarray(0, 8);
    (this.#exchanged ? this.crypt(digest) : digest).copy(signature, 4);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return signature;
  }
}

function md5(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
