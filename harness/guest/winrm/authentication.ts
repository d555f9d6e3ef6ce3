import type { Secret } from '../../core/secret.ts';

/** How a client proves who it is. NTLM and Kerberos would be further makers of this. */
export interface Authentication {
  /** Name of the scheme, as it stands in `WWW-Authenticate`. */
  readonly scheme: string;
  /** The `Authorization` header of the next request. */
  authorization(): string;
}

/** HTTP Basic: name and password in the clear, so only for a machine on this host or over HTTPS. */
export const basic = (user: string, password: Secret): Authentication => ({
  scheme: 'Basic',
  authorization: () => `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`,
});
