import { toFault } from '../harness/core/errors.ts';
import { notApplicable, skipped, type Verdict } from '../harness/core/outcome.ts';
import {
  type AuditSearch,
  type AuditSearchResult,
  lastLookMs,
  searchAudits,
  SETTLING_MS,
} from '../harness/directory/audit-search.ts';
import type { ClockReading } from '../harness/directory/clock.ts';
import {
  type AuditedAttempt,
  type Correlation,
  correlate,
  type GivenUserId,
  refusalEntries,
  type SearchState,
  type SeenAudit,
} from '../harness/directory/correlation.ts';
import {
  judgeAuditTrail,
  judgePasswordChanged,
  judgeRefusalsLogged,
  judgeRegistrationUnchanged,
} from './controls/audit.ts';
import { recall } from './support/memory.ts';
import { policyOf } from './support/policy.ts';
import { tracesOf } from './support/refusals.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

const AUDIT_CONTROLS = [
  'audit.flow-entries',
  'audit.reset-entry',
  'audit.same-correlation',
  'audit.ip-address',
  'audit.client-type',
  'audit.no-unexplained-entry',
] as const;

/** For the entries of an attempt that did not go through: they only say why. */
const UNFINISHED_BUDGET_MS = 30_000;
/** The fact that says why. */
const NOT_READ = 'audit log not read';
/** The lab makes all entries of a reset visible at once. */
const LAB_SETTLING_MS = 2_000;

stage('audit', 'The audit log of the tenant shows this reset', ['up'], ({ step, control }) => {
  step('waits for the audit entries', async (story) => {
    const { attempt, actions = [], refusals = [] } = story.memory;
    const wentThrough = attempt?.done ?? false;
    const reachedTenant = actions.some(({ action }) => action === 'user-id-submitted');
    const turnedAway = tracesOf(refusals);
    if (!reachedTenant && turnedAway.length === 0) return;
    // Nobody needs the machine meanwhile, and some consoles are looked at twice a second as long as they are open.
    await story.release();
    if (wentThrough) await readTrail(story, { wentThrough, turnedAway });
    else if (reachedTenant) await readRefusal(story, turnedAway);
    else await readTurnedAway(story, turnedAway);
  });

  for (const id of AUDIT_CONTROLS) {
    control(id, (story) => {
      if (!recall(story, 'attempt').done) return NO_RESET;
      const trail = recall(story, 'trail');
      const { own, foreign, timeline } = trail.correlation;
      story.attach('entries', [...own, ...foreign]);
      if (id === 'audit.reset-entry')
        story.attachFile('timeline.json', JSON.stringify(timeline, undefined, 2));
      return judgeAuditTrail(id, trail);
    });
  }

  control('audit.refusals-logged', (story) => {
    const tried = recall(story, 'refusals');
    if (tried.length === 0) return notApplicable('The configuration names no user to be turned away here.');
    if (tracesOf(tried).length === 0)
      return skipped('Nobody was turned away in this run, so there is nothing to find');
    const trail = recall(story, 'refusalTrail');
    story.attach(
      'entries',
      trail.users.flatMap(({ entries }) => entries),
    );
    return judgeRefusalsLogged(trail);
  });

  control('audit.password-changed', async (story) => {
    if (!recall(story, 'attempt').done) return NO_RESET;
    const actions = recall(story, 'actions');
    const submitted = actions.findLast(({ action }) => action === 'password-submitted');
    const succeeded = actions.findLast(({ action }) => action === 'success-seen');
    if (!submitted || !succeeded)
      throw new TypeError('a reset that went through has a new password and a success');
    const deadline = story.deadline(120, 'asking the tenant when the password was changed');
    return judgePasswordChanged({
      before: recall(story, 'passwordChangedBefore'),
      after: await story.directory.passwordChangedAt(story.account.upn, deadline),
      submittedAt: submitted.at,
      succeededAt: succeeded.at,
      clock: recall(story, 'tenantClock'),
    });
  });

  control('audit.registration-unchanged', async (story) => {
    if (!recall(story, 'attempt').done) return NO_RESET;
    const before = recall(story, 'registration');
    const deadline = story.deadline(120, 'asking the tenant for the registration after the reset');
    return judgeRegistrationUnchanged(
      before,
      await story.directory.registration(story.account.upn, deadline),
    );
  });
});

const NO_RESET: Verdict = skipped('No password was reset in this run, so there is nothing to find');

interface Sought {
  readonly wentThrough: boolean;
  /** User IDs of others that were given before, and that must have left entries as well. */
  readonly turnedAway: readonly GivenUserId[];
}

/** Searches for the entries of the attempt, and tells their time line; of what could not be read it keeps why. */
async function readTrail(story: Story, { wentThrough, turnedAway }: Sought): Promise<void> {
  const { egressAddresses } = story.settings.policy;
  const { clientTypes } = policyOf(story);
  const actions = recall(story, 'actions');
  const attempt: AuditedAttempt = {
    userPrincipalName: story.account.upn,
    objectId: await objectIdOf(story),
    actions,
    wentThrough,
  };
  const clock = (story.memory.tenantClock = await readTenantClock(story));
  const budget = budgetOf(story, wentThrough);
  const budgetSeconds = budget.budgetMs / 1000;
  const judge = (rows: readonly SeenAudit[], search: SearchState): Correlation =>
    correlate({ attempt, rows, clock, egressAddresses, clientTypes, search, budgetSeconds });

  const waitedFor = (found: Correlation): boolean =>
    wentThrough ? found.isConclusive : found.own.length > 0;
  const { rows, state, sawOthers, looks, fault } = await searchAudits({
    ...budget,
    directory: story.directory,
    user: attempt,
    others: turnedAway.map(named),
    since: turnedAway[0]?.submittedAt ?? actions[0]?.at ?? recall(story, 'attemptBegan'),
    clock,
    machines: story.settings.machines.length,
    isFound: (found) => waitedFor(judge(found, 'looking')) && allLogged(found, turnedAway, clock),
    onLook: telling(story),
  }).catch(nothingRead);
  keepTurnedAway(story, turnedAway, { rows, state, fault, clock, budgetMs: budget.budgetMs });
  // What others have left may be missing where everything of this attempt is there.
  const ownState = waitedFor(judge(rows, 'looking')) ? 'settled' : state;
  const correlation = judge(rows, ownState);
  const { verdict, reason, delayMs, timeline } = correlation;
  const unread = ownState === 'incomplete' ? fault : undefined;
  story.memory.trail = { correlation, search: ownState, sawOthers, fault, egressAddresses, clientTypes };
  story.fact('search in the audit log', { state, looks, sawOthers });
  if (unread) story.fact(NOT_READ, unread.message);
  story.emit({
    type: 'timeline',
    machine: story.machine.name,
    stage: story.stage,
    user: story.account.upn,
    clock,
    // What was not read could change it.
    verdict: unread ? 'unchecked' : verdict,
    reason: unread?.message ?? reason,
    delayMs,
    rows: timeline,
  });
}

/**
 * What the tenant refuses for good leaves the log unread, and what rests on it unchecked; the rest of the stage asks the
 * tenant for something else.
 */
function nothingRead(error: unknown): AuditSearchResult {
  const fault = toFault(error);
  if (fault.code === 'interrupted') throw fault;
  return { rows: [], state: 'incomplete', sawOthers: false, looks: 0, everyMs: 0, fault };
}

/** Why the tenant let nobody through, as far as it says so soon. It is for the report only: not knowing is no obstacle. */
async function readRefusal(story: Story, turnedAway: readonly GivenUserId[]): Promise<void> {
  try {
    await readTrail(story, { wentThrough: false, turnedAway });
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'interrupted') throw fault;
    story.fact(NOT_READ, fault.message);
  }
}

/** The entries of those who were turned away, where there was no attempt to look for beside them. */
async function readTurnedAway(story: Story, turnedAway: readonly GivenUserId[]): Promise<void> {
  const [first, ...others] = turnedAway;
  if (!first) return;
  const clock = (story.memory.tenantClock = await readTenantClock(story));
  const budget = budgetOf(story, true);
  const { rows, state, fault } = await searchAudits({
    ...budget,
    directory: story.directory,
    user: named(first),
    others: others.map(named),
    since: first.submittedAt,
    clock,
    machines: story.settings.machines.length,
    isFound: (found) => allLogged(found, turnedAway, clock),
    onLook: telling(story),
  }).catch(nothingRead);
  keepTurnedAway(story, turnedAway, { rows, state, fault, clock, budgetMs: budget.budgetMs });
}

/** Their object ids are not asked for: names are enough. */
const named = ({ userPrincipalName }: GivenUserId) => ({ userPrincipalName, objectId: '' });

const allLogged = (
  rows: readonly SeenAudit[],
  turnedAway: readonly GivenUserId[],
  clock: ClockReading,
): boolean => turnedAway.every((one) => refusalEntries(rows, one, clock).length > 0);

type Read = Pick<AuditSearchResult, 'rows' | 'state' | 'fault'> & {
  readonly clock: ClockReading;
  readonly budgetMs: number;
};

function keepTurnedAway(
  story: Story,
  turnedAway: readonly GivenUserId[],
  { rows, state, fault, clock, budgetMs }: Read,
): void {
  const whole = budgetMs === story.settings.limits.audit * 1000;
  story.memory.refusalTrail = {
    users: turnedAway.map((one) => ({
      upn: one.userPrincipalName,
      entries: refusalEntries(rows, one, clock),
    })),
    looked: state === 'budget-spent' && whole ? 'to the end' : 'not to the end',
    fault: state === 'incomplete' ? fault : undefined,
  };
}

const telling =
  (story: Story): NonNullable<AuditSearch['onLook']> =>
  (found, failure) =>
    story.say(
      failure
        ? `could not look through the audit log: ${failure.message}`
        : `finds ${found.length} audit entries`,
    );

function budgetOf(
  story: Story,
  wentThrough: boolean,
): Pick<AuditSearch, 'budgetMs' | 'settlingMs' | 'deadline'> {
  const whole = story.settings.limits.audit * 1000;
  const budgetMs = wentThrough ? whole : Math.min(whole, UNFINISHED_BUDGET_MS);
  return {
    budgetMs,
    settlingMs: story.settings.lab ? LAB_SETTLING_MS : SETTLING_MS,
    deadline: story.deadline((budgetMs + lastLookMs(budgetMs)) / 1000, 'waiting for the audit entries'),
  };
}

/** Names are enough for most entries, so the search does without the id when the tenant does not tell it. */
async function objectIdOf(story: Story): Promise<string> {
  try {
    const deadline = story.deadline(60, 'asking the tenant for the id of the user');
    return (await story.directory.account(story.account.upn, deadline)).id;
  } catch (error) {
    if (toFault(error).code === 'interrupted') throw error;
    return '';
  }
}

/** A clock may have been set in between: what both readings allow is possible. */
async function readTenantClock(story: Story): Promise<ClockReading> {
  const before = story.memory.tenantClock;
  try {
    const now = await story.directory.clock(story.deadline(60, 'asking the tenant for the time'));
    return before === undefined ? now : spanning(before, now);
  } catch (error) {
    if (before === undefined || toFault(error).code === 'interrupted') throw error;
    return before;
  }
}

function spanning(...readings: readonly ClockReading[]): ClockReading {
  const least = Math.min(...readings.map((one) => one.aheadSeconds - one.uncertainSeconds));
  const most = Math.max(...readings.map((one) => one.aheadSeconds + one.uncertainSeconds));
  return { aheadSeconds: (least + most) / 2, uncertainSeconds: (most - least) / 2 };
}
