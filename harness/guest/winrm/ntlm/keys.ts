import { createHash, createHmac } from 'node:crypto';
import { md4 } from '../../../core/legacy-crypto.ts';

export const hmacMd5 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** NTOWFv2: the key that only who knows the password can make. Source: MS-NLMP 3.3.2. */
export const responseKey = (user: string, domain: string, password: string): Buffer =>
  hmacMd5(md4(Buffer.from(password, 'utf16le')), Buffer.from(upperCase(user) + domain, 'utf16le'));

/** Windows raises one UTF-16 unit to one unit; JavaScript would make two letters of a German sharp s. */
const upperCase = (text: string): string =>
  text
    .split('')
    .map((unit) => (unit.toUpperCase().length === 1 ? unit.toUpperCase() : unit))
    .join('');

export interface ProofInput {
  readonly responseKey: Buffer;
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  /** 8 random bytes. */
  readonly clientChallenge: Buffer;
  /** Windows file time, 8 bytes. */
  readonly time: Buffer;
  /** The attributes that we send back, encoded. */
  readonly targetInfo: Buffer;
}

/** The responses of NTLMv2 and the key that both sides have then. Source: MS-NLMP 3.3.2. */
export function prove(input: ProofInput): { ntResponse: Buffer; lmResponse: Buffer; sessionBaseKey: Buffer } {
  const { responseKey, serverChallenge, clientChallenge, time, targetInfo } = input;
  const temp = Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    time,
    clientChallenge,
    Buffer.alloc(4),
    targetInfo,
    Buffer.alloc(4),
  ]);
  const proof = hmacMd5(responseKey, serverChallenge, temp);
  return {
    ntResponse: Buffer.concat([proof, temp]),
    lmResponse: Buffer.concat([hmacMd5(responseKey, serverChallenge, clientChallenge), clientChallenge]),
    sessionBaseKey: hmacMd5(responseKey, proof),
  };
}

/** Who sends what a key is for. */
export type Direction = 'client-to-server' | 'server-to-client';

/**
 * The key for signing or for sealing in one direction, for 128 bits with extended session security.
 * Source: MS-NLMP 3.4.5.2 and 3.4.5.3.
 */
export const sessionKey = (exported: Buffer, direction: Direction, use: 'signing' | 'sealing'): Buffer =>
  createHash('md5')
    .update(exported)
    .update(`session key to ${direction} ${use} key magic constant\0`, 'latin1')
    .digest();
