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

/** A certificate authority of this one lab. */
export interface Authority {
  /** Its certificate, PEM. */
  readonly certificate: string;
  /**
   * A server certificate for these names.
   * @param days for how long it is valid, as days from now: the first may be in the past, and so may the last
   * @throws Fault `openssl-failed`
   */
  issue(hosts: readonly string[], days?: Validity): ServerIdentity;
}

export interface Validity {
  readonly from: number;
  readonly to: number;
}

/** What the authority of the lab calls itself. */
export const LAB_AUTHORITY = 'SSPR compliance lab CA';

/** A lab is made anew long before this ends. */
const VALID: Validity = { from: 0, to: 90 };
const DAY_MS = 86_400_000;

/** RSA 2048 with SHA-256: what Schannel of Windows 7 and the libraries of today agree on. */
const configuration = (folder: string, hosts: readonly string[]): string => `
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
[ca]
default_ca = issuer
[issuer]
new_certs_dir = ${folder}
database = ${join(folder, 'index')}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
O = optional
CN = supplied
`;

/**
 * Makes a certificate authority. Its key stays in this process's memory, and lies in a file (in a folder of mode 0700)
 * only while a certificate is being made.
 * @throws Fault `openssl-failed`
 */
export function makeAuthority(name: string): Authority {
  const subject = `/O=SSPR compliance lab/CN=${name}`;
  const { key, certificate } = inFolder(['localhost'], ({ conf, file, read }) => {
    openssl([
      ...['req', '-config', conf, '-newkey', 'rsa:2048', '-nodes', '-days', String(VALID.to)],
      ...['-x509', '-extensions', 'authority', '-subj', subject],
      ...['-keyout', file('ca.key'), '-out', file('ca.pem')],
    ]);
    return { key: new Secret(read('ca.key')), certificate: read('ca.pem') };
  });
  return { certificate, issue: (hosts, days = VALID) => issue({ key, certificate }, hosts, days) };
}

/** An authority and what it issued, in one: when this returns, the authority's key is gone. */
export const issueServerIdentity = (hosts: readonly string[]): ServerIdentity =>
  makeAuthority(LAB_AUTHORITY).issue(hosts);

function issue(
  authority: { readonly key: Secret; readonly certificate: string },
  hosts: readonly string[],
  days: Validity,
): ServerIdentity {
  return inFolder(hosts, ({ conf, file, read }) => {
    writeFileSync(file('ca.key'), authority.key.reveal(), { mode: 0o600 });
    writeFileSync(file('ca.pem'), authority.certificate);
    writeFileSync(file('index'), '');
    openssl([
      ...['req', '-config', conf, '-newkey', 'rsa:2048', '-nodes', '-new'],
      ...['-keyout', file('server.key'), '-out', file('server.csr')],
    ]);
    openssl([
      ...['ca', '-batch', '-notext', '-config', conf, '-extensions', 'server'],
      ...['-cert', file('ca.pem'), '-keyfile', file('ca.key')],
      ...['-startdate', opensslTime(days.from), '-enddate', opensslTime(days.to)],
      ...['-in', file('server.csr'), '-out', file('server.pem')],
    ]);
    return {
      authority: authority.certificate,
      key: new Secret(read('server.key')),
      chain: read('server.pem') + authority.certificate,
    };
  });
}

/** `20261121203000Z` */
const opensslTime = (daysFromNow: number): string =>
  new Date(Date.now() + daysFromNow * DAY_MS).toISOString().replace(/[-:T]|\.\d+/g, '');

interface Workshop {
  readonly conf: string;
  readonly file: (name: string) => string;
  readonly read: (name: string) => string;
}

/** Works in a folder that only this user can read, and that is gone afterwards. */
function inFolder<T>(hosts: readonly string[], work: (workshop: Workshop) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-lab-ca-'));
  const file = (name: string): string => join(folder, name);
  try {
    writeFileSync(file('cnf'), configuration(folder, hosts));
    return work({ conf: file('cnf'), file, read: (name) => readFileSync(file(name), 'utf8') });
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
