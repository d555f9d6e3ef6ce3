import { X509Certificate } from 'node:crypto';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault, describe } from '../../core/errors.ts';
import { systemAuthorities } from './authorities.ts';
import { channelBinding } from './channel-binding.ts';
import { type TroubleCode, trouble } from './troubles.ts';

const PEM = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** What Node finds wrong with a certificate, and what it is to us; all else is `untrusted`. */
const BY_VERDICT: Readonly<Record<string, TroubleCode>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'winrm-certificate-self-signed',
  CERT_HAS_EXPIRED: 'winrm-certificate-expired',
  CERT_NOT_YET_VALID: 'winrm-certificate-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'winrm-certificate-name',
};

/** A connection whose other side is known to be the machine. */
export interface SecureChannel {
  readonly socket: tls.TLSSocket;
  /** Undefined when the certificate allows none. */
  readonly binding: Buffer | undefined;
}

/**
 * Speaks TLS over the socket, and makes sure whom with: by the pinned fingerprint, or the given authority, or those
 * that this system trusts. A pinned certificate needs no right name and may have expired: it is that one.
 * @param host the name that the certificate must have, or an address
 * @param machine for errors
 * @throws Fault `winrm-tls` or one of `winrm-certificate-...`, with nothing sent but the handshake
 */
export function secure(
  socket: Duplex,
  endpoint: Pick<WinrmEndpoint, 'ca' | 'fingerprint'>,
  host: string,
  machine: string,
  signal: AbortSignal,
): Promise<SecureChannel> {
  const context = contextFor(endpoint, machine);
  return new Promise((resolve, reject) => {
    const secured = tls.connect({
      socket,
      secureContext: context,
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      host,
      // Judged below, before anything is sent, so that the error can name the certificate that was found.
      rejectUnauthorized: false,
    });
    const abandon = (error: unknown): void => {
      signal.removeEventListener('abort', stop);
      secured.destroy();
      reject(error instanceof Error ? error : new Error(describe(error)));
    };
    const stop = (): void => abandon(new Error('aborted'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    secured.on('error', (error: NodeJS.ErrnoException) => {
      abandon(isHandshake(error) ? trouble('winrm-tls', machine, reasonOf(error), error) : error);
    });
    secured.once('secureConnect', () => {
      const verdict = judge(secured, endpoint.fingerprint, machine);
      if (verdict) {
        abandon(verdict);
        return;
      }
      signal.removeEventListener('abort', stop);
      resolve({ socket: secured, binding: channelBinding(secured.getPeerCertificate().raw) });
    });
  });
}

function contextFor(
  { ca, fingerprint }: Pick<WinrmEndpoint, 'ca' | 'fingerprint'>,
  machine: string,
): tls.SecureContext {
  if (fingerprint !== undefined) return tls.createSecureContext();
  if (ca === undefined) return tls.createSecureContext({ ca: systemAuthorities() });
  const certificates = ca.match(PEM) ?? [];
  if (certificates.length === 0) throw trouble('winrm-certificate-authority', machine);
  try {
    // OpenSSL leaves out what it cannot read, and then trusts nobody without saying why.
    for (const certificate of certificates) new X509Certificate(certificate);
    return tls.createSecureContext({ ca });
  } catch (error) {
    throw trouble('winrm-certificate-authority', machine, describe(error), error);
  }
}

/** What is wrong with the certificate, or undefined. */
function judge(socket: tls.TLSSocket, pinned: string | undefined, machine: string): Fault | undefined {
  const found = socket.getPeerCertificate().fingerprint256;
  if (pinned !== undefined) {
    return plain(pinned) === plain(found)
      ? undefined
      : trouble('winrm-certificate-fingerprint', machine, `found SHA-256 ${found}, pinned is ${pinned}`);
  }
  if (socket.authorized) return undefined;
  const verdict = verdictOf(socket);
  const code = BY_VERDICT[verdict] ?? 'winrm-certificate-untrusted';
  return trouble(code, machine, `${verdict}, SHA-256 ${found}`);
}

/** Node types it as an error, and sets the error's code. */
const verdictOf = ({ authorizationError }: tls.TLSSocket): string => String(authorizationError);

const plain = (fingerprint: string): string => fingerprint.replaceAll(/[:\s-]/g, '').toUpperCase();

/** Errors of TLS itself, rather than of the connection below it. */
const isHandshake = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  code.startsWith('ERR_SSL_') || code === 'EPROTO';

/** OpenSSL's own words, without the place in its source. */
const reasonOf = (error: NodeJS.ErrnoException & { reason?: string }): string =>
  error.reason ?? describe(error);
