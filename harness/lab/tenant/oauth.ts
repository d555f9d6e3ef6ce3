import { randomUUID } from 'node:crypto';
import { publishedKeys } from './access-token.ts';
import { proveClient } from './client-credentials.ts';
import { json, type Reply, type Request } from './http.ts';
import { sameSecret } from './same-secret.ts';
import type { Tenant } from './tenant.ts';

/**
 * The lab's machines check a password with this application, as a domain controller with password writeback would.
 * Machinery of the lab: a public client without permissions.
 */
export const DOMAIN_CONTROLLER = 'lab-domain-controller';

/** Refusals in Microsoft's form: the number after AADSTS, the OAuth error and the HTTP status that go with it. */
const REFUSALS = {
  grantUnsupported: { code: 70003, error: 'unsupported_grant_type', status: 400 },
  tenantUnknown: { code: 90002, error: 'invalid_request', status: 400 },
  parameterMissing: { code: 900144, error: 'invalid_request', status: 400 },
  applicationUnknown: { code: 700016, error: 'unauthorized_client', status: 400 },
  secretMissing: { code: 7000218, error: 'invalid_client', status: 401 },
  secretWrong: { code: 7000215, error: 'invalid_client', status: 401 },
  secretExpired: { code: 7000222, error: 'invalid_client', status: 401 },
  assertionMalformed: { code: 50027, error: 'invalid_request', status: 400 },
  assertionAudience: { code: 700023, error: 'invalid_client', status: 401 },
  assertionTime: { code: 700024, error: 'invalid_client', status: 401 },
  certificateUnknown: { code: 700027, error: 'invalid_client', status: 401 },
  assertionSignature: { code: 50013, error: 'invalid_client', status: 401 },
  federationIssuer: { code: 700211, error: 'invalid_client', status: 401 },
  federationAudience: { code: 700212, error: 'invalid_client', status: 401 },
  federationSubject: { code: 700213, error: 'invalid_client', status: 401 },
  scopeInvalid: { code: 1002012, error: 'invalid_scope', status: 400 },
  userUnknown: { code: 50034, error: 'invalid_grant', status: 400 },
  accountDisabled: { code: 50057, error: 'invalid_grant', status: 400 },
  passwordWrong: { code: 50126, error: 'invalid_grant', status: 400 },
} as const;

/** Why a token is refused, in Microsoft's words. */
export interface Refusal {
  readonly why: keyof typeof REFUSALS;
  readonly sentence: string;
}

/** Answers discovery and token requests, or undefined when the path is none of OAuth's. */
export function answerOAuth(tenant: Tenant, request: Request): Reply | undefined {
  const origin = request.url.origin;
  const path = request.url.pathname;
  if (path === '/common/discovery/instance') return instanceDiscovery(origin);

  const [, named = '', what] =
    /^\/([^/]+)\/(v2\.0\/\.well-known\/openid-configuration|discovery\/v2\.0\/keys|oauth2\/v2\.0\/token)$/.exec(
      path,
    ) ?? [];
  if (what === undefined) return undefined;
  if (named !== tenant.id && named !== tenant.domain) {
    return refuse(
      tenant,
      'tenantUnknown',
      `Tenant '${named}' not found. Check to make sure you have the correct tenant ID.`,
    );
  }
  if (what.startsWith('v2.0')) return openidConfiguration(tenant, origin);
  if (what.startsWith('discovery')) return json(200, publishedKeys());
  if (request.method !== 'POST') return json(405, { error: 'invalid_request' }, { allow: 'POST' });
  return token(tenant, request);
}

/** What a client's own assertion may be meant for. */
const audiences = (tenant: Tenant, origin: string): string[] =>
  [tenant.id, tenant.domain].flatMap((name) =>
    ['oauth2/v2.0/token', 'oauth2/token', 'v2.0'].map((path) => `${origin}/${name}/${path}`),
  );

function token(tenant: Tenant, request: Request): Reply {
  const form = new URLSearchParams(request.body);
  const grant = form.get('grant_type') ?? '';
  const client = form.get('client_id') ?? '';
  if (client === DOMAIN_CONTROLLER && grant === 'password') return checkPassword(tenant, form);
  if (client !== tenant.application.id) {
    const directory = `the directory '${tenant.organization}'`;
    return refuse(
      tenant,
      'applicationUnknown',
      `Application with identifier '${client}' was not found in ${directory}.`,
    );
  }
  if (grant !== 'client_credentials') {
    return refuse(tenant, 'grantUnsupported', `The app requested an unsupported grant type '${grant}'.`);
  }
  const refusal = proveClient(tenant, form, audiences(tenant, request.url.origin));
  if (refusal) return refuse(tenant, refusal.why, refusal.sentence);
  if (!(form.get('scope') ?? '').endsWith('/.default')) {
    return refuse(
      tenant,
      'scopeInvalid',
      'Client credential flows must have a scope value with /.default suffixed to the resource identifier.',
    );
  }
  return granted(tenant.tokenLifetime, tenant.issueToken());
}

function checkPassword(tenant: Tenant, form: URLSearchParams): Reply {
  const [username, password] = [form.get('username'), form.get('password')];
  if (username === null || password === null) {
    return refuse(tenant, 'parameterMissing', "The request body must contain 'username' and 'password'.");
  }
  const account = tenant.account(username);
  if (!account) {
    return refuse(
      tenant,
      'userUnknown',
      `The user account ${username} does not exist in the ${tenant.domain} directory.`,
    );
  }
  if (!account.accountEnabled) return refuse(tenant, 'accountDisabled', 'The user account is disabled.');
  if (!sameSecret(password, account.password.reveal())) {
    return refuse(
      tenant,
      'passwordWrong',
      'Error validating credentials due to invalid username or password.',
    );
  }
  // It only proves the password: nothing can be read with it.
  return granted(tenant.tokenLifetime, randomUUID());
}

const granted = (lifetime: number, accessToken: string): Reply =>
  json(
    200,
    { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: accessToken },
    { 'cache-control': 'no-store' },
  );

function refuse(tenant: Tenant, why: keyof typeof REFUSALS, sentence: string): Reply {
  const { code, error, status } = REFUSALS[why];
  const timestamp = new Date(tenant.now()).toISOString().replace(/T(.*)\.\d+Z/, ' $1Z');
  const [trace, correlation] = [randomUUID(), randomUUID()];
  return json(status, {
    error,
    error_description: `AADSTS${code}: ${sentence} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  });
}

const openidConfiguration = (tenant: Tenant, origin: string): Reply =>
  json(200, {
    issuer: `${origin}/${tenant.id}/v2.0`,
    authorization_endpoint: `${origin}/${tenant.id}/oauth2/v2.0/authorize`,
    token_endpoint: `${origin}/${tenant.id}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    jwks_uri: `${origin}/${tenant.id}/discovery/v2.0/keys`,
    response_types_supported: ['code', 'id_token', 'token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  });

function instanceDiscovery(origin: string): Reply {
  const { host } = new URL(origin);
  return json(200, {
    tenant_discovery_endpoint: `${origin}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  });
}
