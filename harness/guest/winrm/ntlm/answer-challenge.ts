import { randomBytes } from 'node:crypto';
import { Rc4 } from '../../../core/legacy-crypto.ts';
import { FLAG, OUR_FLAGS, hasFlag, missingFlags } from './flags.ts';
import type { Identity } from './identity.ts';
import { hmacMd5, prove, responseKey } from './keys.ts';
import { decodeChallenge, encodeAuthenticate, withMic } from './messages.ts';
import { Sealing } from './sealing.ts';
import { answeredAttributes, encodeTargetInfo, timestampOf } from './target-info.ts';

/** The other side does not agree to what keeps our messages private. */
export class Downgrade extends Error {}

export interface ChallengeContext {
  readonly identity: Identity;
  readonly password: string;
  /** The first message, as it was sent: it is part of the MIC. */
  readonly negotiate: Buffer;
  /** Whether the messages are to be sealed; not so inside TLS. */
  readonly sealing: boolean;
  readonly channelBinding?: Buffer | undefined;
  /** For tests with known answers. */
  readonly random?: (bytes: number) => Buffer;
  readonly now?: () => Date;
}

export interface ChallengeAnswer {
  /** The third message. */
  readonly authenticate: Buffer;
  readonly sealing: Sealing;
}

/**
 * Answers the server's challenge with NTLMv2. Source: MS-NLMP 3.1.5.1.2.
 * @throws MalformedMessage when the challenge is none, Downgrade when it offers less than we need
 */
export function answerChallenge(challenge: Buffer, context: ChallengeContext): ChallengeAnswer {
  const { identity, password, negotiate, random = randomBytes, now = () => new Date() } = context;
  const { flags: offered, serverChallenge, targetInfo } = decodeChallenge(challenge);
  const missing = missingFlags(offered, context.sealing);
  if (missing !== '') throw new Downgrade(missing);

  const flags = (offered & OUR_FLAGS) >>> 0;
  const keyExchanged = hasFlag(flags, FLAG.keyExchange);
  // A server that tells its time can check a MIC, and has no use for the older response.
  const time = timestampOf(targetInfo);
  const answered = answeredAttributes(targetInfo, {
    mic: time !== undefined,
    channelBinding: context.channelBinding,
  });
  const { ntResponse, lmResponse, sessionBaseKey } = prove({
    responseKey: responseKey(identity.user, identity.domain, password),
    serverChallenge,
    clientChallenge: random(8),
    time: time ?? fileTime(now()),
    targetInfo: encodeTargetInfo(answered),
  });
  const exported = keyExchanged ? random(16) : sessionBaseKey;
  const unsigned = encodeAuthenticate({
    ...identity,
    flags,
    ntResponse,
    lmResponse: time === undefined ? lmResponse : Buffer.alloc(lmResponse.length),
    encryptedSessionKey: keyExchanged ? new Rc4(sessionBaseKey).update(exported) : Buffer.alloc(0),
  });
  return {
    authenticate:
      time === undefined ? unsigned : withMic(unsigned, hmacMd5(exported, negotiate, challenge, unsigned)),
    sealing: new Sealing(exported, keyExchanged),
  };
}

/** Units of 100 ns since 1601. Source: MS-DTYP 2.3.3. */
function fileTime(date: Date): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n, 0);
  return bytes;
}
