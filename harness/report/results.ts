import { EXIT_CODE } from '../core/exit-code.ts';
import { Fault } from '../core/errors.ts';
import type { Evidence, Recorded, RunPlan } from '../core/journal.ts';
import { OUTCOMES, type Outcome } from '../core/outcome.ts';
import type { Control } from '../../specs/controls/control.ts';
import type {
  ControlResult,
  EvidenceResult,
  FaultResult,
  FrameResult,
  MachineResult,
  Requirement,
  Results,
  RunVerdict,
  StageResult,
  TimelineResult,
  Unwaived,
} from './model.ts';
import { undecided } from './undecided.ts';
import { covering, type Covering, waive, waiverResults } from './waivers.ts';

type Of<T extends Recorded['type']> = Extract<Recorded, { readonly type: T }>;
type PlannedMachine = RunPlan['machines'][number];

/**
 * Everything that a report may say about a run, from its events alone. Pure: the same events give the same results,
 * also when the journal breaks off in the middle.
 * @param catalogue what is known of the controls; a planned control that is missing in it counts as required
 * @throws Fault `journal-without-start` when there is no `run-started` event
 */
export function fold(events: readonly Recorded[], catalogue: readonly Control[]): Results {
  const start = ofType(events, 'run-started')[0];
  const last = events.at(-1);
  if (!start || !last) {
    throw new Fault('The journal does not begin with the start of a run', {
      code: 'journal-without-start',
      blame: 'harness',
      remedy: 'Run it again: nothing was recorded that a report could be made of.',
    });
  }
  const { plan } = start;
  const requirements = requirementsOf(plan, catalogue);
  const waivers = plan.waivers ?? [];
  const covers = covering(waivers, start.at);
  const machines = plan.machines.map((planned) =>
    foldMachine(planned, events, requirements, catalogue, covers),
  );
  const end = ofType(events, 'run-ended').at(-1);
  const verdict =
    end?.exitCode === EXIT_CODE.interrupted
      ? 'interrupted'
      : worst(machines.map((machine) => machine.verdict));
  const counts = count(machines.flatMap((machine) => machine.controls));
  return {
    schema: 'sspr-logon-compliance/results/1',
    run: start.run,
    lab: plan.lab,
    signOff: !plan.lab && verdict === 'compliant' && counts.skipped === 0,
    verdict,
    exitCode: exitCodeOf({ verdict }),
    startedAt: start.at,
    endedAt: last.at,
    ms: end?.ms ?? between(start.at, last.at),
    arguments: [...plan.arguments],
    versions: { ...plan.versions },
    package: { ...plan.package },
    counts,
    requirements,
    machines,
    waivers: waiverResults(waivers, start.at, requirements, machines),
  };
}

/** The exit code that a run with these results ends with. */
export const exitCodeOf = ({ verdict }: Pick<Results, 'verdict'>): Results['exitCode'] => EXIT_CODE[verdict];

/** Worst first: what the run as a whole is called when its machines differ. */
const WORST_FIRST: readonly RunVerdict[] = ['interrupted', 'notCompliant', 'couldNotCheck', 'compliant'];

/** Of no machines at all nothing could be checked. */
const worst = (verdicts: readonly RunVerdict[]): RunVerdict =>
  WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'couldNotCheck';

/** The planned controls, in the order of the catalogue; those that it doesn't know come last. */
function requirementsOf(plan: RunPlan, catalogue: readonly Control[]): Requirement[] {
  const planned = new Set(plan.controls);
  const known = catalogue.filter((control) => planned.has(control.id));
  for (const control of known) planned.delete(control.id);
  return [
    ...known.map((control) => ({
      id: control.id,
      family: familyOf(control.id),
      title: control.title,
      rationale: control.rationale,
      source: sourceOf(control),
      severity: control.severity,
      observed: [...control.observed],
      stage: control.stage,
      remediation: control.remediation,
    })),
    ...[...planned].map((id) => ({
      id,
      family: familyOf(id),
      title: id,
      rationale: '',
      source: '',
      severity: 'required' as const,
      observed: [],
      stage: '',
      remediation: '',
    })),
  ];
}

const familyOf = (id: string): string => id.split('.')[0] ?? id;

function sourceOf({ source }: Control): string {
  if (source.document === 'facts') return `Facts, section ${source.section}`;
  const [first, last] = source.lines;
  return `English document, ${first === last ? `line ${first}` : `lines ${first}-${last}`}`;
}

function foldMachine(
  planned: PlannedMachine,
  events: readonly Recorded[],
  requirements: readonly Requirement[],
  catalogue: readonly Control[],
  covers: Covering,
): MachineResult {
  const mine = events.filter((event) => 'machine' in event && event.machine === planned.name);
  const stages = stagesOf(planned, mine);
  const end = ofType(mine, 'machine-ended').at(-1);
  const started = ofType(mine, 'machine-started')[0];
  const story = {
    ended: end?.how ?? (started ? ('unfinished' as const) : ('notStarted' as const)),
    stages,
    faults: faultsOf(mine, stages),
  };
  const decided = ofType(mine, 'control');
  const appliesTo = new Map<string, readonly string[]>(
    catalogue.map((control) => [control.id, control.appliesTo.os]),
  );
  const controls = requirements.map((requirement) => {
    const attempts = decided.filter((event) => event.control === requirement.id);
    const last = attempts.at(-1);
    const control = last
      ? decidedControl(requirement, last, attempts)
      : undecided(requirement, {
          ...story,
          plannedStages: planned.stages,
          applies: appliesTo.get(requirement.id)?.includes(planned.os) ?? true,
        });
    return waive(control, covers(requirement.id, planned.name));
  });
  return {
    name: planned.name,
    os: planned.os,
    provider: planned.provider,
    verdict: verdictOf(story.ended, controls, story.faults),
    ended: story.ended,
    startedAt: started?.at ?? null,
    endedAt: end?.at ?? null,
    counts: count(controls),
    stages,
    controls,
    faults: story.faults,
    facts: ofType(mine, 'fact').map(({ at, stage, name, value }) => ({
      at,
      stage,
      name,
      value: value ?? null,
    })),
    frames: ofType(mine, 'frame').map(frameOf),
    timeline: timelineOf(mine),
  };
}

/** What was begun, in order, and then what was planned but never reached. */
function stagesOf(planned: PlannedMachine, mine: readonly Recorded[]): StageResult[] {
  const stages: StageResult[] = [];
  for (const event of mine) {
    if (event.type === 'stage-started') {
      stages.push({
        name: event.stage,
        title: event.title,
        state: 'unfinished',
        startedAt: event.at,
        ms: null,
      });
    }
    if (event.type === 'stage-ended') {
      const open = stages.findLast((stage) => stage.name === event.stage && stage.state === 'unfinished');
      if (open) Object.assign(open, { state: event.ok ? 'ok' : 'failed', ms: event.ms });
    }
  }
  const begun = new Set(stages.map((stage) => stage.name));
  for (const name of planned.stages) {
    if (!begun.has(name)) stages.push({ name, title: name, state: 'notReached', startedAt: null, ms: null });
  }
  return stages;
}

/** A fault is settled when its stage was well in the end: the harness tried again, and it worked. */
function faultsOf(mine: readonly Recorded[], stages: readonly StageResult[]): FaultResult[] {
  return ofType(mine, 'fault').map(({ at, stage, code, blame, message, remedy }) => ({
    at,
    stage,
    code,
    blame,
    message,
    remedy,
    settled: stages.findLast((other) => other.name === stage)?.state === 'ok',
  }));
}

/** The last attempt counts; an earlier one that went differently makes it flaky. */
function decidedControl(
  requirement: Requirement,
  last: Of<'control'>,
  events: readonly Of<'control'>[],
): Unwaived {
  return {
    id: requirement.id,
    title: requirement.title,
    severity: requirement.severity,
    stage: last.stage,
    outcome: last.outcome,
    summary: last.summary,
    expected: last.expected ?? null,
    observed: last.observed ?? null,
    remediation: last.remediation ?? requirement.remediation,
    blame: last.blame ?? null,
    evidence: last.evidence.map(evidenceOf),
    attempts: events.map(({ at, ms, outcome, summary }) => ({ at, ms: Math.round(ms), outcome, summary })),
    flaky: events.some((event) => event.outcome !== last.outcome),
  };
}

const evidenceOf = (evidence: Evidence): EvidenceResult =>
  evidence.kind === 'file'
    ? { kind: 'file', name: evidence.name, path: evidence.path, sha256: evidence.sha256 }
    : // JSON drops a value that is undefined, and with it the key that every reader expects.
      { kind: 'value', name: evidence.name, value: evidence.value ?? null };

const frameOf = (event: Of<'frame'>): FrameResult => ({
  at: event.at,
  stage: event.stage,
  caption: event.caption,
  file: event.file,
  sha256: event.sha256,
  width: event.width,
  height: event.height,
  lookedFor: event.lookedFor ?? null,
  found: event.found ? { ...event.found } : null,
  action: event.action ?? null,
});

/** A stage that was told again has read the audit log again: the last time line counts. */
function timelineOf(mine: readonly Recorded[]): TimelineResult | null {
  const last = ofType(mine, 'timeline').at(-1);
  if (!last) return null;
  const { user, clock, verdict, reason, delayMs, rows } = last;
  return {
    user,
    clock: { ...clock },
    verdict,
    reason,
    delayMs,
    rows: rows.map(({ action, entry, differenceMs, own, unexplained }) => ({
      action: action && { ...action },
      entry: entry && { ...entry },
      differenceMs,
      own,
      // As journals of earlier versions tell it: whatever is not ours may be somebody else's.
      unexplained: unexplained ?? !own,
    })),
  };
}

/** What is wrong with a control of lesser severity is shown, but decides nothing. */
const DECISIVE: ControlResult['severity'] = 'required';

function verdictOf(
  ended: MachineResult['ended'],
  controls: readonly ControlResult[],
  faults: readonly FaultResult[],
): RunVerdict {
  const has = (outcome: Outcome): boolean =>
    controls.some((control) => control.outcome === outcome && control.severity === DECISIVE);
  if (ended === 'aborted' || ended === 'unfinished') return 'interrupted';
  if (has('fail')) return 'notCompliant';
  if (has('error') || ended !== 'completed' || faults.some((fault) => !fault.settled)) return 'couldNotCheck';
  return 'compliant';
}

function count(controls: readonly ControlResult[]): Record<Outcome, number> {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const control of controls) counts[control.outcome]++;
  return counts;
}

const between = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from));

const ofType = <T extends Recorded['type']>(events: readonly Recorded[], type: T): Of<T>[] =>
  events.filter((event): event is Of<T> => event.type === type);
