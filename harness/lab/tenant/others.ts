import { randomInt, randomUUID } from 'node:crypto';
import type { Account } from './accounts.ts';
import {
  coreDirectoryRow,
  newStamp,
  ssprRow,
  type Attempt,
  type AuditEntry,
  type Person,
} from './audit-log.ts';
import type { Tenant } from './tenant.ts';

/** Rows of users who have nothing to do with the test. */
export interface Noise {
  /** At least 2: an attempt of one row does not exist. */
  readonly rows: number;
  /** They lie this far around `at`, half of it before and half after; those of the future come when it is time. */
  readonly spanSeconds: number;
  /** How many users they are of. */
  readonly users: number;
  /** Milliseconds since 1970, by the tenant's clock. */
  readonly at: number;
}

/** A reset of a test user's password by somebody else. */
export interface ForeignReset {
  /** Milliseconds since 1970, by the tenant's clock: when the attempt ended. */
  readonly at: number;
  readonly ip: string;
  readonly clientType: string;
  readonly result: 'success' | 'failure';
  readonly by: 'user' | 'admin';
}

/** Values of ClientType are not documented (facts 5.5): the lab's own stand-ins. */
const CLIENT_TYPES = ['Web', 'Windows7LogonScreen', 'Windows81LogonScreen', 'Windows10LogonScreen'];

/** A user takes this long from page to page, in milliseconds. */
const STEP_MS = [2000, 15_000] as const;

const step = (reason: string, result: AuditEntry['result'] = 'success'): AuditEntry => ({
  activity: 'progress',
  result,
  reason,
});

const COMPLETED: readonly AuditEntry[] = [
  step('User submitted their user ID'),
  step('User was presented with verification options'),
  step('User started the email verification option'),
  step('User completed the email verification option'),
  step('User completed all verification steps required'),
  step('User submitted a new password'),
  step('User successfully reset password'),
  { activity: 'reset', result: 'success', reason: 'Successfully completed reset.' },
];
const REJECTED: readonly AuditEntry[] = [
  ...COMPLETED.slice(0, -2),
  { activity: 'reset', result: 'failure', reason: 'FuzzyPolicyViolationInvalidPassword' },
];
const CANCELLED: readonly AuditEntry[] = [
  ...COMPLETED.slice(0, 2),
  step('User cancelled before passing the required authentication methods', 'failure'),
];
const NOT_ENABLED: readonly AuditEntry[] = [
  ...COMPLETED.slice(0, 1),
  step('Password reset is not enabled for this user', 'failure'),
];

/** Most attempts succeed. Of rows in threes and twos, any number of rows can be made up. */
const ATTEMPTS = [COMPLETED, COMPLETED, COMPLETED, REJECTED, CANCELLED, NOT_ENABLED];

/** Adds whole attempts of other users, as many rows as asked for. */
export function addNoise(tenant: Tenant, { rows, spanSeconds, users, at }: Noise): void {
  const people = Array.from({ length: users }, (_, index) => stranger(tenant.domain, index));
  const spanMs = spanSeconds * 1000;
  for (let left = rows; left > 0;) {
    const entries = pick(ATTEMPTS.filter((one) => fits(left - rowsOf(one))));
    addStrangersAttempt(tenant, entries, pick(people), at + spanMs * (Math.random() - 0.5));
    left -= rowsOf(entries);
  }
}

/** Nothing may be left over that no attempt is short enough for. */
const fits = (rest: number): boolean => rest === 0 || rest > 1;

/** A password that was really set leaves a row of the core directory, too. */
const rowsOf = (entries: readonly AuditEntry[]): number => entries.length + Number(succeeds(entries));
const succeeds = (entries: readonly AuditEntry[]): boolean => {
  const last = entries.at(-1);
  return last?.activity === 'reset' && last.result === 'success';
};

function addStrangersAttempt(
  tenant: Tenant,
  entries: readonly AuditEntry[],
  person: Person,
  begin: number,
): void {
  const attempt = attemptFrom(`198.51.100.${randomInt(1, 255)}`, pick(CLIENT_TYPES));
  let at = Math.round(begin);
  for (const entry of entries) {
    const [stamp, instant] = [newStamp(), at];
    tenant.audits.addNoise(instant, () => ssprRow(entry, attempt, person, instant, stamp));
    at += randomInt(...STEP_MS);
  }
  if (succeeds(entries)) {
    const stamp = newStamp();
    tenant.audits.addNoise(at, () => coreDirectoryRow(attempt, person, at, stamp));
  }
}

/** Leaves what another one's reset of an account leaves: its rows and, when it succeeds, the instant of the change. */
export function addForeignReset(tenant: Tenant, account: Account, reset: ForeignReset): void {
  const attempt = attemptFrom(reset.ip, reset.clientType);
  const success = reset.result === 'success';
  if (reset.by === 'admin') {
    const entry: AuditEntry = success
      ? { activity: 'byAdmin', result: 'success', reason: 'Successfully completed reset.' }
      : { activity: 'byAdmin', result: 'failure', reason: 'FuzzyPolicyViolationInvalidPassword' };
    tenant.audits.add(entry, attempt, account, reset.at, administrator(tenant.domain));
  } else {
    const entries = success ? COMPLETED : REJECTED;
    const instants = backwards(reset.at, entries.length);
    for (const [index, entry] of entries.entries()) {
      tenant.audits.add(entry, attempt, account, instants[index] ?? reset.at);
    }
  }
  if (!success) return;
  tenant.audits.addCoreDirectoryReset(attempt, account, reset.at);
  account.passwordChangedAt = Math.max(account.passwordChangedAt, reset.at);
}

/** Instants a few seconds apart, of which the last is given. */
function backwards(last: number, count: number): number[] {
  const instants = [last];
  while (instants.length < count) instants.unshift((instants[0] ?? last) - randomInt(...STEP_MS));
  return instants;
}

const attemptFrom = (ipAddress: string, clientType: string): Attempt => ({
  correlationId: randomUUID(),
  ipAddress,
  clientType,
});

const stranger = (domain: string, index: number): Person => ({
  id: randomUUID(),
  userPrincipalName: `employee${String(index + 1).padStart(4, '0')}@${domain}`,
});

const administrator = (domain: string): Person => ({
  id: randomUUID(),
  userPrincipalName: `helpdesk@${domain}`,
});

function pick<T>(all: readonly T[]): T {
  const one = all[randomInt(all.length)];
  if (one === undefined) throw new Error('There is nothing to choose from');
  return one;
}
