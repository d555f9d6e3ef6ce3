import { expect } from '@playwright/test';
import { Fault } from '../../harness/core/errors.ts';
import { REFUSALS, type RefusalReason } from '../../harness/core/rehearsals.ts';
import type { PortalAnswer } from '../../harness/logon/refusal.ts';
import { judgeRefusals, type RefusalTried } from './refusals.ts';

const tried = (expects: RefusalReason, answer: PortalAnswer | Fault, more: Partial<RefusalTried> = {}) => ({
  upn: `${expects.toLowerCase()}@contoso.example`,
  expects,
  came:
    answer instanceof Fault
      ? answer
      : { answer, submittedAt: '2026-11-21T10:00:00.000Z', leftAt: '2026-11-21T10:00:02.000Z' },
  ...more,
});
const page = (name: Exclude<PortalAnswer['page'], 'verification method'>, number?: string): PortalAnswer => ({
  page: name,
  said: 'The portal says no: the screen says "No"',
  ...(number !== undefined && { number }),
});
const methods = (known: readonly string[], others: readonly string[] = []): PortalAnswer => ({
  page: 'verification method',
  offers: { known, others },
});
const LET_IN = methods(['Email my alternate email']);
const APP_ONLY = methods([], ['Enter a code from my authenticator app']);
const UNREACHABLE = new Fault('The page does not come', {
  code: 'reset-page-unreachable',
  blame: 'network',
  remedy: 'Look.',
});

/** The code of what is thrown, or the outcome. */
function said(...all: readonly RefusalTried[]): string {
  try {
    return judgeRefusals(all).outcome;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

describe('A user who is turned away', () => {
  for (const [expects, answer, outcome] of [
    ['notRegistered', page('not-registered', 'SSPR_0014'), 'pass'],
    ['notRegistered', page('not-registered'), 'pass'],
    ['notRegistered', page('reset-not-enabled', 'SSPR_0011'), 'fail'],
    ['authenticatorOnly', page('not-registered', 'SSPR_0014'), 'pass'],
    ['authenticatorOnly', APP_ONLY, 'pass'],
    ['authenticatorOnly', methods([]), 'refused-user-unusable'],
    ['policyOff', page('reset-not-enabled', 'SSPR_0011'), 'pass'],
    ['policyOff', page('reset-not-enabled', 'SSPR_0009'), 'pass'],
    ['policyOff', page('reset-not-enabled', 'SSPR_0012'), 'fail'],
    ['notLicensed', page('reset-not-enabled', 'SSPR_0012'), 'pass'],
    // No such number is known: it may be misread.
    ['notLicensed', page('reset-not-enabled', 'SSPR_0072'), 'pass'],
    ['notLicensed', page('reset-not-enabled'), 'pass'],
    ['notLicensed', page('reset-not-enabled', 'SSPR_0013'), 'fail'],
    ['notInGroup', page('reset-not-enabled', 'SSPR_0013'), 'pass'],
    ['notInGroup', page('blocked'), 'refused-user-unusable'],
    ['blocked', page('blocked'), 'pass'],
    ['blocked', page('not-registered', 'SSPR_0014'), 'fail'],
    ['cancelled', LET_IN, 'pass'],
    // Who is turned away cannot show what cancelling does.
    ['cancelled', page('reset-not-enabled', 'SSPR_0012'), 'refused-user-unusable'],
    ['cancelled', page('blocked'), 'refused-user-unusable'],
  ] as const)
    it(`${expects}: ${outcome} at ${JSON.stringify(answer)}`, () => {
      expect(said(tried(expects, answer))).toBe(outcome);
    });

  it('fails when let in, whatever the reason, and says so', () => {
    for (const expects of REFUSALS.filter((one) => one !== 'cancelled'))
      expect(judgeRefusals([tried(expects, LET_IN)])).toMatchObject({
        outcome: 'fail',
        summary: expect.stringContaining('is let in'),
        observed: expect.stringContaining('"Email my alternate email"'),
      });
  });

  it('cannot be judged when the tenant does not know the user, or the page did not come', () => {
    for (const expects of REFUSALS) {
      expect(said(tried(expects, page('account-not-verified')))).toBe('refused-user-unusable');
      expect(said(tried(expects, UNREACHABLE))).toBe('reset-page-unreachable');
    }
  });

  it('is one of several: a failure decides before what could not be looked at', () => {
    const [good, bad, unknown] = [page('not-registered'), LET_IN, UNREACHABLE].map((one) =>
      tried('notRegistered', one),
    ) as [RefusalTried, RefusalTried, RefusalTried];
    expect(said(good, unknown, bad)).toBe('fail');
    expect(said(good, unknown)).toBe('reset-page-unreachable');
    expect(judgeRefusals([good, good]).observed?.split('; notregistered@')).toHaveLength(2);
  });

  it('must not have another password after cancelling', () => {
    const [before, after] = [new Date('2026-11-20T09:00:00Z'), new Date('2026-11-21T10:00:01Z')];
    const cancelled = (passwordChanged: RefusalTried['passwordChanged']) =>
      said(tried('cancelled', LET_IN, passwordChanged && { passwordChanged }));
    expect(cancelled({ before, after: before })).toBe('pass');
    expect(cancelled({ before, after })).toBe('fail');
  });

  it('is told apart by the number, in words', () => {
    expect(judgeRefusals([tried('notInGroup', page('reset-not-enabled', 'SSPR_0013'))])).toMatchObject({
      summary: 'A user outside of the group is turned away, as SSPR_0013',
      observed: expect.stringContaining('SSPR_0013 (the user is not in the group'),
    });
  });
});
