import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import { signToken } from './access-token.ts';
import { NONE_COUNTED, sameName, SHORTEST_PASSWORD, type Account } from './accounts.ts';
import { AuditLog } from './audit-log.ts';
import type { Credentials } from './client-credentials.ts';
import { Mailboxes } from './mailboxes.ts';
import { SUBSCRIPTIONS, type SubscriptionName } from './subscriptions.ts';
import { TextMessages } from './text-messages.ts';
import { Throttle } from './throttle.ts';
import { WireFaults } from './wire-faults.ts';

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
    /** What of the account is not as usual. */
    readonly state?: Partial<Account>;
  }[];
  /** Milliseconds until an audit entry can be read; a range may be set while the tenant runs. */
  readonly auditDelayMs: number;
  /** Seconds for which an access token is valid. */
  readonly tokenLifetime?: number;
  /** Milliseconds since 1970; the system's clock unless a test brings its own. */
  readonly now?: () => number;
}

/** Graph's largest page for the audit log and for directory objects. */
export const LARGEST_PAGE = 1000;

/** What the tenant's administrator has decided; may change while the lab runs. */
interface Policy {
  /** Whether anybody may reset his password. */
  resetEnabled: boolean;
  /** Verification steps before a new password: 1 or 2. */
  methodsRequired: 1 | 2;
  /** Security questions that a user has to answer, of those registered. */
  questionsAsked: number;
  /** Whether the portal asks for characters from a picture. Not known for the logon screen's variant: off. */
  captcha: boolean;
  /** The fewest characters of a password. */
  shortestPassword: number;
  /** Whether every code is taken for the right one. No tenant is so: it shows that somebody would see it. */
  anyCode: boolean;
}

interface Token {
  readonly permissions: readonly Permission[];
  /** By the host's clock: a tenant's clock that is set does not end it. */
  readonly expiresAt: number;
}

interface Application extends Credentials {
  readonly id: string;
  permissions: readonly Permission[];
}

/** How the tenant gives out its audit log. */
interface Paging {
  /** Rows on a page, unless `$top` asks for fewer. */
  size: number;
  /** So many rows of a page are repeated at the beginning of the next one. */
  overlap: number;
}

/** An Azure AD tenant with one application and a few users, in memory. */
export class Tenant {
  readonly id = randomUUID();
  readonly organization: string;
  readonly domain: string;
  readonly application: Application;
  readonly policy: Policy = {
    resetEnabled: true,
    methodsRequired: 1,
    questionsAsked: 3,
    captcha: false,
    shortestPassword: SHORTEST_PASSWORD,
    anyCode: false,
  };
  /** What the organisation has subscribed to. Audit logs and reports need a premium plan among it. */
  subscriptions: readonly SubscriptionName[] = ['EMS'];
  readonly accounts: readonly Account[];
  readonly audits: AuditLog;
  readonly mailboxes = new Mailboxes();
  readonly texts = new TextMessages();
  /** Of the requests for audit logs and reports. */
  readonly throttle = new Throttle();
  readonly paging: Paging = { size: LARGEST_PAGE, overlap: 0 };
  readonly faults = new WireFaults();
  /** The host's clock: what lasts is measured by it. */
  readonly hostNow: () => number;
  /** The tenant's clock: by it everything is dated that the tenant says. */
  readonly now = (): number => this.hostNow() + this.clockSkewMs;
  /** By how much the tenant's clock is ahead of the host's. */
  clockSkewMs = 0;
  tokenLifetime: number;
  readonly #tokens = new Map<string, Token>();

  constructor(options: TenantOptions) {
    this.organization = options.organization;
    this.domain = options.domain;
    this.hostNow = options.now ?? Date.now;
    this.tokenLifetime = options.tokenLifetime ?? 3600;
    this.audits = new AuditLog(this, {
      delay: { minMs: options.auditDelayMs, maxMs: options.auditDelayMs },
      duplicateShare: 0,
      dropShare: 0,
      rules: [],
    });
    this.application = {
      id: randomUUID(),
      secret: new Secret(randomBytes(30).toString('base64url')),
      secretExpired: false,
      certificates: [],
      federated: [],
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
    const lifetimeMs = this.tokenLifetime * 1000;
    const token = signToken({
      tenant: this.id,
      application,
      permissions,
      issuedAt,
      expiresAt: issuedAt + lifetimeMs,
    });
    this.#tokens.set(token, { permissions, expiresAt: this.hostNow() + lifetimeMs });
    return token;
  }

  /** From now on nobody may read anything with a token that he has. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** Whether the tenant has Azure AD Premium P1 or P2. */
  get premium(): boolean {
    return this.subscriptions.some((name) => SUBSCRIPTIONS[name].premium);
  }

  /** The permissions that a token carries; undefined when it is unknown or has expired. */
  permissionsOf(token: string): readonly Permission[] | undefined {
    const found = this.#tokens.get(token);
    return found && found.expiresAt > this.hostNow() ? found.permissions : undefined;
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
    securityQuestions: [],
    counted: NONE_COUNTED,
    wrongCodes: 0,
    blockedUntil: 0,
    ...user.state,
  };
}
