import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** What a token says. Instants are milliseconds since 1970. */
interface Claims {
  readonly tenant: string;
  readonly application: string;
  readonly permissions: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

let kept: SigningKey | undefined;

/** Made when it is first needed: a key takes a tenth of a second. */
function signingKey(): SigningKey {
  if (!kept) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const encoded = publicKey.export({ type: 'spki', format: 'der' });
    kept = { id: createHash('sha1').update(encoded).digest('base64url'), privateKey, publicKey };
  }
  return kept;
}

/**
 * An access token for Graph as an app gets it: a signed JSON Web Token with the application permissions as `roles`.
 * Source: Microsoft identity platform, access token claims reference (version 1.0 tokens).
 */
export function signToken({ tenant, application, permissions, issuedAt, expiresAt }: Claims): string {
  const { id, privateKey } = signingKey();
  const seconds = (at: number): number => Math.floor(at / 1000);
  const signed = [
    { typ: 'JWT', alg: 'RS256', kid: id, x5t: id },
    {
      aud: 'https://graph.microsoft.com',
      iss: `https://sts.windows.net/${tenant}/`,
      iat: seconds(issuedAt),
      nbf: seconds(issuedAt),
      exp: seconds(expiresAt),
      appid: application,
      idtyp: 'app',
      roles: permissions,
      tid: tenant,
      uti: randomBytes(16).toString('base64url'),
      ver: '1.0',
    },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** The public key, as a JSON Web Key Set. */
export function publishedKeys(): object {
  const { id, publicKey } = signingKey();
  return { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', kid: id, x5t: id }] };
}
