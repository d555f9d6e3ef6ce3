import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';

/** What a TLS server needs, and the certificate of the authority that its callers have to trust. All PEM. */
export interface ServerIdentity {
  readonly authority: string;
  readonly key: Secret;
  /** The server's certificate, then the authority's. */
  readonly chain: string;
}

/** A lab is made anew long before this. */
const VALID_DAYS = '90';

/** RSA 2048 with SHA-256: what Schannel of Windows 7 and the libraries of today agree on. */
const configuration = (hosts: readonly string[]): string => `
[req]
prompt = no
default_md = sha256
distinguished_name = server_name
[server_name]
O = SSPR compliance lab
CN = ${hosts[0] ?? 'localhost'}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${hosts.map((host) => `DNS:${host}`).join(', ')}, IP:127.0.0.1
`;

/**
 * Makes a certificate authority for this one lab and a server certificate for the given names. The authority's key is
 * gone when this returns: nobody can issue another certificate.
 * @throws Fault `openssl-failed`
 */
export function issueServerIdentity(hosts: readonly string[]): ServerIdentity {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-lab-ca-'));
  const file = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  try {
    writeFileSync(file('cnf'), configuration(hosts));
    const request = ['req', '-config', file('cnf'), '-newkey', 'rsa:2048', '-nodes', '-days', VALID_DAYS];
    openssl([
      ...request,
      '-x509',
      '-extensions',
      'authority',
      '-subj',
      '/O=SSPR compliance lab/CN=SSPR compliance lab CA',
      '-keyout',
      file('ca.key'),
      '-out',
      file('ca.pem'),
    ]);
    const issuer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
    openssl([
      ...request,
      '-x509',
      '-extensions',
      'server',
      ...issuer,
      '-keyout',
      file('server.key'),
      '-out',
      file('server.pem'),
    ]);
    const authority = read('ca.pem');
    return { authority, key: new Secret(read('server.key')), chain: read('server.pem') + authority };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function openssl(args: readonly string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (cause) {
    throw new Fault('openssl could not make the certificates of the lab', {
      code: 'openssl-failed',
      blame: 'harness',
      remedy: 'Check that openssl 3 is installed: apt-get install openssl.',
      cause,
    });
  }
}
