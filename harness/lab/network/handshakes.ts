import { execFileSync } from 'node:child_process';
import { X509Certificate, constants } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Server, TLSSocket } from 'node:tls';

/*
 * What the lab's TLS servers remember of each handshake, so that a guest can find its own among them by the random
 * number that its client sent. That number was on the wire for everybody to see: nothing here is secret.
 */

export interface HandshakeRecord {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The client's random number, in lower-case hexadecimal. */
  readonly random: string;
  /** The name that was asked for; '' when the client gave none. */
  readonly server: string;
  /** `TLS 1.2` */
  readonly protocol: string;
  /** The suite's number as the IANA has it: 0xC028. */
  readonly cipherSuite: number;
  /** Bits of the key exchange: of the curve, or of the server's RSA key. */
  readonly exchangeBits: number;
  /** PEM: the certificates that the server sent, its own first. */
  readonly chain: string;
}

/** Those that Windows 7 to 8.1 have for a certificate with an RSA key; of these Wine's Schannel has the last only. */
const WINDOWS_SUITES = ['ECDHE-RSA-AES256-SHA384', 'ECDHE-RSA-AES128-SHA256', 'ECDHE-RSA-AES256-SHA'];

/**
 * What the lab's TLS servers prefer: suites of Windows 7 to 8.1, since Wine's Schannel would agree on others that these
 * do not have. And one curve, which Windows 7 and later know: with it the strength of an exchange is known as well.
 */
export const PREFERENCES = {
  ciphers: [...WINDOWS_SUITES, constants.defaultCipherList].join(':'),
  ecdhCurve: 'P-256',
} as const;
const CURVE_BITS = 256;

/**
 * Writes down every handshake that this server completes.
 * @param chainFor the certificates that it sends to who asks for that name
 * @param file gets a line of JSON for each, before anything is answered on that connection
 */
export function recordHandshakes(server: Server, chainFor: (name: string) => string, file: string): void {
  const randoms = new WeakMap<TLSSocket, string>();
  // The rest of the line is the secret of the connection, and goes no further.
  server.on('keylog', (line: Buffer, socket: TLSSocket) => {
    const random = randomIn(line.toString('latin1'));
    if (random !== undefined) randoms.set(socket, random);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const random = randoms.get(socket);
    if (random === undefined) return;
    const name = typeof socket.servername === 'string' ? socket.servername : '';
    const chain = chainFor(name);
    const { standardName } = socket.getCipher();
    const record: HandshakeRecord = {
      at: new Date().toISOString(),
      random,
      server: name,
      protocol: (socket.getProtocol() ?? '').replace(/^TLSv(\d)$/, 'TLS $1.0').replace('TLSv', 'TLS '),
      cipherSuite: suiteNumbers().get(standardName) ?? 0,
      exchangeBits: standardName.startsWith('TLS_RSA_') ? keyBits(chain) : CURVE_BITS,
      chain,
    };
    appendFileSync(file, JSON.stringify(record) + '\n', { mode: 0o600 });
  });
}

/** The client's random number in that line of a key log (the format of NSS) of which each handshake has one. */
export const randomIn = (line: string): string | undefined =>
  /^(?:CLIENT_RANDOM|CLIENT_HANDSHAKE_TRAFFIC_SECRET) ([0-9a-f]{64}) /.exec(line)?.[1];

/** The records of these client randoms, in the order in which they were written. */
export function findHandshakes(file: string, randoms: ReadonlySet<string>): HandshakeRecord[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as HandshakeRecord)
    .filter(({ random }) => randoms.has(random));
}

/** The certificates of a PEM file, in its order. */
export const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );

const keyBits = (chain: string): number =>
  certificatesIn(chain)[0]?.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;

let numbers: ReadonlyMap<string, number> | undefined;

/** Numbers of the cipher suites by the names that the IANA gave them, as openssl lists them. */
function suiteNumbers(): ReadonlyMap<string, number> {
  numbers ??= new Map(
    execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:@SECLEVEL=0'], { encoding: 'latin1' })
      .split('\n')
      .map((line) => /^\s*0x(..),0x(..) - (\S+)/.exec(line))
      .filter((match) => match !== null)
      .map(([, high = '', low = '', name = '']) => [name, parseInt(high + low, 16)]),
  );
  return numbers;
}
