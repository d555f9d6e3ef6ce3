import type { ConsoleAction } from '../../core/console-action.ts';
import { Fault } from '../../core/errors.ts';
import type { SearchTime } from '../audit-search.ts';
import type { AuditQuery, Directory, DirectoryAudit } from '../directory.ts';
import { FLOW_ACTIVITY, RESET_ACTIVITY, type SeenAudit, SSPR_SERVICE } from './entries.ts';

export const ANNA = {
  userPrincipalName: 'anna@contoso.example',
  objectId: '0b5f5f86-6b70-4a2f-9a57-000000000001',
};
export const ADDRESS = '203.0.113.7';
export const CLIENT_TYPE = 'Windows7LogonScreen';

/** Instants of the actions of a reset, in milliseconds since 1970. */
export type Instants = Readonly<Record<ConsoleAction['action'], number>>;

/** A reset that takes 40 seconds from the click on the link to the success. */
export const instantsFrom = (begin: number): Instants => ({
  'tile-chosen': begin - 5_000,
  'link-clicked': begin,
  'user-id-submitted': begin + 10_000,
  'verification-requested': begin + 15_000,
  'verification-submitted': begin + 25_000,
  'password-submitted': begin + 35_000,
  'success-seen': begin + 40_000,
});

export const actionsAt = (instants: Partial<Instants>): ConsoleAction[] =>
  Object.entries(instants).map(([action, at]) => ({
    action: action as ConsoleAction['action'],
    at: iso(at),
    ...(action.startsWith('verification') ? { method: 'email' } : {}),
  }));

export const iso = (instant: number): string => new Date(instant).toISOString();

let made = 0;

/** A step of Anna's reset, at an instant of the tenant's clock. */
export const auditRow = (at: number, overrides: Partial<DirectoryAudit> = {}): DirectoryAudit => ({
  id: `SSPR_${++made}`,
  activityDateTime: iso(at),
  activityDisplayName: FLOW_ACTIVITY,
  category: 'UserManagement',
  correlationId: 'c1',
  loggedByService: SSPR_SERVICE,
  result: 'success',
  resultReason: 'User submitted their user ID',
  initiatedBy: {
    userId: ANNA.objectId,
    userPrincipalName: ANNA.userPrincipalName,
    ipAddress: ADDRESS,
    app: '',
  },
  targets: [{ id: ANNA.objectId, name: ANNA.userPrincipalName }],
  additionalDetails: { ClientType: CLIENT_TYPE },
  ...overrides,
});

/** What a reset leaves in the audit log, the entry of the reset last. Instants of the tenant's clock. */
export function rowsOf(at: Instants, overrides: Partial<DirectoryAudit> = {}): DirectoryAudit[] {
  const steps: readonly (readonly [instant: number, reason: string])[] = [
    [at['user-id-submitted'], 'User submitted their user ID'],
    [at['user-id-submitted'], 'User was presented with verification options'],
    [at['verification-requested'], 'User started the email verification option'],
    [at['verification-submitted'], 'User completed the email verification option'],
    [at['verification-submitted'], 'User completed all verification steps required'],
    [at['password-submitted'], 'User submitted a new password'],
    [at['password-submitted'], 'User successfully reset password'],
  ];
  return [
    ...steps.map(([instant, resultReason]) => auditRow(instant + 200, { resultReason, ...overrides })),
    auditRow(at['password-submitted'] + 300, {
      activityDisplayName: RESET_ACTIVITY,
      resultReason: 'Successfully completed reset.',
      ...overrides,
    }),
  ];
}

export const seen = (rows: readonly DirectoryAudit[], at: number): SeenAudit[] =>
  rows.map((row) => ({ ...row, seenAt: iso(at) }));

/** A clock that only passes when somebody sleeps. */
export function fakeTime(start: number): SearchTime & { readonly passed: () => number } {
  let passed = 0;
  return {
    utc: () => start + passed,
    steady: () => passed,
    sleep: (ms) => {
      passed += ms;
      return Promise.resolve();
    },
    passed: () => passed,
  };
}

export interface LateRow {
  readonly row: DirectoryAudit;
  /** From when it can be read, by our clock. */
  readonly visibleAt: number;
}

/** An audit log in which entries appear late. Answers by the query's own words: window, service and initiator. */
export function lateLog(rows: readonly LateRow[], time: Pick<SearchTime, 'utc'>): Pick<Directory, 'audits'> {
  return {
    async *audits(query) {
      await Promise.resolve();
      for (const { row, visibleAt } of rows) if (visibleAt <= time.utc() && answers(row, query)) yield row;
    },
  };
}

const answers = (row: DirectoryAudit, { from, to, loggedByService, initiator }: AuditQuery): boolean =>
  row.activityDateTime >= from &&
  row.activityDateTime <= to &&
  row.loggedByService === loggedByService &&
  (initiator === undefined || row.initiatedBy.userId === initiator.objectId);

export const throttled = (): Fault =>
  new Fault('slow down', { code: 'tenant-throttled', blame: 'tenant', retryable: true, remedy: 'Wait.' });
export const refused = (): Fault =>
  new Fault('bad filter', { code: 'tenant-failed', blame: 'tenant', remedy: 'Look.' });
