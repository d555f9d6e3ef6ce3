import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Fault } from '../core/errors.ts';
import { redactedJson } from '../core/secret.ts';
import { prepareGuestFiles } from '../lab/guest/prepare.ts';
import { checkNamespaces } from '../lab/guest/power.ts';
import { FAULTS, loadFaults, selectFaults } from '../prove/load.ts';
import { renderMatrix, renderProgress } from '../prove/matrix.ts';
import { htmlProof } from '../prove/page.ts';
import { prove as proveFaults, usualJobs } from '../prove/prove.ts';
import { painter } from '../report/ansi.ts';
import { runFolder, runName } from '../run/folder.ts';
import { CATALOGUE } from '../../specs/controls/catalogue.ts';
import { terminal } from './report.ts';

export interface ProveOptions {
  readonly only: string[];
  readonly json: boolean;
  readonly jobs?: string;
}

/** `sspr prove`: seeds faults into labs of its own, and shows that each is caught by the controls that should, and by no others. */
export async function prove(options: ProveOptions, signal: AbortSignal): Promise<number> {
  const faults = selectFaults(loadFaults(FAULTS, CATALOGUE), options.only);
  const jobs = options.jobs === undefined ? usualJobs(faults.length) : numberOf(options.jobs);
  checkNamespaces();
  const progress = options.json ? process.stderr : process.stdout;
  const say = (line: string): void => void progress.write(`${line}\n`);
  const standIn = await prepareGuestFiles(say);
  const folder = runFolder(`prove-${runName(false)}`);
  mkdirSync(folder, { recursive: true });
  const paint = painter(terminal().color && !options.json);
  say(
    `Seeds ${faults.length} faults, ${jobs} labs side by side; everything is kept in ${relative(process.cwd(), folder)}`,
  );

  const proof = await proveFaults({
    faults,
    catalogue: CATALOGUE,
    all: options.only.length === 0,
    folder,
    jobs,
    standIn: standIn.msi,
    signal,
    onResult: (result, done, of) => say(renderProgress(result, [done, of], paint)),
  });
  const json = `${JSON.stringify(JSON.parse(redactedJson(proof)), null, 2)}\n`;
  writeFileSync(join(folder, 'prove.json'), json);
  writeFileSync(join(folder, 'prove.html'), htmlProof(proof));
  const reportPath = relative(process.cwd(), join(folder, 'prove.html'));
  process.stdout.write(options.json ? json : `\n${renderMatrix(proof, { ...terminal(), reportPath })}`);
  return proof.exitCode;
}

/** More labs than this no host has memory for. */
const MOST_JOBS = 32;

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_JOBS) return number;
  throw new Fault(`--jobs: found ${JSON.stringify(text)}; expected a whole number from 1 to ${MOST_JOBS}`, {
    code: 'bad-jobs',
    blame: 'config',
    remedy: 'Leave it out: then it goes by the memory and the processors of this host.',
  });
}
