import { z } from 'zod';
import { BLAME } from '../core/errors.ts';
import { OUTCOMES, SEVERITIES } from '../core/outcome.ts';
import { OBSERVATIONS } from '../../specs/controls/control.ts';
import { WAIVER_FINDINGS, WAIVER_STATES } from './waivers.ts';

/**
 * The form of results.json, from which its JSON Schema (`results.schema.json`) and its TypeScript types are made.
 * Nothing is optional: what is not known is `null`, so that every reader finds every key.
 */

const instant = z.string().describe('ISO 8601 in UTC');
const milliseconds = z.int().min(0).describe('milliseconds');
const sha256 = z.string().describe('SHA-256, hexadecimal');
const day = z.string().describe('YYYY-MM-DD, the last day on which it is in force, in UTC');
const count = z.int().min(0);
const counts = z.strictObject({
  pass: count,
  fail: count,
  error: count,
  skipped: count,
  waived: count,
  notApplicable: count,
});

export const VERDICTS = ['compliant', 'notCompliant', 'couldNotCheck', 'interrupted'] as const;

const evidence = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('value'), name: z.string(), value: z.unknown() }),
    z.strictObject({
      kind: z.literal('file'),
      name: z.string(),
      path: z.string().describe("relative to the run's folder"),
      sha256,
    }),
  ])
  .meta({ id: 'evidence' });

const attempt = z
  .strictObject({ at: instant, ms: milliseconds, outcome: z.enum(OUTCOMES), summary: z.string() })
  .meta({ id: 'attempt' });

const control = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    severity: z.enum(SEVERITIES),
    stage: z.string(),
    outcome: z.enum(OUTCOMES),
    summary: z.string(),
    expected: z.string().nullable(),
    observed: z.string().nullable(),
    remediation: z.string(),
    blame: z.enum(BLAME).nullable().describe('who has to act when it could not be checked'),
    evidence: z.array(evidence),
    attempts: z.array(attempt).describe('every time it was decided, in order; the last one counts'),
    flaky: z.boolean().describe('it was decided more than once, and not always alike'),
    waiver: z
      .strictObject({ owner: z.string(), reason: z.string(), expires: day })
      .nullable()
      .describe('who accepts that it is not met; null: it is not waived'),
  })
  .meta({ id: 'control' });

const stage = z
  .strictObject({
    name: z.string(),
    title: z.string(),
    state: z.enum(['ok', 'failed', 'unfinished', 'notReached']),
    startedAt: instant.nullable(),
    ms: milliseconds.nullable(),
  })
  .meta({ id: 'stage' });

const fault = z
  .strictObject({
    at: instant,
    stage: z.string(),
    code: z.string(),
    blame: z.enum(BLAME),
    message: z.string(),
    remedy: z.string(),
    settled: z.boolean().describe('the stage was well in the end'),
  })
  .meta({ id: 'fault' });

const frame = z
  .strictObject({
    at: instant,
    stage: z.string(),
    caption: z.string(),
    file: z.string().describe("relative to the run's folder"),
    sha256,
    width: z.int().min(1),
    height: z.int().min(1),
    lookedFor: z.string().nullable(),
    found: z
      .strictObject({
        x: z.number(),
        y: z.number(),
        width: z.number(),
        height: z.number(),
        text: z.string(),
        similarity: z.number(),
      })
      .nullable(),
    action: z.string().nullable(),
  })
  .meta({ id: 'frame' });

const timeline = z
  .strictObject({
    user: z.string(),
    clock: z.strictObject({
      aheadSeconds: z.number().describe("by how much the tenant's clock is ahead of this host's"),
      uncertainSeconds: z.number(),
    }),
    verdict: z.string(),
    reason: z.string(),
    delayMs: z
      .number()
      .nullable()
      .describe('milliseconds from the entry of the reset to its being readable; null: there is none'),
    rows: z
      .array(
        z.strictObject({
          action: z
            .strictObject({
              what: z.string(),
              at: instant.describe("ISO 8601 in UTC, by this host's clock"),
              tenantAt: instant.describe("the same instant by the tenant's clock"),
            })
            .nullable()
            .describe('null: the entry belongs to no action of its own'),
          entry: z
            .strictObject({
              id: z.string(),
              at: instant.describe("ISO 8601 in UTC, by the tenant's clock"),
              activity: z.string(),
              result: z.string(),
              reason: z.string(),
              correlationId: z.string(),
              ipAddress: z.string(),
              clientType: z.string().nullable(),
              seenAt: instant.describe("when it was first seen, by this host's clock"),
            })
            .nullable()
            .describe('null: the tenant wrote nothing down of the action'),
          differenceMs: z
            .number()
            .nullable()
            .describe(
              "milliseconds from the action to the entry by the tenant's clock; may be below 0 by as much as the clocks are uncertain",
            ),
          own: z.boolean().describe('false: not of our attempt'),
          unexplained: z
            .boolean()
            .describe(
              "true: of no action of ours, and made since the click: somebody else's doing; what is neither this nor our own is from before the click",
            ),
        }),
      )
      .describe("in the order of the tenant's clock"),
  })
  .meta({ id: 'timeline' });

const machine = z
  .strictObject({
    name: z.string(),
    os: z.string(),
    provider: z.string(),
    verdict: z.enum(VERDICTS),
    ended: z
      .enum(['completed', 'aborted', 'died', 'unfinished', 'notStarted'])
      .describe('unfinished: the journal stops before the machine ended'),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    counts,
    stages: z.array(stage),
    controls: z.array(control),
    faults: z.array(fault),
    facts: z.array(z.strictObject({ at: instant, stage: z.string(), name: z.string(), value: z.unknown() })),
    frames: z.array(frame),
    timeline: timeline
      .nullable()
      .describe('what was done at the console beside what the tenant wrote down of it'),
  })
  .meta({ id: 'machine' });

const requirement = z
  .strictObject({
    id: z.string(),
    family: z.string(),
    title: z.string(),
    rationale: z.string(),
    source: z.string().describe('document and lines that it comes from'),
    severity: z.enum(SEVERITIES),
    observed: z.array(z.enum(OBSERVATIONS)).describe('where the control looks'),
    stage: z.string(),
    remediation: z.string(),
  })
  .meta({ id: 'requirement' });

const waiver = z
  .strictObject({
    control: z.string(),
    machines: z.array(z.string()).nullable().describe('null: all machines'),
    owner: z.string(),
    reason: z.string(),
    expires: day,
    state: z
      .enum(WAIVER_STATES)
      .describe('unused: in force when the run began, but there was no failure for it to waive'),
    covered: z.array(z.string()).describe('machines on which it has made a failure waived'),
    findings: z
      .array(z.strictObject({ kind: z.enum(WAIVER_FINDINGS), says: z.string(), remedy: z.string() }))
      .describe('what somebody should know or do about it, the gravest first'),
  })
  .meta({ id: 'waiver' });

export const RESULTS = z
  .strictObject({
    schema: z.literal('sspr-logon-compliance/results/1'),
    run: z.string(),
    lab: z.boolean().describe('the embedded lab stood in for anything: such a run is never a sign-off'),
    signOff: z.boolean().describe('compliant, nothing skipped, and no lab: may be signed'),
    verdict: z.enum(VERDICTS),
    exitCode: z.union([z.literal(0), z.literal(1), z.literal(3), z.literal(130)]),
    startedAt: instant,
    endedAt: instant.describe('of the last event'),
    ms: milliseconds,
    arguments: z.array(z.string()),
    versions: z.record(z.string(), z.string()),
    package: z.strictObject({ path: z.string(), sha256 }),
    counts: counts.describe('over all machines'),
    requirements: z.array(requirement).describe('the planned controls, in the order of the catalogue'),
    machines: z.array(machine),
    waivers: z.array(waiver).describe('all of the configuration, as they were when the run began'),
  })
  .meta({ title: 'Results of a run of the SSPR logon compliance harness' });

export type Results = z.infer<typeof RESULTS>;
export type Requirement = z.infer<typeof requirement>;
export type MachineResult = z.infer<typeof machine>;
export type ControlResult = z.infer<typeof control>;
/** A control as it was decided, before anybody asks for its waiver. */
export type Unwaived = Omit<ControlResult, 'waiver'>;
export type StageResult = z.infer<typeof stage>;
export type FaultResult = z.infer<typeof fault>;
export type FrameResult = z.infer<typeof frame>;
export type WaiverResult = z.infer<typeof waiver>;
export type TimelineResult = z.infer<typeof timeline>;
export type RunVerdict = (typeof VERDICTS)[number];
export type EvidenceResult = z.infer<typeof evidence>;

/** JSON Schema (2020-12) of results.json, as it stands in `results.schema.json`. */
export const resultsSchema = (): string =>
  JSON.stringify(z.toJSONSchema(RESULTS, { target: 'draft-2020-12' }), null, 2) + '\n';
