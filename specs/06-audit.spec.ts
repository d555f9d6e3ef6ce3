import { toFault } from '../harness/core/errors.ts';
import { skipped, type Verdict } from '../harness/core/outcome.ts';
import {
  type AuditSearch,
  LAST_LOOK_MS,
  searchAudits,
  SETTLING_MS,
} from '../harness/directory/audit-search.ts';
import type { ClockReading } from '../harness/directory/clock.ts';
import {
  type AuditedAttempt,
  type Correlation,
  correlate,
  type SearchState,
  type SeenAudit,
} from '../harness/directory/correlation.ts';
import { judgeAuditTrail, judgePasswordChanged, judgeRegistrationUnchanged } from './controls/audit.ts';
import { recall } from './support/memory.ts';
import { policyOf } from './support/policy.ts';
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
/** The lab makes all entries of a reset visible at once. */
const LAB_SETTLING_MS = 2_000;

stage('audit', 'The audit log of the tenant shows this reset', ['up'], ({ step, control }) => {
  step('waits for the audit entries', async (story) => {
    const { attempt } = story.memory;
    if (!attempt) return;
    // Nobody needs the machine meanwhile, and some consoles are looked at twice a second as long as they are open.
    await story.release();
    if (attempt.done) await readTrail(story, { wentThrough: true });
    else if (recall(story, 'actions').some(({ action }) => action === 'user-id-submitted'))
      await readRefusal(story);
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

  control('audit.password-changed', async (story) => {
    if (!recall(story, 'attempt').done) return NO_RESET;
    const submitted = recall(story, 'actions').find(({ action }) => action === 'password-submitted');
    if (!submitted) throw new TypeError('a reset that went through has a new password');
    const deadline = story.deadline(120, 'asking the tenant when the password was changed');
    return judgePasswordChanged({
      before: recall(story, 'passwordChangedBefore'),
      after: await story.directory.passwordChangedAt(story.account.upn, deadline),
      submittedAt: submitted.at,
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

/** Searches for the entries of the attempt, and tells their time line. */
async function readTrail(story: Story, { wentThrough }: { readonly wentThrough: boolean }): Promise<void> {
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
  const judge = (rows: readonly SeenAudit[], search: SearchState): Correlation =>
    correlate({ attempt, rows, clock, egressAddresses, clientTypes, search });

  const waitedFor = (found: Correlation): boolean =>
    wentThrough ? found.isConclusive : found.own.length > 0;
  const { rows, state, sawOthers, looks } = await searchAudits({
    ...budgetOf(story, wentThrough),
    directory: story.directory,
    user: attempt,
    since: actions[0]?.at ?? recall(story, 'attemptBegan'),
    clock,
    machines: story.settings.machines.length,
    isFound: (found) => waitedFor(judge(found, 'looking')),
    onLook: (found) => story.say(`finds ${found.length} audit entries`),
  });
  const correlation = judge(rows, state);
  const { verdict, reason, delayMs, timeline } = correlation;
  story.memory.trail = { correlation, search: state, sawOthers, egressAddresses, clientTypes };
  story.fact('search in the audit log', { state, looks, sawOthers });
  story.emit({
    type: 'timeline',
    machine: story.machine.name,
    stage: story.stage,
    user: story.account.upn,
    clock,
    verdict,
    reason,
    delayMs,
    rows: timeline,
  });
}

/** Why the tenant let nobody through, as far as it says so soon. It is for the report only: not knowing is no obstacle. */
async function readRefusal(story: Story): Promise<void> {
  try {
    await readTrail(story, { wentThrough: false });
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'interrupted') throw fault;
    story.fact('audit log not read', fault.message);
  }
}

function budgetOf(
  story: Story,
  wentThrough: boolean,
): Pick<AuditSearch, 'budgetMs' | 'settlingMs' | 'deadline'> {
  const whole = story.settings.limits.audit * 1000;
  const budgetMs = wentThrough ? whole : Math.min(whole, UNFINISHED_BUDGET_MS);
  const withLastLook = wentThrough ? budgetMs + LAST_LOOK_MS : 2 * budgetMs;
  return {
    budgetMs,
    settlingMs: story.settings.lab ? LAB_SETTLING_MS : SETTLING_MS,
    deadline: story.deadline(withLastLook / 1000, 'waiting for the audit entries'),
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
