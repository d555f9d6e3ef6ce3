import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AsnConvert, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes } from '@peculiar/asn1-schema';
import { MessageImprint } from '@peculiar/asn1-tsp';
import { describe } from '../core/errors.ts';
import { missing, notAnMsi } from './msi.ts';
import { MalformedFile, readCompoundFile, type Storage } from './signature/compound-file.ts';
import { findStream, METADATA_STREAM, msiDigest, SIGNATURE_STREAM } from './signature/msi-digest.ts';
import {
  BrokenSignature,
  commonName,
  digestName,
  type Enclosed,
  parsed,
  part,
  readSignedData,
  verifySigner,
} from './signature/signed-data.ts';
import { readTimeStamp, type TimeStamp } from './signature/time-stamp.ts';

/**
 * The Authenticode signature of an MSI, as far as it can be judged without the root certificates of Windows.
 * `signed`: the package is the one that the holder of the certificate has signed. Whether that certificate goes back to
 * a root that Windows trusts is not checked: `chain` says what came along.
 */
export type MsiSignature =
  | { readonly state: 'unsigned' }
  /** There is a signature, and it does not hold. */
  | { readonly state: 'broken'; readonly why: string }
  | {
      readonly state: 'signed';
      /** Digest of the package: `sha256`. */
      readonly algorithm: string;
      readonly digest: string;
      /** Whether names and times of the streams are signed, too. */
      readonly withMetadata: boolean;
      readonly signer: Signer;
      /** Common names from the signer's issuer upwards, as far as their certificates came along. */
      readonly chain: readonly string[];
      readonly timeStamp: TimeStamp | undefined;
      /** Whether the signer's certificate was valid at the time-stamp; without one, whether it is valid now. */
      readonly validThen: boolean;
    };

export interface Signer {
  readonly commonName: string;
  readonly organization: string;
  readonly issuer: string;
  /** SHA-256 of the certificate in hexadecimal. */
  readonly fingerprint: string;
  /** ISO 8601 UTC */
  readonly validFrom: string;
  readonly validTo: string;
  /** Whether the certificate is for signing code (extended key usage). */
  readonly forCode: boolean;
}

const INDIRECT_DATA = '1.3.6.1.4.1.311.2.1.4';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/**
 * What is signed of a package: its digest, in a structure of Microsoft's. The digest has the form of a message imprint.
 * Source: Windows Authenticode Portable Executable Signature Format, SpcIndirectDataContent.
 */
class IndirectData {
  data = new ArrayBuffer(0);
  digest = new MessageImprint();
}
AsnType({ type: AsnTypeTypes.Sequence })(IndirectData);
AsnProp({ type: AsnPropTypes.Any })(IndirectData.prototype, 'data');
AsnProp({ type: MessageImprint })(IndirectData.prototype, 'digest');

/**
 * Reads and checks the signature of an MSI file. An altered or malformed signature is a finding, not an error.
 * @param now the instant at which a signature without time-stamp must be valid
 * @throws Fault `msi-missing`, `msi-not-an-msi`
 */
export async function inspectSignature(path: string, now = new Date()): Promise<MsiSignature> {
  const file = await readFile(path).catch((error: unknown) => {
    throw missing(path, error);
  });
  try {
    return judge(readCompoundFile(file), now);
  } catch (error) {
    if (error instanceof MalformedFile) throw notAnMsi(path, error.message);
    return { state: 'broken', why: whyBroken(error) };
  }
}

/** The libraries that read certificates and times throw what they like at damaged ones. */
const whyBroken = (error: unknown): string =>
  error instanceof BrokenSignature ? error.message : `it is malformed (${describe(error)})`;

/** @throws BrokenSignature */
function judge(root: Storage, now: Date): MsiSignature {
  const stream = findStream(root, SIGNATURE_STREAM);
  if (!stream) return { state: 'unsigned' };
  const { data, certificates } = readSignedData(stream.content);
  const content = data.encapContentInfo.eContent?.any;
  const [signer] = data.signerInfos;
  if (!content || !signer || data.encapContentInfo.eContentType !== INDIRECT_DATA) {
    throw new BrokenSignature('it signs no package');
  }
  const { digest } = parsed('it signs no package', () => AsnConvert.parse(content, IndirectData));
  const algorithm = digestName(digest.hashAlgorithm.algorithm);
  const claimed = Buffer.from(digest.hashedMessage.buffer);
  if (!claimed.equals(msiDigest(root, algorithm))) {
    throw new BrokenSignature('the package was changed after it was signed');
  }
  const certificate = verifySigner(signer, valueOf(Buffer.from(content)), certificates);
  const timeStamp = readTimeStamp(signer, certificates);
  return {
    state: 'signed',
    algorithm,
    digest: claimed.toString('hex'),
    withMetadata: findStream(root, METADATA_STREAM) !== undefined,
    signer: describeSigner(certificate),
    chain: chainOf(certificate, certificates).map(commonName),
    timeStamp,
    validThen: isValid(certificate, timeStamp ? new Date(timeStamp.at) : now),
  };
}

/** The octets within a DER value: Authenticode signs these, without the tag and the length before them. */
function valueOf(der: Buffer): Buffer {
  const length = der[1] ?? 0;
  return der.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f));
}

const describeSigner = (certificate: X509Certificate): Signer => ({
  commonName: commonName(certificate),
  organization: part(certificate.subject, 'O') ?? '',
  issuer: part(certificate.issuer, 'CN') ?? certificate.issuer.replaceAll('\n', ', '),
  fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  validFrom: new Date(certificate.validFrom).toISOString(),
  validTo: new Date(certificate.validTo).toISOString(),
  forCode: (certificate.keyUsage as readonly string[] | undefined)?.includes(CODE_SIGNING) ?? false,
});

const isValid = ({ validFrom, validTo }: X509Certificate, at: Date): boolean =>
  new Date(validFrom) <= at && at <= new Date(validTo);

/** Each certificate with a signature that its issuer's key confirms, until one signs itself or is not here. */
function chainOf(certificate: X509Certificate, enclosed: readonly Enclosed[]): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let at = certificate; chain.length < enclosed.length;) {
    const child = at;
    const issuer = enclosed.find(
      ({ x509 }) => x509 !== child && child.checkIssued(x509) && child.verify(x509.publicKey),
    )?.x509;
    if (!issuer || chain.includes(issuer)) break;
    chain.push(issuer);
    at = issuer;
  }
  return chain;
}
