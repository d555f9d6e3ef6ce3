import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Recorded } from '../core/journal.ts';
import { notSeeded } from './doors.ts';
import type { Moment, Step } from './fault.ts';
import { runBelow } from './lab.ts';

/** Milliseconds between two looks at the journal of the run. */
const LOOK_MS = 50;

/** What a fault still has to do while its run goes on. */
export interface Watch {
  /** To be called when the run has ended. @throws what a step threw, and Fault `not-seeded` for a moment that never came */
  ended(): Promise<void>;
}

/** Takes the steps of each moment as soon as the journal of the run says that it has come. */
export function watch(
  results: string,
  moments: readonly Moment[],
  take: (steps: readonly Step[]) => Promise<void>,
): Watch {
  const over = { yes: false };
  const waiting = [...moments];
  const work = (async () => {
    let seen = 0;
    while (waiting.length > 0) {
      const last = over.yes;
      const events = journal(results);
      for (const event of events.slice(seen)) {
        const due = waiting.filter((moment) => hasCome(moment, event));
        for (const moment of due) {
          waiting.splice(waiting.indexOf(moment), 1);
          await take(moment.seed);
        }
      }
      seen = events.length;
      if (last) break;
      await delay(LOOK_MS);
    }
  })();
  // It is looked at when the run has ended.
  work.catch(() => undefined);
  return {
    async ended() {
      over.yes = true;
      await work;
      const [missed] = waiting;
      if (missed)
        throw notSeeded(
          `the moment never came: ${missed.when} stage ${missed.stage}${missed.says === undefined ? '' : `, "${missed.says}"`}`,
        );
    },
  };
}

/** Whether an event is the moment. */
export function hasCome({ when, stage, says }: Moment, event: Recorded): boolean {
  if (!('stage' in event) || event.stage !== stage) return false;
  if (when === 'after') return event.type === 'stage-ended';
  if (says === undefined) return event.type === 'stage-started';
  const text =
    event.type === 'step'
      ? event.text
      : event.type === 'frame'
        ? event.caption
        : event.type === 'control'
          ? event.control
          : '';
  return text.toLowerCase().includes(says.toLowerCase());
}

/** What stands in the journal so far; a line that is being written is left out. */
function journal(results: string): Recorded[] {
  const run = runBelow(results);
  if (run === undefined || !existsSync(join(run, 'events.jsonl'))) return [];
  const lines = readFileSync(join(run, 'events.jsonl'), 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Recorded);
}
