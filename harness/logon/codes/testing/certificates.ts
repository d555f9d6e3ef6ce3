import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server certificate with its key, and the authority that vouches for it. All PEM. */
export interface Identity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * A certificate by an authority of its own, made by openssl.
 * @param names `DNS:localhost,IP:127.0.0.1`
 * @param days how long it is valid; it has expired where this is negative
 */
export function issue(names = 'DNS:localhost,IP:127.0.0.1', days = 2): Identity {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-codes-ca-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (args: string): unknown =>
    execFileSync('openssl', args.split(' '), { cwd: folder, stdio: 'ignore' });
  try {
    const newKey = 'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
    openssl(`${newKey} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem`);
    openssl(`${newKey} -subj /CN=server -keyout server.key -out server.csr`);
    writeFileSync(file('names'), `subjectAltName=${names}\n`);
    openssl(
      `x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days ${days} -extfile names -out server.pem`,
    );
    const read = (name: string): string => readFileSync(file(name), 'utf8');
    return { ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
