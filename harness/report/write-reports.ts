import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../core/errors.ts';
import { readJournal } from '../core/journal.ts';
import type { Control } from '../../specs/controls/control.ts';
import { htmlReport } from './html/report.ts';
import { junit } from './junit.ts';
import type { Results } from './model.ts';
import { fold } from './results.ts';

/** Full paths of what was written. */
export interface ReportFiles {
  readonly results: string;
  readonly junit: string;
  readonly html: string;
}

/**
 * The results of the run in this folder.
 * @throws Fault `no-journal` when the folder holds no events.jsonl
 */
export function readResults(folder: string, catalogue: readonly Control[]): Results {
  if (!existsSync(join(folder, 'events.jsonl'))) {
    throw new Fault(`There is no run in ${folder}: it holds no events.jsonl`, {
      code: 'no-journal',
      blame: 'config',
      remedy: 'Name the folder of a run below test-results, or start one with `npx sspr run`.',
    });
  }
  return fold(readJournal(folder), catalogue);
}

/** Writes results.json, by its schema, into the run's folder. */
export async function writeResults(folder: string, catalogue: readonly Control[]): Promise<Results> {
  const results = readResults(folder, catalogue);
  await writeFile(join(folder, 'results.json'), JSON.stringify(results, null, 2) + '\n');
  return results;
}

/** Derives every report from the events of a run, beside them in its folder. Can be done again at any time. */
export async function writeReports(
  folder: string,
  catalogue: readonly Control[],
): Promise<{ results: Results; files: ReportFiles }> {
  const results = await writeResults(folder, catalogue);
  const files = {
    results: join(folder, 'results.json'),
    junit: join(folder, 'junit.xml'),
    html: join(folder, 'report.html'),
  };
  await writeFile(files.junit, junit(results));
  await writeFile(files.html, await htmlReport(results, folder));
  return { results, files };
}
