import type { Fault } from '../../harness/core/errors.ts';
import { couldNotCheck, fail, pass, type Verdict } from '../../harness/core/outcome.ts';
import type { ClockReading } from '../../harness/directory/clock.ts';
import {
  clientTypesOf,
  type Correlation,
  type CorrelationVerdict,
  isFlow,
  LATE_MS,
  type SearchState,
  succeeded,
} from '../../harness/directory/correlation.ts';
import type { DirectoryAudit, Registration } from '../../harness/directory/directory.ts';
import { type Control, EVERY_MACHINE } from './control.ts';

/** What the tenant has written down of the reset. */
export const audit: readonly Control[] = [
  {
    id: 'audit.flow-entries',
    title: 'The audit log shows the steps of the reset',
    rationale: 'They tell how far a user got, which is what a helpdesk needs when a reset fails.',
    source: { document: 'english', lines: [65, 65] },
    severity: 'required',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Wait (entries may take 15 minutes); open the audit log of the tenant once, which starts the collection.',
  },
  {
    id: 'audit.reset-entry',
    title: 'The audit log shows that the user has reset the password',
    rationale:
      'It is the proof of the tenant that this reset was made: by this user, between the new password and the success on the screen.',
    source: { document: 'english', lines: [65, 69] },
    severity: 'required',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Wait (entries may take 15 minutes), then read the reason of the last entry of this user.',
  },
  {
    id: 'audit.same-correlation',
    title: 'All entries of the reset share one correlation id',
    rationale: 'It ties the steps to the reset. It was observed in tenants and is not promised by Microsoft.',
    source: { document: 'facts', section: '5.4' },
    severity: 'recommended',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Use test users of their own, so that nobody else resets their password during a run.',
  },
  {
    id: 'audit.ip-address',
    title: 'The entries carry the address from which the machine reaches the internet',
    rationale: 'It tells where a reset was made.',
    source: { document: 'english', lines: [67, 67] },
    severity: 'required',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Configure the address behind which the proxy or firewall of this machine appears.',
  },
  {
    id: 'audit.client-type',
    title: 'The entries carry a ClientType',
    rationale:
      'It tells a reset at the logon screen from one in a browser. Its values are not documented, so the value is recorded.',
    source: { document: 'english', lines: [67, 67] },
    severity: 'required',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Compare with the details of the entry in the portal; pin the value in the policy once it is known.',
  },
  {
    id: 'audit.no-unexplained-entry',
    title: 'No entry of the test user since the click belongs to anything but this reset',
    rationale:
      'An entry without an action of ours means that somebody else uses the account. What was over before the click is of an earlier attempt.',
    source: { document: 'facts', section: '9' },
    severity: 'recommended',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Give each machine a test user of its own.',
  },
  {
    id: 'audit.refusals-logged',
    title: 'The audit log shows who was turned away at the logon screen',
    rationale: 'It tells a helpdesk why a user did not get on, without a look at the machine.',
    source: { document: 'facts', section: '5.3' },
    severity: 'recommended',
    stage: 'audit',
    needs: ['refusals'],
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Wait (entries may take 15 minutes), then look for failed steps of the flow of these users in the audit log.',
  },
  {
    id: 'audit.password-changed',
    title: 'The tenant has a new time of the last password change',
    rationale: 'A second witness, independent of the audit log, that the password really is another one.',
    source: { document: 'facts', section: '5.6' },
    severity: 'required',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Where passwords are only written back to a domain, this time may not move: waive the control with that reason.',
  },
  {
    id: 'audit.registration-unchanged',
    title: 'The user is registered with the same methods as before the reset',
    rationale: 'A reset changes the password and nothing else; another change is somebody else’s.',
    source: { document: 'facts', section: '5.6' },
    severity: 'recommended',
    stage: 'audit',
    observed: ['tenant'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Find out in the audit log who has changed the security info of this user during the run.',
  },
];

/** What the audit log holds of the users who were turned away. */
export interface RefusalTrail {
  readonly users: readonly { readonly upn: string; readonly entries: readonly DirectoryAudit[] }[];
  /** Whether a complete look after the whole time that an entry may take has found no more. */
  readonly looked: 'to the end' | 'not to the end';
  /** Why the last look failed; only when it did. */
  readonly fault: Fault | undefined;
}

/**
 * Decides `audit.refusals-logged`.
 * @throws Fault what kept the log from being read, when an entry is missing
 */
export function judgeRefusalsLogged({ users, looked, fault }: RefusalTrail): Verdict {
  const missing = users.filter(({ entries }) => entries.length === 0).map(({ upn }) => upn);
  const detail = {
    expected: 'for each user who was turned away, a failed step of the flow or the entry of a block',
    observed: users
      .map(({ upn, entries }) => `${upn}: ${entries.map(reasonOf).join(', ') || 'no entry'}`)
      .join('; '),
  };
  if (missing.length === 0) return pass('The audit log says of each user that there was no reset', detail);
  if (fault) throw fault;
  const summary = `The audit log holds nothing of ${missing.join(', ')}`;
  return looked === 'to the end'
    ? fail(summary, detail)
    : couldNotCheck(`${summary} yet: it was not looked for as long as an entry may take`, detail);
}

const reasonOf = ({ activityDisplayName, result, resultReason }: DirectoryAudit): string =>
  `${result}: ${resultReason.trim() || activityDisplayName.trim()}`;

/** What was done on the machine, and what the audit log holds of it. */
export interface AuditTrail {
  readonly correlation: Correlation;
  /** How the search for it ended, and whether its last look held what others did to the user. */
  readonly search: Exclude<SearchState, 'looking'>;
  readonly sawOthers: boolean;
  /** Why its last looks failed; only when they did. */
  readonly fault: Fault | undefined;
  /** The addresses under which the tenant may see this machine; empty when they are not known. */
  readonly egressAddresses: readonly string[];
  /** Values that `ClientType` may have; empty: any. */
  readonly clientTypes: readonly string[];
}

const JUDGES = {
  'audit.flow-entries': judgeFlow,
  'audit.reset-entry': judgeReset,
  'audit.same-correlation': judgeCorrelation,
  'audit.ip-address': judgeAddress,
  'audit.client-type': judgeClientType,
  'audit.no-unexplained-entry': judgeUnexplained,
};

export type AuditControlId = keyof typeof JUDGES;

/**
 * Decides a control that rests on the entries of the audit log.
 * @throws Fault what kept the log from being read, when what was not read could change the verdict
 */
export function judgeAuditTrail(id: AuditControlId, trail: AuditTrail): Verdict {
  const { fault, search } = trail;
  const verdict = JUDGES[id](trail);
  if (fault && (search === 'incomplete' || verdict.outcome === 'error')) throw fault;
  return verdict;
}

/** What a verdict means for the proof of a reset that went through. */
const RESET_OUTCOMES: Readonly<Record<CorrelationVerdict, typeof pass>> = {
  matched: pass,
  missing: fail,
  'wrong-result': fail,
  ambiguous: couldNotCheck,
  unchecked: couldNotCheck,
  'not-expected': couldNotCheck,
};

function judgeReset({ correlation }: AuditTrail): Verdict {
  const { verdict, reason, reset, own, unexplained } = correlation;
  return RESET_OUTCOMES[verdict](reason, {
    expected: 'one successful reset by this user, between the new password and the success on the screen',
    observed: reset === null ? listed(stepsLast([...own, ...unexplained])) : inWords(reset),
  });
}

/** Steps are many, and say less than everything else. */
const stepsLast = (entries: readonly DirectoryAudit[]): DirectoryAudit[] =>
  [...entries].sort((a, b) => Number(isFlow(a)) - Number(isFlow(b)));

/** The remedy of what cannot be told without an entry of ours. */
const RESET_FIRST = {
  remediation: 'Put audit.reset-entry right first: this one looks at its entry.',
} as const;

const STEPS_FIRST = {
  remediation: 'Put audit.flow-entries right first: this one looks at its entries.',
} as const;

function judgeFlow({ correlation, search }: AuditTrail): Verdict {
  const steps = correlation.own.filter(isFlow);
  const detail = { expected: 'at least one successful step of the flow', observed: listed(steps) };
  if (steps.some(succeeded)) return pass('The steps of the reset are in the audit log', detail);
  return search === 'incomplete'
    ? couldNotCheck('No step of the reset was found, and the search did not come to its end', detail)
    : fail('No step of the reset is in the audit log', detail);
}

function judgeCorrelation({ correlation: { reset, own } }: AuditTrail): Verdict {
  const expected = 'one correlation id for the reset and its steps';
  if (reset === null)
    return couldNotCheck('There is no entry of the reset to compare with', { expected, ...RESET_FIRST });
  const ids = new Set(own.map(({ correlationId }) => correlationId.trim().toLowerCase() || 'none'));
  const detail = { expected, observed: [...ids].join(', ') };
  if (!own.some(isFlow))
    return couldNotCheck('There is no step of the reset to compare with', { ...detail, ...STEPS_FIRST });
  return ids.size === 1 && !ids.has('none')
    ? pass('The reset and its steps share a correlation id', detail)
    : fail('The reset and its steps do not share a correlation id', detail);
}

function judgeAddress({ correlation: { address, own }, egressAddresses }: AuditTrail): Verdict {
  const found = new Set(own.map(({ initiatedBy }) => initiatedBy.ipAddress.trim() || 'none'));
  const detail = { expected: egressAddresses.join(' or ') || 'any address', observed: [...found].join(', ') };
  switch (address) {
    case 'right':
      return pass('The entries carry the address of this machine', detail);
    case 'recorded':
      return pass('The address is recorded; which one it should be is not configured', detail);
    case 'wrong':
      return fail('The entries carry another address', detail);
    case 'absent':
      return fail('An entry carries no address', detail);
    case null:
      return couldNotCheck('There is no entry that is ours for certain', { ...detail, ...RESET_FIRST });
  }
}

function judgeClientType({ correlation: { clientType, own }, clientTypes }: AuditTrail): Verdict {
  const observed = [...new Set(own.flatMap(clientTypesOf))].join(', ');
  const expected = `a ClientType${clientTypes.length === 0 ? '' : ` of ${clientTypes.join(' or ')}`}`;
  switch (clientType) {
    case 'expected':
      return pass(`ClientType ${observed}`, { expected, observed });
    case 'unknown':
      return pass(`ClientType ${observed}; recorded, because the policy names none`, { expected, observed });
    case 'wrong':
      return fail(`ClientType ${observed} is not among those of the policy`, {
        expected,
        observed,
        remediation:
          'Compare with the details of the entry in the portal; where the value is right, add it to policy.clientTypes, or let `npx sspr learn client-types` pin what was seen.',
      });
    case 'absent': {
      const keys = new Set(own.flatMap(({ additionalDetails }) => Object.keys(additionalDetails)));
      return fail('No entry carries a ClientType', {
        expected,
        observed: `keys: ${[...keys].join(', ') || 'none'}`,
      });
    }
    case null:
      return couldNotCheck('There is no entry that is ours for certain', { expected, ...RESET_FIRST });
  }
}

function judgeUnexplained({ correlation, sawOthers }: AuditTrail): Verdict {
  const { reset, own, foreign, unexplained } = correlation;
  const expected = 'entries of this reset only, since the click';
  if (unexplained.length > 0) {
    const summary = `${unexplained.length} ${unexplained.length === 1 ? 'entry belongs' : 'entries belong'} to something else`;
    return fail(summary, { expected, observed: listed(unexplained) });
  }
  if (reset === null)
    return couldNotCheck('There is no entry of the reset to tell it by', {
      expected,
      observed: listed(own),
      ...RESET_FIRST,
    });
  return sawOthers
    ? pass('Every entry since the click belongs to this reset', {
        expected,
        observed: `${own.length} entries; before the click: ${foreign.length}`,
      })
    : couldNotCheck('What others did to this user could not be looked at', { expected });
}

const inWords = ({ activityDateTime, activityDisplayName, ...rest }: DirectoryAudit): string => {
  const { userPrincipalName, app } = rest.initiatedBy;
  const by = userPrincipalName || app;
  const address = rest.initiatedBy.ipAddress.trim();
  const reason = rest.resultReason.trim();
  return `${activityDateTime} ${activityDisplayName.trim()}${by && ` by ${by}`}${address && ` from ${address}`}: ${rest.result}${reason && `, ${reason}`}`;
};

/** As many as can be taken in at a glance; all of them are behind the control, as evidence. */
const LISTED = 6;

function listed(entries: readonly DirectoryAudit[]): string {
  const more = entries.length - LISTED;
  const words = entries.slice(0, LISTED).map(inWords).join('; ') || 'no entry';
  return more > 0 ? `${words}; and ${more} more` : words;
}

/** `lastPasswordChangeDateTime` before and after, and between which instants we can have moved it. */
export interface PasswordChange {
  readonly before: Date;
  readonly after: Date;
  /** When the new password was given and when the success was seen: ISO 8601 UTC by this host's clock. */
  readonly submittedAt: string;
  readonly succeededAt: string;
  readonly clock: ClockReading;
}

/** Graph keeps this time in whole seconds. */
const WHOLE_SECONDS_MS = 1000;

/**
 * Decides `audit.password-changed`: the time has moved, and to a time at which we can have moved it. A later one is
 * somebody else's, and hides whether ours was kept.
 */
export function judgePasswordChanged(change: PasswordChange): Verdict {
  const { before, after, clock } = change;
  const uncertainMs = clock.uncertainSeconds * 1000;
  const theirs = (ours: string, byMs: number): number =>
    (Date.parse(ours) + clock.aheadSeconds * 1000 + byMs) / WHOLE_SECONDS_MS;
  const earliest = new Date(Math.floor(theirs(change.submittedAt, -uncertainMs)) * WHOLE_SECONDS_MS);
  const latest = new Date(Math.ceil(theirs(change.succeededAt, uncertainMs + LATE_MS)) * WHOLE_SECONDS_MS);
  const detail = {
    expected: `a time after ${before.toISOString()}, from ${earliest.toISOString()} to ${latest.toISOString()}`,
    observed: after.toISOString(),
  };
  if (after <= before) return fail('The time of the last password change has not moved', detail);
  if (after < earliest)
    return fail('The password was changed before the new one was given at the logon screen', detail);
  return after <= latest
    ? pass('The password was changed', detail)
    : couldNotCheck(`Somebody else has changed the password since: at ${after.toISOString()}`, {
        ...detail,
        remediation: 'Use the account for nothing else while it is tested, and run it again.',
      });
}

/** Decides `audit.registration-unchanged` from the methods that the tenant knows of the user. */
export function judgeRegistrationUnchanged(before: Registration, after: Registration): Verdict {
  const [expected = '', observed = ''] = [before, after].map(({ methodsRegistered }) =>
    methodsRegistered
      .map((method) => method.toLowerCase())
      .sort()
      .join(', '),
  );
  const detail = { expected: expected || 'no method', observed: observed || 'no method' };
  return expected === observed
    ? pass('The user is registered with the same methods as before', detail)
    : fail('The methods of the user are not those from before the reset', detail);
}
