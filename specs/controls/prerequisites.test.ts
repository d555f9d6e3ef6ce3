import { expect } from '@playwright/test';
import type { Outcome } from '../../harness/core/outcome.ts';
import type { Registration } from '../../harness/directory/directory.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { controlById } from './catalogue.ts';
import type { Judge, OperatingSystem } from './control.ts';
import { absent, present, subjectOf, update } from './fixtures.ts';
import { judgeAlternateMethods, judgeRegistered, judgeResetEnabled } from './prerequisites.ts';

const judgeOf = (id: string): Judge => controlById(id).judge!;

describe('prerequisites.os-supported', () => {
  const judge = judgeOf('prerequisites.os-supported');
  const cases: [string, OperatingSystem, Partial<Facts['os']>, Outcome, RegExp][] = [
    ['Windows 7 with Service Pack 1', 'win7', {}, 'pass', /Windows 7 with Service Pack 1/],
    ['Windows 8, with a note', 'win8', {}, 'pass', /title .* names but its prerequisites do not/],
    ['Windows 8.1', 'win81', {}, 'pass', /Windows 8\.1/],
    [
      'Windows 7 without Service Pack 1',
      'win7',
      { version: '6.1.7600', build: 7600, servicePack: '' },
      'fail',
      /not Windows 7 with Service Pack 1/,
    ],
    [
      'Windows 10',
      'win81',
      { version: '6.3.19045', build: 19045, productName: 'Windows 10 Pro' },
      'fail',
      /not Windows 8\.1/,
    ],
    [
      'a server of the same build',
      'win7',
      { productName: 'Windows Server 2008 R2 Standard' },
      'fail',
      /server edition/,
    ],
    [
      'another Windows than the one declared',
      'win7',
      { version: '6.3.9600', build: 9600 },
      'error',
      /declared as win7 but is win81/,
    ],
    ['no version at all', 'win7', { version: '', build: NaN }, 'error', /did not say/],
  ];
  for (const [what, os, overrides, outcome, summary] of cases) {
    it(`${outcome}: ${what}`, () => {
      const verdict = judge(subjectOf(os, { os: overrides }));
      expect(verdict).toMatchObject({ outcome, summary: expect.stringMatching(summary) });
    });
  }
});

describe('prerequisites.patched', () => {
  const judge = judgeOf('prerequisites.patched');
  const withState = (state: number): Outcome =>
    judge(subjectOf('win81', { packages: [update('KB2919355', state)] })).outcome;

  it('counts a package that is installed, permanent, or superseded by a later one, and no other', () => {
    const counted = [0, 5, 16, 32, 48, 64, 80, 96, 101, 112, 128].filter(
      (state) => withState(state) === 'pass',
    );
    expect(counted).toEqual([80, 112, 128]);
    expect(withState(7777)).toBe('fail');
  });

  it('takes a later rollup in place of the updates that it holds', () => {
    const verdict = judge(subjectOf('win7', { packages: [update('KB4534310', 112)] }));
    expect(verdict.outcome).toBe('pass');
  });

  it('takes one part of an update that is installed, whatever became of the others', () => {
    const packages = [update('KB2919355', 64), update('KB2919355', 112), update('KB2919442', 112)];
    expect(judge(subjectOf('win81', { packages })).outcome).toBe('pass');
  });

  it('names what is missing and the state of what is not in force', () => {
    const packages = [update('KB4490628', 112), update('4474419', 96)];
    const verdict = judge(subjectOf('win7', { packages }));
    expect(verdict).toMatchObject({ outcome: 'fail', summary: 'Not installed: KB4474419, KB3140245' });
    expect(verdict.observed).toContain('KB4474419 install pending (0x60)');
    expect(verdict.observed).toContain('KB3140245 or KB4534310 absent');
  });

  it('does not apply where the policy names no update', () => {
    expect(judge(subjectOf('win8')).outcome).toBe('notApplicable');
    const patches = { win7: [], win8: [['KB3042058']], win81: [] };
    expect(judge(subjectOf('win8', {}, { patches })).outcome).toBe('fail');
  });
});

describe('prerequisites.patched, with the second witness', () => {
  const judge = judgeOf('prerequisites.patched');
  const verdict = (packages: Facts['packages'], hotFixes: readonly string[], failures = {}) =>
    judge(subjectOf('win81', { packages, hotFixes, failures }));

  it('says nothing of it where both agree', () => {
    expect(verdict([update('KB2919355', 112)], ['KB2919355']).observed).not.toContain('QuickFix');
    expect(verdict([], []).observed).not.toContain('QuickFix');
    expect(verdict([update('KB2919355', 80)], []).observed).not.toContain('QuickFix');
  });

  it('decides by Component Based Servicing where they differ, and says so', () => {
    const missing = verdict([update('KB2919355', 112)], []);
    expect(missing).toMatchObject({
      outcome: 'pass',
      observed: expect.stringContaining('does not list KB2919355'),
    });
    const surplus = verdict([update('KB2919355', 64)], ['KB2919355']);
    expect(surplus).toMatchObject({ outcome: 'fail', observed: expect.stringContaining('lists KB2919355') });
  });

  it('does without it where WMI cannot be read, and says so', () => {
    expect(verdict([update('KB2919355', 112)], [], { hotFixes: 'access is denied' })).toMatchObject({
      outcome: 'pass',
      observed: expect.stringContaining('could not be read: access is denied'),
    });
  });
});

describe('prerequisites.windows-8-documented', () => {
  it('is shown on every Windows 8, and makes none non-compliant', () => {
    const { appliesTo, severity } = controlById('prerequisites.windows-8-documented');
    expect([appliesTo.os, severity]).toEqual([['win8'], 'informational']);
    expect(judgeOf('prerequisites.windows-8-documented')(subjectOf('win8'))).toMatchObject({
      outcome: 'fail',
      observed: 'Windows 8 Pro, 6.2.9200',
    });
  });
});

describe('prerequisites.no-restart-pending', () => {
  it('names the marks that it found', () => {
    const judge = judgeOf('prerequisites.no-restart-pending');
    const verdict = judge(subjectOf('win7', { rebootPending: ['RebootPending', 'RebootRequired'] }));
    expect(verdict).toMatchObject({ outcome: 'fail', observed: 'RebootPending, RebootRequired' });
  });
});

describe('prerequisites.uac-enabled', () => {
  const judge = judgeOf('prerequisites.uac-enabled');
  for (const [what, reading, outcome] of [
    ['0', present(0), 'fail'],
    ['1', present(1), 'pass'],
    ['absent', absent, 'pass'],
  ] as const) {
    it(`${outcome}: EnableLUA ${what}`, () => {
      expect(judge(subjectOf('win81', { userAccountControl: reading })).outcome).toBe(outcome);
    });
  }
});

describe('What the tenant says of the test user', () => {
  const registration = (overrides: Partial<Registration> = {}): Registration => ({
    userPrincipalName: 'anna@contoso.example',
    isSsprRegistered: true,
    isSsprEnabled: true,
    isSsprCapable: true,
    methodsRegistered: ['email', 'microsoftAuthenticatorPush'],
    ...overrides,
  });

  it('decides prerequisites.sspr-enabled by the policy, whatever is registered', () => {
    expect(judgeResetEnabled(registration({ isSsprRegistered: false })).outcome).toBe('pass');
    expect(judgeResetEnabled(registration({ isSsprEnabled: false })).outcome).toBe('fail');
  });

  it('decides prerequisites.user-registered by the registration, whatever the policy is', () => {
    expect(judgeRegistered(registration({ isSsprEnabled: false })).outcome).toBe('pass');
    const verdict = judgeRegistered(registration({ isSsprRegistered: false, methodsRegistered: [] }));
    expect(verdict).toMatchObject({ outcome: 'fail', observed: 'isSsprRegistered false, methods: none' });
  });

  for (const [methods, required, outcome] of [
    [['email'], 1, 'pass'],
    [['microsoftAuthenticatorPush', 'softwareOneTimePasscode'], 1, 'fail'],
    [['microsoftAuthenticatorPush', 'mobilePhone'], 1, 'pass'],
    [['microsoftAuthenticatorPush', 'mobilePhone'], 2, 'fail'],
    [['email', 'securityQuestion'], 2, 'pass'],
    [['fido2', 'windowsHelloForBusiness'], 1, 'fail'],
    [[], 1, 'fail'],
  ] as const) {
    it(`prerequisites.alternate-methods: ${outcome} with ${methods.join(', ') || 'nothing'} where ${required} is asked for`, () => {
      expect(judgeAlternateMethods(registration({ methodsRegistered: methods }), required).outcome).toBe(
        outcome,
      );
    });
  }

  it('prerequisites.alternate-methods leaves a user who has registered nothing to prerequisites.user-registered', () => {
    const nobody = registration({ isSsprRegistered: false, methodsRegistered: [] });
    expect(judgeAlternateMethods(nobody, 1).outcome).toBe('skipped');
  });
});
