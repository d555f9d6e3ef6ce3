import { since } from '../../harness/core/clock.ts';
import { describe as inWords, type Fault, toFault } from '../../harness/core/errors.ts';
import { couldNotCheck, notApplicable, skipped, type Verdict } from '../../harness/core/outcome.ts';
import { CATALOGUE, controlById } from '../controls/catalogue.ts';
import { type Stage, whyNotConcerned } from '../controls/control.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import { policyOf } from './policy.ts';
import { NOT_IN_THIS_RUN } from './memory.ts';
import { notReached, type Obstacle, type Story, theStory } from './story.ts';

/** The words with which a stage is told. They run in the order in which they stand. */
export interface Teller {
  /** Something that has to be done. When it fails, the rest of the stage could not be checked. */
  step(text: string, work: (story: Story) => Promise<void>): void;
  /** Decides a control. What is thrown means that it could not be checked, never that it failed. */
  control(id: string, decide: (story: Story) => Promise<Verdict> | Verdict): void;
  /** Decides all controls of this stage that the catalogue can judge from facts. */
  judge(facts: (story: Story) => Facts): void;
}

/**
 * Tells one stage of the story as a mocha suite.
 * @param needs stages without which this one can say nothing
 */
export function stage(
  name: Stage,
  title: string,
  needs: readonly Stage[],
  tell: (teller: Teller) => void,
): void {
  describe(title, () => {
    const story = theStory();
    const machine = story.machine.name;
    let obstacle: Obstacle | undefined;
    let started = 0;
    let well = true;

    before(() => {
      story.stage = name;
      started = performance.now();
      story.emit({ type: 'stage-started', machine, stage: name, title });
      obstacle = firstBroken(story, needs);
    });

    after(async () => {
      if (obstacle) story.broken.set(name, obstacle);
      // What went wrong may have taken the connections along: the next stage makes new ones.
      if (obstacle || !well) await story.release();
      story.emit({ type: 'stage-ended', machine, stage: name, ms: since(started), ok: well && !obstacle });
    });

    const step: Teller['step'] = (text, work) => {
      it(text, async () => {
        if (obstacle) return;
        story.say(text);
        try {
          await work(story);
        } catch (error) {
          const { blame, remedy } = toFault(error);
          obstacle = { reason: inWords(error), blame, remedy };
          story.fault(error);
          throw error;
        }
      });
    };

    const control: Teller['control'] = (id, decide) => {
      const { title: requirement, appliesTo, needs: workOf = [] } = controlById(id);
      it(requirement, async () => {
        const begun = performance.now();
        story.takeEvidence();
        const hindrance = obstacle ?? firstBroken(story, workOf);
        const elsewhere = whyNotConcerned(appliesTo, machineOf(story));
        const { verdict, blame } = elsewhere
          ? { verdict: notApplicable(elsewhere), blame: undefined }
          : hindrance
            ? notChecked(notReached(hindrance))
            : await decided(() => decide(story));
        story.emit({
          type: 'control',
          machine,
          stage: name,
          control: id,
          ms: since(begun),
          evidence: story.takeEvidence(),
          ...(blame ? { blame } : {}),
          ...verdict,
        });
        if (verdict.outcome === 'fail' || verdict.outcome === 'error') {
          well = false;
          throw new Error(`${id}: ${verdict.summary}`);
        }
      });
    };

    const judge: Teller['judge'] = (facts) => {
      for (const { id, judge: decide, stage: home } of CATALOGUE) {
        if (home !== name || !decide) continue;
        control(id, (told) => decide({ os: told.machine.os, facts: facts(told), policy: policyOf(told) }));
      }
    };

    tell({ step, control, judge });
  });
}

const machineOf = ({ machine: { os }, settings, memory: { factsAfter, factsBefore } }: Story) => {
  const facts = factsAfter ?? factsBefore;
  const join = facts && !facts.failures.environment ? facts.environment.join.state : undefined;
  return { os, cloud: settings.tenant.cloud, join };
};

/** Why the first of these stages that did not do its work did not; undefined when all did. */
const firstBroken = ({ broken }: Story, stages: readonly Stage[]): Obstacle | undefined =>
  stages.map((one) => broken.get(one)).find((why) => why !== undefined);

async function decided(decide: () => Promise<Verdict> | Verdict) {
  try {
    return { verdict: await decide(), blame: undefined };
  } catch (error) {
    const fault = toFault(error);
    if (fault.code === NOT_IN_THIS_RUN)
      return { verdict: skipped(fault.message, { remediation: fault.remedy }), blame: undefined };
    return notChecked(fault);
  }
}

const notChecked = ({ message, remedy, blame }: Fault) => ({
  verdict: couldNotCheck(message, { remediation: remedy }),
  blame,
});
