import { expect } from '@playwright/test';
import type { Outcome } from '../core/outcome.ts';
import type { Expectation, SeededFault } from './fault.ts';
import { alarms, type Decided, judge, type Observation } from './judge.ts';
import { exitCodeOf, resultOf } from './proof.ts';

const decided = (id: string, outcome: Outcome, more: Partial<Decided> = {}): Decided => ({
  id,
  outcome,
  severity: 'required',
  stage: 'checks',
  summary: `${id} is ${outcome}`,
  expected: null,
  observed: null,
  remediation: '',
  ...more,
});

const ran = (exit: number, ...controls: Decided[]): Observation => ({ exit, output: '', controls });

const fault = (
  expected: Readonly<Record<string, Outcome | Expectation>>,
  more: Partial<SeededFault> = {},
): SeededFault => ({
  id: 'one',
  title: 'One',
  source: 'facts 1.3',
  machine: { os: 'win7', language: 'en' },
  state: 'installed',
  stages: ['checks'],
  config: {},
  seed: [],
  follows: [],
  file: 'one.yaml',
  area: 'guest',
  text: '',
  expect: Object.fromEntries(
    Object.entries(expected).map(([id, one]) => [
      id,
      typeof one === 'string' ? { outcome: one, says: undefined } : one,
    ]),
  ),
  ...more,
});

const WELL = ran(0, decided('tls.a', 'pass'), decided('tls.b', 'pass'));
const kinds = (...[one, seeded, before = WELL]: [SeededFault, Observation, Observation?]) =>
  judge(one, before, seeded).map(({ kind, control }) => `${kind} ${control}`.trim());

describe('the judgement of a seeded fault', () => {
  it('is good when what is expected has changed, and nothing else', () => {
    expect(
      kinds(fault({ 'tls.a': 'fail' }), ran(1, decided('tls.a', 'fail'), decided('tls.b', 'pass'))),
    ).toEqual(['caught tls.a']);
    expect(kinds(fault({}), WELL)).toEqual([]);
  });

  it('names what was missed, what came out otherwise, and what alarmed without cause', () => {
    const seeded = ran(3, decided('tls.a', 'pass'), decided('tls.b', 'error'), decided('tls.c', 'fail'));
    const before = ran(0, decided('tls.a', 'pass'), decided('tls.b', 'pass'), decided('tls.c', 'pass'));
    expect(kinds(fault({ 'tls.a': 'fail', 'tls.b': 'fail' }, { exit: 3 }), seeded, before)).toEqual([
      'missed tls.a',
      'wrongOutcome tls.b',
      'falseAlarm tls.c',
    ]);
  });

  it('asks for the words, in whatever part of the verdict they stand', () => {
    const expected = { 'tls.a': { outcome: 'fail', says: 'DefaultSecureProtocols' } } as const;
    const says = (more: Partial<Decided>) => ran(1, decided('tls.a', 'fail', more), decided('tls.b', 'pass'));
    expect(kinds(fault(expected), says({ observed: 'defaultsecureprotocols = 0xa0' }))).toEqual([
      'caught tls.a',
    ]);
    expect(kinds(fault(expected), says({ remediation: 'Set DefaultSecureProtocols' }))).toEqual([
      'caught tls.a',
    ]);
    expect(kinds(fault(expected), says({}))).toEqual(['wrongWords tls.a']);
  });

  it('lets a control that still passes be caught by its words only', () => {
    const note = ran(0, decided('tls.a', 'pass', { summary: 'a strange root' }), decided('tls.b', 'pass'));
    expect(kinds(fault({ 'tls.a': { outcome: 'pass', says: 'strange' } }), note)).toEqual(['caught tls.a']);
    expect(kinds(fault({ 'tls.a': 'pass' }), note)).toEqual(['missed tls.a']);
  });

  it('lets what could not be checked any more follow, but neither a failure nor anything unnamed', () => {
    const one = fault({ 'tls.a': 'fail' }, { follows: ['tls.b', 'proxy.*'] });
    const after = (outcome: Outcome) => ran(1, decided('tls.a', 'fail'), decided('tls.b', outcome));
    expect(kinds(one, after('error'))).toEqual(['caught tls.a', 'followed tls.b']);
    expect(kinds(one, after('skipped'))).toEqual(['caught tls.a', 'followed tls.b']);
    expect(kinds(one, after('fail'))).toEqual(['caught tls.a', 'falseAlarm tls.b']);
    expect(kinds({ ...one, follows: [] }, after('error'))).toEqual(['caught tls.a', 'falseAlarm tls.b']);
  });

  it('derives the exit code from what is expected', () => {
    const failed = (severity: Decided['severity']) =>
      [decided('tls.a', 'fail', { severity }), decided('tls.b', 'pass')] as const;
    expect(kinds(fault({ 'tls.a': 'fail' }), ran(0, ...failed('required')))).toContain('wrongExit');
    expect(kinds(fault({ 'tls.a': 'fail' }), ran(0, ...failed('recommended')))).toEqual(['caught tls.a']);
    expect(kinds(fault({ 'tls.a': 'fail' }), ran(1, ...failed('recommended')))).toContain('wrongExit');
    const open = fault({}, { follows: ['tls.*'] });
    expect(kinds(open, ran(3, decided('tls.a', 'error'), decided('tls.b', 'pass')))).toEqual([
      'followed tls.a',
    ]);
    expect(kinds(fault({}, { exit: 3 }), WELL)).toEqual(['wrongExit']);
  });

  it('takes a refusal only where one is expected, and only with its words', () => {
    const refused: Observation = { exit: 2, output: 'error: package.path: not an MSI', controls: undefined };
    expect(kinds(fault({}, { refused: 'not an msi' }), refused)).toEqual(['caught']);
    expect(kinds(fault({}, { refused: 'secret' }), refused)).toEqual(['wrongWords']);
    expect(kinds(fault({}, { refused: 'not an msi', exit: 3 }), refused)).toEqual(['wrongExit']);
    expect(kinds(fault({}, { refused: 'not an msi' }), WELL)).toEqual(['notRefused']);
    expect(kinds(fault({ 'tls.a': 'fail' }), refused)).toEqual(['wrongExit']);
  });

  it('calls a run without a fault an alarm when anything is not as it should be', () => {
    const place = { os: 'win7', stages: ['checks'] };
    const of = (...controls: Decided[]) => alarms(ran(0, ...controls), place).map(({ control }) => control);
    expect(of(decided('a', 'pass'), decided('b', 'notApplicable'))).toEqual([]);
    expect(of(decided('a', 'fail'), decided('b', 'error'), decided('c', 'waived'))).toEqual(['a', 'b', 'c']);
    expect(of(decided('a', 'skipped', { stage: 'logon' }))).toEqual([]);
    expect(of(decided('a', 'skipped'))).toEqual(['a']);
    expect(
      of(decided('a', 'skipped', { summary: 'This needs a reset, which is not part of this run' })),
    ).toEqual([]);
    expect(alarms(ran(3, decided('a', 'pass')), place)).toMatchObject([{ kind: 'wrongExit' }]);
    const known = ran(
      0,
      decided('prerequisites.windows-8-documented', 'fail', { severity: 'informational' }),
    );
    expect(alarms(known, { ...place, os: 'win8' })).toEqual([]);
    expect(alarms(known, place)).toHaveLength(1);
  });

  it('never takes for proven what could not be tried', () => {
    expect(resultOf([], 'could not seed')).toBe('error');
    expect(exitCodeOf([{ result: 'proven' }, { result: 'error' }])).toBe(3);
    expect(exitCodeOf([{ result: 'error' }, { result: 'unproven' }])).toBe(1);
    expect(exitCodeOf([{ result: 'proven' }])).toBe(0);
  });
});
