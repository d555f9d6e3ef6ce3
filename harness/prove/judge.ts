import { EXIT_CODE } from '../core/exit-code.ts';
import type { Outcome, Severity } from '../core/outcome.ts';
import type { Expectation, SeededFault } from './fault.ts';
import { matching } from './load.ts';

/** A control as a run has decided it. */
export interface Decided {
  readonly id: string;
  readonly outcome: Outcome;
  readonly severity: Severity;
  readonly stage: string;
  readonly summary: string;
  readonly expected: string | null;
  readonly observed: string | null;
  readonly remediation: string;
}

/** What a run has shown. */
export interface Observation {
  readonly exit: number;
  /** What the command said. */
  readonly output: string;
  /** undefined: the run was refused before it began. */
  readonly controls: readonly Decided[] | undefined;
}

/**
 * - `caught`: as expected
 * - `followed`: could not be checked any more, as the fault allows
 * - `missed`: expected to change, and has not
 * - `wrongOutcome`, `wrongWords`: has changed, but not to that, or says something else
 * - `falseAlarm`: has changed, and nobody expected it
 * - `wrongExit`, `notRefused`: of the run as a whole
 */
export const KINDS = [
  'caught',
  'followed',
  'missed',
  'wrongOutcome',
  'wrongWords',
  'falseAlarm',
  'wrongExit',
  'notRefused',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Finding {
  readonly kind: Kind;
  /** '' for the run as a whole. */
  readonly control: string;
  readonly was: Outcome | '';
  readonly is: Outcome | '';
  /** What the verdict says, or what is wrong. */
  readonly text: string;
}

const GOOD: readonly Kind[] = ['caught', 'followed'];
export const isGood = ({ kind }: Finding): boolean => GOOD.includes(kind);

/** These say that nothing was found out: they may follow from something that was. */
const NOT_CHECKED: readonly Outcome[] = ['error', 'skipped', 'notApplicable'];

/** What a run with a fault shows beside one without: each difference, and each expected one that is not there. Pure. */
export function judge(fault: SeededFault, baseline: Observation, seeded: Observation): Finding[] {
  if (fault.refused !== undefined) return refusal(fault, seeded);
  if (!seeded.controls || !baseline.controls)
    return [whole('wrongExit', `The run was refused with ${seeded.exit}: ${lastLines(seeded.output)}`)];
  const before = new Map(baseline.controls.map((one) => [one.id, one]));
  const findings = seeded.controls.flatMap((now): Finding[] => {
    const was = before.get(now.id)?.outcome ?? '';
    const kind = kindOf(now, was, fault.expect[now.id], fault.follows);
    return kind
      ? [{ kind, control: now.id, was, is: now.outcome, text: textOf(now, fault.expect[now.id], kind) }]
      : [];
  });
  const exits = fault.exit === undefined ? exitsOf(fault, seeded.controls) : [fault.exit];
  return exits.includes(seeded.exit)
    ? findings
    : [
        ...findings,
        whole('wrongExit', `The run ended with exit code ${seeded.exit}; expected ${exits.join(' or ')}`),
      ];
}

function kindOf(
  now: Decided,
  was: Outcome | '',
  expected: Expectation | undefined,
  follows: readonly string[],
): Kind | undefined {
  if (expected) {
    const changed = now.outcome !== was;
    if (now.outcome !== expected.outcome) return changed ? 'wrongOutcome' : 'missed';
    if (expected.says !== undefined && !says(now, expected.says)) return 'wrongWords';
    // Without a text, what is so anyway shows nothing.
    return changed || expected.says !== undefined ? 'caught' : 'missed';
  }
  if (now.outcome === was) return undefined;
  const mayFollow = NOT_CHECKED.includes(now.outcome) && follows.some((pattern) => matching(pattern)(now.id));
  return mayFollow ? 'followed' : 'falseAlarm';
}

const says = ({ summary, observed, remediation }: Decided, text: string): boolean =>
  [summary, observed ?? '', remediation].some((one) => one.toLowerCase().includes(text.toLowerCase()));

const textOf = ({ summary, observed }: Decided, expected: Expectation | undefined, kind: Kind): string => {
  const seen = observed === null ? summary : `${summary} (${observed})`;
  if (kind === 'wrongWords') return `expected the words "${expected?.says ?? ''}"; it says: ${seen}`;
  if (kind === 'missed' || kind === 'wrongOutcome')
    return `expected ${expected?.outcome ?? ''}; it says: ${seen}`;
  return seen;
};

const whole = (kind: Kind, text: string): Finding => ({ kind, control: '', was: '', is: '', text });

function refusal(
  { refused = '', exit = EXIT_CODE.badUsage }: SeededFault,
  { exit: found, output, controls }: Observation,
) {
  if (controls) return [whole('notRefused', `The run was not refused; it ended with exit code ${found}`)];
  const findings: Finding[] = [];
  if (found !== exit) findings.push(whole('wrongExit', `Refused with exit code ${found}; expected ${exit}`));
  if (!output.toLowerCase().includes(refused.toLowerCase()))
    findings.push(whole('wrongWords', `expected the words "${refused}"; it says: ${lastLines(output)}`));
  return findings.length > 0 ? findings : [whole('caught', lastLines(output))];
}

const lastLines = (output: string): string => output.trim().split('\n').slice(-3).join(' ').slice(0, 400);

/**
 * With which exit codes a run may end by what is expected of it: 1 when a required control must fail, 3 when one must not
 * be checked; where something required follows or not, both 0 and 3 will do.
 */
function exitsOf({ expect, follows }: SeededFault, controls: readonly Decided[]): readonly number[] {
  const required = controls.filter(({ severity }) => severity === 'required');
  if (required.some(({ id }) => expect[id]?.outcome === 'fail')) return [EXIT_CODE.notCompliant];
  if (required.some(({ id }) => expect[id]?.outcome === 'error')) return [EXIT_CODE.couldNotCheck];
  const open = required.some(
    ({ id, outcome }) => outcome === 'error' && follows.some((one) => matching(one)(id)),
  );
  return [open ? EXIT_CODE.couldNotCheck : EXIT_CODE.compliant];
}

/** What a run without any fault must not show: a control that is neither met nor rightly left out. */
export function alarms(
  { exit, output, controls }: Observation,
  { os, stages }: { readonly os: string; readonly stages: readonly string[] },
): Finding[] {
  if (!controls)
    return [whole('wrongExit', `The run without a fault was refused with ${exit}: ${lastLines(output)}`)];
  const bad = controls.filter(({ id, outcome, stage, summary }) =>
    TRUE_ANYWAY[os]?.[id] === outcome
      ? false
      : outcome === 'skipped'
        ? stages.includes(stage) && !summary.includes(LEFT_OUT)
        : !QUIET.includes(outcome),
  );
  const found = bad.map((one) => ({
    kind: 'falseAlarm' as const,
    control: one.id,
    was: '' as const,
    is: one.outcome,
    text: textOf(one, undefined, 'falseAlarm'),
  }));
  if (found.length > 0 || exit === EXIT_CODE.compliant) return found;
  return [whole('wrongExit', `The run without a fault ended with exit code ${exit}`)];
}

/** What is so on a machine of a kind, whatever one does to it. */
const TRUE_ANYWAY: Readonly<Record<string, Readonly<Record<string, Outcome>>>> = {
  win8: { 'prerequisites.windows-8-documented': 'fail' },
};
const QUIET: readonly Outcome[] = ['pass', 'notApplicable'];
/** How a control says that it needs a stage that the run was asked to leave out (specs/support/memory.ts). */
const LEFT_OUT = 'not part of this run';
