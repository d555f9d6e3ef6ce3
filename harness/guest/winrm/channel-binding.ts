import { createHash } from 'node:crypto';

/** A hash by the object identifier of a signature or hash algorithm, in hexadecimal as it stands in a certificate. */
const HASH_BY_ALGORITHM: Readonly<Record<string, string>> = {
  // RSA with MD5 and SHA-1: RFC 5929 says SHA-256 for both.
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2b0e03021d': 'sha256',
  '2a864886f70d01010e': 'sha224',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  // ECDSA with SHA-1, then with SHA-2.
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  // The hashes themselves, as RSA-PSS names them.
  '2b0e03021a': 'sha256',
  '608648016503040204': 'sha224',
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
};

const RSA_PSS = '2a864886f70d01010a';
/** RSA-PSS that names no hash means SHA-1, for which SHA-256 stands. */
const PSS_DEFAULT = 'sha256';

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const FIRST_CONTEXT = 0xa0;

/**
 * What binds NTLM to a TLS channel whose server has this certificate: MD5 over the structure of GSS-API that holds
 * `tls-server-end-point`. Undefined when the certificate's signature has no hash of its own (Ed25519).
 * Sources: RFC 5929 4.1, RFC 2744 3.11, MS-NLMP 3.1.5.1.2.
 * @param certificate DER of the server's certificate
 * @returns 16 bytes
 */
export function channelBinding(certificate: Buffer): Buffer | undefined {
  const hash = bindingHash(certificate);
  if (hash === undefined) return undefined;
  const data = Buffer.concat([
    Buffer.from('tls-server-end-point:', 'latin1'),
    createHash(hash).update(certificate).digest(),
  ]);
  // No addresses of either side: four empty numbers, then the length of the data.
  const head = Buffer.alloc(20);
  head.writeUInt32LE(data.length, 16);
  return createHash('md5').update(head).update(data).digest();
}

/** The hash by which the certificate was signed, or the one that stands for it. */
export function bindingHash(certificate: Buffer): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, parameters }, signature }
  const algorithm = children(childOf(certificate, 0, SEQUENCE))[1]?.value ?? Buffer.alloc(0);
  const [name, parameters] = children(algorithm);
  const oid = name?.tag === OBJECT_IDENTIFIER ? name.value.toString('hex') : '';
  if (oid !== RSA_PSS) return HASH_BY_ALGORITHM[oid];
  // RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] SEQUENCE { OID, ... } DEFAULT sha1, ... }
  const first = children(parameters?.value ?? Buffer.alloc(0))[0];
  if (first?.tag !== FIRST_CONTEXT) return PSS_DEFAULT;
  return HASH_BY_ALGORITHM[childOf(childOf(first.value, 0, SEQUENCE), 0, OBJECT_IDENTIFIER).toString('hex')];
}

interface Element {
  readonly tag: number;
  readonly value: Buffer;
}

/** The value of a child, or nothing when it is not of this kind. */
function childOf(der: Buffer, index: number, tag: number): Buffer {
  const child = children(der)[index];
  return child?.tag === tag ? child.value : Buffer.alloc(0);
}

/** The elements of DER, as far as they are whole. */
function children(der: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= der.length;) {
    const tag = der.readUInt8(at);
    const short = der.readUInt8(at + 1);
    const more = short < 0x80 ? 0 : short & 0x7f;
    if (more > 4 || at + 2 + more > der.length) break;
    const start = at + 2 + more;
    const end = start + (more === 0 ? short : der.readUIntBE(at + 2, more));
    if (end > der.length) break;
    found.push({ tag, value: der.subarray(start, end) });
    at = end;
  }
  return found;
}
