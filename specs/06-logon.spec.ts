import { openKeeping } from '../harness/accounts/password-keeping.ts';
import type { AttemptOutcome } from '../harness/accounts/pool.ts';
import { utcNow } from '../harness/core/clock.ts';
import type { ConsoleAction } from '../harness/core/console-action.ts';
import { toFault } from '../harness/core/errors.ts';
import { couldNotCheck, fail, notApplicable, pass, skipped } from '../harness/core/outcome.ts';
import type { Secret } from '../harness/core/secret.ts';
import { openVerifications } from '../harness/logon/codes/open.ts';
import { type ResetOptions, resetPassword, type ResetTrials } from '../harness/logon/flow.ts';
import { chooseUser, linkIsShown, returnToLogon, signIn } from '../harness/logon/logon-screen.ts';
import { newPassword, weakPassword } from '../harness/logon/new-password.ts';
import type { ResetPage } from '../harness/logon/reset-page.ts';
import { judgeTrial, type TrialsTried } from './controls/logon.ts';
import { type Attempt, judgeMilestone, MILESTONE_CONTROLS, stoppedBefore } from './support/attempt.ts';
import { beginVerboseLogging } from './support/logging.ts';
import { logonOf } from './support/logon.ts';
import { recall } from './support/memory.ts';
import { stage } from './support/stage.ts';
import type { Story } from './support/story.ts';

/** What is done wrong on purpose, and the page that shows that what was right was taken after it. */
const TRIAL_CONTROLS = [
  { id: 'logon.wrong-code-refused', trial: 'wrongCode', rightOneLeadsTo: 'new password' },
  { id: 'logon.weak-password-refused', trial: 'weakPassword', rightOneLeadsTo: 'success' },
] as const;

stage(
  'logon',
  'A user resets the password at the logon screen',
  ['up', 'install', 'reboot'],
  ({ step, control }) => {
    step('switches verbose logging on, for stage eventlog', async (story) => {
      if (story.options.stages.includes('eventlog')) await beginVerboseLogging(story);
    });

    control('logon.screen-reached', async (story) => {
      await returnToLogon(await atLogon(story));
      return pass('The logon screen is there', { observed: `the name ${story.shownUser.displayName}` });
    });

    control('logon.tiles', async (story) => {
      const { screen, user } = await atLogon(story);
      const tiles = await screen.findAll(user.displayName);
      const detail = { expected: 'one tile', observed: `${tiles.length} tiles named ${user.displayName}` };
      return tiles.length === 1
        ? pass('The user has one tile', detail)
        : fail(`The user has ${tiles.length} tiles`, detail);
    });

    control('logon.link-shown', async (story) => {
      const logon = await atLogon(story);
      await chooseUser(logon);
      return (await linkIsShown(logon))
        ? pass('The link is shown')
        : fail('The link is not shown', {
            expected: 'the link beneath the password box',
            observed: 'no link',
          });
    });

    step('compares the clocks of the tenant and of this host', readTenantClock);
    step('goes through the reset, once', attemptReset);

    for (const id of MILESTONE_CONTROLS) {
      control(id, (story) => judgeMilestone(id, recall(story, 'attempt')));
    }

    for (const { id, trial, rightOneLeadsTo } of TRIAL_CONTROLS) {
      control(id, (story) => {
        const stoppedBy = stoppedBefore(rightOneLeadsTo, recall(story, 'attempt'));
        return judgeTrial(trial, story.settings.trials, recall(story, 'trials'), stoppedBy);
      });
    }

    control('prerequisites.no-join-needed', (story) =>
      recall(story, 'attempt').done
        ? pass('The reset went through, whatever the machine is joined to')
        : notApplicable('The reset did not go through, so it says nothing about joins.'),
    );

    control('logon.sign-in-with-new-password', async (story) => {
      if (!recall(story, 'attempt').done)
        return skipped('There is no new password: the reset did not go through');
      const answer = await signIn(await atLogon(story), recall(story, 'newPassword'));
      const detail = { expected: 'Windows welcomes the user', observed: answer };
      if (answer === 'accepted') return pass('The new password signs in', detail);
      return (await changedSince(story))
        ? couldNotCheck('Somebody else has changed the password since, so it says nothing', {
            ...detail,
            remediation: 'Use this test user for nothing else, and run it again.',
          })
        : fail('The new password is refused', detail);
    });
  },
);

const atLogon = async (story: Story) =>
  logonOf(story, story.deadline(story.settings.limits.screen, 'working at the logon screen'));

/** The tenant keeps whole seconds, and may date a change a little later than it tells of it. */
const DATED_LATE_MS = 2_000;

/** Whether the tenant dates the last change of the password later than the success of ours was seen. */
async function changedSince(story: Story): Promise<boolean> {
  const { tenantClock, actions } = story.memory;
  const seen = actions?.find(({ action }) => action === 'success-seen');
  if (!tenantClock || !seen) return false;
  const { aheadSeconds, uncertainSeconds } = tenantClock;
  const latest = Date.parse(seen.at) + (aheadSeconds + uncertainSeconds) * 1000 + DATED_LATE_MS;
  const deadline = story.deadline(60, 'asking the tenant when the password was changed');
  return (await story.directory.passwordChangedAt(story.account.upn, deadline)).getTime() > latest;
}

/**
 * One attempt and no second one: too many in a day block the account. However it ends, it is no obstacle for the rest of
 * the stage: the controls say what it means.
 */
async function attemptReset(story: Story): Promise<void> {
  const { lease, memory } = story;
  const keeping = openKeeping(story.settings.passwords);
  const given: { password?: Secret } = {};
  const kept = (password: Secret, state: 'trying' | 'set' | 'refused') =>
    keeping.keep({ upn: story.account.upn, password, state, at: utcNow() });
  const actions: ConsoleAction[] = [];
  const ledger = { hasIt: false };
  memory.attemptBegan = utcNow();
  memory.actions = actions;
  const attempt = await tryReset(story, {
    newPassword: newPassword(),
    beforeUserId: async () => {
      await lease.beginAttempt();
      ledger.hasIt = true;
    },
    beforePassword: (password) => {
      given.password = password;
      return kept(password, 'trying');
    },
    trials: trialsOf(story, kept),
    onAction: (action) => actions.push(action),
  });
  memory.attempt = attempt;
  story.fact('actions at the console', actions);
  const { password } = given;
  if (attempt.done && password) memory.newPassword = password;
  const state = attempt.done ? 'set' : attempt.fault.code === 'password-refused' ? 'refused' : undefined;
  if (state && password) await besides(story, () => kept(password, state));
  if (ledger.hasIt) await besides(story, () => lease.endAttempt(outcomeOf(attempt)));
  if (attempt.done) return;
  const { reached, fault } = attempt;
  if (fault.code === 'interrupted') throw fault;
  story.fact('reset stopped', { reached, code: fault.code, message: fault.message });
}

/** What is to be done wrong first; what comes of it goes into the memory. */
function trialsOf(story: Story, kept: (password: Secret, state: 'refused') => Promise<void>): ResetTrials {
  const { lease, settings, memory } = story;
  const tried: Mutable<TrialsTried> = {};
  memory.trials = tried;
  const weak = settings.trials.includes('weakPassword') ? weakPassword() : undefined;
  return {
    mayGiveWrongCode: async () => {
      if (!settings.trials.includes('wrongCode')) return false;
      let may = false;
      await besides(story, async () => {
        may = await lease.spendOnWrongProof();
        if (!may) tried.wrongCode = 'budget-spent';
      });
      return may;
    },
    ...(weak && { weakPassword: weak }),
    onTrial: async (trial, answer) => {
      tried[trial] = answer;
      if (trial === 'weakPassword' && weak && answer === 'refused')
        await besides(story, () => kept(weak, 'refused'));
    },
  };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What was written down before the act stands, and is on the safe side: so a failure here is told, and is no obstacle. */
async function besides(story: Story, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    story.fault(error);
  }
}

type Hooks = Pick<ResetOptions, 'newPassword' | 'beforeUserId' | 'beforePassword' | 'trials' | 'onAction'>;

async function tryReset(story: Story, hooks: Hooks): Promise<Attempt> {
  const { screen, verificationCode } = story.settings.limits;
  const { upn, verification } = story.account;
  const seconds = verification.map((way) => (way.by === 'person' ? way.withinSeconds : verificationCode));
  let reached: ResetPage = 'logon screen';
  try {
    const deadline = story.deadline(
      seconds.reduce((sum, one) => sum + one, screen * 3),
      'resetting the password',
    );
    await resetPassword({
      ...hooks,
      ...(await logonOf(story, deadline)),
      codeMs: Math.max(...seconds) * 1000,
      verifications: openVerifications(verification, {
        directory: story.directory,
        upn,
        ask: story.options.ask,
      }),
      onPage: (page) => (reached = page),
    });
    return { done: true };
  } catch (error) {
    return { done: false, reached, fault: toFault(error) };
  }
}

function outcomeOf(attempt: Attempt): AttemptOutcome {
  if (attempt.done) return 'succeeded';
  const { code } = attempt.fault;
  return code === 'blocked' ? 'blocked' : code === 'interrupted' ? 'unknown' : 'failed';
}

/** For the audit log, which has the tenant's instants. Without it the reset goes on: stage audit asks again. */
async function readTenantClock(story: Story): Promise<void> {
  try {
    story.memory.tenantClock = await story.directory.clock(
      story.deadline(60, 'asking the tenant for the time'),
    );
    story.fact('clock of the tenant beside ours', story.memory.tenantClock);
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === 'interrupted') throw fault;
    story.fact('clock of the tenant not read', fault.message);
  }
}
