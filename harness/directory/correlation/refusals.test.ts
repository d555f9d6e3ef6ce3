import { expect } from '@playwright/test';
import type { DirectoryAudit } from '../directory.ts';
import { refusalEntries } from './refusals.ts';
import { auditRow, iso, seen } from './testing.ts';

const AT = Date.parse('2026-11-21T10:00:00.000Z');
const CARL = 'carl@contoso.example';
const GIVEN = { userPrincipalName: CARL, submittedAt: iso(AT), leftAt: iso(AT + 3_000) };
const CLOCK = { aheadSeconds: 30, uncertainSeconds: 0.5 };

/** By the tenant's clock, which is half a minute ahead. */
const row = (afterMs: number, more: Partial<DirectoryAudit> = {}): DirectoryAudit =>
  auditRow(AT + 30_000 + afterMs, {
    initiatedBy: { userId: 'carl', userPrincipalName: 'Carl@contoso.example', ipAddress: '', app: '' },
    targets: [],
    result: 'failure',
    resultReason: 'User does not have a license.',
    ...more,
  });
const found = (...rows: readonly DirectoryAudit[]): string[] =>
  refusalEntries(seen(rows, AT), GIVEN, CLOCK).map(({ id }) => id);

describe('The entries of a refusal', () => {
  it('are failures of the flow, and the entry of a block, at the time of the user ID by the tenant’s clock', () => {
    const failed = row(500);
    const cancelled = row(2_900, { resultReason: 'User cancelled before passing', result: ' Failure' });
    const blocked = row(200, {
      activityDisplayName: 'Blocked from self-service password reset ',
      result: 'success',
    });
    expect(found(failed, cancelled, blocked)).toEqual([blocked.id, failed.id, cancelled.id]);
  });

  for (const [what, entry] of [
    ['a step that went well', row(500, { result: 'success' })],
    ['what was long over', row(-10_000)],
    ['what came long after', row(20_000)],
    ['another activity', row(500, { activityDisplayName: 'Change password (self-service)' })],
    [
      'what another user did',
      row(500, {
        initiatedBy: { userId: 'a', userPrincipalName: 'anna@contoso.example', ipAddress: '', app: '' },
      }),
    ],
  ] as const)
    it(`are not ${what}`, () => {
      expect(found(entry)).toEqual([]);
    });
});
