/** A way of logging on that a server offers, with its data when it is in the middle of one. */
export interface Offer {
  /** In lower case. */
  readonly scheme: string;
  /** Base64, '' when there is none. */
  readonly token: string;
}

const KNOWN =
  /(?:^|,)\s*(negotiate|ntlm|basic|kerberos|credssp|digest)(?![\w-])(?:\s+([a-z0-9+/]+=*)\s*(?=,|$))?/gi;

/** What `WWW-Authenticate` offers, whether in one header or in several. Sources: RFC 9110 11.6.1, RFC 4559 4. */
export const readOffers = (headers: readonly string[]): Offer[] =>
  headers.flatMap((header) =>
    [...header.matchAll(KNOWN)].map(([, scheme = '', token = '']) => ({
      scheme: scheme.toLowerCase(),
      token,
    })),
  );
