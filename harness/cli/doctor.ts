import { Deadline, interrupted } from '../core/deadline.ts';
import { loadConfig } from '../config/load.ts';
import { checkCaptions } from './captions.ts';
import { examine, type Finding, type Group, type State } from './doctor/finding.ts';
import { exitCodeOf, printFinding, printSummary } from './doctor/print.ts';
import { examineSetUp } from './doctor/set-up.ts';
import { CATALOGUE } from '../../specs/controls/catalogue.ts';
import { terminal } from './report.ts';
import { checkWaivers } from './waivers.ts';

/** For all of it, in milliseconds; a tenant that throttles takes longest. */
const LONGEST_MS = 300_000;

/** `sspr doctor`: one line for each need, with the remedy where one is not met. Looks only, and touches nothing. */
export async function doctor({ config: file }: { config?: string }, signal: AbortSignal): Promise<number> {
  const loaded = loadConfig(file);
  checkWaivers(loaded, CATALOGUE);
  checkCaptions(loaded);
  const deadline = Deadline.in(LONGEST_MS, 'looking at the set-up', signal);
  const { groups, close } = examineSetUp(loaded, deadline);
  try {
    return exitCodeOf(await print(groups, deadline));
  } finally {
    await close();
  }
}

/**
 * Looks at everything at once, and prints in order.
 * @throws Fault `interrupted`
 */
async function print(groups: readonly Group[], deadline: Deadline): Promise<State[]> {
  const { color } = terminal();
  const options = { color, columns: process.stdout.columns || 80 };
  const states: State[] = [];
  for (const { title, lines } of groups.map(start)) {
    process.stdout.write(`${title}\n`);
    for (const { what, finding } of await lines) {
      const found = await finding;
      // Ctrl-C also ends the programs that were asked: what they say then means nothing.
      if (deadline.aborted) throw interrupted(deadline.what);
      states.push(found.state);
      process.stdout.write(printFinding(what, found, options));
    }
  }
  process.stdout.write(printSummary(states, options));
  return states;
}

interface Line {
  readonly what: string;
  readonly finding: Promise<Finding>;
}

function start({ title, examinations }: Group): { title: string; lines: Promise<Line[]> } {
  const lines = (async () =>
    (await examinations()).map((one) => ({ what: one.what, finding: heard(examine(one)) })))();
  return { title, lines: heard(lines) };
}

/** An interruption ends the first line that is waited for; the others must not count as unheard errors. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
