import { createCipheriv } from 'node:crypto';

/**
 * Answer to the challenge of VNC authentication (RFC 6143, 7.2.2): DES, keyed with the first 8 characters of the
 * password, the bits of each byte mirrored. OpenSSL 3 has no single DES any more; triple DES with the same key three
 * times is the same.
 */
export function answerChallenge(password: string, challenge: Buffer): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, 'latin1').copy(key, 0, 0, 8);
  for (let i = 0; i < 8; i++) key[i] = mirror(key[i] ?? 0);
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

function mirror(byte: number): number {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) out |= 0x80 >> bit;
  return out;
}
