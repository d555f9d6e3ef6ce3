import type { Deadline } from '../core/deadline.ts';
import type { ClockReading } from './clock.ts';

/** What the tenant knows of a user's registration for self-service password reset (Graph userRegistrationDetails). */
export interface Registration {
  readonly userPrincipalName: string;
  /** Has registered the number of methods that the policy asks for. */
  readonly isSsprRegistered: boolean;
  /** Is allowed to by the policy. */
  readonly isSsprEnabled: boolean;
  /** Both. */
  readonly isSsprCapable: boolean;
  readonly methodsRegistered: readonly string[];
}

/** One entry of the directory's audit log (Graph directoryAudit), restated. */
export interface DirectoryAudit {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly activityDateTime: string;
  readonly activityDisplayName: string;
  readonly category: string;
  readonly correlationId: string;
  readonly loggedByService: string;
  readonly result: string;
  readonly resultReason: string;
  /** '' where the entry does not say it. */
  readonly initiatedBy: {
    readonly userId: string;
    readonly userPrincipalName: string;
    readonly ipAddress: string;
    /** Display name of the app, for entries that an app has made. */
    readonly app: string;
  };
  readonly targets: readonly { readonly id: string; readonly name: string }[];
  readonly additionalDetails: Readonly<Record<string, string>>;
}

/** The user whose entries are looked for. */
export interface AuditedUser {
  readonly userPrincipalName: string;
  /** '' when it is not known: then the name alone decides. */
  readonly objectId: string;
}

export interface AuditQuery {
  /** ISO 8601 UTC, inclusive. */
  readonly from: string;
  readonly to: string;
  readonly loggedByService: string;
  /** Only what this user has initiated; all users when left out. */
  readonly initiator?: AuditedUser;
}

/** What the tenant says of a user, beside the registration. */
export interface AccountFacts {
  /** Object id. */
  readonly id: string;
  readonly enabled: boolean;
  /** Names of the directory roles of which the account is a member, also through groups. */
  readonly roles: readonly string[];
}

export interface MailMessage {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly receivedAt: string;
  /** By the clock of the sender; where the mailbox keeps it. */
  readonly sentAt?: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
}

/** The Azure AD tenant, read-only. Every method returns a value or throws a Fault. */
export interface Directory {
  registration(upn: string, deadline: Deadline): Promise<Registration>;
  audits(query: AuditQuery, deadline: Deadline): AsyncIterable<DirectoryAudit>;
  /** Messages of a mailbox since an instant, newest first. */
  messages(mailbox: string, since: string, deadline: Deadline): Promise<readonly MailMessage[]>;
  account(upn: string, deadline: Deadline): Promise<AccountFacts>;
  /** The clock of the tenant's authority beside ours; needs no token. */
  clock(deadline: Deadline): Promise<ClockReading>;
  /** `lastPasswordChangeDateTime` of the user. */
  passwordChangedAt(upn: string, deadline: Deadline): Promise<Date>;
  close(): Promise<void>;
}
