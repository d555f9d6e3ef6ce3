import { createHash } from 'node:crypto';
import { type Attribute, SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert } from '@peculiar/asn1-schema';
import { id_ct_tstInfo, TSTInfo } from '@peculiar/asn1-tsp';
import { Time } from '@peculiar/asn1-x509';
import {
  attribute,
  BrokenSignature,
  commonName,
  digestName,
  type Enclosed,
  parsed,
  readSignedData,
  verifySigner,
} from './signed-data.ts';

/** When somebody else has seen the signature. */
export interface TimeStamp {
  /** ISO 8601 UTC */
  readonly at: string;
  /** Common name of the authority. */
  readonly by: string;
}

/** Microsoft's name for a time-stamp of RFC 3161 beside a signature; and the older countersignature of PKCS #9. */
const RFC3161_TIMESTAMP = '1.3.6.1.4.1.311.3.3.1';
const COUNTERSIGNATURE = '1.2.840.113549.1.9.6';
const SIGNING_TIME = '1.2.840.113549.1.9.5';

/**
 * The time-stamp of a signature, checked against it; undefined when there is none.
 * @param enclosed certificates beside the signature; those of a countersignature are among them
 * @throws BrokenSignature
 */
export function readTimeStamp(signer: SignerInfo, enclosed: readonly Enclosed[]): TimeStamp | undefined {
  const token = attribute(signer.unsignedAttrs, RFC3161_TIMESTAMP);
  if (token) return inPart('its time-stamp: ', () => readToken(token, signer));
  const counter = attribute(signer.unsignedAttrs, COUNTERSIGNATURE);
  if (counter) return inPart('its countersignature: ', () => readCountersignature(counter, signer, enclosed));
  return undefined;
}

/** RFC 3161: a signed message that holds the time and the digest of what was seen. */
function readToken(token: ArrayBuffer, signer: SignerInfo): TimeStamp {
  const { data, certificates } = readSignedData(token);
  const content = data.encapContentInfo.eContent?.single?.buffer;
  const [authority] = data.signerInfos;
  if (!content || !authority || data.encapContentInfo.eContentType !== id_ct_tstInfo) {
    throw new BrokenSignature('it holds no time');
  }
  const { messageImprint, genTime } = parsed('it holds no time', () => AsnConvert.parse(content, TSTInfo));
  const algorithm = digestName(messageImprint.hashAlgorithm.algorithm);
  const seen = createHash(algorithm).update(Buffer.from(signer.signature.buffer)).digest();
  if (!seen.equals(Buffer.from(messageImprint.hashedMessage.buffer))) {
    throw new BrokenSignature('it is that of another signature');
  }
  const certificate = verifySigner(authority, content, certificates);
  return { at: genTime.toISOString(), by: commonName(certificate) };
}

/** RFC 2985 5.3.6: another signer, whose content is the signature itself. */
function readCountersignature(
  counter: ArrayBuffer,
  signer: SignerInfo,
  enclosed: readonly Enclosed[],
): TimeStamp {
  const second = parsed('it is malformed', () => AsnConvert.parse(counter, SignerInfo));
  const certificate = verifySigner(second, signer.signature.buffer, enclosed);
  return { at: signingTime(second.signedAttrs), by: commonName(certificate) };
}

function signingTime(attributes: readonly Attribute[] | undefined): string {
  const value = attribute(attributes, SIGNING_TIME);
  if (!value) throw new BrokenSignature('it holds no time');
  return parsed('it holds no time', () => AsnConvert.parse(value, Time).getTime().toISOString());
}

/** The work, with errors that say which part of a signature they speak of. */
function inPart<T>(part: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof BrokenSignature) throw new BrokenSignature(part + error.message);
    throw error;
  }
}
