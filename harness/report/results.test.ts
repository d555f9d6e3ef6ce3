import { expect } from '@playwright/test';
import type { Recorded, RunEvent, RunPlan, Waiver } from '../core/journal.ts';
import { STAGES } from '../../specs/controls/control.ts';
import { EXAMPLE_CATALOGUE } from './example/catalogue.ts';
import { testFolder } from './example/folder.ts';
import { writeExample } from './example/journal.ts';
import type { ControlResult, Results } from './model.ts';
import { fold } from './results.ts';

const PLAN: RunPlan = {
  machines: [{ name: 'win7', os: 'win7', provider: 'virtualbox', stages: STAGES }],
  controls: ['tls.client-enabled', 'tls.winhttp-wow64', 'audit.ip'],
  lab: false,
  versions: {},
  package: { path: 'x.msi', sha256: 'ab' },
  arguments: [],
};

/** The events of a run, a second apart. */
const record = (...events: readonly RunEvent[]): Recorded[] =>
  events.map((event, i) => ({
    seq: i + 1,
    at: new Date(1_800_000_000_000 + i * 1000).toISOString(),
    ...event,
  }));

const started = (plan: Partial<RunPlan> = {}): RunEvent => ({
  type: 'run-started',
  run: 'r1',
  plan: { ...PLAN, ...plan },
});
const machine = 'win7';
const up: RunEvent = { type: 'machine-started', machine, pid: 1 };
const completed: RunEvent = { type: 'machine-ended', machine, how: 'completed' };
const decided = (
  control: string,
  outcome: ControlResult['outcome'],
  more: Partial<Extract<RunEvent, { type: 'control' }>> = {},
): RunEvent => ({
  type: 'control',
  machine,
  stage: 'checks',
  control,
  outcome,
  summary: `${outcome} it is`,
  ms: 5,
  evidence: [],
  ...more,
});
const stage = (name: string, ok: boolean): RunEvent[] => [
  { type: 'stage-started', machine, stage: name, title: name },
  { type: 'stage-ended', machine, stage: name, ms: 10, ok },
];
const fault = (name: string): RunEvent => ({
  type: 'fault',
  machine,
  stage: name,
  code: 'winrm-refused',
  blame: 'network',
  message: 'Nothing answers on port 5985.',
  remedy: 'Start WinRM.',
});

const foldAll = (...events: readonly RunEvent[]): Results => fold(record(...events), EXAMPLE_CATALOGUE);
const controlOf = (results: Results, id: string): ControlResult =>
  results.machines[0]!.controls.find((control) => control.id === id)!;
const allPass = PLAN.controls.map((id) => decided(id, 'pass'));

describe('results of a run', () => {
  const cases: readonly (readonly [string, readonly RunEvent[], Results['verdict'], number])[] = [
    ['all controls pass', [...allPass, completed], 'compliant', 0],
    [
      'a required control fails',
      [...allPass, decided('tls.client-enabled', 'fail'), completed],
      'notCompliant',
      1,
    ],
    [
      'only a recommended control fails',
      [...allPass, decided('tls.winhttp-wow64', 'fail'), completed],
      'compliant',
      0,
    ],
    [
      'a required control could not be checked',
      [...allPass, decided('audit.ip', 'error'), completed],
      'couldNotCheck',
      3,
    ],
    [
      'one fails and one could not be checked',
      [decided('tls.client-enabled', 'fail'), decided('audit.ip', 'error'), completed],
      'notCompliant',
      1,
    ],
    ['a control is never decided', [decided('tls.client-enabled', 'pass'), completed], 'couldNotCheck', 3],
    ['the machine is aborted', [...allPass, { ...completed, how: 'aborted' }], 'interrupted', 130],
    ['the journal breaks off', allPass, 'interrupted', 130],
    ['the process of the machine dies', [...allPass, { ...completed, how: 'died' }], 'couldNotCheck', 3],
    ['a fault is left', [...allPass, ...stage('down', false), fault('down'), completed], 'couldNotCheck', 3],
    [
      'a fault is overcome by another try',
      [...stage('up', false), fault('up'), ...stage('up', true), ...allPass, completed],
      'compliant',
      0,
    ],
  ];
  for (const [what, events, verdict, exitCode] of cases) {
    it(`is ${verdict} when ${what}`, () => {
      expect(foldAll(started(), up, ...events)).toMatchObject({ verdict, exitCode });
    });
  }

  it('could not check what was never started, and is interrupted when the run says so', () => {
    expect(foldAll(started())).toMatchObject({
      verdict: 'couldNotCheck',
      machines: [{ ended: 'notStarted' }],
    });
    expect(foldAll(started(), { type: 'run-ended', exitCode: 130, ms: 7 })).toMatchObject({
      verdict: 'interrupted',
      ms: 7,
    });
    expect(foldAll(started({ machines: [] }))).toMatchObject({ verdict: 'couldNotCheck' });
  });

  it('may be signed only when nothing was skipped and no lab took part', () => {
    const events = [up, ...allPass, completed];
    expect(foldAll(started(), ...events).signOff).toBe(true);
    expect(foldAll(started({ lab: true }), ...events).signOff).toBe(false);
    expect(foldAll(started(), ...events, decided('audit.ip', 'skipped')).signOff).toBe(false);
  });

  it('counts the last attempt and calls a control flaky that went differently before', () => {
    const results = foldAll(
      started(),
      up,
      decided('audit.ip', 'fail'),
      decided('audit.ip', 'pass'),
      decided('tls.client-enabled', 'pass'),
      decided('tls.client-enabled', 'pass'),
    );
    expect(controlOf(results, 'audit.ip')).toMatchObject({ outcome: 'pass', flaky: true });
    expect(controlOf(results, 'audit.ip').attempts.map((attempt) => attempt.outcome)).toEqual([
      'fail',
      'pass',
    ]);
    expect(controlOf(results, 'tls.client-enabled')).toMatchObject({ flaky: false });
  });

  it('takes title, severity and remediation from the catalogue, unless the verdict knows better', () => {
    const results = foldAll(
      started({ controls: ['audit.ip', 'new.one'] }),
      up,
      decided('audit.ip', 'fail', { remediation: 'Do this.' }),
      decided('new.one', 'fail'),
    );
    expect(controlOf(results, 'audit.ip')).toMatchObject({ severity: 'required', remediation: 'Do this.' });
    expect(controlOf(results, 'new.one')).toMatchObject({ title: 'new.one', severity: 'required' });
    expect(results.requirements[0]).toMatchObject({ family: 'audit', source: 'English document, line 74' });
  });

  it('names every planned control of every machine, however the run ended', () => {
    const machines = ['win7', 'win8'].map((name) => ({ name, os: name, provider: 'lab', stages: STAGES }));
    const results = foldAll(started({ machines }), up, decided('audit.ip', 'pass'));
    for (const { controls } of results.machines) {
      expect(controls.map((control) => control.id).sort()).toEqual([...PLAN.controls].sort());
    }
  });

  it('refuses a journal that does not begin', () => {
    expect(() => fold(record(up), [])).toThrow(expect.objectContaining({ code: 'journal-without-start' }));
  });
});

describe('a control that was never decided', () => {
  const summaryOf = (...events: readonly RunEvent[]): ControlResult =>
    controlOf(foldAll(started(), up, ...events), 'audit.ip');

  it('is skipped when its stage was not planned, and not applicable to another Windows', () => {
    const facts = [{ name: 'win8', os: 'win8', provider: 'lab', stages: ['facts'] }];
    const results = foldAll(
      started({ machines: facts, controls: ['audit.ip', 'prerequisites.service-pack'] }),
    );
    expect(controlOf(results, 'audit.ip')).toMatchObject({
      outcome: 'skipped',
      summary: 'Stage audit was not part of this run.',
    });
    expect(controlOf(results, 'prerequisites.service-pack').outcome).toBe('notApplicable');
  });

  it('says which fault kept the machine from its stage, whose it is and what to do', () => {
    expect(summaryOf(...stage('up', false), fault('up'), completed)).toMatchObject({
      outcome: 'error',
      summary:
        'Never decided: the machine did not get to stage audit because in stage up, Nothing answers on port 5985.',
      blame: 'network',
      remediation: 'Start WinRM.',
    });
  });

  it('says that its own stage stopped', () => {
    expect(summaryOf(...stage('audit', false), fault('audit'), completed).summary).toBe(
      'Never decided: stage audit stopped because Nothing answers on port 5985.',
    );
  });

  const endings = [
    ['aborted', 'the run was interrupted'],
    ['died', 'the process of the machine died'],
  ] as const;
  for (const [how, reason] of endings) {
    it(`says that ${reason}`, () => {
      expect(summaryOf({ type: 'machine-ended', machine, how }).summary).toContain(`because ${reason}.`);
    });
  }

  it('says that the journal breaks off, or that an earlier stage failed', () => {
    expect(summaryOf().summary).toContain('because the journal breaks off.');
    expect(summaryOf(...stage('install', false), completed).summary).toContain(
      'because stage install failed.',
    );
  });

  it('blames the harness when its stage ended well without deciding it', () => {
    expect(summaryOf(...stage('audit', true), completed)).toMatchObject({
      outcome: 'error',
      blame: 'harness',
      summary: 'Never decided: stage audit ended without deciding it.',
    });
  });
});

describe('a control that is waived', () => {
  const waiver: Waiver = {
    control: 'audit.ip',
    machines: [machine],
    reason: 'The new egress address is not routed yet.',
    owner: 'Network',
    // The first event is of 2027-01-15.
    expires: '2027-01-15',
  };
  const run = (outcome: ControlResult['outcome'], more: Partial<Waiver> = {}): Results =>
    foldAll(
      started({ waivers: [{ ...waiver, ...more }] }),
      up,
      ...allPass,
      decided('audit.ip', outcome, { expected: '192.0.2.1', observed: '192.0.2.2' }),
      completed,
    );

  it('keeps what was found, says who accepts it, and makes no machine non-compliant', () => {
    const results = run('fail');
    expect(results).toMatchObject({ verdict: 'compliant', exitCode: 0, counts: { waived: 1, fail: 0 } });
    expect(controlOf(results, 'audit.ip')).toMatchObject({
      outcome: 'waived',
      summary: 'fail it is',
      expected: '192.0.2.1',
      observed: '192.0.2.2',
      waiver: { owner: 'Network', reason: waiver.reason, expires: '2027-01-15' },
    });
    expect(controlOf(results, 'audit.ip').attempts.at(-1)?.outcome).toBe('fail');
    expect(results.waivers).toMatchObject([{ state: 'used', covered: [machine] }]);
  });

  it('fails when the waiver has expired, or is for another machine or another control', () => {
    for (const other of [
      { expires: '2027-01-14' },
      { machines: ['win8'] },
      { control: 'tls.client-enabled' },
    ]) {
      const results = run('fail', other);
      expect(results, JSON.stringify(other)).toMatchObject({ verdict: 'notCompliant', exitCode: 1 });
      expect(controlOf(results, 'audit.ip')).toMatchObject({ outcome: 'fail', waiver: null });
    }
  });

  it('is not one that could not be checked', () => {
    expect(run('error')).toMatchObject({ verdict: 'couldNotCheck', exitCode: 3, counts: { waived: 0 } });
  });

  it('goes by the day on which the run began, also when it ends on another', () => {
    const events = record(started({ waivers: [waiver] }), up, ...allPass, decided('audit.ip', 'fail'));
    const at = (i: number): string => (i === 0 ? '2027-01-15T23:59:59.999Z' : '2027-01-16T00:00:01.000Z');
    const results = fold(
      events.map((event, i) => ({ ...event, at: at(i) })),
      EXAMPLE_CATALOGUE,
    );
    expect(controlOf(results, 'audit.ip').outcome).toBe('waived');
  });

  it('is none in a journal from before there were waivers', () => {
    expect(foldAll(started(), up, decided('audit.ip', 'fail')).waivers).toEqual([]);
  });
});

describe('stages of a machine', () => {
  it('are in the order in which they began, then those that were not reached', () => {
    const [win7] = foldAll(started(), up, ...stage('up', true), ...stage('facts', false), {
      type: 'stage-started',
      machine,
      stage: 'install',
      title: 'Installs',
    }).machines;
    expect(win7!.stages.slice(0, 4).map(({ name, state, ms }) => [name, state, ms])).toEqual([
      ['up', 'ok', 10],
      ['facts', 'failed', 10],
      ['install', 'unfinished', null],
      ['reboot', 'notReached', null],
    ]);
  });
});

describe('the time line of a machine', () => {
  const timeline = (verdict: string, reason = ''): Extract<RunEvent, { type: 'timeline' }> => ({
    type: 'timeline',
    machine,
    stage: 'audit',
    user: 'anna@contoso.example',
    clock: { aheadSeconds: -1.5, uncertainSeconds: 0.5 },
    verdict,
    reason,
    delayMs: null,
    rows: [{ action: null, entry: null, differenceMs: null, own: true }],
  });

  it('is the last one that was recorded, whole', () => {
    const [win7] = foldAll(started(), up, timeline('unchecked'), timeline('matched', 'it is there')).machines;
    expect(win7!.timeline).toEqual({
      user: 'anna@contoso.example',
      clock: { aheadSeconds: -1.5, uncertainSeconds: 0.5 },
      verdict: 'matched',
      reason: 'it is there',
      delayMs: null,
      rows: [{ action: null, entry: null, differenceMs: null, own: true, unexplained: false }],
    });
  });

  it('takes what is not ours for unexplained, unless the journal says that it is from before the click', () => {
    const row = { action: null, entry: null, differenceMs: null };
    const rows = [
      { ...row, own: false },
      { ...row, own: false, unexplained: false },
      { ...row, own: false, unexplained: true },
    ];
    const told = foldAll(started(), up, { ...timeline('matched'), rows }).machines[0]!.timeline;
    expect(told!.rows.map(({ unexplained }) => unexplained)).toEqual([true, false, true]);
  });

  it('is none in a journal without, and decides nothing', () => {
    expect(foldAll(started(), up).machines[0]!.timeline).toBeNull();
    expect(foldAll(started(), up, ...allPass, timeline('missing'), completed).verdict).toBe('compliant');
  });
});

describe('the example run', () => {
  const folder = testFolder();

  it('is compliant without trouble, and tells its troubles apart with it', () => {
    expect(fold(writeExample(folder()), EXAMPLE_CATALOGUE)).toMatchObject({
      verdict: 'compliant',
      lab: true,
    });
    const troubled = fold(writeExample(folder(), { troubled: true }), EXAMPLE_CATALOGUE);
    expect(troubled.machines.map((each) => each.verdict)).toEqual([
      'notCompliant',
      'compliant',
      'couldNotCheck',
    ]);
    expect(troubled.machines[0]!.frames).toHaveLength(10);
  });
});
