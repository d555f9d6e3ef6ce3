/*
 * The three messages of NTLM (MS-NLMP 2.2.1): the client's NEGOTIATE, the server's CHALLENGE, the client's
 * AUTHENTICATE. Numbers are little endian.
 */

/** Negotiation flags (MS-NLMP 2.2.2.5), as far as a server of Windows 7 to 8.1 uses them. */
export const FLAG = {
  unicode: 0x1,
  oem: 0x2,
  requestTarget: 0x4,
  sign: 0x10,
  seal: 0x20,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  targetIsServer: 0x20000,
  extendedSecurity: 0x80000,
  targetInfo: 0x800000,
  version: 0x2000000,
  key128: 0x20000000,
  keyExchange: 0x40000000,
  key56: 0x80000000,
} as const;

/** Pairs of the target information (MS-NLMP 2.2.2.1). */
export const PAIR = {
  end: 0,
  netbiosComputer: 1,
  netbiosDomain: 2,
  dnsComputer: 3,
  dnsDomain: 4,
  flags: 6,
  timestamp: 7,
} as const;

/** Set in the client's pair `flags` when the AUTHENTICATE message carries a message integrity code. */
export const HAS_MIC = 0x2;
export const MIC_AT = 72;
export const MIC_SIZE = 16;

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
const NEGOTIATE = 1;
const CHALLENGE = 2;
const AUTHENTICATE = 3;

/** A message that is none, or proves nothing. Says why for the lab's log; a client is never told. */
export class NtlmRefusal extends Error {}

export function kindOf(message: Buffer): 'negotiate' | 'authenticate' {
  if (message.length < 12 || !message.subarray(0, 8).equals(SIGNATURE))
    throw new NtlmRefusal('not an NTLM message');
  const type = message.readUInt32LE(8);
  if (type === NEGOTIATE) return 'negotiate';
  if (type === AUTHENTICATE) return 'authenticate';
  throw new NtlmRefusal(`NTLM message type ${type} is not for a server`);
}

export function negotiateFlags(message: Buffer): number {
  if (message.length < 16) throw new NtlmRefusal('NEGOTIATE message is too short');
  return message.readUInt32LE(12);
}

export interface Challenge {
  readonly flags: number;
  readonly serverChallenge: Buffer;
  readonly targetName: string;
  readonly targetInfo: Buffer;
  /** Major, minor, build. */
  readonly version: readonly [number, number, number];
}

const CHALLENGE_HEAD = 56;
/** NTLMSSP_REVISION_W2K3, which every Windows since sends. */
const REVISION = 15;

export function encodeChallenge(challenge: Challenge): Buffer {
  const name = Buffer.from(challenge.targetName, encodingOf(challenge.flags));
  const head = Buffer.alloc(CHALLENGE_HEAD);
  SIGNATURE.copy(head);
  head.writeUInt32LE(CHALLENGE, 8);
  writeField(head, 12, name.length, CHALLENGE_HEAD);
  head.writeUInt32LE(challenge.flags >>> 0, 20);
  challenge.serverChallenge.copy(head, 24);
  writeField(head, 40, challenge.targetInfo.length, CHALLENGE_HEAD + name.length);
  const [major, minor, build] = challenge.version;
  head.writeUInt8(major, 48);
  head.writeUInt8(minor, 49);
  head.writeUInt16LE(build, 50);
  head.writeUInt8(REVISION, 55);
  return Buffer.concat([head, name, challenge.targetInfo]);
}

export function encodePairs(pairs: readonly (readonly [id: number, value: Buffer])[]): Buffer {
  const encoded = [...pairs, [PAIR.end, Buffer.alloc(0)] as const].map(([id, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  return Buffer.concat(encoded);
}

/** Up to the closing pair, or to where the bytes end. */
export function readPairs(bytes: Buffer): Map<number, Buffer> {
  const pairs = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at);
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    if (id === PAIR.end || end > bytes.length) break;
    pairs.set(id, bytes.subarray(at + 4, end));
    at = end;
  }
  return pairs;
}

export interface Authenticate {
  readonly flags: number;
  readonly domain: string;
  readonly user: string;
  readonly ntResponse: Buffer;
  /** Empty without a key exchange. */
  readonly encryptedSessionKey: Buffer;
}

export function parseAuthenticate(message: Buffer): Authenticate {
  if (message.length < 64) throw new NtlmRefusal('AUTHENTICATE message is too short');
  const flags = message.readUInt32LE(60);
  const encoding = encodingOf(flags);
  return {
    flags,
    ntResponse: field(message, 20),
    domain: field(message, 28).toString(encoding),
    user: field(message, 36).toString(encoding),
    encryptedSessionKey: field(message, 52),
  };
}

/** Of names in messages. Where both flags are set, as pywinrm does it, Unicode wins (MS-NLMP 2.2.2.5). */
const encodingOf = (flags: number): 'utf16le' | 'latin1' =>
  (flags & FLAG.unicode) !== 0 ? 'utf16le' : 'latin1';

function field(message: Buffer, at: number): Buffer {
  const length = message.readUInt16LE(at);
  const offset = message.readUInt32LE(at + 4);
  if (length > 0 && offset + length > message.length)
    throw new NtlmRefusal('AUTHENTICATE message points beyond its end');
  return message.subarray(offset, offset + length);
}

function writeField(message: Buffer, at: number, length: number, offset: number): void {
  message.writeUInt16LE(length, at);
  message.writeUInt16LE(length, at + 2);
  message.writeUInt32LE(offset, at + 4);
}
