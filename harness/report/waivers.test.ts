import { expect } from '@playwright/test';
import fc from 'fast-check';
import type { Recorded, RunEvent, Waiver } from '../core/journal.ts';
import { OUTCOMES, type Outcome } from '../core/outcome.ts';
import { STAGES } from '../../specs/controls/control.ts';
import { EXAMPLE_CATALOGUE } from './example/catalogue.ts';
import type { Results, WaiverResult } from './model.ts';
import { fold } from './results.ts';
import { WAIVER_FINDINGS, WAIVER_STATES, waiverFindingWord } from './waivers.ts';

const MACHINES = ['win7', 'win8', 'win81'] as const;
/** Two are required, the last one is recommended. */
const CONTROLS = ['audit.ip', 'tls.client-enabled', 'tls.winhttp-wow64'] as const;

/** How each control ended on each machine of a run of 2026-11-21, and what was waived. */
function run(
  outcomes: Readonly<Record<string, Readonly<Record<string, Outcome>>>>,
  waivers: readonly Waiver[],
): Results {
  const machines = Object.keys(outcomes);
  const events: RunEvent[] = [
    {
      type: 'run-started',
      run: 'r1',
      plan: {
        machines: machines.map((name) => ({ name, os: name, provider: 'virtualbox', stages: STAGES })),
        controls: CONTROLS,
        waivers,
        lab: false,
        versions: {},
        package: { path: 'x.msi', sha256: 'ab' },
        arguments: [],
      },
    },
    ...machines.flatMap((machine): RunEvent[] => [
      { type: 'machine-started', machine, pid: 1 },
      ...Object.entries(outcomes[machine] ?? {}).map(([control, outcome]): RunEvent => ({
        type: 'control',
        machine,
        stage: 'checks',
        control,
        outcome,
        summary: `${outcome} it is`,
        ms: 1,
        evidence: [],
      })),
      { type: 'machine-ended', machine, how: 'completed' },
    ]),
  ];
  const recorded = events.map((event, i): Recorded => ({
    seq: i + 1,
    at: '2026-11-21T09:30:00.000Z',
    ...event,
  }));
  return fold(recorded, EXAMPLE_CATALOGUE);
}

/** `audit.ip` as it ended on each machine; the other controls passed. */
const ended = (...outcomes: readonly Outcome[]) =>
  Object.fromEntries(
    outcomes.map((outcome, i) => [
      MACHINES[i] ?? '',
      { 'tls.client-enabled': 'pass', 'tls.winhttp-wow64': 'pass', 'audit.ip': outcome } as const,
    ]),
  );

const WAIVER: Waiver = {
  control: 'audit.ip',
  machines: ['win7'],
  reason: 'The new address is not routed yet.',
  owner: 'Network',
  expires: '2027-03-31',
};

describe('waivers', () => {
  const resultOf = (outcomes: readonly Outcome[], more: Partial<Waiver> = {}): WaiverResult =>
    run(ended(...outcomes), [{ ...WAIVER, ...more }]).waivers[0]!;
  const kindsOf = ({ findings }: WaiverResult): string[] => findings.map(({ kind }) => kind);

  it('that are in force and needed are used, and there is nothing to say about them', () => {
    expect(resultOf(['fail', 'pass', 'pass'])).toEqual({
      ...WAIVER,
      state: 'used',
      covered: ['win7'],
      findings: [],
    });
  });

  const cases: readonly (readonly [string, readonly Outcome[], Partial<Waiver>, Record<string, string>])[] = [
    [
      'expired',
      ['pass'],
      { expires: '2026-11-20' },
      { expired: 'Not in force since 2026-11-21: where the control is not met, it counts as failed.' },
    ],
    [
      'expired while the control fails',
      ['fail'],
      { expires: '2026-10-31' },
      {
        expired: 'Not in force since 2026-11-01: ',
        failsExpired: 'Not met on win7: the waiver has expired.',
      },
    ],
    ['end today', ['fail'], { expires: '2026-11-21' }, { expiresSoon: 'Ends with the day of this run.' }],
    ['end tomorrow', ['fail'], { expires: '2026-11-22' }, { expiresSoon: 'Ends 1 day after this run.' }],
    ['end in 30 days', ['fail'], { expires: '2026-12-21' }, { expiresSoon: 'Ends 30 days after this run.' }],
    ['end in 31 days', ['fail'], { expires: '2026-12-22' }, {}],
    ['end in a year', ['fail'], { expires: '2027-11-21' }, {}],
    [
      'last longer',
      ['fail'],
      { expires: '2027-11-22' },
      { long: 'In force until 2027-11-22, more than a year' },
    ],
    [
      'are for no machine in particular, while one fails',
      ['fail', 'pass'],
      { machines: undefined },
      { everywhere: 'For all machines, but only on win7 the control is not met.' },
    ],
    ['are for all machines, while all fail', ['fail', 'fail'], { machines: undefined }, {}],
    [
      'do not name a machine that fails',
      ['fail', 'fail'],
      {},
      { failsElsewhere: 'Not met on win8, which it does not name.' },
    ],
    [
      'are for a control that could not be checked',
      ['error', 'error'],
      {},
      { notChecked: 'Could not be checked on win7: no waiver covers that.' },
    ],
    [
      'are not needed',
      ['pass', 'fail'],
      {},
      { failsElsewhere: '', unused: 'Nothing to waive: passed on win7.' },
    ],
    [
      'are of a control that does not apply',
      ['notApplicable'],
      {},
      { unused: 'Nothing to waive: not applicable on win7.' },
    ],
    [
      'are of a control that was left out',
      ['skipped'],
      {},
      { undecided: 'Nothing was waived: skipped on win7.' },
    ],
    [
      'are for machines that are not in the run',
      ['pass'],
      { machines: ['win7', 'win81'] },
      { undecided: 'Nothing was waived: passed on win7; not in this run: win81.' },
    ],
    [
      'are of a control that is not in the run',
      ['pass'],
      { control: 'proxy.cdn' },
      { undecided: 'Nothing was waived: the control was not part of this run.' },
    ],
  ];
  for (const [what, outcomes, more, findings] of cases) {
    it(`that ${what} are said to be: ${Object.keys(findings).join(', ') || 'nothing'}`, () => {
      const result = resultOf(outcomes, more);
      expect(kindsOf(result)).toEqual(Object.keys(findings));
      result.findings.forEach(({ kind, says }) => expect(says).toContain(findings[kind] ?? ''));
    });
  }

  it('have every kind of finding shown by an example here', () => {
    const shown = new Set<string>(cases.flatMap(([, , , findings]) => Object.keys(findings)));
    expect(WAIVER_FINDINGS.filter((kind) => !shown.has(kind))).toEqual([]);
    expect(WAIVER_FINDINGS.map(waiverFindingWord).every((word) => word !== '')).toBe(true);
  });

  it('of which two would do are the one that lasts longer', () => {
    const waivers = [WAIVER, { ...WAIVER, owner: 'Security', expires: '2027-04-30' }];
    const results = run(ended('fail'), waivers);
    expect(results.waivers.map(({ owner, state }) => [owner, state])).toEqual([
      ['Security', 'used'],
      ['Network', 'unused'],
    ]);
  });

  describe('of any kind', () => {
    const day = fc
      .integer({ min: -400, max: 800 })
      .map((days) => new Date(Date.UTC(2026, 10, 21) + days * 86_400_000).toISOString().slice(0, 10));
    const waiver: fc.Arbitrary<Waiver> = fc.record({
      control: fc.constantFrom(...CONTROLS, 'no.such'),
      machines: fc.option(fc.uniqueArray(fc.constantFrom(...MACHINES, 'win9'), { minLength: 1 }), {
        nil: undefined,
      }),
      reason: fc.constantFrom('First reason', 'Second reason'),
      owner: fc.constantFrom('Network', 'Quality'),
      expires: day,
    });
    const decided = OUTCOMES.filter((outcome) => outcome !== 'waived');
    const outcomes = fc.dictionary(fc.constantFrom(...CONTROLS), fc.constantFrom(...decided));
    const machines = fc.dictionary(fc.constantFrom(...MACHINES), outcomes, { minKeys: 1 });
    const waivers = fc.array(waiver, { maxLength: 6 });
    const cellsOf = ({ machines: all }: Results) =>
      all.flatMap(({ name, controls }) => controls.map((control) => ({ machine: name, ...control })));

    it('change a failure that they cover, and nothing else', () => {
      fc.assert(
        fc.property(machines, waivers, (story, list) => {
          const before = cellsOf(run(story, []));
          cellsOf(run(story, list)).forEach((cell, i) => {
            const covers = list.some(
              ({ control, machines: names, expires }) =>
                control === cell.id && (names?.includes(cell.machine) ?? true) && expires >= '2026-11-21',
            );
            const outcome = before[i]!.outcome === 'fail' && covers ? 'waived' : before[i]!.outcome;
            const by = outcome === 'waived' ? expect.objectContaining({ owner: expect.any(String) }) : null;
            expect(cell).toEqual({ ...before[i], outcome, waiver: by });
          });
        }),
        { numRuns: 60 },
      );
    });

    it('each have a state that fits what they cover, and a finding unless they are used', () => {
      fc.assert(
        fc.property(machines, waivers, (story, list) => {
          const results = run(story, list);
          expect(results.waivers).toHaveLength(list.length);
          for (const { state, covered, findings, expires } of results.waivers) {
            expect(WAIVER_STATES).toContain(state);
            expect(state === 'used').toBe(covered.length > 0);
            expect(state === 'expired').toBe(expires < '2026-11-21');
            if (state !== 'used') expect(findings).not.toEqual([]);
          }
          const covered = results.waivers.reduce((sum, each) => sum + each.covered.length, 0);
          expect(covered, 'each waived control has one waiver').toBe(results.counts.waived);
        }),
        { numRuns: 100 },
      );
    });

    it('give the same results in whatever order they stand', () => {
      const shuffled = waivers.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      );
      fc.assert(
        fc.property(machines, shuffled, (story, [list, other]) => {
          expect(run(story, other)).toEqual(run(story, list));
        }),
        { numRuns: 60 },
      );
    });
  });
});
