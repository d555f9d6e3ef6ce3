import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Rc4, md4 } from '../../../core/legacy-crypto.ts';
import {
  FLAG,
  HAS_MIC,
  MIC_AT,
  MIC_SIZE,
  NtlmRefusal,
  PAIR,
  encodeChallenge,
  encodePairs,
  negotiateFlags,
  parseAuthenticate,
  readPairs,
} from './messages.ts';
import { NtlmSession } from './session.ts';

export interface NtlmServer {
  readonly computerName: string;
  /** Major, minor, build. */
  readonly version: readonly [number, number, number];
  readonly account: { readonly user: string; readonly password: string };
  /** Eight bytes, new for every handshake. Recorded handshakes are replayed by giving theirs. */
  readonly newChallenge?: () => Buffer;
}

/** What the server sets whatever the client says, and what it grants when the client asks for it. */
const ALWAYS = FLAG.requestTarget | FLAG.ntlm | FLAG.targetIsServer | FLAG.targetInfo;
const ON_REQUEST =
  FLAG.sign |
  FLAG.seal |
  FLAG.alwaysSign |
  FLAG.extendedSecurity |
  FLAG.version |
  FLAG.key128 |
  FLAG.keyExchange |
  FLAG.key56;

const PROOF_SIZE = 16;
/** Where the target information starts in an NTLMv2 response: proof, then 28 bytes (MS-NLMP 2.2.2.7). */
const RESPONSE_PAIRS_AT = PROOF_SIZE + 28;

/** One handshake, seen from the server (MS-NLMP 3.2.5.1). It is good for one AUTHENTICATE message. */
export class NtlmHandshake {
  /** The CHALLENGE message. */
  readonly challenge: Buffer;
  readonly #serverChallenge: Buffer;
  #used = false;

  /** @throws NtlmRefusal */
  constructor(
    private readonly server: NtlmServer,
    private readonly negotiate: Buffer,
  ) {
    const asked = negotiateFlags(negotiate);
    if ((asked & FLAG.extendedSecurity) === 0)
      throw new NtlmRefusal('the client has no extended session security');
    // Unicode wins over OEM (MS-NLMP 3.2.5.1.1); pywinrm asks for OEM alone.
    const characters = (asked & FLAG.unicode) !== 0 ? FLAG.unicode : FLAG.oem;
    this.#serverChallenge = server.newChallenge?.() ?? randomBytes(8);
    this.challenge = encodeChallenge({
      flags: characters | ALWAYS | (asked & ON_REQUEST),
      serverChallenge: this.#serverChallenge,
      targetName: server.computerName,
      targetInfo: targetInformation(server.computerName),
      version: server.version,
    });
  }

  /**
   * Only NTLMv2 is taken. Any domain is, as on a machine that is in none: what counts is the local account.
   * @throws NtlmRefusal
   */
  accept(message: Buffer): NtlmSession {
    if (this.#used) throw new NtlmRefusal('the challenge was answered before');
    this.#used = true;
    const { account } = this.server;
    const given = parseAuthenticate(message);
    if (given.user.toLowerCase() !== account.user.toLowerCase()) throw new NtlmRefusal('unknown user');
    if (given.ntResponse.length < RESPONSE_PAIRS_AT) throw new NtlmRefusal('not an NTLMv2 response');

    const key = responseKey(account.password, given.user, given.domain);
    const proof = given.ntResponse.subarray(0, PROOF_SIZE);
    const right = hmac(key, this.#serverChallenge, given.ntResponse.subarray(PROOF_SIZE));
    if (!timingSafeEqual(proof, right)) throw new NtlmRefusal('wrong password');

    const sessionKey = exportedKey(hmac(key, proof), given.flags, given.encryptedSessionKey);
    const pairs = readPairs(given.ntResponse.subarray(RESPONSE_PAIRS_AT));
    const promises = pairs.get(PAIR.flags);
    if (promises?.length === 4 && (promises.readUInt32LE() & HAS_MIC) !== 0)
      this.#checkIntegrity(message, sessionKey);
    return new NtlmSession(given.user, sessionKey, given.flags);
  }

  #checkIntegrity(message: Buffer, sessionKey: Buffer): void {
    if (message.length < MIC_AT + MIC_SIZE) throw new NtlmRefusal('the promised integrity code is missing');
    const code = message.subarray(MIC_AT, MIC_AT + MIC_SIZE);
    const bare = Buffer.from(message).fill(0, MIC_AT, MIC_AT + MIC_SIZE);
    if (!timingSafeEqual(code, hmac(sessionKey, this.negotiate, this.challenge, bare)))
      throw new NtlmRefusal('the integrity code is wrong: the handshake was changed on its way');
  }
}

/** NTOWFv2 (MS-NLMP 3.3.2): the name in upper case, the domain as it was sent. */
function responseKey(password: string, user: string, domain: string): Buffer {
  return hmac(md4(Buffer.from(password, 'utf16le')), Buffer.from(user.toUpperCase() + domain, 'utf16le'));
}

function exportedKey(baseKey: Buffer, flags: number, encrypted: Buffer): Buffer {
  if ((flags & FLAG.keyExchange) === 0) return baseKey;
  if (encrypted.length !== 16) throw new NtlmRefusal('the exchanged session key has not 16 bytes');
  return new Rc4(baseKey).update(encrypted);
}

/** What a machine of no domain says of itself: its name for everything, and the time. */
function targetInformation(computerName: string): Buffer {
  const name = Buffer.from(computerName, 'utf16le');
  const dnsName = Buffer.from(computerName.toLowerCase(), 'utf16le');
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64LE(fileTime(new Date()));
  return encodePairs([
    [PAIR.netbiosDomain, name],
    [PAIR.netbiosComputer, name],
    [PAIR.dnsDomain, dnsName],
    [PAIR.dnsComputer, dnsName],
    [PAIR.timestamp, timestamp],
  ]);
}

const FILE_TIME_OF_1970 = 116_444_736_000_000_000n;

/** Tenths of microseconds since 1601. */
const fileTime = (date: Date): bigint => BigInt(date.getTime()) * 10_000n + FILE_TIME_OF_1970;

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('md5', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}
