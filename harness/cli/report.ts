import { EXIT_CODE } from '../core/exit-code.ts';
import { writeReports } from '../report/write-reports.ts';
import { renderSummary } from '../report/summary.ts';
import { CATALOGUE } from '../../specs/controls/catalogue.ts';
import { LATEST } from '../run/folder.ts';

/** `sspr report`: everything but the events is derived, so it can be derived again. */
export async function report(folder = LATEST): Promise<number> {
  const { results, files } = await writeReports(folder, CATALOGUE);
  process.stdout.write(renderSummary(results, { ...terminal(), reportPath: files.html }));
  return EXIT_CODE.compliant;
}

/** What the terminal at the other end of stdout can show. */
export const terminal = () => ({
  columns: process.stdout.columns || 100,
  color: process.stdout.isTTY && process.env.NO_COLOR === undefined,
});
