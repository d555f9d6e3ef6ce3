import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { since } from '../core/clock.ts';
import { type ExitCode, EXIT_CODE } from '../core/exit-code.ts';
import { Journal, type Recorded, readJournal, type RunPlan, type Waiver } from '../core/journal.ts';
import type { MachineConfig } from '../config/schema.ts';
import type { Control, Stage } from '../../specs/controls/control.ts';
import type { AskFor } from './asking.ts';
import { pointLatestTo, runFolder, runName } from './folder.ts';
import { startMachineProcess } from './machine-process.ts';

export interface RunRequest {
  readonly configFile: string | undefined;
  readonly lab: boolean;
  readonly machines: readonly MachineConfig[];
  readonly stages: readonly Stage[];
  readonly controls: readonly Control[];
  readonly waivers: readonly Waiver[];
  readonly packagePath: string;
  readonly previousPackage: string | undefined;
  readonly asIs: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: Recorded) => void;
  /** Asks a person at the terminal for a machine. */
  readonly ask: AskFor;
  /** Decides the exit code from the events, when the machines have ended. */
  readonly judge: (events: readonly Recorded[]) => ExitCode;
  /** What must be put right afterwards, whatever happened; runs before the run is called ended. */
  readonly tidyUp: () => Promise<void>;
}

/** Runs the story on all machines side by side; each in its own process. Returns the run's folder and exit code. */
export async function runMachines(request: RunRequest): Promise<{ folder: string; exitCode: ExitCode }> {
  const began = performance.now();
  const name = runName(request.lab);
  const journal = new Journal(runFolder(name));
  journal.onEvent(request.onEvent);
  pointLatestTo(name);
  journal.append({ type: 'run-started', run: name, plan: planOf(request) });

  const processes = request.machines.map(({ name: machine }) =>
    startMachineProcess(
      {
        machine,
        configFile: request.configFile,
        runFolder: journal.folder,
        packagePath: request.packagePath,
        previousPackage: request.previousPackage,
        stages: request.stages,
        asIs: request.asIs,
      },
      { onEvent: (event) => journal.append(event), ask: request.ask },
    ),
  );
  const abort = () => processes.forEach((one) => one.abort());
  request.signal.addEventListener('abort', abort, { once: true });
  if (request.signal.aborted) abort();
  await Promise.all(processes.map((one) => one.ended));
  request.signal.removeEventListener('abort', abort);
  await request.tidyUp();

  const exitCode = request.signal.aborted
    ? EXIT_CODE.interrupted
    : request.judge(readJournal(journal.folder));
  journal.append({ type: 'run-ended', exitCode, ms: since(began) });
  return { folder: journal.folder, exitCode };
}

function planOf(request: RunRequest): RunPlan {
  return {
    machines: request.machines.map(({ name, os, provider }) => ({
      name,
      os,
      provider,
      stages: request.stages,
    })),
    controls: request.controls.map((control) => control.id),
    waivers: request.waivers,
    lab: request.lab,
    versions: request.versions,
    package: {
      path: request.packagePath,
      sha256: createHash('sha256').update(readFileSync(request.packagePath)).digest('hex'),
    },
    arguments: process.argv.slice(2),
  };
}
