import { expect } from '@playwright/test';
import { type Blame, Fault } from '../../harness/core/errors.ts';
import type { ResetPage } from '../../harness/logon/reset-page.ts';
import { judgeMilestone, MILESTONE_CONTROLS } from './attempt.ts';

const stopped = (reached: ResetPage, code: string, blame: Blame = 'network') => ({
  done: false as const,
  reached,
  fault: new Fault(`stopped by ${code}`, { code, blame, remedy: 'Look.' }),
});
const outcomes = (attempt: Parameters<typeof judgeMilestone>[1]) =>
  MILESTONE_CONTROLS.map((control) => judgeMilestone(control, attempt).outcome);

describe('the milestones of an attempt', () => {
  it('all pass when the password was reset', () => {
    expect(outcomes({ done: true })).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('fail where the screen said no, and at the end; those between are skipped', () => {
    expect(outcomes(stopped('logon screen', 'reset-page-unreachable'))).toEqual([
      'fail',
      'skipped',
      'skipped',
      'fail',
    ]);
    expect(outcomes(stopped('user ID', 'not-registered'))).toEqual(['pass', 'fail', 'skipped', 'fail']);
    for (const code of ['password-refused', 'reset-not-possible'])
      expect(outcomes(stopped('new password', code))).toEqual(['pass', 'pass', 'pass', 'fail']);
  });

  it('fail when the portal offers nothing that works here, not when the configuration lacks what it offers', () => {
    const at = (blame: Blame) => outcomes(stopped('verification method', 'verification-not-offered', blame));
    expect(at('tenant')).toEqual(['pass', 'pass', 'fail', 'fail']);
    expect(at('config')).toEqual(['pass', 'pass', 'error', 'error']);
    expect(outcomes(stopped('user ID', 'captcha-shown'))).toEqual(['pass', 'error', 'error', 'error']);
  });

  it('could not be checked when nothing conclusive was seen: a lost console or a blocked account is not a failure', () => {
    expect(outcomes(stopped('logon screen', 'vnc-closed'))).toEqual(['error', 'error', 'error', 'error']);
    expect(outcomes(stopped('verification code', 'blocked'))).toEqual(['pass', 'pass', 'error', 'error']);
  });
});
