import { randomInt } from 'node:crypto';
import type { Row } from './odata.ts';

/** The activities that the reset portal logs (Microsoft's reference of audit activities). */
const ACTIVITY = {
  progress: 'Self-service password reset flow activity progress',
  reset: 'Reset password (self-service)',
  blocked: 'Blocked from self-service password reset',
} as const;
type Activity = keyof typeof ACTIVITY;

/** One thing that happened in an attempt to reset a password. */
export interface AuditEntry {
  readonly activity: Activity;
  readonly result: 'success' | 'failure';
  readonly reason: string;
}

/** Who did it, from where: the same for all entries of an attempt. */
export interface Attempt {
  readonly correlationId: string;
  readonly ipAddress: string;
  readonly clientType: string;
}

interface Person {
  readonly id: string;
  readonly userPrincipalName: string;
}

/**
 * The tenant's audit log. As in Azure AD, an entry can be read only some time after it was made.
 * Rows have the shape of Graph's `directoryAudit`.
 */
export class AuditLog {
  readonly #rows: { readonly at: number; readonly row: Row }[] = [];

  /** @param delayMs how long an entry stays invisible */
  constructor(public delayMs: number) {}

  add(entry: AuditEntry, attempt: Attempt, person: Person, now: number): void {
    this.#append(now, {
      ...this.#common(entry, attempt, person, now),
      id: identifier('SSPR', attempt.correlationId),
      activityDisplayName: ACTIVITY[entry.activity],
      loggedByService: 'Self-service Password Management',
      initiatedBy: { app: null, user: initiator(person, attempt.ipAddress) },
      additionalDetails: [
        { key: 'ClientType', value: attempt.clientType },
        { key: 'OnPremisesAgent', value: 'None' },
      ],
    });
  }

  /** What the core directory says of the same change: the service did it, without an address. */
  addCoreDirectoryReset(attempt: Attempt, person: Person, now: number): void {
    const entry = { activity: 'reset', result: 'success', reason: '' } as const;
    const service = { id: '', userPrincipalName: 'fim_password_service@support.onmicrosoft.com' };
    this.#append(now, {
      ...this.#common(entry, attempt, person, now),
      id: identifier('Directory', attempt.correlationId),
      activityDisplayName: 'Reset user password',
      loggedByService: 'Core Directory',
      initiatedBy: { app: null, user: initiator(service, '') },
      additionalDetails: [],
    });
  }

  /** The entries that can be read at an instant, newest first. */
  visibleAt(instant: number): Row[] {
    return this.#rows
      .filter(({ at }) => at + this.delayMs <= instant)
      .map(({ row }) => row)
      .reverse();
  }

  #append(at: number, row: Row): void {
    this.#rows.push({ at, row });
  }

  #common(entry: AuditEntry, attempt: Attempt, person: Person, now: number): Row {
    return {
      activityDateTime: graphInstant(now),
      category: 'UserManagement',
      correlationId: attempt.correlationId,
      operationType: 'Update',
      result: entry.result,
      resultReason: entry.reason,
      targetResources: [
        {
          id: person.id,
          displayName: null,
          type: 'User',
          userPrincipalName: person.userPrincipalName,
          groupType: null,
          modifiedProperties: [],
        },
      ],
    };
  }
}

/** Every property of a row, in Graph's order. */
export const AUDIT_PROPERTIES = [
  'id',
  'category',
  'correlationId',
  'result',
  'resultReason',
  'activityDisplayName',
  'activityDateTime',
  'loggedByService',
  'operationType',
  'initiatedBy',
  'targetResources',
  'additionalDetails',
] as const;

const initiator = (person: Person, ipAddress: string) => ({
  id: person.id,
  displayName: null,
  userPrincipalName: person.userPrincipalName,
  ipAddress,
  userType: null,
  homeTenantId: null,
  homeTenantName: null,
});

/** Azure AD's audit log counts in units of 100 ns. */
const graphInstant = (at: number): string => new Date(at).toISOString().replace('Z', '0000Z');

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** As in real entries: `SSPR_{correlationId}_{5 letters or digits}_{8 digits}`. */
function identifier(source: string, correlationId: string): string {
  const stamp = Array.from({ length: 5 }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('');
  return `${source}_${correlationId}_${stamp}_${randomInt(10_000_000, 100_000_000)}`;
}
