import type { Waiver } from '../core/journal.ts';
import type { Outcome, Severity } from '../core/outcome.ts';
import type { ControlResult, MachineResult, Requirement, WaiverResult } from './model.ts';
import { plural } from './text.ts';
import { OUTCOME_COUNTED } from './words.ts';

/** Which waiver answers for a failure of this control on this machine. */
export type Covering = (control: string, machine: string) => Waiver | undefined;

/**
 * What the waivers cover in a run. Where two would do, it is always the same one, in whatever order they stand.
 * @param startedAt the day that counts: a run that goes on over midnight is judged alike to its end
 */
export function covering(waivers: readonly Waiver[], startedAt: string): Covering {
  const inForce = inOrder(waivers).filter(({ expires }) => dayOf(startedAt) <= expires);
  return (control, machine) =>
    inForce.find((waiver) => waiver.control === control && (waiver.machines?.includes(machine) ?? true));
}

/** The outcome `waived` where a failure is covered. Whatever else a control may be, no waiver touches it. */
export function waive<Judged extends { readonly outcome: Outcome }>(
  control: Judged,
  waiver: Waiver | undefined,
): Judged & Pick<ControlResult, 'outcome' | 'waiver'> {
  if (control.outcome !== 'fail' || !waiver) return { ...control, waiver: null };
  const { owner, reason, expires } = waiver;
  return { ...control, outcome: 'waived', waiver: { owner, reason, expires } };
}

/** Of every waiver what became of it in a run, and what somebody should know or do about it. */
export function waiverResults(
  waivers: readonly Waiver[],
  startedAt: string,
  requirements: readonly Requirement[],
  machines: readonly MachineResult[],
): WaiverResult[] {
  const covers = covering(waivers, startedAt);
  const results = inOrder(waivers).map((waiver): WaiverResult => {
    const { control, owner, reason, expires } = waiver;
    const cells = machines.flatMap(({ name, controls }) =>
      controls.filter(({ id }) => id === control).map(({ outcome }) => ({ machine: name, outcome })),
    );
    const covered = namesOf(
      cells.filter(({ machine, outcome }) => outcome === 'waived' && covers(control, machine) === waiver),
    );
    const judged: Case = {
      waiver,
      today: dayOf(startedAt),
      severity: requirements.find(({ id }) => id === control)?.severity ?? null,
      run: machines.map(({ name }) => name),
      cells,
      covered,
    };
    return {
      control,
      machines: waiver.machines ? [...waiver.machines] : null,
      owner,
      reason,
      expires,
      state: isExpired(judged) ? 'expired' : covered.length > 0 ? 'used' : 'unused',
      covered,
      findings: WAIVER_FINDINGS.flatMap((kind) => {
        const { says, remedy } = FINDINGS[kind];
        const said = says(judged);
        return said === null ? [] : [{ kind, says: said, remedy }];
      }),
    };
  });
  return WAIVER_STATES.flatMap((state) => results.filter((waiver) => waiver.state === state));
}

/** What became of a waiver in a run; first what somebody must know who signs. */
export const WAIVER_STATES = ['used', 'expired', 'unused'] as const;

export const WAIVER_STATE_WORDS: Readonly<Record<WaiverResult['state'], string>> = {
  used: 'in force, and needed',
  unused: 'in force, nothing waived',
  expired: 'expired',
};

/** A waiver in a run. */
interface Case {
  readonly waiver: Waiver;
  /** The day on which the run began. */
  readonly today: string;
  /** null: its control was not part of the run. */
  readonly severity: Severity | null;
  readonly run: readonly string[];
  /** How its control ended, also where it is not waived. */
  readonly cells: readonly { readonly machine: string; readonly outcome: Outcome }[];
  /** Where it has made a failure `waived`. */
  readonly covered: readonly string[];
}

interface FindingKind {
  readonly word: string;
  /** One sentence, or null where there is nothing to say. */
  readonly says: (judged: Case) => string | null;
  readonly remedy: string;
}

/** Everything that can be wrong with a waiver, the gravest first. */
const FINDINGS = {
  expired: {
    word: 'Expired',
    says: (judged) =>
      isExpired(judged)
        ? `Not in force since ${dayAfter(judged.waiver.expires)}: where the control is not met, it counts as failed.`
        : null,
    remedy: 'Remove it, or have it renewed by its owner with a new date.',
  },
  failsExpired: {
    word: 'Fails anyway',
    says: (judged) =>
      sentence(
        failing(judged).filter(named(judged)),
        (machines) => `Not met on ${machines}: the waiver has expired.`,
      ),
    remedy: 'Put the control right there, or have the waiver renewed by its owner.',
  },
  failsElsewhere: {
    word: 'Fails anyway',
    says: (judged) =>
      sentence(
        failing(judged).filter((machine) => !named(judged)(machine)),
        (machines) => `Not met on ${machines}, which it does not name.`,
      ),
    remedy: 'Put the control right there, or add the machine, if the owner answers for that too.',
  },
  notChecked: {
    word: 'Not checked',
    says: (judged) =>
      sentence(
        where(judged, 'error').filter(named(judged)),
        (machines) => `Could not be checked on ${machines}: no waiver covers that.`,
      ),
    remedy: 'Remove what kept it from being checked, then run it again.',
  },
  expiresSoon: {
    word: 'Expires soon',
    says: (judged) => {
      const left = daysBetween(judged.today, judged.waiver.expires);
      if (left < 0 || left > SOON_DAYS) return null;
      return left === 0 ? 'Ends with the day of this run.' : `Ends ${plural(left, 'day')} after this run.`;
    },
    remedy: 'Put the control right until then, or have it renewed by its owner with a new date.',
  },
  everywhere: {
    word: 'Over-broad',
    says: (judged) =>
      !isExpired(judged) && !judged.waiver.machines && judged.covered.length < judged.run.length
        ? sentence(
            judged.covered,
            (machines) => `For all machines, but only on ${machines} the control is not met.`,
          )
        : null,
    remedy: 'Name these machines in it, so that a failure elsewhere shows.',
  },
  long: {
    word: 'Over-broad',
    says: ({ today, waiver: { expires } }) =>
      expires > aYearAfter(today) ? `In force until ${expires}, more than a year after this run.` : null,
    remedy: 'Choose a day within a year, so that somebody looks at it again.',
  },
  undecided: {
    word: 'Unused',
    says: (judged) => (isIdle(judged) && isOpen(judged) ? `Nothing was waived: ${told(judged)}.` : null),
    remedy: 'Run the whole job on its machines before you remove it or keep it.',
  },
  unused: {
    word: 'Unused',
    says: (judged) => (isIdle(judged) && !isOpen(judged) ? `Nothing to waive: ${told(judged)}.` : null),
    remedy: 'Remove it: should the control fail one day, somebody has to accept that anew.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;

export type WaiverFinding = keyof typeof FINDINGS;
export const WAIVER_FINDINGS = Object.keys(FINDINGS) as [WaiverFinding, ...WaiverFinding[]];
export const waiverFindingWord = (kind: WaiverFinding): string => FINDINGS[kind].word;

/** `win7, win8`, `all machines` */
export const waiverMachines = ({ machines }: Pick<WaiverResult, 'machines'>): string =>
  machines?.join(', ') ?? 'all machines';

const SOON_DAYS = 30;

const isExpired = ({ waiver, today }: Case): boolean => waiver.expires < today;

const named =
  ({ waiver }: Case) =>
  (machine: string): boolean =>
    waiver.machines?.includes(machine) ?? true;

const where = ({ cells }: Case, wanted: Outcome): string[] =>
  namesOf(cells.filter(({ outcome }) => outcome === wanted));

const failing = (judged: Case): string[] => where(judged, 'fail');

/** In force, and of no use in this run, as far as that could be checked. */
const isIdle = (judged: Case): boolean =>
  !isExpired(judged) && judged.covered.length === 0 && !where(judged, 'error').some(named(judged));

/** Another run may need it: this one left the control undecided on one of its machines, or the machine out. */
const isOpen = (judged: Case): boolean =>
  (judged.waiver.machines ?? []).some((machine) => !judged.run.includes(machine)) ||
  where(judged, 'skipped').some(named(judged)) ||
  !judged.cells.some(({ machine }) => named(judged)(machine));

/** How its control ended on its machines: `passed on win7, win8; win81 was not in this run`. */
function told(judged: Case): string {
  const mine = judged.cells.filter(({ machine }) => named(judged)(machine));
  const outcomes = [...new Set(mine.map(({ outcome }) => outcome))];
  const absent = (judged.waiver.machines ?? []).filter((machine) => !judged.run.includes(machine));
  const parts = [
    ...outcomes.map((outcome) => {
      const machines = namesOf(mine.filter((cell) => cell.outcome === outcome));
      return `${OUTCOME_COUNTED[outcome]} on ${machines.join(', ')}`;
    }),
    ...(absent.length > 0 ? [`not in this run: ${absent.join(', ')}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : 'the control was not part of this run';
}

const sentence = (machines: readonly string[], says: (machines: string) => string): string | null =>
  machines.length === 0 ? null : says(machines.join(', '));

const namesOf = (cells: readonly { readonly machine: string }[]): string[] =>
  cells.map(({ machine }) => machine);

/** By control, that which lasts longest first; of what is alike in that by its other words. */
const inOrder = (waivers: readonly Waiver[]): readonly Waiver[] =>
  [...waivers].sort(
    (a, b) => compare(a.control, b.control) || compare(b.expires, a.expires) || compare(restOf(a), restOf(b)),
  );

const restOf = ({ machines, owner, reason }: Waiver): string =>
  JSON.stringify([machines ?? null, owner, reason]);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Days are compared as they are written: `2027-03-31`, in UTC. */
const dayOf = (instant: string): string => instant.slice(0, 10);

const DAY_MS = 86_400_000;
const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);

const dayAfter = (day: string): string => dayOf(new Date(Date.parse(day) + DAY_MS).toISOString());

function aYearAfter(day: string): string {
  const date = new Date(day);
  date.setUTCFullYear(date.getUTCFullYear() + 1);
  return dayOf(date.toISOString());
}
