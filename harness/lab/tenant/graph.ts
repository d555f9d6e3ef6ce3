import { randomUUID } from 'node:crypto';
import { registration, type Account } from './accounts.ts';
import { AUDIT_PROPERTIES, AUDIT_QUERIES, type View } from './audit-log.ts';
import { json, type Reply, type Request } from './http.ts';
import { asHtml, MAIL_PROPERTIES } from './mailboxes.ts';
import { MEMBERSHIP_PROPERTIES, memberships } from './memberships.ts';
import { mustExist, ODataError, query, select, type Collection, type Row } from './odata.ts';
import { subscribedSku, SUBSCRIPTION_PROPERTIES } from './subscriptions.ts';
import { LARGEST_PAGE as PAGE, type Permission, type Tenant } from './tenant.ts';
import { retryAfterHeader } from './throttle.ts';

/** An answer other than success, in Graph's terms. */
export class GraphError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
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
  /** Whether it is one of the identity and access reports: for tenants with Azure AD Premium, and few at a time. */
  readonly report?: true;
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

const RESOURCES: readonly Resource[] = [
  {
    path: /^\/v1\.0\/auditLogs\/directoryAudits$/i,
    needs: [['AuditLog.Read.All'], ['Directory.Read.All']],
    denied: reportDenied,
    report: true,
    answer: (context) =>
      list(context, 'auditLogs/directoryAudits', (view) => ({
        rows: {
          by: 'activityDateTime',
          between: (from, to) => context.tenant.audits.between(from, to, view),
        },
        properties: AUDIT_PROPERTIES,
        queries: AUDIT_QUERIES,
        pageSize: context.tenant.paging.size,
        largestTop: PAGE,
        overlap: context.tenant.paging.overlap,
      })),
  },
  {
    path: /^\/v1\.0\/reports\/authenticationMethods\/userRegistrationDetails$/i,
    needs: [['AuditLog.Read.All']],
    denied: reportDenied,
    report: true,
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
    report: true,
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
    if (resource.report) admit(tenant);
    return resource.answer({ tenant, request, parts: match.slice(1).map(decode) });
  }
  throw new GraphError(
    400,
    'BadRequest',
    `Resource not found for the segment '${path.split('/')[2] ?? ''}'.`,
  );
}

/** @throws GraphError when the tenant has no reports, or has been asked for too many */
function admit(tenant: Tenant): void {
  const waitMs = tenant.throttle.admit(tenant.hostNow());
  if (waitMs > 0) {
    throw throttled(retryAfterHeader(tenant.throttle.limit.retryAfter, waitMs, tenant.now()));
  }
  if (!tenant.premium) throw new GraphError(403, notPremium.code, notPremium.message);
}

/** The refusal of one request too many, in the words of Graph's throttling guidance. */
export const throttled = (headers: Readonly<Record<string, string>>): GraphError =>
  new GraphError(429, 'TooManyRequests', 'Please retry again later.', headers);

/** The refusal of a token whose time is over. */
export const expiredToken = (): GraphError =>
  new GraphError(
    401,
    'InvalidAuthenticationToken',
    'Lifetime validation failed, the token is expired or unknown.',
  );

function authenticate(tenant: Tenant, request: Request): readonly Permission[] {
  const [scheme = '', token] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !token) {
    throw new GraphError(401, 'InvalidAuthenticationToken', 'Access token is empty.');
  }
  const permissions = tenant.permissionsOf(token);
  if (!permissions) throw expiredToken();
  return permissions;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new GraphError(400, 'BadRequest', `Malformed path segment '${part}'.`);
  }
}

/** Where a next page begins, and what could be seen when the first one was read: later entries must not shift it. */
interface Bookmark extends View {
  readonly skip: number;
}

function list(
  { tenant, request }: Context,
  described: string,
  collection: (view: View) => Collection,
  defaultTop?: number,
): Reply {
  const options = new URLSearchParams(request.url.search);
  const { skip, ...view } = bookmarkOf(tenant, request.url);
  if (defaultTop !== undefined && !options.has('$top')) options.set('$top', String(defaultTop));
  const page = query(collection(view), options, skip);
  return json(200, {
    '@odata.context': context(request, described),
    ...(page.nextSkip === undefined
      ? {}
      : { '@odata.nextLink': pageLink(request.url, { ...view, skip: page.nextSkip }) }),
    value: page.rows,
  });
}

/** Another link to the page that an address leads to. */
export const pageAgain = (tenant: Tenant, url: URL): string => pageLink(url, bookmarkOf(tenant, url));

/** The same bookmark never reads the same: an unused part is added. */
function pageLink(from: URL, bookmark: Bookmark): string {
  const url = new URL(from);
  const token = { ...bookmark, unique: randomUUID() };
  url.searchParams.set('$skiptoken', Buffer.from(JSON.stringify(token)).toString('base64url'));
  return url.href;
}

function bookmarkOf(tenant: Tenant, url: URL): Bookmark {
  const token = url.searchParams.get('$skiptoken');
  if (token === null) return { ...tenant.audits.view(), skip: 0 };
  try {
    const { skip, asOf, made } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Bookmark;
    if ([skip, asOf, made].every(Number.isSafeInteger)) return { skip, asOf, made };
  } catch {
    // Not ours: the same answer as for one that is ours and broken.
  }
  throw new ODataError('Skip token is invalid.');
}

const entity = (request: Request, described: string, row: Row): Reply =>
  json(200, { '@odata.context': context(request, described), ...row });

const context = (request: Request, described: string): string =>
  `${request.url.origin}/v1.0/$metadata#${described}`;

/** A refusal as Graph words it. */
export function failure(tenant: Tenant, error: GraphError): Reply {
  const id = randomUUID();
  const body = {
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        date: new Date(tenant.now()).toISOString().replace(/\.\d+Z$/, ''),
        'request-id': id,
        'client-request-id': id,
      },
    },
  };
  return json(error.status, body, error.headers);
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
  ...registration(account, tenant.policy),
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
