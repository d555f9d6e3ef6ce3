import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../config/lab-state.ts';

/** Where the folders of the runs are. Another place is for tests. */
const RESULTS = process.env.SSPR_RESULTS_FOLDER ?? join(ROOT, 'test-results');

/** Points to the folder of the last run. */
export const LATEST = join(RESULTS, 'latest');

/** A run's name: when it began, in UTC, and `lab` when it says nothing about real machines. */
export const runName = (lab: boolean, now = new Date()): string =>
  `${now
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '')}${lab ? '-lab' : ''}`;

export const runFolder = (name: string): string => join(RESULTS, name);

/** Points test-results/latest at the run. */
export function pointLatestTo(name: string): void {
  rmSync(LATEST, { force: true });
  symlinkSync(name, LATEST);
}
