import type { FaultResult, MachineResult, Requirement, StageResult, Unwaived } from './model.ts';

/** What is known of a machine when one of its planned controls has no event. */
export interface Story {
  readonly ended: MachineResult['ended'];
  readonly stages: readonly StageResult[];
  readonly faults: readonly FaultResult[];
  readonly plannedStages: readonly string[];
  readonly applies: boolean;
}

/** A planned control that nobody decided: never silent, and never good. */
export function undecided(requirement: Requirement, story: Story): Unwaived {
  return { ...blank(requirement), ...explain(requirement, story) };
}

const blank = ({
  id,
  title,
  severity,
  stage,
  remediation,
}: Requirement): Omit<Unwaived, 'outcome' | 'summary'> => ({
  id,
  title,
  severity,
  stage,
  expected: null,
  observed: null,
  remediation,
  blame: null,
  evidence: [],
  attempts: [],
  flaky: false,
});

type Explanation = Pick<Unwaived, 'outcome' | 'summary'> & Partial<Unwaived>;

function explain({ stage }: Requirement, story: Story): Explanation {
  if (!story.applies)
    return { outcome: 'notApplicable', summary: 'Does not concern this version of Windows.' };
  if (stage !== '' && !story.plannedStages.includes(stage)) {
    return {
      outcome: 'skipped',
      summary: `Stage ${stage} was not part of this run.`,
      remediation: `Run it with stage ${stage} to have this checked.`,
    };
  }
  const reason = reasonFor(stage, story);
  return { ...reason, outcome: 'error', summary: `Never decided: ${reason.summary}.` };
}

type Reason = Required<Pick<Unwaived, 'summary' | 'blame' | 'remediation'>>;

const TRY_AGAIN = 'Remove the cause, then run it again.';

/** How a machine can end other than well. */
const ENDINGS: Readonly<Record<MachineResult['ended'], string | null>> = {
  completed: null,
  aborted: 'the run was interrupted',
  died: 'the process of the machine died',
  unfinished: 'the journal breaks off',
  notStarted: 'the machine was never started',
};

function reasonFor(stage: string, { ended, stages, faults }: Story): Reason {
  const begun = stages.filter((other) => other.state !== 'notReached');
  const own = begun.findLast((other) => other.name === stage);
  if (own?.state === 'ok') {
    return {
      summary: `stage ${stage} ended without deciding it`,
      blame: 'harness',
      remediation: 'This is a bug of the harness: please report it with the events.jsonl of the run.',
    };
  }
  const stuck = own ?? begun.findLast((other) => other.state !== 'ok');
  const what = own ? `stage ${stage} stopped` : `the machine did not get to stage ${stage}`;
  const fault = causeOf(stuck, faults);
  if (fault) {
    const place = fault.stage === stage ? '' : `in stage ${fault.stage}, `;
    return {
      summary: `${what} because ${place}${fault.message.replace(/\.$/, '')}`,
      blame: fault.blame,
      remediation: fault.remedy,
    };
  }
  const cause = ENDINGS[ended] ?? (stuck && !own ? `stage ${stuck.name} failed` : null);
  return {
    summary: cause === null ? what : `${what} because ${cause}`,
    blame: 'harness',
    remediation: TRY_AGAIN,
  };
}

/** The last fault of the stage that got stuck, or else the last that was never settled. */
function causeOf(stuck: StageResult | undefined, faults: readonly FaultResult[]): FaultResult | undefined {
  const open = faults.filter((fault) => !fault.settled);
  return open.findLast((fault) => fault.stage === stuck?.name) ?? open.at(-1);
}
