import { createPublicKey, X509Certificate, type JsonWebKey } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { Secret } from '../../core/secret.ts';
import { EN } from './captions/en.ts';
import { NONE_COUNTED, REGISTRABLE, registration, STANDINGS, type Account } from './accounts.ts';
import { addForeignReset, addNoise } from './others.ts';
import { SUBSCRIPTION_NAMES } from './subscriptions.ts';
import { LARGEST_PAGE, PERMISSIONS, type Tenant } from './tenant.ts';
import { RETRY_AFTER } from './throttle.ts';
import { isRegularExpression, WireFault } from './wire-faults.ts';

/**
 * What can be changed of the lab's tenant from outside, and how it is told. All shapes are strict: a misspelt change
 * must not pass for one that was made.
 */

/** A change that cannot be made; the message says what was found where, and what is expected. */
export class ChangeRefused extends Error {}

/** @throws ChangeRefused */
export function readChange<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data, { reportInput: true });
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map(({ path, message, input }) => {
    const found = input === undefined ? 'nothing' : JSON.stringify(input).slice(0, 200);
    return `${path.map(String).join('.') || 'the body'}: ${message}, found ${found}`;
  });
  throw new ChangeRefused(sentences.join('\n'));
}

const share = z.number().min(0).max(1);
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const DAY_MS = 86_400_000;
/** Until a row can be read. */
const delay = z.number().int().nonnegative().max(DAY_MS);
/** Longer than any test; keeps instants within what a date can be. */
const LONGEST_SKEW_MS = 3650 * DAY_MS;

const ONCE = 'expected each once';
const isOnce = (all: readonly string[]): boolean => new Set(all).size === all.length;

export const UserChange = z
  .strictObject({
    methods: z.array(z.enum(REGISTRABLE)).refine(isOnce, { error: ONCE }),
    standing: z.enum(STANDINGS),
    accountEnabled: z.boolean(),
    /** Directory roles by name: "Helpdesk Administrator". */
    directoryRoles: z.array(z.string().min(1)),
    /** `+CC NNNN` */
    mobilePhone: z.string().regex(/^\+\d{1,3} \d{4,}$/, 'expected a number like +1 4255550100'),
    securityQuestions: z
      .array(z.strictObject({ question: z.string().min(1), answer: z.string().min(1) }))
      .refine((all) => isOnce(all.map(({ question }) => question)), { error: ONCE }),
    /** Sets the password without any audit row of the portal. */
    password: z.string().min(1),
    /** Blocks for 24 hours, as too many wrong codes do. */
    block: z.literal(true),
    /** Lifts the block, and forgets what was counted towards the next one. */
    unblock: z.literal(true),
  })
  .partial();

export function changeUser(tenant: Tenant, account: Account, change: z.infer<typeof UserChange>): void {
  const { block, unblock, password, ...rest } = change;
  Object.assign(account, rest);
  if (rest.methods ?? rest.mobilePhone ?? rest.securityQuestions)
    account.registrationChangedAt = tenant.now();
  if (unblock) Object.assign(account, { wrongCodes: 0, blockedUntil: 0, counted: NONE_COUNTED });
  if (block) account.blockedUntil = tenant.now() + DAY_MS;
  if (password !== undefined) {
    account.password = new Secret(password);
    account.passwordChangedAt = tenant.now();
  }
}

export const describeUser = (tenant: Tenant, account: Account) => ({
  userPrincipalName: account.userPrincipalName,
  displayName: account.displayName,
  standing: account.standing,
  accountEnabled: account.accountEnabled,
  methods: account.methods,
  directoryRoles: account.directoryRoles,
  ...registration(account, tenant.policy),
  mobilePhone: account.mobilePhone,
  securityQuestions: account.securityQuestions,
  passwordChangedAt: new Date(account.passwordChangedAt).toISOString(),
  wrongCodes: account.wrongCodes,
  blockedUntil: account.blockedUntil === 0 ? null : new Date(account.blockedUntil).toISOString(),
  texts: tenant.texts.filter(({ to }) => to === account.mobilePhone),
});

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

export const TenantChange = z
  .strictObject({
    /** Milliseconds until an audit entry can be read: the same for all from now on, or each its own in a range. */
    auditDelayMs: delay,
    auditDelay: z
      .strictObject({ minMs: delay, maxMs: delay })
      .refine(({ minMs, maxMs }) => minMs <= maxMs, { error: 'expected minMs not above maxMs' }),
    /** The part of the audit rows that is listed twice, and the part that never comes. */
    duplicateShare: share,
    dropShare: share,
    /** Rows that fare otherwise; see audit-delivery.ts. */
    auditRules: z.array(
      z.strictObject({
        matches: z.string().min(1).refine(isRegularExpression, { error: 'expected a regular expression' }),
        delay: z.union([delay, z.literal('never')]),
        times: z.number().int().positive().optional(),
      }),
    ),
    /** Of the audit log. */
    pageSize: z.number().int().min(1).max(LARGEST_PAGE),
    /** How many rows of a page of the audit log are repeated on the next one. */
    pageOverlap: z.number().int().nonnegative(),
    /** Of audit logs and reports. */
    throttle: z
      .strictObject({
        requests: z.number().int().positive(),
        windowMs: z.number().int().positive().max(DAY_MS),
        retryAfter: z.enum(RETRY_AFTER),
      })
      .partial(),
    methodsRequired: z.union([z.literal(1), z.literal(2)], { error: 'expected 1 or 2' }),
    questionsAsked: z.number().int().min(1).max(5),
    captcha: z.boolean(),
    shortestPassword: z.number().int().min(1).max(256),
    /** Every code is taken for the right one. */
    anyCode: z.boolean(),
    /** The rows of an attempt say nothing of its ClientType from now on. */
    leaveOutClientType: z.boolean(),
    /** The switch for everybody: off turns every user away. */
    resetEnabled: z.boolean(),
    permissions: z.array(z.enum(PERMISSIONS)),
    subscriptions: z.array(z.enum(SUBSCRIPTION_NAMES)),
    /** Seconds; of tokens from now on. */
    tokenLifetime: z.number().int().positive(),
    /** All tokens that anybody has are worth nothing from now on. */
    revokeTokens: z.literal(true),
    /** By how much the tenant's clock is ahead of the host's (negative: behind). */
    clockSkewMs: z.number().int().min(-LONGEST_SKEW_MS).max(LONGEST_SKEW_MS),
    /** Text messages are also posted here as JSON {to, text, at}; null: no more. */
    smsWebhook: z
      .url({ protocol: /^https?$/, hostname: LOOPBACK, error: 'expected an http address on loopback' })
      .nullable(),
  })
  .partial()
  .refine(({ auditDelayMs, auditDelay }) => auditDelayMs === undefined || auditDelay === undefined, {
    error: 'expected auditDelayMs or auditDelay, not both',
  });

export function changeTenant(tenant: Tenant, change: z.infer<typeof TenantChange>): void {
  const { deliveries } = tenant.audits;
  const { auditDelayMs: fixed } = change;
  const delays = fixed === undefined ? change.auditDelay : { minMs: fixed, maxMs: fixed };
  deliveries.options = {
    delay: delays ?? deliveries.options.delay,
    duplicateShare: change.duplicateShare ?? deliveries.options.duplicateShare,
    dropShare: change.dropShare ?? deliveries.options.dropShare,
    rules: change.auditRules ?? deliveries.options.rules,
  };
  tenant.paging.size = change.pageSize ?? tenant.paging.size;
  tenant.paging.overlap = change.pageOverlap ?? tenant.paging.overlap;
  const { limit } = tenant.throttle;
  tenant.throttle.limit = {
    requests: change.throttle?.requests ?? limit.requests,
    windowMs: change.throttle?.windowMs ?? limit.windowMs,
    retryAfter: change.throttle?.retryAfter ?? limit.retryAfter,
  };
  tenant.policy.methodsRequired = change.methodsRequired ?? tenant.policy.methodsRequired;
  tenant.policy.questionsAsked = change.questionsAsked ?? tenant.policy.questionsAsked;
  tenant.policy.captcha = change.captcha ?? tenant.policy.captcha;
  tenant.policy.shortestPassword = change.shortestPassword ?? tenant.policy.shortestPassword;
  tenant.policy.anyCode = change.anyCode ?? tenant.policy.anyCode;
  tenant.audits.leavesOutClientType = change.leaveOutClientType ?? tenant.audits.leavesOutClientType;
  tenant.policy.resetEnabled = change.resetEnabled ?? tenant.policy.resetEnabled;
  tenant.application.permissions = change.permissions ?? tenant.application.permissions;
  tenant.subscriptions = change.subscriptions ?? tenant.subscriptions;
  tenant.tokenLifetime = change.tokenLifetime ?? tenant.tokenLifetime;
  tenant.clockSkewMs = change.clockSkewMs ?? tenant.clockSkewMs;
  if (change.smsWebhook !== undefined) tenant.texts.webhook = change.smsWebhook ?? undefined;
  if (change.revokeTokens) tenant.revokeTokens();
}

export function describeTenant(tenant: Tenant) {
  const { delay, duplicateShare, dropShare, rules } = tenant.audits.deliveries.options;
  return {
    now: new Date(tenant.now()).toISOString(),
    ...(delay.minMs === delay.maxMs ? { auditDelayMs: delay.minMs } : {}),
    auditDelay: delay,
    duplicateShare,
    dropShare,
    auditRules: rules,
    pageSize: tenant.paging.size,
    pageOverlap: tenant.paging.overlap,
    throttle: tenant.throttle.limit,
    leaveOutClientType: tenant.audits.leavesOutClientType,
    ...tenant.policy,
    permissions: tenant.application.permissions,
    subscriptions: tenant.subscriptions,
    tokenLifetime: tenant.tokenLifetime,
    clockSkewMs: tenant.clockSkewMs,
    smsWebhook: tenant.texts.webhook ?? null,
  };
}

const Certificate = z.string().transform((pem, context) => {
  try {
    return new X509Certificate(pem);
  } catch {
    context.addIssue({ code: 'custom', message: 'expected a certificate as PEM', input: '' });
    return z.NEVER;
  }
});

const Jwk = z
  .looseObject({ kty: z.literal('RSA'), kid: z.string().optional() })
  .refine((key) => isPublicKey(key), { error: 'expected the public part of an RSA key as JSON Web Key' });

function isPublicKey(key: JsonWebKey): boolean {
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** What federated credentials are for, unless they say otherwise. */
const EXCHANGE = 'api://AzureADTokenExchange';

export const ApplicationChange = z
  .strictObject({
    certificates: z.array(Certificate),
    federated: z.array(
      z.strictObject({
        issuer: z.string().min(1),
        subject: z.string().min(1),
        audience: z.string().min(1).default(EXCHANGE),
        keys: z.array(Jwk).min(1),
      }),
    ),
    secretExpired: z.boolean(),
  })
  .partial();

export function changeApplication({ application }: Tenant, change: z.infer<typeof ApplicationChange>): void {
  application.certificates = change.certificates ?? application.certificates;
  application.federated = change.federated ?? application.federated;
  application.secretExpired = change.secretExpired ?? application.secretExpired;
}

export const describeApplication = ({ application }: Tenant) => ({
  id: application.id,
  secretExpired: application.secretExpired,
  certificates: application.certificates.map(({ subject, fingerprint, fingerprint256, validTo }) => ({
    subject,
    sha1: fingerprint,
    sha256: fingerprint256,
    validTo: new Date(validTo).toISOString(),
  })),
  federated: application.federated.map(({ keys, ...rest }) => ({
    ...rest,
    keys: keys.map(({ kid }) => kid),
  })),
});

export const MailOrder = z.strictObject({
  /** The user whom it is for, and his code. */
  upn: z.email(),
  code: z.string().regex(/^\d{6}$/, 'expected six digits'),
});

/** A mail with a code of somebody else, as it comes where several users share a mailbox. */
export function sendForeignCode(
  tenant: Tenant,
  { alternateEmail: to }: Account,
  { upn, code }: z.infer<typeof MailOrder>,
): void {
  const { organization, mailboxes } = tenant;
  const { mail } = EN;
  const lines = [...mail.lines(upn, code), organization];
  mailboxes.deliver(organization, { to, subject: mail.subject(organization), lines }, tenant.now());
}

/** More rows than any tenant of this size has in a day. */
const MOST_ROWS = 200_000;

export const NoiseOrder = z.strictObject({
  rows: z.number().int().min(2).max(MOST_ROWS),
  spanSeconds: z
    .number()
    .positive()
    .max(30 * 86_400)
    .default(3600),
  users: z.number().int().positive().max(MOST_ROWS).default(100),
  /** The middle of the span; now when left out. */
  at: instant.optional(),
});

export function makeNoise(tenant: Tenant, { at = tenant.now(), ...order }: z.infer<typeof NoiseOrder>): void {
  addNoise(tenant, { ...order, at });
}

export const describeNoise = ({ audits }: Tenant) => ({ rows: audits.counts.noise });

export const ForeignResetOrder = z.strictObject({
  /** When it ended; now when left out. */
  at: instant.optional(),
  ip: z
    .string()
    .refine((text) => isIP(text) > 0, { error: 'expected an IP address' })
    .default('203.0.113.77'),
  clientType: z.string().min(1).default('Web'),
  result: z.enum(['success', 'failure']).default('success'),
  by: z.enum(['user', 'admin']).default('user'),
});

export function resetAsAnother(
  tenant: Tenant,
  account: Account,
  { at = tenant.now(), ...order }: z.infer<typeof ForeignResetOrder>,
): void {
  addForeignReset(tenant, account, { ...order, at });
}

export const FaultOrder = z.array(WireFault).min(1);

export const describeFaults = ({ faults }: Tenant) => ({ left: faults.left });
