import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import { signToken } from './access-token.ts';
import { sameName, type Account } from './accounts.ts';
import { AuditLog } from './audit-log.ts';
import { Mailboxes } from './mailboxes.ts';
import { SUBSCRIPTIONS, type SubscriptionName } from './subscriptions.ts';

/** The permissions of Microsoft Graph that the lab knows. */
export const PERMISSIONS = [
  'AuditLog.Read.All',
  'Directory.Read.All',
  'User.Read.All',
  'Mail.Read',
  'Organization.Read.All',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface TenantOptions {
  readonly organization: string;
  readonly domain: string;
  readonly users: readonly {
    readonly displayName: string;
    readonly upn: string;
    readonly mailbox: string;
  }[];
  /** Milliseconds until an audit entry can be read. */
  readonly auditDelayMs: number;
  /** Seconds for which an access token is valid. */
  readonly tokenLifetime?: number;
  /** Milliseconds since 1970; the system's clock unless a test brings its own. */
  readonly now?: () => number;
}

/** What the tenant's administrator has decided; may change while the lab runs. */
interface Policy {
  /** Verification steps before a new password: 1 or 2. */
  methodsRequired: 1 | 2;
  /** Whether the portal asks for characters from a picture. Not known for the logon screen's variant: off. */
  captcha: boolean;
}

interface Token {
  readonly permissions: readonly Permission[];
  readonly expiresAt: number;
}

/** A text message that the tenant has sent to a phone. */
interface TextMessage {
  readonly to: string;
  readonly at: string;
  readonly text: string;
}

/** An Azure AD tenant with one application and a few users, in memory. */
export class Tenant {
  readonly id = randomUUID();
  readonly organization: string;
  readonly domain: string;
  readonly application: { readonly id: string; readonly secret: Secret; permissions: readonly Permission[] };
  readonly policy: Policy = { methodsRequired: 1, captcha: false };
  /** What the organisation has subscribed to. Audit logs and reports need a premium plan among it. */
  subscriptions: readonly SubscriptionName[] = ['EMS'];
  readonly accounts: readonly Account[];
  readonly audits: AuditLog;
  readonly mailboxes = new Mailboxes();
  readonly texts: TextMessage[] = [];
  readonly now: () => number;
  readonly tokenLifetime: number;
  readonly #tokens = new Map<string, Token>();

  constructor(options: TenantOptions) {
    this.organization = options.organization;
    this.domain = options.domain;
    this.now = options.now ?? Date.now;
    this.tokenLifetime = options.tokenLifetime ?? 3600;
    this.audits = new AuditLog(options.auditDelayMs);
    this.application = {
      id: randomUUID(),
      secret: new Secret(randomBytes(30).toString('base64url')),
      permissions: PERMISSIONS,
    };
    this.accounts = options.users.map((user) => newAccount(user, this.now()));
    for (const { mailbox } of options.users) this.mailboxes.open(mailbox);
  }

  /** The account with this object id or user name. */
  account(idOrName: string): Account | undefined {
    return this.accounts.find(
      ({ id, userPrincipalName }) => id === idOrName || sameName(idOrName, userPrincipalName),
    );
  }

  /** A new access token with the application's present permissions. */
  issueToken(): string {
    const { id: application, permissions } = this.application;
    const issuedAt = this.now();
    const expiresAt = issuedAt + this.tokenLifetime * 1000;
    const token = signToken({ tenant: this.id, application, permissions, issuedAt, expiresAt });
    this.#tokens.set(token, { permissions, expiresAt });
    return token;
  }

  /** Whether the tenant has Azure AD Premium P1 or P2. */
  get premium(): boolean {
    return this.subscriptions.some((name) => SUBSCRIPTIONS[name].premium);
  }

  /** The permissions that a token carries; undefined when it is unknown or has expired. */
  permissionsOf(token: string): readonly Permission[] | undefined {
    const found = this.#tokens.get(token);
    return found && found.expiresAt > this.now() ? found.permissions : undefined;
  }
}

const DAY = 86_400_000;

function newAccount(user: TenantOptions['users'][number], now: number): Account {
  return {
    id: randomUUID(),
    userPrincipalName: user.upn,
    displayName: user.displayName,
    alternateEmail: user.mailbox,
    mobilePhone: `+1 425555${randomInt(1000, 10_000)}`,
    accountEnabled: true,
    standing: 'enabled',
    methods: ['email', 'mobilePhone'],
    directoryRoles: [],
    password: new Secret(randomBytes(18).toString('base64url') + 'aA1'),
    passwordChangedAt: now - 30 * DAY,
    registrationChangedAt: now - 30 * DAY,
    wrongCodes: 0,
    blockedUntil: 0,
  };
}
