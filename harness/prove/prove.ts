import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { since, utcNow } from '../core/clock.ts';
import { describe, toFault } from '../core/errors.ts';
import { redact } from '../core/secret.ts';
import type { Results } from '../report/model.ts';
import type { Control } from '../../specs/controls/control.ts';
import { type Bench, openDoor } from './doors.ts';
import { isMoment, type SeededFault, type Step } from './fault.ts';
import { alarms, judge, type Observation } from './judge.ts';
import { Lab, runBelow, type State } from './lab.ts';
import { merged } from './merged.ts';
import { watch } from './moments.ts';
import {
  type BaselineResult,
  catches,
  comparable,
  exitCodeOf,
  type FaultProof,
  type Proof,
  resultOf,
} from './proof.ts';
import { runConfig } from './run-config.ts';

export interface ProofOptions {
  readonly faults: readonly SeededFault[];
  readonly catalogue: readonly Control[];
  /** Where the proof and the reports of its runs are kept. */
  readonly folder: string;
  /** Whether these are all that there are: only then does it mean something that a control has caught none. */
  readonly all: boolean;
  /** How many labs work side by side. */
  readonly jobs: number;
  /** The stand-in package. */
  readonly standIn: string;
  readonly signal: AbortSignal;
  /** Called for everything that is through. */
  readonly onResult: (result: FaultProof | BaselineResult, done: number, of: number) => void;
}

/** What one lab with a machine and a browser takes, in bytes. */
const LAB_BYTES = 1.2 * 2 ** 30;

/** One lab more than processors, since each waits half of its time; what the memory holds; and no more than there is work. */
export const usualJobs = (faults: number): number =>
  Math.max(1, Math.min(availableParallelism() + 1, Math.floor(freemem() / LAB_BYTES), faults));

/** What is to be done: a run with a fault, or the one without that some faults are compared with. */
interface Job {
  readonly name: string;
  /** The fault; for a run without one, any of those that it serves. */
  readonly fault: SeededFault;
  readonly kind: 'baseline' | 'fault';
}

/** What a run has come to, or why it did not. */
interface Run {
  readonly observed: Observation | undefined;
  readonly error: string | null;
  readonly report: string | null;
  readonly tries: 1 | 2;
  readonly ms: number;
}

/**
 * Seeds each fault into a lab that is as new, runs the real command on it, and compares with a run without any fault.
 * @throws Fault `interrupted`; the labs are down then, too
 */
export async function prove(options: ProofOptions): Promise<Proof> {
  const { faults, catalogue, jobs, signal } = options;
  const [startedAt, began] = [utcNow(), performance.now()];
  const groups = groupsOf(faults);
  const baselines = new Map<string, Promise<Run>>();
  const tried = new Map<string, Run>();
  const settled = { faults: [] as FaultProof[], baselines: [] as BaselineResult[] };
  const queue = queueOf(groups);
  const total = queue.length;
  const work = mkdtempSync(join(tmpdir(), 'sspr-prove-'));
  const resolvers = new Map<string, (run: Run) => void>();
  for (const key of groups.keys()) baselines.set(key, new Promise((resolve) => resolvers.set(key, resolve)));

  const settle = (result: FaultProof | BaselineResult): void =>
    options.onResult(result, settled.faults.length + settled.baselines.length, total);
  const one = async (job: Job, lab: Lab): Promise<void> => {
    const key = comparable(job.fault);
    const before = tried.get(key);
    // Without anything to compare with, it would show nothing.
    const run =
      before && !before.observed ? { ...before, report: null, ms: 0 } : await tryJob(job, lab, options);
    if (job.kind === 'baseline') {
      resolvers.get(key)?.(run);
      tried.set(key, run);
      const result = baselineResult(job.fault, run, groups.get(key) ?? []);
      settled.baselines.push(result);
      settle(result);
      return;
    }
    const baseline = await baselines.get(key);
    const result = faultProof(job.fault, run, baseline);
    settled.faults.push(result);
    settle(result);
  };
  const worker = async (number: number): Promise<void> => {
    const lab = new Lab(join(work, String(number)), signal);
    try {
      for (;;) {
        const at = queue.findIndex(({ fault }) => lab.isPrepared(fault.machine, fault.state));
        const [job] = queue.splice(Math.max(0, at), 1);
        if (!job) return;
        await one(job, lab);
      }
    } finally {
      await lab.down();
    }
  };
  const workers = await Promise.allSettled(
    Array.from({ length: Math.min(jobs, total) }, (_, index) => worker(index + 1)),
  );
  rmSync(work, { recursive: true, force: true });
  const failed = workers.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;

  const order = new Map(faults.map(({ id }, index) => [id, index]));
  const inOrder = settled.faults.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  return {
    schema: 'sspr-logon-compliance/proof/1',
    startedAt,
    ms: since(began),
    all: options.all,
    jobs: Math.min(jobs, total),
    exitCode: exitCodeOf([...inOrder, ...settled.baselines]),
    baselines: settled.baselines,
    faults: inOrder,
    controls: catches(catalogue, inOrder),
  };
}

/** The faults that are compared with the same run. */
function groupsOf(faults: readonly SeededFault[]): Map<string, SeededFault[]> {
  const groups = new Map<string, SeededFault[]>();
  for (const fault of faults) {
    const key = comparable(fault);
    groups.set(key, [...(groups.get(key) ?? []), fault]);
  }
  return groups;
}

/** Machine by machine; what others are compared with comes before them. */
function queueOf(groups: ReadonlyMap<string, readonly SeededFault[]>): Job[] {
  const sorted = [...groups.values()].sort((a, b) => place(a).localeCompare(place(b)));
  return sorted.flatMap((group, index) => {
    const [first] = group;
    if (!first) return [];
    const baseline: Job = { name: `without-a-fault-${index + 1}`, fault: first, kind: 'baseline' };
    // A run that is refused is compared with nothing, but shows only beside one that is not that the fault refused it.
    return [baseline, ...group.map((fault): Job => ({ name: fault.id, fault, kind: 'fault' }))];
  });
}

const place = ([first]: readonly SeededFault[]): string =>
  first ? [first.machine.os, first.machine.language, first.state].join(' ') : '';

/** A run that could not be made says nothing, so it is made once more; one that has shown something never is. */
async function tryJob(job: Job, lab: Lab, options: ProofOptions): Promise<Run> {
  const run = await runJob(job, lab, options);
  if (run.observed) return run;
  rmSync(join(options.folder, 'runs', job.name), { recursive: true, force: true });
  return { ...(await runJob(job, lab, options)), tries: 2 };
}

async function runJob(job: Job, lab: Lab, { folder, faults, standIn, signal }: ProofOptions): Promise<Run> {
  const began = performance.now();
  const { fault, kind, name } = job;
  const home = join(folder, 'runs', name);
  const done = (run: Omit<Run, 'ms' | 'tries'>): Run => ({ ...run, tries: 1, ms: since(began) });
  const scratch = mkdtempSync(join(lab.folder, 'scratch-'));
  try {
    const services = await lab.renew(fault.machine, fault.state, statesOf(faults, fault));
    const run: Bench['run'] = {
      config: merged(runConfig(fault.machine), fault.config),
      environment: { SSPR_RESULTS_FOLDER: home },
    };
    const bench: Bench = {
      folder: dirname(fault.file),
      scratch,
      machine: fault.machine.os,
      machines: lab.machines,
      machineFolder: lab.machineFolder(fault.machine.os),
      lab: services,
      standIn,
      signal,
      run,
    };
    const seeds = kind === 'fault' ? fault.seed : [];
    const take = async (steps: readonly Step[]): Promise<void> => {
      for (const { door, value } of steps) await openDoor(door, value, bench);
    };
    await take(seeds.filter((one): one is Step => !isMoment(one)));
    mkdirSync(home, { recursive: true });
    const moments = watch(home, seeds.filter(isMoment), take);
    const { exit, output } = await lab.sspr(
      ['run', fault.machine.os, '--as-is', ...fault.stages.flatMap((stage) => ['--stage', stage])],
      run,
      scratch,
    );
    writeFileSync(join(home, 'output.txt'), output);
    await moments.ended();
    return done({ ...observationOf(home, exit, output), report: reportOf(home, folder) });
  } catch (error) {
    if (signal.aborted) throw error;
    const { code, remedy } = toFault(error);
    const todo = code === 'unexpected' ? '' : ` ${remedy}`;
    return done({
      observed: undefined,
      error: redact(`${describe(error)}.${todo}`),
      report: reportOf(home, folder),
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** All states in which the faults want machines of this kind, so that it is prepared only once. */
const statesOf = (faults: readonly SeededFault[], { machine }: SeededFault): ReadonlySet<State> =>
  new Set(
    faults
      .filter((one) => one.machine.os === machine.os && one.machine.language === machine.language)
      .map(({ state }) => state),
  );

/** What a run has shown; an error where it did not come to its end. */
function observationOf(home: string, exit: number, output: string): Pick<Run, 'observed' | 'error'> {
  const run = runBelow(home);
  if (run === undefined || !existsSync(join(run, 'results.json')))
    return { observed: { exit, output, controls: undefined }, error: null };
  const results = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8')) as Results;
  const [machine] = results.machines;
  if (machine?.ended !== 'completed')
    return {
      observed: undefined,
      error: `The run did not come to its end: ${machine?.ended ?? 'no machine'}`,
    };
  const broken = machine.faults.find(({ stage }) => stage === 'run');
  if (broken && machine.controls.every(({ attempts }) => attempts.length === 0))
    return { observed: undefined, error: `The run broke before it decided anything: ${broken.message}` };
  return { observed: { exit, output, controls: machine.controls }, error: null };
}

function reportOf(home: string, folder: string): string | null {
  const run = runBelow(home);
  const file = run && join(run, 'report.html');
  return file !== undefined && existsSync(file) ? relative(folder, file) : null;
}

const shared = (fault: SeededFault, run: Run) => ({
  machine: fault.machine.os,
  language: fault.machine.language,
  state: fault.state,
  stages: fault.stages,
  tries: run.tries,
  ms: run.ms,
  exit: run.observed?.exit ?? null,
  report: run.report,
});

function baselineResult(fault: SeededFault, run: Run, serves: readonly SeededFault[]): BaselineResult {
  const findings = run.observed ? alarms(run.observed, { os: fault.machine.os, stages: fault.stages }) : [];
  return {
    ...shared(fault, run),
    findings,
    error: run.error,
    result: resultOf(findings, run.error),
    serves: serves.map(({ id }) => id),
  };
}

function faultProof(fault: SeededFault, run: Run, baseline: Run | undefined): FaultProof {
  const { id, title, area, source, text } = fault;
  const error = baseline?.observed
    ? run.error
    : 'Not tried: the run without a fault, to compare with, could not be made';
  const findings = run.observed && baseline?.observed ? judge(fault, baseline.observed, run.observed) : [];
  return {
    id,
    title,
    area,
    source,
    text,
    ...shared(fault, run),
    findings,
    error,
    result: resultOf(findings, error),
  };
}
