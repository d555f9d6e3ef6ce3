import { randomUUID } from 'node:crypto';
import { registration, type Account } from './accounts.ts';
import { AUDIT_PROPERTIES } from './audit-log.ts';
import { json, type Reply, type Request } from './http.ts';
import { asHtml, MAIL_PROPERTIES } from './mailboxes.ts';
import { MEMBERSHIP_PROPERTIES, memberships } from './memberships.ts';
import { mustExist, ODataError, query, select, type Collection, type Row } from './odata.ts';
import { subscribedSku, SUBSCRIPTION_PROPERTIES } from './subscriptions.ts';
import type { Permission, Tenant } from './tenant.ts';

/** An answer other than success, in Graph's terms. */
class GraphError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A resource of Graph: what may read it, how Graph says no, and what it holds. */
interface Resource {
  readonly path: RegExp;
  /** The token needs one permission out of each group. */
  readonly needs: readonly (readonly Permission[])[];
  readonly denied: { readonly code: string; readonly message: string };
  /** Whether Graph gives it only to tenants with Azure AD Premium. */
  readonly premium?: true;
  answer(context: Context): Reply;
}

interface Context {
  readonly tenant: Tenant;
  readonly request: Request;
  /** The decoded groups of the path. */
  readonly parts: readonly string[];
}

const reportDenied = {
  code: 'Authentication_MSGraphPermissionMissing',
  message: 'Calling principal does not have required MSGraph permissions AuditLog.Read.All',
};
const directoryDenied = {
  code: 'Authorization_RequestDenied',
  message: 'Insufficient privileges to complete the operation.',
};
const mailDenied = {
  code: 'ErrorAccessDenied',
  message: 'Access is denied. Check credentials and try again.',
};

const notPremium = {
  code: 'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
  message: "Neither tenant is B2C or tenant doesn't have premium license",
};

/** Graph's largest page for the audit log and for directory objects. */
const PAGE = 1000;

const RESOURCES: readonly Resource[] = [
  {
    path: /^\/v1\.0\/auditLogs\/directoryAudits$/i,
    needs: [['AuditLog.Read.All'], ['Directory.Read.All']],
    denied: reportDenied,
    premium: true,
    answer: (context) =>
      list(context, 'auditLogs/directoryAudits', (asOf) => ({
        rows: context.tenant.audits.visibleAt(asOf),
        properties: AUDIT_PROPERTIES,
        pageSize: PAGE,
      })),
  },
  {
    path: /^\/v1\.0\/reports\/authenticationMethods\/userRegistrationDetails$/i,
    needs: [['AuditLog.Read.All']],
    denied: reportDenied,
    premium: true,
    answer: (context) =>
      list(context, 'reports/authenticationMethods/userRegistrationDetails', () => ({
        rows: context.tenant.accounts.map((account) => registrationDetails(context.tenant, account)),
        properties: REGISTRATION_PROPERTIES,
        pageSize: PAGE,
      })),
  },
  {
    path: /^\/v1\.0\/reports\/authenticationMethods\/userRegistrationDetails\/([^/]+)$/i,
    needs: [['AuditLog.Read.All']],
    denied: reportDenied,
    premium: true,
    answer: ({ tenant, request, parts: [id = ''] }) => {
      const account = tenant.accounts.find((one) => one.id === id);
      if (!account) throw new GraphError(404, 'UnknownError', '');
      return entity(
        request,
        'reports/authenticationMethods/userRegistrationDetails/$entity',
        registrationDetails(tenant, account),
      );
    },
  },
  {
    path: /^\/v1\.0\/users$/i,
    needs: [['User.Read.All', 'Directory.Read.All']],
    denied: directoryDenied,
    answer: (context) =>
      list(withDefaultSelect(context), 'users', () => ({
        rows: context.tenant.accounts.map(user),
        properties: USER_PROPERTIES,
        pageSize: PAGE,
      })),
  },
  {
    path: /^\/v1\.0\/users\/([^/]+)$/i,
    needs: [['User.Read.All', 'Directory.Read.All']],
    denied: directoryDenied,
    answer: ({ tenant, request, parts: [id = ''] }) => {
      const account = tenant.account(id);
      if (!account) throw notFound(id);
      const names = request.url.searchParams.get('$select')?.split(',') ?? DEFAULT_USER_PROPERTIES;
      for (const name of names) mustExist(name, USER_PROPERTIES);
      return entity(request, 'users/$entity', select(user(account), names));
    },
  },
  {
    path: /^\/v1\.0\/users\/([^/]+)\/messages$/i,
    needs: [['Mail.Read']],
    denied: mailDenied,
    answer: (context) => {
      const [address = ''] = context.parts;
      const messages = context.tenant.mailboxes.messages(address);
      if (!messages) {
        throw new GraphError(404, 'ErrorInvalidUser', `The requested user '${address}' is invalid.`);
      }
      const asText = /outlook\.body-content-type="?text/.test(
        context.request.headers.prefer?.toString() ?? '',
      );
      const rows = asText ? messages : messages.map(asHtml);
      const described = `users('${address}')/messages`;
      const reply = list(
        context,
        described,
        () => ({ rows, properties: MAIL_PROPERTIES, pageSize: PAGE }),
        10,
      );
      return asText
        ? { ...reply, headers: { 'preference-applied': 'outlook.body-content-type="text"' } }
        : reply;
    },
  },
  {
    path: /^\/v1\.0\/users\/([^/]+)\/transitiveMemberOf$/i,
    needs: [['User.Read.All', 'Directory.Read.All']],
    denied: directoryDenied,
    answer: (context) => {
      const [id = ''] = context.parts;
      const account = context.tenant.account(id);
      if (!account) throw notFound(id);
      return list(context, 'directoryObjects', () => ({
        rows: memberships(context.tenant.organization, account.directoryRoles),
        properties: MEMBERSHIP_PROPERTIES,
        pageSize: 100,
      }));
    },
  },
  {
    path: /^\/v1\.0\/subscribedSkus$/i,
    needs: [['Organization.Read.All', 'Directory.Read.All']],
    denied: directoryDenied,
    answer: (context) => {
      if (context.request.url.searchParams.has('$filter')) {
        throw new GraphError(
          400,
          'Request_UnsupportedQuery',
          "The query parameter '$filter' is not supported.",
        );
      }
      return list(context, 'subscribedSkus', () => ({
        rows: context.tenant.subscriptions.map((name) => subscribedSku(context.tenant.id, name)),
        properties: SUBSCRIPTION_PROPERTIES,
        pageSize: PAGE,
      }));
    },
  },
  {
    path: /^\/v1\.0\/organization$/i,
    needs: [['Organization.Read.All', 'Directory.Read.All', 'User.Read.All']],
    denied: directoryDenied,
    answer: (context) =>
      list(context, 'organization', () => ({
        rows: [organization(context.tenant)],
        properties: ['id', 'displayName', 'tenantType', 'verifiedDomains'],
        pageSize: PAGE,
      })),
  },
];

/** Answers as Microsoft Graph v1.0 does. */
export function answerGraph(tenant: Tenant, request: Request): Reply {
  try {
    return route(tenant, request);
  } catch (error) {
    if (error instanceof GraphError) return failure(tenant, error);
    if (error instanceof ODataError) return failure(tenant, new GraphError(400, 'BadRequest', error.message));
    throw error;
  }
}

function route(tenant: Tenant, request: Request): Reply {
  const permissions = authenticate(tenant, request);
  const path = request.url.pathname;
  for (const resource of RESOURCES) {
    const match = resource.path.exec(path);
    if (!match) continue;
    if (request.method !== 'GET') throw new GraphError(405, 'Request_BadRequest', 'Only GET is offered.');
    if (!resource.needs.every((group) => group.some((one) => permissions.includes(one)))) {
      throw new GraphError(403, resource.denied.code, resource.denied.message);
    }
    if (resource.premium && !tenant.premium) throw new GraphError(403, notPremium.code, notPremium.message);
    return resource.answer({ tenant, request, parts: match.slice(1).map(decode) });
  }
  throw new GraphError(
    400,
    'BadRequest',
    `Resource not found for the segment '${path.split('/')[2] ?? ''}'.`,
  );
}

function authenticate(tenant: Tenant, request: Request): readonly Permission[] {
  const refused = (message: string) => new GraphError(401, 'InvalidAuthenticationToken', message);
  const [scheme = '', token] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !token) throw refused('Access token is empty.');
  const permissions = tenant.permissionsOf(token);
  if (!permissions) throw refused('Lifetime validation failed, the token is expired or unknown.');
  return permissions;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GraphError(400, 'BadRequest', `Malformed path segment '${part}'.`);
  }
}

/** Where a next page begins, and the instant as of which the first one was read: later entries must not shift it. */
interface Bookmark {
  readonly skip: number;
  readonly asOf: number;
}

function list(
  { tenant, request }: Context,
  described: string,
  collection: (asOf: number) => Collection,
  defaultTop?: number,
): Reply {
  const options = new URLSearchParams(request.url.search);
  const { skip, asOf } = readBookmark(options.get('$skiptoken')) ?? { skip: 0, asOf: tenant.now() };
  if (defaultTop !== undefined && !options.has('$top')) options.set('$top', String(defaultTop));
  const page = query(collection(asOf), options, skip);
  const next = new URL(request.url);
  if (page.nextSkip !== undefined) {
    next.searchParams.set('$skiptoken', writeBookmark({ skip: page.nextSkip, asOf }));
  }
  return json(200, {
    '@odata.context': context(request, described),
    ...(page.nextSkip === undefined ? {} : { '@odata.nextLink': next.href }),
    value: page.rows,
  });
}

const writeBookmark = (bookmark: Bookmark): string =>
  Buffer.from(JSON.stringify(bookmark)).toString('base64url');

function readBookmark(token: string | null): Bookmark | undefined {
  if (token === null) return undefined;
  try {
    const { skip, asOf } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<Bookmark>;
    if (Number.isSafeInteger(skip) && Number.isSafeInteger(asOf)) return { skip, asOf } as Bookmark;
  } catch {
    // Not ours: the same answer as for one that is ours and broken.
  }
  throw new ODataError('Skip token is invalid.');
}

const entity = (request: Request, described: string, row: Row): Reply =>
  json(200, { '@odata.context': context(request, described), ...row });

const context = (request: Request, described: string): string =>
  `${request.url.origin}/v1.0/$metadata#${described}`;

function failure(tenant: Tenant, error: GraphError): Reply {
  const id = randomUUID();
  return json(error.status, {
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        date: new Date(tenant.now()).toISOString().replace(/\.\d+Z$/, ''),
        'request-id': id,
        'client-request-id': id,
      },
    },
  });
}

const notFound = (id: string) =>
  new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );

function withDefaultSelect(from: Context): Context {
  const url = new URL(from.request.url);
  if (!url.searchParams.has('$select')) url.searchParams.set('$select', DEFAULT_USER_PROPERTIES.join(','));
  return { ...from, request: { ...from.request, url } };
}

/** What Graph returns of a user unless asked for more; the time of the last password change is not among it. */
const DEFAULT_USER_PROPERTIES = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];
const USER_PROPERTIES = [
  ...DEFAULT_USER_PROPERTIES,
  'accountEnabled',
  'lastPasswordChangeDateTime',
  'onPremisesSyncEnabled',
  'userType',
];

function user(account: Account): Row {
  const [givenName, surname] = account.displayName.split(' ');
  return {
    businessPhones: [],
    displayName: account.displayName,
    givenName,
    jobTitle: null,
    mail: account.userPrincipalName,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname,
    userPrincipalName: account.userPrincipalName,
    id: account.id,
    accountEnabled: account.accountEnabled,
    lastPasswordChangeDateTime: wholeSeconds(account.passwordChangedAt),
    onPremisesSyncEnabled: null,
    userType: 'Member',
  };
}

const REGISTRATION_PROPERTIES = [
  'id',
  'userPrincipalName',
  'userDisplayName',
  'userType',
  'isAdmin',
  'isSsprRegistered',
  'isSsprEnabled',
  'isSsprCapable',
  'isMfaRegistered',
  'isMfaCapable',
  'isPasswordlessCapable',
  'methodsRegistered',
  'lastUpdatedDateTime',
];

const registrationDetails = (tenant: Tenant, account: Account): Row => ({
  id: account.id,
  userPrincipalName: account.userPrincipalName,
  userDisplayName: account.displayName,
  userType: 'member',
  isAdmin: account.directoryRoles.length > 0,
  ...registration(account, tenant.policy.methodsRequired),
  isMfaRegistered: false,
  isMfaCapable: false,
  isPasswordlessCapable: false,
  methodsRegistered: account.methods,
  lastUpdatedDateTime: wholeSeconds(account.registrationChangedAt),
});

const organization = (tenant: Tenant): Row => ({
  id: tenant.id,
  displayName: tenant.organization,
  tenantType: 'AAD',
  verifiedDomains: [{ name: tenant.domain, isDefault: true, isInitial: false, type: 'Managed' }],
});

/** Graph keeps instants of directory objects to the second. */
const wholeSeconds = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
