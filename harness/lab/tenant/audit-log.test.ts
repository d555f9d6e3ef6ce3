import { expect } from '@playwright/test';
import fc from 'fast-check';
import { AuditLog, type AuditEntry } from './audit-log.ts';
import type { DeliveryOptions } from './audit-delivery.ts';
import { addForeignReset, addNoise } from './others.ts';
import { query, type Row } from './odata.ts';
import { Tenant } from './tenant.ts';

const PERSON = { id: 'p1', userPrincipalName: 'anna@contoso.example' };
const ATTEMPT = { correlationId: 'c0', ipAddress: '127.20.0.1', clientType: 'Windows7LogonScreen' };
const NORMAL: DeliveryOptions = {
  delay: { minMs: 0, maxMs: 0 },
  duplicateShare: 0,
  dropShare: 0,
  rules: [],
};
const entry = (reason: string): AuditEntry => ({ activity: 'progress', result: 'success', reason });

/** A log with a clock of its own; `all` are the reasons of what can be read now, newest first. */
function logAt(options: Partial<DeliveryOptions> = {}) {
  const clock = { at: 1_000_000 };
  const now = () => clock.at;
  const log = new AuditLog({ now, hostNow: now }, { ...NORMAL, ...options });
  return {
    log,
    clock,
    add: (reason: string) => log.add(entry(reason), ATTEMPT, PERSON, clock.at),
    all: (view = log.view()) => log.between(-Infinity, Infinity, view).map((row) => String(row.resultReason)),
  };
}

describe('the audit log', () => {
  it('gives each row its own delay, so that they come out of order', () => {
    const { add, all, clock } = logAt({ delay: { minMs: 0, maxMs: 10_000 } });
    const reasons = Array.from({ length: 200 }, (_, index) => `r${index}`);
    for (const reason of reasons) add(reason);
    clock.at += 5000;
    const half = all();
    expect(half.length).toBeGreaterThan(0);
    expect(half.length).toBeLessThan(200);
    expect(half.map((reason) => Number(reason.slice(1))).sort((a, b) => b - a)).not.toEqual(
      Array.from({ length: half.length }, (_, index) => half.length - 1 - index),
    );
    clock.at += 5000;
    expect(all().sort()).toEqual([...reasons].sort());
  });

  it('lists some rows twice, and some never', () => {
    const { log, add, all } = logAt({ duplicateShare: 1 });
    add('a');
    log.deliveries.options = { ...NORMAL, dropShare: 1 };
    add('b');
    log.deliveries.options = NORMAL;
    add('c');
    expect(all()).toEqual(['c', 'a', 'a']);
  });

  it('lets single rows take an hour or never come', () => {
    const { add, all, clock } = logAt({
      rules: [
        { matches: 'submitted a new', delay: 3_600_000, times: 1 },
        { matches: 'flow activity.*\\n.*successfully', delay: 'never' },
      ],
    });
    for (let times = 0; times < 2; times++) {
      add('User submitted a new password');
      add('User successfully reset password');
    }
    expect(all()).toEqual(['User submitted a new password']);
    clock.at += 3_600_000;
    expect(all()).toEqual(['User submitted a new password', 'User submitted a new password']);
  });

  it('never takes back a row that could be read, whatever is changed', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ wait: fc.integer({ min: 0, max: 5000 }) }),
        fc.record({ minMs: fc.integer({ min: 0, max: 3000 }), more: fc.integer({ min: 0, max: 9000 }) }),
        fc.record({ drop: fc.double({ min: 0, max: 1, noNaN: true }) }),
        fc.constant({ add: true }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const { log, add, all, clock } = logAt();
        let [seen, added]: [string[], number] = [[], 0];
        for (const step of list) {
          if ('add' in step) add(`r${added++}`);
          else if ('wait' in step) clock.at += step.wait;
          else if ('drop' in step)
            log.deliveries.options = { ...log.deliveries.options, dropShare: step.drop };
          else {
            const delay = { minMs: step.minMs, maxMs: step.minMs + step.more };
            log.deliveries.options = { ...log.deliveries.options, delay };
          }
          const now = all();
          expect(now).toEqual(expect.arrayContaining(seen));
          seen = now;
        }
      }),
    );
  });

  it('shows a reader the same rows from page to page, whatever arrives or is made meanwhile', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5000, max: 5000 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 3 }),
        (ages, pageSize, overlap) => {
          const { log, clock, all } = logAt({ delay: { minMs: 0, maxMs: 4000 } });
          const make = (age: number, reason: string) =>
            log.add(entry(reason), ATTEMPT, PERSON, clock.at - age);
          for (const [index, age] of ages.entries()) make(age, `r${index}`);
          const view = log.view();
          const atFirst = all(view);
          const read: string[] = [];
          for (let skip: number | undefined = 0; skip !== undefined;) {
            const rows = {
              by: 'activityDateTime',
              between: (from: number, to: number) => log.between(from, to, view),
            };
            const collection = { rows, properties: ['resultReason'], pageSize, overlap };
            const page = query(collection, new URLSearchParams(), skip);
            read.push(...page.rows.map((row) => String(row.resultReason)));
            for (const age of ages) make(age, 'late');
            clock.at += 500;
            skip = page.nextSkip;
          }
          expect([...new Set(read)]).toEqual(atFirst);
          if (overlap === 0) expect(read).toEqual(atFirst);
        },
      ),
    );
  });

  it('has an identifier for each row as real ones are', () => {
    const { log, add } = logAt();
    for (let times = 0; times < 50; times++) add('r');
    const ids = log.between(-Infinity, Infinity, log.view()).map(({ id }) => id);
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^SSPR_c0_[A-Z0-9]{5}_\d{8}$/);
  });
});

describe('what others leave in the audit log', () => {
  const START = Date.parse('2026-11-21T10:00:00Z');
  const clock = { at: START };
  let tenant: Tenant;
  beforeEach(() => {
    clock.at = START;
    const users = [{ displayName: 'Anna', upn: PERSON.userPrincipalName, mailbox: 'm@contoso.example' }];
    const options = { organization: 'Contoso', domain: 'contoso.example', users, auditDelayMs: 0 };
    tenant = new Tenant({ ...options, now: () => clock.at });
  });
  const read = (from = -Infinity, to = Infinity) => tenant.audits.between(from, to, tenant.audits.view());
  const byAttempt = (rows: readonly Row[]): Row[][] => {
    const attempts = new Map<unknown, Row[]>();
    for (const row of rows) {
      attempts.set(row.correlationId, [row, ...(attempts.get(row.correlationId) ?? [])]);
    }
    return [...attempts.values()];
  };

  it('is whole attempts, as many rows as asked for, and none of them of the test user', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 120 }), (rows) => {
        tenant.audits.clearNoise();
        addNoise(tenant, { rows, spanSeconds: 600, users: 7, at: START - 3_600_000 });
        const found = read();
        expect(found).toHaveLength(rows);
        for (const attempt of byAttempt(found)) {
          expect(attempt[0]?.resultReason).toBe('User submitted their user ID');
          expect(attempt.length).toBeGreaterThan(1);
          expect(new Set(attempt.map(({ targetResources }) => JSON.stringify(targetResources))).size).toBe(1);
        }
        expect(JSON.stringify(found)).not.toContain(PERSON.userPrincipalName);
      }),
      { numRuns: 50 },
    );
  });

  it('comes when it is time: of ten thousand rows around now, those of the future later', () => {
    addNoise(tenant, { rows: 10_000, spanSeconds: 3600, users: 500, at: START });
    const before = read();
    expect(before.every(({ activityDateTime }) => Date.parse(String(activityDateTime)) <= START)).toBe(true);
    clock.at += 7_200_000;
    const after = read();
    expect(after).toHaveLength(10_000);
    expect(after.length).toBeGreaterThan(before.length);
    expect(after.slice(-before.length)).toEqual(before);
    expect(read(START, START + 60_000).length).toBeLessThan(1000);
  });

  it('is of a user who resets the same account: a whole attempt and a new date of the password', () => {
    const [account] = tenant.accounts;
    const by = { ip: '203.0.113.9', clientType: 'Web', result: 'success', by: 'user' } as const;
    addForeignReset(tenant, account!, { ...by, at: START - 5000 });
    const rows = read();
    expect(rows.map(({ activityDisplayName }) => activityDisplayName)).toEqual([
      'Reset user password',
      'Reset password (self-service)',
      ...Array<string>(7).fill('Self-service password reset flow activity progress'),
    ]);
    expect(new Set(rows.map(({ correlationId }) => correlationId)).size).toBe(1);
    expect(rows[1]).toMatchObject({
      initiatedBy: { user: { id: account!.id, ipAddress: '203.0.113.9' } },
      additionalDetails: expect.arrayContaining([{ key: 'ClientType', value: 'Web' }]),
    });
    expect(account!.passwordChangedAt).toBe(START - 5000);
  });

  it('is of an administrator, who is named as the one who did it', () => {
    const [account] = tenant.accounts;
    const changedAt = account!.passwordChangedAt;
    const by = { at: START, ip: '203.0.113.9', clientType: 'Web', result: 'failure', by: 'admin' } as const;
    addForeignReset(tenant, account!, by);
    expect(read()).toEqual([
      expect.objectContaining({
        activityDisplayName: 'Reset password (by admin)',
        result: 'failure',
        initiatedBy: {
          app: null,
          user: expect.objectContaining({ userPrincipalName: 'helpdesk@contoso.example' }) as object,
        },
        targetResources: [expect.objectContaining({ id: account!.id })],
      }),
    ]);
    expect(account!.passwordChangedAt).toBe(changedAt);
  });
});
