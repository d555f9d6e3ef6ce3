import { randomInt } from 'node:crypto';
import { Deliveries, type Delivery, type DeliveryOptions } from './audit-delivery.ts';
import type { Row } from './odata.ts';

/** The activities of the service that resets passwords (Microsoft's reference of audit activities, facts 5.3). */
const ACTIVITY = {
  progress: 'Self-service password reset flow activity progress',
  reset: 'Reset password (self-service)',
  blocked: 'Blocked from self-service password reset',
  byAdmin: 'Reset password (by admin)',
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
  /** '' where the rows say nothing of it. */
  readonly clientType: string;
}

export interface Person {
  readonly id: string;
  readonly userPrincipalName: string;
}

/** The tenant's clock, by which rows are dated, and the host's, which nobody sets and by which they arrive. */
export interface Clocks {
  readonly now: () => number;
  readonly hostNow: () => number;
}

/** What a reader sees who began at an instant: rows that arrive or are made later do not shift his pages. */
export interface View {
  /** Instant of the host's clock. */
  readonly asOf: number;
  /** How many rows had been made by then. */
  readonly made: number;
}

/** A row, or how to make it: the many rows of other users are made only when somebody looks at them. */
type Source = Row | (() => Row);

interface Kept {
  /** The instant of the activity, by the tenant's clock. */
  readonly at: number;
  /** From when on it can be read, by the host's clock. */
  readonly arrivesAt: number;
  readonly listed: 1 | 2;
  /** The how-manieth row this is. */
  readonly number: number;
  readonly noise: boolean;
  readonly source: Source;
}

/**
 * The tenant's audit log. As in Azure AD, an entry can be read only some time after it was made.
 * Rows have the shape of Graph's `directoryAudit`.
 */
export class AuditLog {
  readonly deliveries: Deliveries;
  /** Whether rows say nothing of the ClientType. */
  leavesOutClientType = false;
  /** In the order of `at`, once `#inOrder` has been called. */
  #kept: Kept[] = [];
  #ordered = true;
  #made = 0;

  constructor(
    readonly clocks: Clocks,
    delivery: DeliveryOptions,
  ) {
    this.deliveries = new Deliveries(delivery);
  }

  /** @param at instant of the tenant's clock */
  add(entry: AuditEntry, attempt: Attempt, person: Person, at: number, by = person): void {
    const told = this.leavesOutClientType ? { ...attempt, clientType: '' } : attempt;
    const row = ssprRow(entry, told, person, at, newStamp(), by);
    this.#deliver(ACTIVITY[entry.activity], entry.reason, at, row);
  }

  /** What the core directory says of the same change: the service did it, without an address. */
  addCoreDirectoryReset(attempt: Attempt, person: Person, at: number): void {
    this.#deliver(CORE_ACTIVITY, '', at, coreDirectoryRow(attempt, person, at, newStamp()));
  }

  /** A row of somebody who has nothing to do with the test; it can be read from its own instant on. */
  addNoise(at: number, make: () => Row): void {
    this.#keep(at, make, { delayMs: 0, listed: this.deliveries.listed() }, true);
  }

  /** Removes the rows that were added as noise. */
  clearNoise(): void {
    this.#kept = this.#kept.filter(({ noise }) => !noise);
  }

  get counts(): { readonly rows: number; readonly noise: number } {
    return { rows: this.#kept.length, noise: this.#kept.filter(({ noise }) => noise).length };
  }

  /** What can be read now. */
  view(): View {
    return { asOf: this.clocks.hostNow(), made: this.#made };
  }

  /** The rows of a view whose activity lies between two instants of the tenant's clock, both included; newest first. */
  between(from: number, to: number, { asOf, made }: View): Row[] {
    const kept = this.#inOrder();
    const rows: Row[] = [];
    for (let index = firstAfter(kept, to) - 1; index >= 0; index--) {
      const one = kept[index];
      if (!one || one.at < from) break;
      if (one.arrivesAt > asOf || one.number >= made) continue;
      const row = typeof one.source === 'function' ? one.source() : one.source;
      for (let times = 0; times < one.listed; times++) rows.push(row);
    }
    return rows;
  }

  #deliver(activity: string, reason: string, at: number, row: Row): void {
    const delivery = this.deliveries.of(activity, reason);
    if (delivery) this.#keep(at, row, delivery, false);
  }

  #keep(at: number, source: Source, { delayMs, listed }: Delivery, noise: boolean): void {
    const { now, hostNow } = this.clocks;
    this.#ordered &&= (this.#kept.at(-1)?.at ?? -Infinity) <= at;
    const arrivesAt = hostNow() + Math.max(0, at + delayMs - now());
    this.#kept.push({ at, arrivesAt, listed, number: this.#made++, noise, source });
  }

  #inOrder(): readonly Kept[] {
    if (!this.#ordered) this.#kept.sort((a, b) => a.at - b.at);
    this.#ordered = true;
    return this.#kept;
  }
}

/** The index of the first row later than an instant. */
function firstAfter(kept: readonly Kept[], instant: number): number {
  let [low, high] = [0, kept.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((kept[middle]?.at ?? Infinity) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
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

/** By what rows can be filtered and sorted; for the other properties the reference names no way (facts 5.1). */
export const AUDIT_QUERIES = {
  filter: {
    activityDateTime: ['eq', 'ge', 'le'],
    activityDisplayName: ['eq', 'startswith'],
    correlationId: ['eq'],
    id: ['eq'],
    'initiatedBy/app/appId': ['eq'],
    'initiatedBy/app/displayName': ['eq'],
    'initiatedBy/user/displayName': ['eq'],
    'initiatedBy/user/id': ['eq'],
    'initiatedBy/user/userPrincipalName': ['eq', 'startswith'],
    loggedByService: ['eq'],
    'targetResources/displayName': ['eq', 'startswith'],
    'targetResources/id': ['eq'],
  },
  orderBy: ['activityDateTime'],
} as const;

/** A row of the service that resets passwords. */
export function ssprRow(
  entry: AuditEntry,
  attempt: Attempt,
  person: Person,
  at: number,
  stamp: number,
  by = person,
): Row {
  const { clientType: value } = attempt;
  const clientType = entry.activity === 'byAdmin' || value === '' ? [] : [{ key: 'ClientType', value }];
  return {
    ...commonRow(entry, attempt, person, at),
    id: identifier('SSPR', attempt.correlationId, stamp),
    activityDisplayName: ACTIVITY[entry.activity],
    loggedByService: 'Self-service Password Management',
    initiatedBy: { app: null, user: initiator(by, attempt.ipAddress) },
    additionalDetails: [...clientType, { key: 'OnPremisesAgent', value: 'None' }],
  };
}

const CORE_ACTIVITY = 'Reset user password';
const CORE_SERVICE = { id: '', userPrincipalName: 'fim_password_service@support.onmicrosoft.com' };

/** The row of the core directory on the same change. */
export const coreDirectoryRow = (attempt: Attempt, person: Person, at: number, stamp: number): Row => ({
  ...commonRow({ result: 'success', reason: '' }, attempt, person, at),
  id: identifier('Directory', attempt.correlationId, stamp),
  activityDisplayName: CORE_ACTIVITY,
  loggedByService: 'Core Directory',
  initiatedBy: { app: null, user: initiator(CORE_SERVICE, '') },
  additionalDetails: [],
});

const commonRow = (
  entry: Pick<AuditEntry, 'result' | 'reason'>,
  attempt: Attempt,
  person: Person,
  at: number,
): Row => ({
  activityDateTime: graphInstant(at),
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
});

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

/** What tells the rows of one attempt apart. */
export const newStamp = (): number => randomInt(2 ** 47);

/** As in real entries: `SSPR_{correlationId}_{5 letters or digits}_{8 digits}` (facts 5.5). */
function identifier(source: string, correlationId: string, stamp: number): string {
  const letters = stamp.toString(36).toUpperCase().padStart(5, '0').slice(0, 5);
  return `${source}_${correlationId}_${letters}_${10_000_000 + (stamp % 90_000_000)}`;
}
