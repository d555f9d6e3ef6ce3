import { FLAG, OUR_FLAGS, hasFlag } from './flags.ts';
import { MalformedMessage } from './malformed-message.ts';
import { type Attribute, decodeTargetInfo } from './target-info.ts';

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
const CHALLENGE = 2;

/** Windows 7, and revision 15 of NTLM: what a machine of the matrix would say of itself. Only for people to read. */
const VERSION = Buffer.from([6, 1, 0xb1, 0x1d, 0, 0, 0, 15]);

/** Length of the fixed part of each message, in bytes. */
const NEGOTIATE_HEAD = 40;
const CHALLENGE_HEAD = 48;
const AUTHENTICATE_HEAD = 88;
const MIC_AT = 72;

/** The second of the three messages, from the server. */
export interface Challenge {
  readonly flags: number;
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  readonly targetInfo: readonly Attribute[];
}

/** What goes into the third message. */
export interface Authenticate {
  readonly flags: number;
  readonly lmResponse: Buffer;
  readonly ntResponse: Buffer;
  readonly domain: string;
  readonly user: string;
  /** Empty when no key is exchanged. */
  readonly encryptedSessionKey: Buffer;
}

/** The first message: what we can do. Says nothing of the user. Source: MS-NLMP 2.2.1.1. */
export function encodeNegotiate(): Buffer {
  const message = Buffer.alloc(NEGOTIATE_HEAD);
  message.set(SIGNATURE);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(OUR_FLAGS, 12);
  // Domain and workstation: none, but their place is given as Windows gives it.
  message.writeUInt32LE(NEGOTIATE_HEAD, 20);
  message.writeUInt32LE(NEGOTIATE_HEAD, 28);
  message.set(VERSION, 32);
  return message;
}

/**
 * Source: MS-NLMP 2.2.1.2.
 * @throws MalformedMessage for anything that is no challenge of NTLMv2
 */
export function decodeChallenge(message: Buffer): Challenge {
  if (!message.subarray(0, 8).equals(SIGNATURE)) throw new MalformedMessage('it has not the mark of NTLM');
  if (message.length < CHALLENGE_HEAD)
    throw new MalformedMessage(`it has ${message.length} bytes, a challenge has at least ${CHALLENGE_HEAD}`);
  const kind = message.readUInt32LE(8);
  if (kind !== CHALLENGE) throw new MalformedMessage(`it is message ${kind}, a challenge is ${CHALLENGE}`);
  const flags = message.readUInt32LE(20);
  const targetInfo = fieldAt(message, 40);
  if (!hasFlag(flags, FLAG.targetInfo) || targetInfo.length === 0)
    throw new MalformedMessage('it does not describe the target, which NTLMv2 needs');
  return {
    flags,
    serverChallenge: message.subarray(24, 32),
    targetInfo: decodeTargetInfo(targetInfo),
  };
}

/**
 * The third message: the proof, with 16 bytes left zero for the MIC. Source: MS-NLMP 2.2.1.3.
 * @see withMic
 */
export function encodeAuthenticate(fields: Authenticate): Buffer {
  const head = Buffer.alloc(AUTHENTICATE_HEAD);
  head.set(SIGNATURE);
  head.writeUInt32LE(3, 8);
  const parts = [
    { at: 28, bytes: Buffer.from(fields.domain, 'utf16le') },
    { at: 36, bytes: Buffer.from(fields.user, 'utf16le') },
    { at: 44, bytes: Buffer.alloc(0) }, // workstation: none, it proves nothing
    { at: 12, bytes: fields.lmResponse },
    { at: 20, bytes: fields.ntResponse },
    { at: 52, bytes: fields.encryptedSessionKey },
  ];
  let offset = AUTHENTICATE_HEAD;
  for (const { at, bytes } of parts) {
    head.writeUInt16LE(bytes.length, at);
    head.writeUInt16LE(bytes.length, at + 2);
    head.writeUInt32LE(offset, at + 4);
    offset += bytes.length;
  }
  head.writeUInt32LE(fields.flags, 60);
  head.set(VERSION, 64);
  return Buffer.concat([head, ...parts.map(({ bytes }) => bytes)]);
}

/** The third message with its MIC in place. */
export function withMic(authenticate: Buffer, mic: Buffer): Buffer {
  const message = Buffer.from(authenticate);
  message.set(mic, MIC_AT);
  return message;
}

/** The bytes that a length and an offset in the head of a message point to. */
function fieldAt(message: Buffer, at: number): Buffer {
  const start = message.readUInt32LE(at + 4);
  const end = start + message.readUInt16LE(at);
  if (end > message.length)
    throw new MalformedMessage(`it points to bytes ${start} to ${end}, but has only ${message.length}`);
  return message.subarray(start, end);
}
