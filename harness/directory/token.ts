import { z } from 'zod';

/** What an app's access token says of itself, restated. */
export interface TokenClaims {
  /** Application permissions with consent; undefined when the token does not tell them. */
  readonly permissions: readonly string[] | undefined;
}

const claims = z.object({ roles: z.array(z.string()).optional() });

/**
 * Reads the claims of a token. A token for Graph is meant for Graph: its form may change, so one that cannot be read is
 * no error, and nothing may depend on it. Source: Microsoft identity platform, access tokens.
 */
export function readToken(token: string): TokenClaims {
  const [, payload = ''] = token.split('.');
  try {
    const { roles } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return { permissions: roles ?? [] };
  } catch {
    return { permissions: undefined };
  }
}
