import type { Deadline } from '../core/deadline.ts';

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
  readonly initiatedBy: {
    readonly userPrincipalName: string;
    readonly ipAddress: string;
  };
  readonly targets: readonly string[];
  readonly additionalDetails: Readonly<Record<string, string>>;
}

export interface AuditQuery {
  /** ISO 8601 UTC, inclusive. */
  readonly from: string;
  readonly to: string;
  readonly loggedByService: string;
}

export interface MailMessage {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly receivedAt: string;
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
  /** `lastPasswordChangeDateTime` of the user. */
  passwordChangedAt(upn: string, deadline: Deadline): Promise<Date>;
  close(): Promise<void>;
}
