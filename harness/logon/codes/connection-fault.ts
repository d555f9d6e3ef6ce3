import { describe, Fault, rootCode } from '../../core/errors.ts';

/** Codes of OpenSSL and Node that speak of the certificate or the protocol, and what to do about each. */
const TLS: readonly (readonly [RegExp, string])[] = [
  [
    /HAS_EXPIRED/,
    'The certificate of the server has expired: have it renewed, and check the clock of this host.',
  ],
  [/NOT_YET_VALID/, 'The certificate of the server is not valid yet: check the clock of this host.'],
  [/ALTNAME/, 'Name the host in the configuration as its certificate does.'],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED|INVALID_CA/,
    'Name the authority that signed the certificate of the server: certificateAuthority, a PEM file.',
  ],
  [/ERR_SSL|EPROTO|WRONG_VERSION/, 'Check the port, and whether TLS begins there at once or by STARTTLS.'],
  [/CERT|ERR_TLS|CRL|STARTTLS/, 'Check the certificate of the server.'],
];

/** A server of which nothing is known but that it could not be spoken to. */
export interface Unreached {
  /** For the codes of the faults: `mailbox` makes `mailbox-tls` and `mailbox-unreachable`. */
  readonly kind: string;
  /** `the mail server mail.contoso.example:993` */
  readonly where: string;
}

/** Why a connection was not made, or broke. Text of the cause is shown; give none that may hold a secret. */
export function connectionFault(error: unknown, { kind, where }: Unreached): Fault {
  const code = rootCode(error);
  const text = code === '' ? describe(error) : `${describe(error)} [${code}]`;
  const remedy = TLS.find(([codes]) => codes.test(code))?.[1];
  if (remedy !== undefined)
    return new Fault(`No trusted connection to ${where}: ${text}`, {
      code: `${kind}-tls`,
      blame: 'config',
      remedy,
    });
  return new Fault(`No connection to ${where}: ${text}`, {
    code: `${kind}-unreachable`,
    blame: 'network',
    retryable: true,
    remedy: 'Check host and port in the configuration, that the server runs, and the network on the way.',
  });
}
