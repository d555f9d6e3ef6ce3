import * as z from 'zod';
import { LANGUAGE_NAMES } from '../core/languages.ts';
import { OUTCOMES, type Outcome } from '../core/outcome.ts';
import { OPERATING_SYSTEMS, STAGES, type Stage } from '../../specs/controls/control.ts';
import { DOOR_NAMES, DOORS, type DoorName } from './doors.ts';

/** What is beyond these belongs to bringing machines up and down, which the proof does by itself. */
const PROVABLE = STAGES.filter((stage) => stage !== 'up' && stage !== 'down') as [Stage, ...Stage[]];

const names = (all: readonly string[]): string => all.join(', ');

/** A map that says which keys there are when it is given another one. */
const closed = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `found the unknown key ${names(issue.keys)}; expected one of: ${names(Object.keys(shape))}`
        : undefined,
  });

const oneOf = <Names extends readonly [string, ...string[]]>(all: Names) =>
  z.enum(all, {
    error: ({ input }) =>
      `found ${input === undefined ? 'nothing' : JSON.stringify(input)}; expected one of: ${names(all)}`,
  });

const sentence = z.string().trim().min(1);

/** One door and what goes through it. */
export interface Step {
  readonly door: DoorName;
  readonly value: unknown;
}

/** Steps that are taken while the run goes on. */
export interface Moment {
  /** `during`: once the stage has begun, or once a step, a picture or a control of it says the text; `after`: once it has ended. */
  readonly when: 'during' | 'after';
  readonly stage: Stage;
  readonly says: string | undefined;
  readonly seed: readonly Step[];
}

const doorShape = Object.fromEntries(
  Object.entries(DOORS).map(([name, { takes }]) => [name, takes.optional()]),
) as { [Name in DoorName]: z.ZodOptional<(typeof DOORS)[Name]['takes']> };

const justOne = (step: Readonly<Record<string, unknown>>): boolean =>
  Object.values(step).filter((value) => value !== undefined).length === 1;
const NOT_ONE = 'expected exactly one door in each step';

const asStep = (found: Readonly<Record<string, unknown>>): Step => {
  const door = DOOR_NAMES.find((name) => found[name] !== undefined);
  if (!door) throw new TypeError('the schema asks for one door');
  return { door, value: found[door] };
};

const step = closed(doorShape).refine(justOne, { error: NOT_ONE }).transform(asStep);

const moment = closed({
  stage: oneOf(PROVABLE),
  says: sentence.optional(),
  seed: z.array(step).min(1),
});

const seedStep = closed({ ...doorShape, during: moment.optional(), after: moment.optional() })
  .refine(justOne, { error: NOT_ONE })
  .transform(({ during, after, ...doors }): Step | Moment => {
    const given = during ?? after;
    if (!given) return asStep(doors);
    return { ...given, says: given.says, when: during ? 'during' : 'after' };
  });

export const isMoment = (one: Step | Moment): one is Moment => 'when' in one;

/** What a control must come to, and say, once the fault is there. */
export interface Expectation {
  readonly outcome: Outcome;
  readonly says: string | undefined;
}

const expectation = z.preprocess(
  (found) => (typeof found === 'string' ? { outcome: found } : found),
  closed({ outcome: oneOf(OUTCOMES), says: sentence.optional() }).transform(
    ({ outcome, says }): Expectation => ({ outcome, says }),
  ),
);

const machine = z.preprocess(
  (found) => (typeof found === 'string' ? { os: found } : found),
  closed({ os: oneOf(OPERATING_SYSTEMS), language: oneOf(LANGUAGE_NAMES).default('en') }),
);

export const STATES = ['clean', 'installed'] as const;

/** Shape of a fault's file. What depends on the catalogue and on the file's name is checked in load.ts. */
export const faultSchema = closed({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected words in small letters, joined by hyphens'),
  title: sentence,
  source: sentence,
  machine,
  state: oneOf(STATES),
  stages: z.array(oneOf(PROVABLE)).min(1),
  config: z.record(z.string(), z.unknown()).default({}),
  seed: z.array(seedStep).default([]),
  expect: z.record(z.string(), expectation).default({}),
  follows: z.array(sentence).default([]),
  refused: sentence.optional(),
  exit: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).optional(),
});

type Parsed = z.infer<typeof faultSchema>;

/** A seeded defect of the lab, and what must become of it (docs/prove.md). */
export type SeededFault = Omit<Parsed, 'expect'> & {
  readonly expect: Readonly<Record<string, Expectation>>;
  /** Its file, and the folder below `faults/` that it lies in. */
  readonly file: string;
  readonly area: string;
  /** Its seed and expectation as they are written. */
  readonly text: string;
};
