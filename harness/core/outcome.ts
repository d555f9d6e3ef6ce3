/** Every outcome that a control can have. The one closed list: import these names, never spell them again. */
export const OUTCOMES = ['pass', 'fail', 'error', 'skipped', 'waived', 'notApplicable'] as const;

/**
 * - `pass`: the requirement is met, and there is evidence of it.
 * - `fail`: the requirement is not met. The machine is not compliant.
 * - `error`: it could not be checked. Says nothing about the machine.
 * - `skipped`: deliberately not checked; the reason says why and what to do.
 * - `waived`: not met, and somebody accepted that, with an owner, a reason and an expiry.
 * - `notApplicable`: the requirement does not concern this machine.
 */
export type Outcome = (typeof OUTCOMES)[number];

/** What it means when a control fails. Only a `required` one makes a machine non-compliant; the others are reported. */
export const SEVERITIES = ['required', 'recommended', 'informational'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an evaluated requirement says: an outcome and the reason in words, with what was expected and seen. */
export interface Verdict {
  readonly outcome: Outcome;
  /** One sentence for a person: what is so, or why it could not be checked. */
  readonly summary: string;
  readonly expected?: string;
  readonly observed?: string;
  /** Overrides the control's remediation when this verdict knows a better one. */
  readonly remediation?: string;
}

export const pass = (summary: string, detail: Partial<Verdict> = {}): Verdict => ({
  ...detail,
  outcome: 'pass',
  summary,
});
export const fail = (summary: string, detail: Partial<Verdict> = {}): Verdict => ({
  ...detail,
  outcome: 'fail',
  summary,
});
export const couldNotCheck = (summary: string, detail: Partial<Verdict> = {}): Verdict => ({
  ...detail,
  outcome: 'error',
  summary,
});
export const skipped = (summary: string, detail: Partial<Verdict> = {}): Verdict => ({
  ...detail,
  outcome: 'skipped',
  summary,
});
export const notApplicable = (summary: string, detail: Partial<Verdict> = {}): Verdict => ({
  ...detail,
  outcome: 'notApplicable',
  summary,
});
