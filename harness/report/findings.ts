import { SEVERITIES, type Severity } from '../core/outcome.ts';
import type { ControlResult, FaultResult, Results } from './model.ts';

/** One thing for somebody to see to: a control, or several that one cause keeps from being checked. */
export interface Finding {
  /** The one to tell about: one that was decided says more than those that were never reached. */
  readonly first: ControlResult;
  readonly controls: readonly ControlResult[];
  readonly machines: readonly string[];
  readonly severity: Severity;
}

export interface Findings {
  readonly failed: readonly Finding[];
  readonly unknown: readonly Finding[];
  /** Passed only at a later attempt. What is waived stands with its waiver. */
  readonly odd: readonly Finding[];
  /** Faults that no control speaks of: all that was planned had been decided by then. */
  readonly faults: readonly (FaultResult & { readonly machine: string })[];
}

/** What needs attention in a run, the gravest first. */
export const findingsOf = (results: Results): Findings => ({
  failed: merge(results, ({ outcome }) => outcome === 'fail', sameFinding),
  unknown: merge(results, ({ outcome }) => outcome === 'error', sameCause),
  odd: merge(results, ({ flaky, outcome }) => flaky && outcome === 'pass', sameFinding),
  faults: results.machines.flatMap(({ name, faults, controls }) =>
    faults
      .filter((fault) => !fault.settled)
      .filter((fault) => !controls.some((c) => c.outcome === 'error' && c.remediation === fault.remedy))
      .map((fault) => ({ ...fault, machine: name })),
  ),
});

type Key = (machine: string, control: ControlResult) => readonly unknown[];

/** The same on several machines is told once. */
const sameFinding: Key = (_machine, { id, outcome, summary, observed, remediation }) => [
  id,
  outcome,
  summary,
  observed,
  remediation,
];

/** What one cause keeps from being checked on a machine is told together. */
const sameCause: Key = (machine, { blame, remediation }) => [machine, blame, remediation];

function merge(results: Results, wanted: (control: ControlResult) => boolean, keyOf: Key): Finding[] {
  const merged = new Map<string, Finding>();
  for (const { name, controls } of results.machines) {
    for (const control of controls.filter(wanted)) {
      const key = JSON.stringify(keyOf(name, control));
      merged.set(key, join(merged.get(key), name, control));
    }
  }
  return [...merged.values()].sort((a, b) => rank(a.severity) - rank(b.severity));
}

function join(known: Finding | undefined, machine: string, control: ControlResult): Finding {
  if (!known) return { first: control, controls: [control], machines: [machine], severity: control.severity };
  const isNew = !known.controls.some((other) => other.id === control.id);
  return {
    first: known.first.attempts.length > 0 ? known.first : control,
    controls: isNew ? [...known.controls, control] : known.controls,
    machines: known.machines.includes(machine) ? known.machines : [...known.machines, machine],
    severity: rank(control.severity) < rank(known.severity) ? control.severity : known.severity,
  };
}

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
