import { expect } from '@playwright/test';
import type { Outcome } from '../../harness/core/outcome.ts';
import type { DirectoryAudit } from '../../harness/directory/directory.ts';
import {
  audit,
  FLOW_ACTIVITY,
  isComplete,
  judgeAuditTrail,
  judgePasswordChanged,
  RESET_ACTIVITY,
  SSPR_SERVICE,
  type AuditControlId,
  type AuditTrail,
} from './audit.ts';

let count = 0;
const entry = (overrides: Partial<DirectoryAudit> = {}): DirectoryAudit => ({
  id: `SSPR_${++count}`,
  activityDateTime: '2026-11-21T10:00:00.000Z',
  activityDisplayName: FLOW_ACTIVITY,
  category: 'UserManagement',
  correlationId: 'c1',
  loggedByService: SSPR_SERVICE,
  result: 'success',
  resultReason: 'User submitted their user ID',
  initiatedBy: { userPrincipalName: 'anna@contoso.example', ipAddress: '127.20.0.1' },
  targets: ['anna@contoso.example'],
  additionalDetails: { ClientType: 'Windows7LogonScreen' },
  ...overrides,
});
const reset = (overrides: Partial<DirectoryAudit> = {}): DirectoryAudit =>
  entry({
    activityDateTime: '2026-11-21T10:01:00.000Z',
    activityDisplayName: RESET_ACTIVITY,
    resultReason: 'Successfully completed reset.',
    ...overrides,
  });
const fromAddress = (ipAddress: string): Partial<DirectoryAudit> => ({
  initiatedBy: { userPrincipalName: 'anna@contoso.example', ipAddress },
});

const trail = (entries: DirectoryAudit[], overrides: Partial<AuditTrail> = {}): AuditTrail => ({
  userPrincipalName: 'anna@contoso.example',
  egressAddresses: ['127.20.0.1'],
  entries,
  clientTypes: [],
  ...overrides,
});

const IDS: readonly AuditControlId[] = [
  'audit.flow-entries',
  'audit.reset-entry',
  'audit.same-correlation',
  'audit.ip-address',
  'audit.client-type',
  'audit.no-unexplained-entry',
];

describe('The audit trail', () => {
  /** Outcomes in the order of `IDS`: flow, reset, correlation, address, client type, unexplained. */
  const cases: [string, AuditTrail, Outcome[]][] = [
    ['a complete reset', trail([entry(), reset()]), ['pass', 'pass', 'pass', 'pass', 'pass', 'pass']],
    ['nothing at all', trail([]), ['fail', 'fail', 'error', 'error', 'error', 'error']],
    ['steps only', trail([entry()]), ['pass', 'fail', 'error', 'pass', 'pass', 'error']],
    ['the reset only', trail([reset()]), ['fail', 'pass', 'fail', 'pass', 'pass', 'pass']],
    [
      'a reset that failed',
      trail([entry(), reset({ result: 'failure', resultReason: 'FuzzyPolicyViolationInvalidPassword' })]),
      ['pass', 'fail', 'error', 'pass', 'pass', 'error'],
    ],
    [
      'steps that failed',
      trail([entry({ result: 'failure' }), reset()]),
      ['fail', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'steps of another correlation',
      trail([entry({ correlationId: 'c0' }), reset()]),
      ['pass', 'pass', 'fail', 'pass', 'pass', 'fail'],
    ],
    [
      'another address',
      trail([entry(), reset(fromAddress('127.0.0.1'))]),
      ['pass', 'pass', 'pass', 'fail', 'pass', 'pass'],
    ],
    [
      'no address in one entry',
      trail([entry(fromAddress('')), reset()], { egressAddresses: [] }),
      ['pass', 'pass', 'pass', 'fail', 'pass', 'pass'],
    ],
    [
      'an address of which nobody knows what it should be',
      trail([entry(fromAddress('8.8.8.8')), reset(fromAddress('8.8.8.8'))], { egressAddresses: [] }),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'no ClientType',
      trail([entry({ additionalDetails: { OnPremisesAgent: 'None' } }), reset({ additionalDetails: {} })]),
      ['pass', 'pass', 'pass', 'pass', 'fail', 'pass'],
    ],
    [
      'ClientType in other letters, in one entry only',
      trail([entry({ additionalDetails: { clienttype: 'X' } }), reset({ additionalDetails: {} })]),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
    [
      'a ClientType that the policy does not name',
      trail([entry(), reset()], { clientTypes: ['Windows81LogonScreen'] }),
      ['pass', 'pass', 'pass', 'pass', 'fail', 'pass'],
    ],
    [
      'a try before, which left an entry',
      trail([entry({ correlationId: 'c0' }), entry(), reset()]),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'fail'],
    ],
    [
      'activities in other letters',
      trail([
        entry({ activityDisplayName: ` ${FLOW_ACTIVITY.toUpperCase()} ` }),
        reset({ result: 'Success' }),
      ]),
      ['pass', 'pass', 'pass', 'pass', 'pass', 'pass'],
    ],
  ];
  for (const [what, given, outcomes] of cases) {
    it(`${what}: ${outcomes.join(', ')}`, () => {
      const verdicts = judgeAuditTrail(given);
      expect(IDS.map((id) => verdicts[id].outcome)).toEqual(outcomes);
    });
  }

  it('decides every control of the family but the one that looks at the user', () => {
    const decided = Object.keys(judgeAuditTrail(trail([])));
    expect([...decided, 'audit.password-changed'].sort()).toEqual(audit.map(({ id }) => id).sort());
  });

  it('records the ClientType that it saw, and the keys where there was none', () => {
    expect(judgeAuditTrail(trail([entry(), reset()]))['audit.client-type'].observed).toBe(
      'Windows7LogonScreen',
    );
    const none = judgeAuditTrail(trail([entry({ additionalDetails: { OnPremisesAgent: 'None' } })]));
    expect(none['audit.client-type'].observed).toBe('keys: OnPremisesAgent');
  });

  it('shows the reason of a reset that failed', () => {
    const { observed } = judgeAuditTrail(trail([reset({ result: 'failure', resultReason: 'Too easy ' })]))[
      'audit.reset-entry'
    ];
    expect(observed).toBe(`2026-11-21T10:01:00.000Z ${RESET_ACTIVITY}: failure, Too easy`);
  });

  it('is complete once both the steps and the reset are there', () => {
    expect(isComplete(trail([entry(), reset()]))).toBe(true);
    for (const entries of [[], [entry()], [reset()], [entry(), reset({ result: 'failure' })]]) {
      expect(isComplete(trail(entries))).toBe(false);
    }
  });
});

describe('audit.password-changed', () => {
  const before = new Date('2026-11-21T09:00:00Z');
  for (const [after, outcome] of [
    ['2026-11-21T10:01:00Z', 'pass'],
    ['2026-11-21T09:00:00Z', 'fail'],
    ['2026-11-20T09:00:00Z', 'fail'],
  ] as const) {
    it(`${outcome}: then ${after}`, () => {
      expect(judgePasswordChanged(before, new Date(after)).outcome).toBe(outcome);
    });
  }
});
