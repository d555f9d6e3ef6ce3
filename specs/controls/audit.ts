import { couldNotCheck, fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import type { DirectoryAudit } from '../../harness/directory/directory.ts';
import { OPERATING_SYSTEMS, type Control } from './control.ts';

/** What the tenant has written down of the reset. */
export const audit: readonly Control[] = [
  {
    id: 'audit.flow-entries',
    title: 'The audit log shows the steps of the reset',
    rationale: 'They tell how far a user got, which is what a helpdesk needs when a reset fails.',
    source: { document: 'english', lines: [65, 65] },
    severity: 'major',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Wait (entries may take 15 minutes); open the audit log of the tenant once, which starts the collection.',
  },
  {
    id: 'audit.reset-entry',
    title: 'The audit log shows that the user has reset the password',
    rationale: 'It is the proof of the tenant that the reset was made, by whom and when.',
    source: { document: 'english', lines: [65, 69] },
    severity: 'critical',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Wait (entries may take 15 minutes), then read the reason of the last entry of this user.',
  },
  {
    id: 'audit.same-correlation',
    title: 'All entries of the reset share one correlation id',
    rationale: 'It ties the steps to the reset. It was observed in tenants and is not promised by Microsoft.',
    source: { document: 'facts', section: '5.4' },
    severity: 'minor',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Use test users of their own, so that nobody else resets their password during a run.',
  },
  {
    id: 'audit.ip-address',
    title: 'The entries carry the address from which the machine reaches the internet',
    rationale: 'It tells where a reset was made.',
    source: { document: 'english', lines: [67, 67] },
    severity: 'major',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Configure the address behind which the proxy or firewall of this machine appears.',
  },
  {
    id: 'audit.client-type',
    title: 'The entries carry a ClientType',
    rationale:
      'It tells a reset at the logon screen from one in a browser. Its values are not documented, so the value is recorded.',
    source: { document: 'english', lines: [67, 67] },
    severity: 'major',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Compare with the details of the entry in the portal; pin the value in the policy once it is known.',
  },
  {
    id: 'audit.no-unexplained-entry',
    title: 'No entry of the test user belongs to anything but this reset',
    rationale:
      'An entry without an action of ours means that somebody else uses the account, or that a try was repeated.',
    source: { document: 'facts', section: '9' },
    severity: 'minor',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Give each machine a test user of its own.',
  },
  {
    id: 'audit.password-changed',
    title: 'The tenant has a new time of the last password change',
    rationale: 'A second witness, independent of the audit log, that the password really is another one.',
    source: { document: 'facts', section: '5.6' },
    severity: 'critical',
    stage: 'audit',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Where passwords are only written back to a domain, this time may not move: waive the control with that reason.',
  },
];

export const SSPR_SERVICE = 'Self-service Password Management';
export const FLOW_ACTIVITY = 'Self-service password reset flow activity progress';
export const RESET_ACTIVITY = 'Reset password (self-service)';

/** What was done on the machine, and what the audit log holds of it. */
export interface AuditTrail {
  readonly userPrincipalName: string;
  /** The addresses under which the tenant may see this machine; empty when they are not known. */
  readonly egressAddresses: readonly string[];
  /** All entries of the service `SSPR_SERVICE` for this user from just before the click to now. */
  readonly entries: readonly DirectoryAudit[];
  /** Values that `ClientType` may have; empty: any. */
  readonly clientTypes: readonly string[];
}

export type AuditControlId = keyof typeof JUDGES;

/** Decides the controls that rest on the entries of the audit log; `audit.password-changed` has its own judge. */
export function judgeAuditTrail(trail: AuditTrail): Record<AuditControlId, Verdict> {
  const verdicts = Object.entries(JUDGES).map(([id, judge]) => [id, judge(trail)]);
  return Object.fromEntries(verdicts) as Record<AuditControlId, Verdict>;
}

/** Whether the trail is complete, so that waiting for more entries makes no sense. */
export const isComplete = (trail: AuditTrail): boolean =>
  successes(trail, FLOW_ACTIVITY).length > 0 && successes(trail, RESET_ACTIVITY).length > 0;

const JUDGES = {
  'audit.flow-entries': judgeFlow,
  'audit.reset-entry': judgeReset,
  'audit.same-correlation': judgeCorrelation,
  'audit.ip-address': judgeAddress,
  'audit.client-type': judgeClientType,
  'audit.no-unexplained-entry': judgeUnexplained,
};

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

const entriesOf = ({ entries }: AuditTrail, activity: string): DirectoryAudit[] =>
  entries.filter(({ activityDisplayName }) => same(activityDisplayName, activity));

const successes = (trail: AuditTrail, activity: string): DirectoryAudit[] =>
  entriesOf(trail, activity).filter(({ result }) => same(result, 'success'));

/** The entry that says that the password was reset. The last one, if there are several. */
const resetEntry = (trail: AuditTrail): DirectoryAudit | undefined =>
  successes(trail, RESET_ACTIVITY)
    .sort((a, b) => a.activityDateTime.localeCompare(b.activityDateTime))
    .at(-1);

/** The entries of this reset: those with the correlation id of its last entry, or all while there is none. */
function ownEntries(trail: AuditTrail): readonly DirectoryAudit[] {
  const reset = resetEntry(trail);
  return reset === undefined
    ? trail.entries
    : trail.entries.filter(({ correlationId }) => same(correlationId, reset.correlationId));
}

const inWords = ({ activityDateTime, activityDisplayName, result, resultReason }: DirectoryAudit): string =>
  `${activityDateTime} ${activityDisplayName}: ${result}${resultReason === '' ? '' : `, ${resultReason.trim()}`}`;

const listed = (entries: readonly DirectoryAudit[]): string => entries.map(inWords).join('; ') || 'no entry';

function judgeFlow(trail: AuditTrail): Verdict {
  const detail = {
    expected: `at least one successful "${FLOW_ACTIVITY}"`,
    observed: listed(entriesOf(trail, FLOW_ACTIVITY)),
  };
  return successes(trail, FLOW_ACTIVITY).length > 0
    ? pass('The steps of the reset are in the audit log', detail)
    : fail('No step of the reset is in the audit log', detail);
}

function judgeReset(trail: AuditTrail): Verdict {
  const all = entriesOf(trail, RESET_ACTIVITY);
  const detail = { expected: `"${RESET_ACTIVITY}" with result success`, observed: listed(all) };
  if (resetEntry(trail) !== undefined) return pass('The reset is in the audit log', detail);
  return all.length > 0
    ? fail('The audit log says that the reset did not succeed', detail)
    : fail('The reset is not in the audit log', { ...detail, observed: listed(trail.entries) });
}

function judgeCorrelation(trail: AuditTrail): Verdict {
  const reset = resetEntry(trail);
  const expected = 'one correlation id for the reset and its steps';
  if (reset === undefined)
    return couldNotCheck('There is no entry of the reset to compare with', { expected });

  const steps = entriesOf(trail, FLOW_ACTIVITY).filter(({ correlationId }) =>
    same(correlationId, reset.correlationId),
  );
  const observed = [...new Set(trail.entries.map(({ correlationId }) => correlationId))].join(', ');
  return steps.length > 0
    ? pass('The reset and its steps share a correlation id', { expected, observed })
    : fail('No step has the correlation id of the reset', { expected, observed });
}

function judgeAddress(trail: AuditTrail): Verdict {
  const own = ownEntries(trail);
  const expected = trail.egressAddresses.join(' or ') || 'any address';
  if (own.length === 0) return couldNotCheck('There is no entry to look at', { expected });

  const addresses = own.map(({ initiatedBy }) => initiatedBy.ipAddress.trim());
  const observed = [...new Set(addresses.map((address) => address || 'none'))].join(', ');
  if (addresses.includes('')) return fail('An entry carries no address', { expected, observed });
  if (trail.egressAddresses.length === 0) return pass('The address is recorded', { expected, observed });
  return addresses.every((address) => trail.egressAddresses.includes(address))
    ? pass('The entries carry the address of this machine', { expected, observed })
    : fail('The entries carry another address', { expected, observed });
}

function judgeClientType(trail: AuditTrail): Verdict {
  const own = ownEntries(trail);
  const expected = `a ClientType${trail.clientTypes.length === 0 ? '' : ` of ${trail.clientTypes.join(' or ')}`}`;
  if (own.length === 0) return couldNotCheck('There is no entry to look at', { expected });

  const values = new Set(own.flatMap(({ additionalDetails }) => clientTypeOf(additionalDetails)));
  if (values.size === 0) {
    const keys = new Set(own.flatMap(({ additionalDetails }) => Object.keys(additionalDetails)));
    return fail('No entry carries a ClientType', {
      expected,
      observed: `keys: ${[...keys].join(', ') || 'none'}`,
    });
  }
  const observed = [...values].join(', ');
  const foreign = [...values].filter((value) => !trail.clientTypes.includes(value));
  return trail.clientTypes.length > 0 && foreign.length > 0
    ? fail(`ClientType ${foreign.join(', ')} is not among those of the policy`, { expected, observed })
    : pass(`ClientType ${observed}`, { expected, observed });
}

const clientTypeOf = (details: DirectoryAudit['additionalDetails']): string[] =>
  Object.entries(details).flatMap(([key, value]) =>
    same(key, 'ClientType') && value.trim() !== '' ? [value] : [],
  );

function judgeUnexplained(trail: AuditTrail): Verdict {
  const expected = 'entries of this reset only';
  if (resetEntry(trail) === undefined)
    return couldNotCheck('There is no entry of the reset to tell it by', { expected });
  const own = ownEntries(trail);
  const others = trail.entries.filter((entry) => !own.includes(entry));
  return others.length === 0
    ? pass('Every entry belongs to this reset', { expected, observed: `${own.length} entries` })
    : fail(`${others.length} entries belong to something else`, { expected, observed: listed(others) });
}

/** Decides `audit.password-changed` from `lastPasswordChangeDateTime` before the reset and now. */
export function judgePasswordChanged(before: Date, after: Date): Verdict {
  const detail = { expected: `a time after ${before.toISOString()}`, observed: after.toISOString() };
  return after > before
    ? pass('The password was changed', detail)
    : fail('The time of the last password change has not moved', detail);
}
