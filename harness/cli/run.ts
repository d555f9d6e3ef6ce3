import { relative } from 'node:path';
import { exitCodeOf, fold } from '../report/results.ts';
import { renderSummary } from '../report/summary.ts';
import { openTerminal, type Terminal } from '../report/terminal.ts';
import { writeReports } from '../report/write-reports.ts';
import { readLabState } from '../config/lab-state.ts';
import { loadConfig } from '../config/load.ts';
import type { MachineConfig } from '../config/schema.ts';
import { resolveAccess } from '../config/access.ts';
import { isLab, packagePath, previousPackagePath, resolveSettings } from '../config/settings.ts';
import { prepareGuestFiles } from '../lab/guest/prepare.ts';
import { stopLab } from '../lab/services.ts';
import { startReaper } from '../run/reaper.ts';
import { runMachines } from '../run/run.ts';
import { selectMachines, selectStages } from '../run/selection.ts';
import { CATALOGUE, FILES } from '../../specs/controls/catalogue.ts';
import { checkCatalogue } from '../../specs/controls/check-catalogue.ts';
import { HeldStream } from './asking/held-stream.ts';
import { askAtTerminal } from './asking/terminal-questions.ts';
import { checkCaptions } from './captions.ts';
import { ensureLab } from './lab.ts';
import { takeDown } from './lifecycle.ts';
import { checkPackage, checkTenant } from './preflight.ts';
import { terminal } from './report.ts';
import { toolVersions } from './versions.ts';
import { checkWaivers } from './waivers.ts';

export interface RunOptions {
  readonly stage: string[];
  readonly asIs: boolean;
  readonly keep: boolean;
  readonly config?: string;
}

const printLine = (text: string): void => void process.stdout.write(`${text}\n`);

/** `sspr run`: everything that can be wrong with the request is found before anything is touched. */
export async function run(
  names: readonly string[],
  options: RunOptions,
  signal: AbortSignal,
): Promise<number> {
  checkCatalogue(FILES);
  const loaded = loadConfig(options.config);
  const { config } = loaded;
  checkWaivers(loaded, CATALOGUE);
  checkCaptions(loaded);
  const lab = isLab(config);
  const machines = selectMachines(config.machines, names);
  const stages = selectStages(options.stage, options.asIs);
  const standIn = lab ? await prepareGuestFiles(printLine) : undefined;
  const access = resolveAccess(loaded);
  const installer = packagePath(loaded, standIn?.msi ?? '');
  await checkPackage(installer);
  const previousPackage = previousPackagePath(loaded, standIn?.previousMsi);
  if (previousPackage !== undefined) await checkPackage(previousPackage, 'package.previous');

  const leave = options.asIs || options.keep;
  const reaper = lab && !leave ? startReaper() : undefined;
  const labBefore = readLabState();
  let touched: readonly MachineConfig[] = [];
  const tidyUp = async () => {
    if (leave) return;
    await takeDown(touched, access);
    if (lab && !labBefore) await stopLab();
    // Whatever fails before this is left to the reaper.
    reaper?.dismiss();
  };
  let live: Terminal | undefined;
  try {
    const state = lab && !options.asIs ? await ensureLab(config) : labBefore;
    const chosen = { ...loaded, config: { ...config, machines: [...machines] } };
    await checkTenant(resolveSettings(chosen, state), stages, signal, printLine);
    const view = new HeldStream(process.stdout);
    const ask = askAtTerminal({
      input: process.stdin,
      view,
      aside: process.stderr,
      // As if the terminal had sent it: main.ts listens.
      interrupt: () => void process.emit('SIGINT'),
    });
    live = openTerminal({ ...terminal(), stream: view });
    touched = machines;
    const { folder, exitCode } = await runMachines({
      configFile: loaded.file,
      lab,
      machines,
      stages,
      controls: CATALOGUE,
      waivers: config.waivers,
      packagePath: installer,
      previousPackage,
      asIs: options.asIs,
      versions: toolVersions(),
      signal,
      onEvent: (event) => live?.event(event),
      ask,
      judge: (events) => exitCodeOf(fold(events, CATALOGUE)),
      tidyUp,
    });
    live.close();
    live = undefined;
    const { results, files } = await writeReports(folder, CATALOGUE);
    process.stdout.write(
      renderSummary(results, { ...terminal(), reportPath: relative(process.cwd(), files.html) }),
    );
    return exitCode;
  } catch (error) {
    live?.close();
    await tidyUp();
    throw error;
  }
}
