import { createHash, verify, X509Certificate } from 'node:crypto';
import { Attribute, ContentInfo, SignedData, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnArray, AsnConvert, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema';
import type { Certificate } from '@peculiar/asn1-x509';

/** Why a signature does not hold, or cannot be understood. */
export class BrokenSignature extends Error {}

/** Object identifiers of CMS attributes (RFC 5652 section 11). */
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNED_DATA = '1.2.840.113549.1.7.2';

/** Digests by their object identifier, as node:crypto calls them. */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** @throws BrokenSignature for a digest that is not known, or not trusted any more (MD5) */
export function digestName(identifier: string): string {
  const name = DIGESTS[identifier];
  if (name === undefined)
    throw new BrokenSignature(`it uses the digest ${identifier}, which is not accepted`);
  return name;
}

/** A CMS message that was signed, with the certificates that came along. */
export interface Signed {
  readonly data: SignedData;
  readonly certificates: readonly Enclosed[];
}

/** A certificate, with the two things by which a signer names it, as they are encoded. */
export interface Enclosed {
  readonly x509: X509Certificate;
  readonly issuer: Buffer;
  readonly serial: Buffer;
}

/** @throws BrokenSignature */
export function readSignedData(der: ArrayBuffer | Uint8Array): Signed {
  return parsed('it is not a signature', () => {
    const { contentType, content } = AsnConvert.parse(der, ContentInfo);
    if (contentType !== SIGNED_DATA) throw new Error(`content type ${contentType}`);
    const data = AsnConvert.parse(content, SignedData);
    const certificates = Array.from(data.certificates ?? []).flatMap(({ certificate }) =>
      certificate ? [enclosed(certificate)] : [],
    );
    return { data, certificates };
  });
}

const enclosed = (certificate: Certificate): Enclosed => ({
  x509: new X509Certificate(encoded(certificate)),
  issuer: encoded(certificate.tbsCertificate.issuer),
  serial: Buffer.from(certificate.tbsCertificate.serialNumber),
});

const encoded = (value: unknown): Buffer => Buffer.from(AsnConvert.serialize(value));

/**
 * Checks that a signer has signed this content (RFC 5652 section 5.4 to 5.6).
 * @returns the signer's certificate
 * @throws BrokenSignature
 */
export function verifySigner(
  signer: SignerInfo,
  content: ArrayBuffer | Uint8Array,
  certificates: readonly Enclosed[],
): X509Certificate {
  const digest = digestName(signer.digestAlgorithm.algorithm);
  const certificate = certificateOf(signer, certificates);
  const attributes = signer.signedAttrs ?? [];
  const signs = attributes.length > 0 ? signedAttributes(attributes, content, digest) : bytes(content);
  const signature = Buffer.from(signer.signature.buffer);
  const holds = parsed('its kind is not known', () =>
    verify(digest, signs, certificate.publicKey, signature),
  );
  if (!holds)
    throw new BrokenSignature(`it is not by ${commonName(certificate)}, whose certificate it names`);
  return certificate;
}

/** What is signed when there are attributes: they, as a SET, and the digest of the content among them. */
function signedAttributes(
  attributes: readonly Attribute[],
  content: ArrayBuffer | Uint8Array,
  digest: string,
): Buffer {
  const claimed = octets(attribute(attributes, MESSAGE_DIGEST));
  if (!claimed?.equals(createHash(digest).update(bytes(content)).digest())) {
    throw new BrokenSignature('what it signs was changed');
  }
  return encoded(new AttributeSet([...attributes]));
}

/** In the message the attributes are tagged [0]; what is signed is a SET OF them, in the same order. */
class AttributeSet extends AsnArray<Attribute> {}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(AttributeSet);

function certificateOf({ sid }: SignerInfo, certificates: readonly Enclosed[]): X509Certificate {
  const named = sid.issuerAndSerialNumber;
  if (named) {
    const [issuer, serial] = [encoded(named.issuer), Buffer.from(named.serialNumber)];
    const found = certificates.find((one) => one.issuer.equals(issuer) && one.serial.equals(serial));
    if (found) return found.x509;
  }
  throw new BrokenSignature('the certificate of its signer is not in it');
}

/** The value of an attribute, or undefined when there is not exactly one. */
export function attribute(
  attributes: readonly Attribute[] | undefined,
  type: string,
): ArrayBuffer | undefined {
  const values = (attributes ?? []).flatMap((one) => (one.attrType === type ? one.attrValues : []));
  return values.length === 1 ? values[0] : undefined;
}

const octets = (value: ArrayBuffer | undefined): Buffer | undefined =>
  value &&
  parsed('an attribute is malformed', () => Buffer.from(AsnConvert.parse(value, OctetString).buffer));

/** Runs what reads foreign bytes; whatever it throws means that they are broken. */
export function parsed<T>(why: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof BrokenSignature) throw error;
    throw new BrokenSignature(`${why} (${error instanceof Error ? error.message : String(error)})`);
  }
}

const bytes = (source: ArrayBuffer | Uint8Array): Buffer => Buffer.from(new Uint8Array(source));

/** The common name of a certificate's subject, or the whole subject on one line. */
export const commonName = ({ subject }: X509Certificate): string =>
  part(subject, 'CN') ?? subject.replaceAll('\n', ', ');

/** @param name one part a line, as node:crypto gives it: `O=Contoso\, Ltd.` */
export const part = (name: string, key: string): string | undefined =>
  name
    .split('\n')
    .find((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1)
    .replace(/\\(.)/g, '$1');
