import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CertificateOptions {
  /** Subject alternative names, as OpenSSL writes them: `DNS:win7.example,IP:127.0.0.1`. */
  readonly names?: string;
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** Its own key; `pss`: RSA, and signed by the authority with RSA-PSS. */
  readonly key?: 'rsa' | 'pss' | 'ec' | 'ed25519';
  /** Signed by itself rather than by the authority. */
  readonly selfSigned?: boolean;
  /** `YYYYMMDDhhmmssZ`. */
  readonly from?: string;
  readonly until?: string;
}

/** A certificate of a test: paths of PEM files. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority for one test file, made by OpenSSL in a folder of its own. */
export class TestAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), 'sspr-test-ca-'));
  #made = 0;

  constructor() {
    writeFileSync(this.#file('index'), '');
    writeFileSync(this.#file('index.attr'), 'unique_subject = no\n');
    writeFileSync(
      this.#file('ca.cnf'),
      `[ca]\ndefault_ca = here\n[here]\ndatabase = ${this.#file('index')}\nnew_certs_dir = ${this.folder}\n` +
        'rand_serial = yes\ndefault_md = sha256\ncopy_extensions = copy\npolicy = any\n[any]\ncommonName = supplied\n',
    );
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Test authority'],
      ...['-keyout', this.#file('ca.key'), '-out', this.#file('ca.pem')],
    );
  }

  /** PEM. */
  get pem(): string {
    return readFileSync(this.file, 'utf8');
  }

  get file(): string {
    return this.#file('ca.pem');
  }

  issue(options: CertificateOptions = {}): TestCertificate {
    const { names = 'IP:127.0.0.1', hash = 'sha256', key = 'ec', selfSigned = false } = options;
    const { from = '20200101000000Z', until = '20991231235959Z' } = options;
    const at = (extension: string): string => this.#file(`${this.#made}.${extension}`);
    this.#made++;
    const made = { certificate: at('pem'), key: at('key') };
    openssl(
      ...[
        'req',
        '-new',
        ...NEW_KEY[key],
        '-nodes',
        '-subj',
        '/CN=win7.example',
        '-addext',
        `subjectAltName=${names}`,
      ],
      ...['-keyout', made.key, '-out', at('csr')],
    );
    const signer = selfSigned
      ? ['-selfsign', '-keyfile', made.key]
      : ['-cert', this.#file('ca.pem'), '-keyfile', this.#file('ca.key')];
    openssl(
      ...[
        'ca',
        '-batch',
        '-notext',
        '-config',
        this.#file('ca.cnf'),
        ...signer,
        '-in',
        at('csr'),
        '-out',
        at('pem'),
      ],
      ...['-startdate', from, '-enddate', until],
      ...(key === 'ed25519' && selfSigned ? [] : ['-md', hash]),
      ...(key === 'pss' ? ['-sigopt', 'rsa_padding_mode:pss'] : []),
    );
    return made;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #file(name: string): string {
    return join(this.folder, name);
  }
}

const NEW_KEY = {
  rsa: ['-newkey', 'rsa:2048'],
  pss: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ed25519: ['-newkey', 'ed25519'],
} as const;

/** SHA-256 of a certificate as OpenSSL prints it: with colons. */
export const fingerprintOf = (certificate: string): string =>
  openssl('x509', '-in', certificate, '-noout', '-fingerprint', '-sha256').toString().trim().split('=')[1] ??
  '';

/** What a client of this certificate is bound to, in Base64, made by OpenSSL. */
export function bindingOf(certificate: string, hash: string): string {
  const der = openssl('x509', '-in', certificate, '-outform', 'DER');
  const digest = execFileSync('openssl', ['dgst', `-${hash}`, '-binary'], { input: der });
  return Buffer.concat([Buffer.from('tls-server-end-point:'), digest]).toString('base64');
}

export const derOf = (certificate: string): Buffer => openssl('x509', '-in', certificate, '-outform', 'DER');

function openssl(...args: string[]): Buffer {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
