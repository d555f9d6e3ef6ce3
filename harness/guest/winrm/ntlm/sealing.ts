import { timingSafeEqual } from 'node:crypto';
import { Rc4 } from '../../../core/legacy-crypto.ts';
import { type Direction, hmacMd5, sessionKey } from './keys.ts';

/** What comes before a sealed message: version, checksum, number of the message. */
export const SIGNATURE_BYTES = 16;

/** A message that the other side has not sealed so, or not now: altered, repeated or out of order. */
export class BrokenSeal extends Error {}

/**
 * One direction of a sealed conversation. Each message moves the cipher on, so messages are sealed and opened once and
 * in their order. Source: MS-NLMP 3.4.4.2 (signature) and 3.4.3 (sealing).
 */
class OneWay {
  readonly #cipher: Rc4;
  readonly #signingKey: Buffer;
  readonly #keyExchanged: boolean;
  #number = 0;

  constructor(exported: Buffer, direction: Direction, keyExchanged: boolean) {
    this.#cipher = new Rc4(sessionKey(exported, direction, 'sealing'));
    this.#signingKey = sessionKey(exported, direction, 'signing');
    this.#keyExchanged = keyExchanged;
  }

  cipher(bytes: Uint8Array): Buffer {
    return this.#cipher.update(bytes);
  }

  /** The signature of the next message; to be made after its text went through the cipher. */
  sign(plain: Uint8Array): Buffer {
    const signature = Buffer.alloc(SIGNATURE_BYTES);
    signature.writeUInt32LE(1, 0);
    signature.writeUInt32LE(this.#number, 12);
    const checksum = hmacMd5(this.#signingKey, signature.subarray(12), plain).subarray(0, 8);
    signature.set(this.#keyExchanged ? this.#cipher.update(checksum) : checksum, 4);
    this.#number = (this.#number + 1) >>> 0;
    return signature;
  }
}

/** Seals what we send and opens what we get, on one authenticated connection. */
export class Sealing {
  readonly #sent: OneWay;
  readonly #received: OneWay;

  /**
   * @param exported the session key, 16 bytes
   * @param keyExchanged whether the key was exchanged (NTLMSSP_NEGOTIATE_KEY_EXCH)
   * @param sent which way our messages go; the other one only for tests
   */
  constructor(exported: Buffer, keyExchanged: boolean, sent: Direction = 'client-to-server') {
    const received = sent === 'client-to-server' ? 'server-to-client' : 'client-to-server';
    this.#sent = new OneWay(exported, sent, keyExchanged);
    this.#received = new OneWay(exported, received, keyExchanged);
  }

  /** @returns signature and sealed text, one after the other */
  seal(plain: Uint8Array): Buffer {
    const sealed = this.#sent.cipher(plain);
    return Buffer.concat([this.#sent.sign(plain), sealed]);
  }

  /**
   * @param message signature and sealed text, one after the other
   * @throws BrokenSeal; nothing can be opened after that
   */
  open(message: Uint8Array): Buffer {
    if (message.length < SIGNATURE_BYTES)
      throw new BrokenSeal(`it has ${message.length} bytes, the signature alone has ${SIGNATURE_BYTES}`);
    const plain = this.#received.cipher(message.subarray(SIGNATURE_BYTES));
    if (timingSafeEqual(this.#received.sign(plain), message.subarray(0, SIGNATURE_BYTES))) return plain;
    throw new BrokenSeal('its signature or its number is wrong');
  }
}
