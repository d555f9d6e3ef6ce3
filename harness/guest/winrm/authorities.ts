import { readFileSync } from 'node:fs';
import tls from 'node:tls';

/** Where systems keep all authorities in one file: Debian, Fedora, then macOS and Alpine. */
const FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
] as const;

/** Node 22.15 and later can read the system's own store, also that of Windows. */
const { getCACertificates } = tls as { getCACertificates?: (store: 'default' | 'system') => string[] };

/**
 * The authorities that this system trusts, with those that come with Node: a company's own authority is usually among
 * the first. `SSL_CERT_FILE` names another file, as for other programs.
 * @returns PEM
 */
export function systemAuthorities(environment: NodeJS.ProcessEnv = process.env): string[] {
  if (getCACertificates && environment.SSL_CERT_FILE === undefined)
    return [...getCACertificates('default'), ...getCACertificates('system')];
  return [...tls.rootCertificates, ...firstReadable([environment.SSL_CERT_FILE ?? '', ...FILES])];
}

function firstReadable(paths: readonly string[]): string[] {
  for (const path of paths) {
    try {
      return [readFileSync(path, 'utf8')];
    } catch {
      // another system keeps them elsewhere
    }
  }
  return [];
}
