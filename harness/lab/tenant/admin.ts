import { z } from 'zod';
import { Secret } from '../../core/secret.ts';
import { REGISTRABLE, registration, STANDINGS, type Account } from './accounts.ts';
import { json, type Reply, type Request } from './http.ts';
import { sameSecret } from './oauth.ts';
import { SUBSCRIPTION_NAMES } from './subscriptions.ts';
import { PERMISSIONS, type Tenant } from './tenant.ts';

const ADMIN_PATH = '/lab/admin/';

/** What an administrator can change of a user. Strict: a misspelt change must not pass for one that was made. */
const UserChange = z.strictObject({
  methods: z.array(z.enum(REGISTRABLE)).optional(),
  standing: z.enum(STANDINGS).optional(),
  accountEnabled: z.boolean().optional(),
  /** Directory roles by name: "Helpdesk Administrator". */
  directoryRoles: z.array(z.string().min(1)).optional(),
  /** Sets the password without any audit row of the portal. */
  password: z.string().min(1).optional(),
  /** Lifts the block of 24 hours. */
  unblock: z.literal(true).optional(),
});

const TenantChange = z.strictObject({
  auditDelayMs: z.number().int().nonnegative().optional(),
  methodsRequired: z.union([z.literal(1), z.literal(2)]).optional(),
  captcha: z.boolean().optional(),
  permissions: z.array(z.enum(PERMISSIONS)).optional(),
  subscriptions: z.array(z.enum(SUBSCRIPTION_NAMES)).optional(),
});

type UserChange = z.infer<typeof UserChange>;
type TenantChange = z.infer<typeof TenantChange>;

function changeUser(tenant: Tenant, account: Account, change: UserChange): void {
  if (change.methods) {
    account.methods = change.methods;
    account.registrationChangedAt = tenant.now();
  }
  account.standing = change.standing ?? account.standing;
  account.directoryRoles = change.directoryRoles ?? account.directoryRoles;
  account.accountEnabled = change.accountEnabled ?? account.accountEnabled;
  if (change.unblock) Object.assign(account, { wrongCodes: 0, blockedUntil: 0 });
  if (change.password !== undefined) {
    account.password = new Secret(change.password);
    account.passwordChangedAt = tenant.now();
  }
}

function changeTenant(tenant: Tenant, change: TenantChange): void {
  tenant.audits.delayMs = change.auditDelayMs ?? tenant.audits.delayMs;
  tenant.policy.methodsRequired = change.methodsRequired ?? tenant.policy.methodsRequired;
  tenant.policy.captcha = change.captcha ?? tenant.policy.captcha;
  tenant.application.permissions = change.permissions ?? tenant.application.permissions;
  tenant.subscriptions = change.subscriptions ?? tenant.subscriptions;
}

/**
 * The lab's own side door, for seeding faults: `GET` and `POST /lab/admin/users/{upn}`, `POST /lab/admin/tenant`.
 * Undefined when the path is none of its own.
 */
export function answerAdmin(tenant: Tenant, token: Secret, request: Request): Reply | undefined {
  const path = request.url.pathname;
  if (!path.startsWith(ADMIN_PATH)) return undefined;
  const [scheme, given = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !sameSecret(given, token.reveal()))
    return json(401, { error: 'wrong admin token' });

  const [kind, name = ''] = path.slice(ADMIN_PATH.length).split('/');
  if (kind === 'tenant' && request.method === 'POST') {
    return apply(TenantChange, request.body, (change) => {
      changeTenant(tenant, change);
      const { permissions } = tenant.application;
      const { subscriptions, policy, audits } = tenant;
      return { auditDelayMs: audits.delayMs, ...policy, permissions, subscriptions };
    });
  }
  const account = kind === 'users' ? tenant.account(decodeURIComponent(name)) : undefined;
  if (!account) return json(404, { error: `no such thing: ${path}` });
  if (request.method === 'GET') return json(200, describeUser(tenant, account));
  if (request.method !== 'POST') return json(405, { error: 'only GET and POST' });
  return apply(UserChange, request.body, (change) => {
    changeUser(tenant, account, change);
    return describeUser(tenant, account);
  });
}

function apply<T>(schema: z.ZodType<T>, body: string, change: (value: T) => unknown): Reply {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch {
    return json(400, { error: 'the body is not JSON' });
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success) return json(400, { error: z.prettifyError(parsed.error) });
  return json(200, change(parsed.data));
}

function describeUser(tenant: Tenant, account: Account) {
  return {
    userPrincipalName: account.userPrincipalName,
    standing: account.standing,
    accountEnabled: account.accountEnabled,
    methods: account.methods,
    directoryRoles: account.directoryRoles,
    ...registration(account, tenant.policy.methodsRequired),
    mobilePhone: account.mobilePhone,
    wrongCodes: account.wrongCodes,
    blockedUntil: account.blockedUntil === 0 ? null : new Date(account.blockedUntil).toISOString(),
    texts: tenant.texts.filter(({ to }) => to === account.mobilePhone),
  };
}
