import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A certificate as an administrator would upload it, and its private key. */
export interface TestCertificate {
  readonly pem: string;
  readonly keyPem: string;
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

/** A self-signed certificate of this name, valid for a day. */
export function makeCertificate(name: string): TestCertificate {
  const both = execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${name}`],
      ...['-keyout', '-', '-out', '-'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const at = both.indexOf('-----BEGIN CERTIFICATE-----');
  const [keyPem, pem] = [both.slice(0, at), both.slice(at)];
  return { pem, keyPem, key: createPrivateKey(keyPem), certificate: new X509Certificate(pem) };
}
