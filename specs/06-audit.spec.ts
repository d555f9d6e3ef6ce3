import type { Deadline } from '../harness/core/deadline.ts';
import { skipped, type Verdict } from '../harness/core/outcome.ts';
import {
  type AuditTrail,
  isComplete,
  judgeAuditTrail,
  judgePasswordChanged,
  SSPR_SERVICE,
} from './controls/audit.ts';
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

/** The tenant's clock and ours may differ by this much, in milliseconds. */
const CLOCK_SKEW_MS = 60_000;
/** Reports of the tenant allow five requests in ten seconds. */
const LOOK_EVERY_SECONDS = 3;

stage('audit', 'The audit log of the tenant shows this reset', ['up'], ({ step, control }) => {
  step('waits for the audit entries', async (story) => {
    const { attempt } = story.memory;
    if (!attempt?.done) return;
    // Nobody needs the machine meanwhile, and some consoles are looked at twice a second as long as they are open.
    await story.release();
    const deadline = story.deadline(story.settings.limits.audit, 'waiting for the audit entries');
    story.memory.trail = await waitForTrail(story, attempt.result.tileChosenAt, deadline);
    story.fact(
      'audit delay in seconds, from the success on the screen',
      secondsSince(attempt.result.successSeenAt),
    );
  });

  for (const id of AUDIT_CONTROLS) {
    control(id, (story) => {
      if (!recall(story, 'attempt').done) return NO_RESET;
      const trail = recall(story, 'trail');
      story.attach('entries', trail.entries);
      return judgeAuditTrail(trail)[id];
    });
  }

  control('audit.password-changed', async (story) => {
    if (!recall(story, 'attempt').done) return NO_RESET;
    const deadline = story.deadline(120, 'asking the tenant when the password was changed');
    const now = await story.directory.passwordChangedAt(story.machine.account.upn, deadline);
    return judgePasswordChanged(recall(story, 'passwordChangedBefore'), now);
  });
});

const NO_RESET: Verdict = skipped('No password was reset in this run, so there is nothing to find');

/** Looks until the trail is complete; when time is up, what is there is judged as it is. */
async function waitForTrail(story: Story, since: string, deadline: Deadline): Promise<AuditTrail> {
  for (;;) {
    const trail = await readTrail(story, since, deadline);
    story.say(`finds ${trail.entries.length} audit entries`);
    if (isComplete(trail) || deadline.remaining() < LOOK_EVERY_SECONDS * 1000) return trail;
    await deadline.sleep(LOOK_EVERY_SECONDS * 1000);
  }
}

async function readTrail(story: Story, since: string, deadline: Deadline): Promise<AuditTrail> {
  const { upn } = story.machine.account;
  const query = {
    from: new Date(Date.parse(since) - CLOCK_SKEW_MS).toISOString(),
    to: new Date(Date.now() + CLOCK_SKEW_MS).toISOString(),
    loggedByService: SSPR_SERVICE,
  };
  const entries = [];
  for await (const entry of story.directory.audits(query, deadline)) {
    if (
      [entry.initiatedBy.userPrincipalName, ...entry.targets].some(
        (name) => name.toLowerCase() === upn.toLowerCase(),
      )
    )
      entries.push(entry);
  }
  const { egressAddresses } = story.settings.policy;
  return {
    userPrincipalName: upn,
    egressAddresses,
    entries,
    clientTypes: policyOf(story).clientTypes,
  };
}

const secondsSince = (instant: string): number => Math.round((Date.now() - Date.parse(instant)) / 1000);
