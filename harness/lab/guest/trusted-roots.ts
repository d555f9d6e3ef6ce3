import type { X509Certificate } from 'node:crypto';

/** The machine's trusted roots, a key for each, named after its SHA-1. */
export const TRUSTED_ROOTS = 'HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\ROOT\\Certificates';

/** SHA-1 in upper-case hexadecimal. */
export const rootName = (certificate: X509Certificate): string => certificate.fingerprint.replaceAll(':', '');

/** A certificate as the registry's stores hold it: property 3 (its SHA-1), property 32 (the certificate). */
export function certificateBlob(certificate: X509Certificate): Buffer {
  const property = (id: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(id, 0);
    head.writeUInt32LE(1, 4);
    head.writeUInt32LE(data.length, 8);
    return Buffer.concat([head, data]);
  };
  const hash = Buffer.from(rootName(certificate), 'hex');
  return Buffer.concat([property(3, hash), property(32, certificate.raw)]);
}
