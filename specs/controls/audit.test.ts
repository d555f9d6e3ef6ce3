import { expect } from '@playwright/test';
import { Fault, toFault } from '../../harness/core/errors.ts';
import type { Outcome } from '../../harness/core/outcome.ts';
import { correlate, type CorrelationInput } from '../../harness/directory/correlation.ts';
import { FLOW_ACTIVITY, RESET_ACTIVITY } from '../../harness/directory/correlation/entries.ts';
import {
  actionsAt,
  ADDRESS,
  ANNA,
  auditRow,
  CLIENT_TYPE,
  instantsFrom,
  refused,
  rowsOf,
  seen,
  throttled,
} from '../../harness/directory/correlation/testing.ts';
import type { DirectoryAudit } from '../../harness/directory/directory.ts';
import {
  audit,
  type AuditControlId,
  type AuditTrail,
  judgeAuditTrail,
  judgePasswordChanged,
  judgeRefusalsLogged,
  judgeRegistrationUnchanged,
} from './audit.ts';

const BEGIN = Date.parse('2026-11-21T10:00:00.000Z');
const OURS = instantsFrom(BEGIN);
const own = rowsOf(OURS);
const reset = own.at(-1)!;
const steps = own.slice(0, -1);
const earlier = rowsOf(instantsFrom(BEGIN - 60_000), { correlationId: 'c2' });
const meanwhile = rowsOf(instantsFrom(BEGIN - 20_000), { correlationId: 'c2' });
const twin = rowsOf(instantsFrom(BEGIN + 400), { correlationId: 'c2' });

const all = (overrides: Partial<DirectoryAudit>): DirectoryAudit[] =>
  own.map((row) => ({ ...row, ...overrides }));
const from = (ipAddress: string): DirectoryAudit['initiatedBy'] => ({ ...reset.initiatedBy, ipAddress });

const trail = (rows: readonly DirectoryAudit[], overrides: Partial<AuditTrail> = {}): AuditTrail => {
  const { search = 'settled', sawOthers = true, fault } = overrides;
  const { egressAddresses = [ADDRESS], clientTypes = [] } = overrides;
  const input: CorrelationInput = {
    attempt: { ...ANNA, actions: actionsAt(OURS), wentThrough: true },
    rows: seen(rows, BEGIN + 60_000),
    clock: { aheadSeconds: 0, uncertainSeconds: 0.5 },
    egressAddresses,
    clientTypes,
    search,
  };
  return { correlation: correlate(input), search, sawOthers, fault, egressAddresses, clientTypes };
};

const IDS: readonly AuditControlId[] = [
  'audit.flow-entries',
  'audit.reset-entry',
  'audit.same-correlation',
  'audit.ip-address',
  'audit.client-type',
  'audit.no-unexplained-entry',
];
const SPENT = { search: 'budget-spent' } as const;

describe('The audit trail', () => {
  /** Outcomes in the order of `IDS`: flow, reset, correlation, address, client type, unexplained. */
  const cases: [string, AuditTrail, Outcome[]][] = [
    ['a complete reset', trail(own), ['pass', 'pass', 'pass', 'pass', 'pass', 'pass']],
    ['nothing at all', trail([], SPENT), ['fail', 'fail', 'error', 'error', 'error', 'error']],
    [
      'nothing, and the last looks failed',
      trail([], { search: 'incomplete' }),
      ['error', 'error', 'error', 'error', 'error', 'error'],
    ],
    ['steps only', trail(steps, SPENT), ['pass', 'fail', 'error', 'pass', 'pass', 'error']],
    ['the reset only', trail([reset], SPENT), ['fail', 'pass', 'error', 'pass', 'pass', 'pass']],
    [
      'a reset that failed',
      trail([...steps, { ...reset, result: 'failure' }], SPENT),
      ['pass', 'fail', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'steps that failed',
      trail([...steps.map((row) => ({ ...row, result: 'failure' })), reset], SPENT),
      ['fail', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'steps of another correlation',
      trail([...steps.map((row) => ({ ...row, correlationId: 'c0' })), reset]),
      ['pass', 'pass', 'fail', 'pass', 'pass', 'pass'],
    ],
    [
      'no correlation ids',
      trail(all({ correlationId: '' })),
      ['pass', 'pass', 'fail', 'pass', 'pass', 'pass'],
    ],
    [
      'another address',
      trail([...steps, { ...reset, initiatedBy: from('127.0.0.1') }]),
      ['pass', 'pass', 'pass', 'fail', 'pass', 'pass'],
    ],
    [
      'no address in one entry',
      trail([...steps, { ...reset, initiatedBy: from('') }], { egressAddresses: [] }),
      ['pass', 'pass', 'pass', 'fail', 'pass', 'pass'],
    ],
    [
      'an address of which nobody knows what it should be',
      trail(all({ initiatedBy: from('8.8.8.8') }), { egressAddresses: [] }),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'no ClientType',
      trail(all({ additionalDetails: { OnPremisesAgent: 'None' } })),
      ['pass', 'pass', 'pass', 'pass', 'fail', 'pass'],
    ],
    [
      'a ClientType that the policy does not name',
      trail(own, { clientTypes: ['Windows81LogonScreen'] }),
      ['pass', 'pass', 'pass', 'pass', 'fail', 'pass'],
    ],
    [
      'the ClientType of the policy',
      trail(own, { clientTypes: [CLIENT_TYPE] }),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'somebody else’s reset meanwhile',
      trail([...meanwhile, ...own]),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'fail'],
    ],
    [
      'an earlier attempt, over before the click',
      trail([...earlier, ...own]),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    ['an earlier attempt only', trail(earlier, SPENT), ['fail', 'fail', 'error', 'error', 'error', 'error']],
    [
      'two resets of which each may be ours',
      trail([...twin, ...own], SPENT),
      ['pass', 'error', 'error', 'error', 'error', 'error'],
    ],
    [
      'no look at what others did',
      trail(own, { sawOthers: false }),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'error'],
    ],
  ];
  for (const [what, given, outcomes] of cases) {
    it(`${what}: ${outcomes.join(', ')}`, () => {
      expect(IDS.map((id) => judgeAuditTrail(id, given).outcome)).toEqual(outcomes);
    });
  }

  const unread: [string, AuditTrail][] = [
    ['nothing', trail([], { search: 'incomplete', sawOthers: false, fault: refused() })],
    ['the steps', trail(steps, { search: 'incomplete', sawOthers: false, fault: throttled() })],
    ['the reset only', trail([reset], { search: 'incomplete', sawOthers: false, fault: throttled() })],
  ];
  for (const [what, given] of unread) {
    it(`says six times why the log could not be read, when ${what} was found until then`, () => {
      const thrown = IDS.map((id) => {
        try {
          return judgeAuditTrail(id, given);
        } catch (error) {
          return toFault(error);
        }
      });
      expect(thrown).toEqual(IDS.map(() => given.fault));
    });
  }

  it('does without the log where everything was found, except for what others did', () => {
    const given = trail(own, { sawOthers: false, fault: throttled() });
    const judged = IDS.filter((id) => id !== 'audit.no-unexplained-entry');
    expect(judged.map((id) => judgeAuditTrail(id, given).outcome)).toEqual(judged.map(() => 'pass'));
    expect(() => judgeAuditTrail('audit.no-unexplained-entry', given)).toThrow('slow down');
  });

  it('lists what came since the click only, the steps last, and not more than six', () => {
    const observed = (rows: readonly DirectoryAudit[]): string[] =>
      judgeAuditTrail('audit.reset-entry', trail(rows, SPENT)).observed?.split('; ') ?? [];
    expect(observed(earlier)).toEqual(['no entry']);
    const [first, second, ...rest] = observed([...twin, ...own]);
    expect([first, second].map((entry) => entry?.includes(RESET_ACTIVITY))).toEqual([true, true]);
    expect(rest).toHaveLength(5);
    expect(rest.at(-1)).toBe('and 10 more');
  });

  it('sends to audit.reset-entry where there is no entry of ours to look at', () => {
    for (const id of ['audit.same-correlation', 'audit.ip-address', 'audit.client-type'] as const)
      expect(judgeAuditTrail(id, trail([], SPENT)).remediation, id).toContain('audit.reset-entry');
  });

  it('says how another ClientType is pinned', () => {
    const { remediation } = judgeAuditTrail('audit.client-type', trail(own, { clientTypes: ['Browser'] }));
    expect(remediation).toContain('policy.clientTypes');
    expect(remediation).toContain('npx sspr learn client-types');
  });

  it('decides every control of the family but those that look at the user', () => {
    const besides = ['password-changed', 'refusals-logged', 'registration-unchanged'];
    const decided = [...IDS, ...besides.map((name) => `audit.${name}`)];
    expect(decided.sort()).toEqual(audit.map(({ id }) => id).sort());
  });

  it('says how late the entry could be read', () => {
    expect(judgeAuditTrail('audit.reset-entry', trail(own)).summary).toBe(
      'The reset is in the audit log; it was readable at most 24.7 s after it was made',
    );
  });

  it('counts what an earlier attempt has left, and lists only what came after the click', () => {
    const unexplained = (rows: readonly DirectoryAudit[]): string | undefined =>
      judgeAuditTrail('audit.no-unexplained-entry', trail([...rows, ...own])).observed;
    expect(unexplained(earlier)).toBe('8 entries; before the click: 8');
    expect(unexplained(meanwhile)?.split('; ')).toHaveLength(5);
  });

  it('records the ClientType that it saw, and the keys where there was none', () => {
    const observed = (additionalDetails: Record<string, string>): string | undefined =>
      judgeAuditTrail('audit.client-type', trail(all({ additionalDetails }))).observed;
    expect(observed({ clienttype: CLIENT_TYPE })).toBe(CLIENT_TYPE);
    expect(observed({ OnPremisesAgent: 'None' })).toBe('keys: OnPremisesAgent');
  });

  it('shows the reason of a reset that failed', () => {
    const failed = { ...reset, result: 'failure', resultReason: 'Too easy ' };
    const { summary, observed } = judgeAuditTrail('audit.reset-entry', trail([failed], SPENT));
    expect(summary).toBe('The audit log says that the reset did not succeed: Too easy');
    expect(observed).toBe(
      `${reset.activityDateTime} ${RESET_ACTIVITY} by ${ANNA.userPrincipalName} from ${ADDRESS}: failure, Too easy`,
    );
  });

  it('names the entries that are not ours, and who made them', () => {
    const byAdmin = auditRow(BEGIN, {
      activityDisplayName: 'Reset password (by admin)',
      resultReason: '',
      initiatedBy: {
        userId: 'x',
        userPrincipalName: 'admin@contoso.example',
        ipAddress: '198.51.100.9',
        app: '',
      },
    });
    const { summary, observed } = judgeAuditTrail(
      'audit.no-unexplained-entry',
      trail([{ ...byAdmin, correlationId: 'c9' }, ...own]),
    );
    expect(summary).toBe('1 entry belongs to something else');
    expect(observed).toBe(
      '2026-11-21T10:00:00.000Z Reset password (by admin) by admin@contoso.example from 198.51.100.9: success',
    );
  });
});

describe('audit.password-changed', () => {
  const clock = { aheadSeconds: 60, uncertainSeconds: 0.5 };
  for (const [after, outcome, why] of [
    ['2026-11-21T10:01:03Z', 'pass', 'after the password was given'],
    ['2026-11-21T10:01:17Z', 'pass', 'written back a little after the success'],
    ['2026-11-21T10:01:18Z', 'error', 'somebody else’s, later than ours can be'],
    ['2026-11-21T10:01:00Z', 'pass', 'in the same second'],
    ['2026-11-21T10:00:59Z', 'fail', 'before it was given, by the tenant’s clock'],
    ['2026-11-21T09:00:00Z', 'fail', 'the time from before'],
    ['2026-11-20T09:00:00Z', 'fail', 'earlier than before'],
  ] as const) {
    it(`${outcome}: ${why}`, () => {
      const verdict = judgePasswordChanged({
        before: new Date('2026-11-21T09:00:00Z'),
        after: new Date(after),
        submittedAt: '2026-11-21T10:00:00.700Z',
        succeededAt: '2026-11-21T10:00:05.900Z',
        clock,
      });
      expect(verdict.outcome).toBe(outcome);
    });
  }
});

describe('audit.registration-unchanged', () => {
  const registration = (...methodsRegistered: string[]) => ({
    userPrincipalName: ANNA.userPrincipalName,
    isSsprRegistered: true,
    isSsprEnabled: true,
    isSsprCapable: true,
    methodsRegistered,
  });

  it('passes with the same methods in another order', () => {
    const before = registration('email', 'mobilePhone');
    expect(judgeRegistrationUnchanged(before, registration('mobilephone', 'email')).outcome).toBe('pass');
  });

  it('fails with another method, or one less', () => {
    for (const after of [registration('email', 'officePhone'), registration('email'), registration()]) {
      const { outcome, expected } = judgeRegistrationUnchanged(registration('email', 'mobilePhone'), after);
      expect({ outcome, expected }).toEqual({ outcome: 'fail', expected: 'email, mobilephone' });
    }
  });
});

describe('audit.refusals-logged', () => {
  const entry = {
    result: 'failure',
    resultReason: "User's account has insufficient authentication methods defined. ",
    activityDisplayName: FLOW_ACTIVITY,
  } as DirectoryAudit;
  const logged = { upn: 'carl@contoso.example', entries: [entry] };
  const missing = { upn: 'dora@contoso.example', entries: [] };
  const fault = new Fault('no answer', { code: 'tenant-unreachable', blame: 'network', remedy: 'Look.' });

  it('passes when there is an entry of each user, however the search ended, and tells the reasons', () => {
    for (const looked of ['to the end', 'not to the end'] as const)
      expect(judgeRefusalsLogged({ users: [logged], looked, fault })).toMatchObject({
        outcome: 'pass',
        observed: expect.stringContaining('insufficient authentication methods'),
      });
  });

  it('fails only after the whole time that an entry may take', () => {
    const users = [logged, missing];
    expect(judgeRefusalsLogged({ users, looked: 'to the end', fault: undefined })).toMatchObject({
      outcome: 'fail',
      summary: 'The audit log holds nothing of dora@contoso.example',
    });
    expect(judgeRefusalsLogged({ users, looked: 'not to the end', fault: undefined }).outcome).toBe('error');
    expect(() => judgeRefusalsLogged({ users, looked: 'not to the end', fault })).toThrow(fault);
  });
});
