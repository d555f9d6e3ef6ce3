import {
  constants,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  verify,
  X509Certificate,
} from 'node:crypto';
import { z } from 'zod';
import type { Secret } from '../../core/secret.ts';
import type { Refusal } from './oauth.ts';
import { sameSecret } from './same-secret.ts';
import type { Tenant } from './tenant.ts';

/** By what an application can prove who it is. */
export interface Credentials {
  readonly secret: Secret;
  secretExpired: boolean;
  certificates: readonly X509Certificate[];
  federated: readonly FederatedCredential[];
}

/** Somebody outside whose word counts: whoever brings a token of this issuer, subject and audience is the application. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** Public keys, as JSON Web Keys: nobody is asked for them. */
  readonly keys: readonly (JsonWebKey & { readonly kid?: string | undefined })[];
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Clocks may differ by this (Microsoft identity platform: tokens are taken up to 5 minutes beside their time). */
const TOLERANCE_MS = 300_000;

/**
 * Whether a token request comes from the tenant's application: by its secret, by an assertion that is signed with one
 * of its certificates, or by a token of a federated issuer.
 * @param audiences what an assertion of the application's own may be meant for
 * @returns why it is refused, or undefined
 */
export function proveClient(
  tenant: Tenant,
  form: URLSearchParams,
  audiences: readonly string[],
): Refusal | undefined {
  const assertion = form.get('client_assertion');
  if (assertion === null) return proveBySecret(tenant, form.get('client_secret'));
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
    return { why: 'parameterMissing', sentence: "The request body must contain 'client_assertion_type'." };
  }
  const jwt = readAssertion(assertion);
  if (!jwt) return { why: 'assertionMalformed', sentence: 'JWT token is invalid or malformed.' };
  const { iss, sub } = jwt.claims;
  const own = iss === tenant.application.id && sub === tenant.application.id;
  return own ? proveByCertificate(tenant, jwt, audiences) : proveByFederation(tenant, jwt);
}

function proveBySecret({ application }: Tenant, secret: string | null): Refusal | undefined {
  if (secret === null) {
    const expected = "'client_assertion' or 'client_secret'";
    return {
      why: 'secretMissing',
      sentence: `The request body must contain the following parameter: ${expected}.`,
    };
  }
  if (!sameSecret(secret, application.secret.reveal())) {
    return {
      why: 'secretWrong',
      sentence: `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.id}'.`,
    };
  }
  if (!application.secretExpired) return undefined;
  return {
    why: 'secretExpired',
    sentence: `The provided client secret keys for app '${application.id}' are expired. Visit the Azure portal to create new keys for your app.`,
  };
}

function proveByCertificate(
  tenant: Tenant,
  jwt: Assertion,
  audiences: readonly string[],
): Refusal | undefined {
  const certificate = tenant.application.certificates.find((one) => isNamed(one, jwt.header));
  const unknown = (reason: string): Refusal => ({
    why: 'certificateUnknown',
    sentence: `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ${reason}, Thumbprint of key used by client: '${jwt.header['x5t#S256'] ?? jwt.header.x5t ?? ''}']`,
  });
  if (!certificate) return unknown('The key was not found.');
  if (Date.parse(certificate.validTo) < tenant.now()) return unknown('The key used is expired.');
  if (!isSignedBy(jwt, certificate.publicKey)) {
    return unknown('The provided signature value did not match the expected signature value.');
  }
  if (!jwt.claims.aud.some((one) => audiences.includes(one))) {
    return {
      why: 'assertionAudience',
      sentence: `Client assertion audience claim does not match Realm issuer. Found '${jwt.claims.aud.join(', ')}'.`,
    };
  }
  return proveTime(tenant, jwt);
}

function proveByFederation(tenant: Tenant, jwt: Assertion): Refusal | undefined {
  const { iss, sub, aud } = jwt.claims;
  const presented = `Assertion Issuer: '${iss}'. Assertion Subject: '${sub}'. Assertion Audience: '${aud.join(', ')}'.`;
  const unmatched = (why: Refusal['why'], what: string): Refusal => ({
    why,
    sentence: `No matching federated identity record found for presented assertion ${what}. ${presented}`,
  });
  let matching = tenant.application.federated.filter(({ issuer }) => issuer === iss);
  if (matching.length === 0) return unmatched('federationIssuer', `issuer '${iss}'`);
  matching = matching.filter(({ subject }) => subject === sub);
  if (matching.length === 0) return unmatched('federationSubject', `subject '${sub}'`);
  matching = matching.filter(({ audience }) => aud.includes(audience));
  if (matching.length === 0) return unmatched('federationAudience', `audience '${aud.join(', ')}'`);
  const keys = matching
    .flatMap((one) => one.keys)
    .filter(({ kid }) => kid === undefined || kid === jwt.header.kid)
    .map((key) => createPublicKey({ key, format: 'jwk' }));
  if (!keys.some((key) => isSignedBy(jwt, key))) {
    const reason =
      keys.length === 0 ? 'The key was not found.' : 'The provided signature value did not match.';
    return {
      why: 'assertionSignature',
      sentence: `Assertion failed signature validation. [Reason - ${reason}, Key id of key used by client: '${jwt.header.kid ?? ''}']`,
    };
  }
  return proveTime(tenant, jwt);
}

function proveTime(tenant: Tenant, { claims: { nbf, iat, exp } }: Assertion): Refusal | undefined {
  const now = tenant.now();
  const from = (nbf ?? iat ?? 0) * 1000;
  if (from - TOLERANCE_MS <= now && now < exp * 1000 + TOLERANCE_MS) return undefined;
  const written = (at: number): string => new Date(at).toISOString();
  return {
    why: 'assertionTime',
    sentence: `Client assertion is not within its valid time range. Current time: ${written(now)}, assertion valid from ${written(from)}, expiry time of assertion ${written(exp * 1000)}.`,
  };
}

/** Instants of a token, in seconds since 1970; a year that no date has is no instant. */
const instant = z.number().nonnegative().max(8.64e12);

const Header = z.object({
  alg: z.string(),
  kid: z.string().optional(),
  x5t: z.string().optional(),
  'x5t#S256': z.string().optional(),
});
const Claims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  exp: instant,
  nbf: instant.optional(),
  iat: instant.optional(),
});

interface Assertion {
  readonly header: z.infer<typeof Header>;
  readonly claims: z.infer<typeof Claims>;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** The parts of a JSON Web Token, or undefined when it is none. */
function readAssertion(text: string): Assertion | undefined {
  const [header = '', claims = '', signature = '', ...more] = text.split('.');
  if (more.length > 0) return undefined;
  try {
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    return {
      header: Header.parse(read(header)),
      claims: Claims.parse(read(claims)),
      signed: Buffer.from(`${header}.${claims}`),
      signature: Buffer.from(signature, 'base64url'),
    };
  } catch {
    return undefined;
  }
}

const PADDINGS: Readonly<Record<string, object>> = {
  RS256: { padding: constants.RSA_PKCS1_PADDING },
  PS256: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
};

function isSignedBy({ header, signed, signature }: Assertion, key: KeyObject): boolean {
  const padding = PADDINGS[header.alg];
  return (
    padding !== undefined &&
    key.asymmetricKeyType === 'rsa' &&
    verify('sha256', signed, { key, ...padding }, signature)
  );
}

/** Whether a header names a certificate by its thumbprint. */
const isNamed = (certificate: X509Certificate, header: Assertion['header']): boolean =>
  header['x5t#S256'] === undefined
    ? header.x5t !== undefined && sameThumbprint(header.x5t, certificate.fingerprint)
    : sameThumbprint(header['x5t#S256'], certificate.fingerprint256);

/** A thumbprint in a header is Base64 of some kind; that of a certificate is written in hexadecimal pairs. */
const sameThumbprint = (encoded: string, fingerprint: string): boolean =>
  Buffer.from(encoded, 'base64url').toString('hex') === fingerprint.replaceAll(':', '').toLowerCase();
