import { appendFileSync } from 'node:fs';
import * as z from 'zod';
import { Fault } from '../core/errors.ts';
import { readIfThere } from '../core/read-if-there.ts';
import { type Attempt, ATTEMPT_OUTCOMES, believable } from './budget.ts';

const entrySchema = z.discriminatedUnion('type', [
  /** The first line, and only that. */
  z.strictObject({ type: z.literal('ledger'), version: z.literal(1), tenantId: z.string() }),
  z.strictObject({
    type: z.literal('attempt'),
    id: z.uuid(),
    upn: z.string(),
    at: z.iso.datetime(),
    run: z.string(),
    machine: z.string(),
  }),
  z.strictObject({
    type: z.literal('outcome'),
    id: z.uuid(),
    outcome: z.enum(ATTEMPT_OUTCOMES),
    at: z.iso.datetime(),
  }),
  /** Says that the clock was found set back: what stands above was no later than this. */
  z.strictObject({ type: z.literal('clock'), at: z.iso.datetime() }),
]);

/** A line of the ledger, but for the first. */
export type Entry = Exclude<z.infer<typeof entrySchema>, { type: 'ledger' }>;

/** Put behind a line that was cut short when the next one is written. */
const CUT_SHORT = ' <- cut short';

/**
 * What all runs of this host have tried in one tenant: a file to which lines of JSON are added, never changed. Whoever
 * writes holds the lock of the pool; reading needs none.
 */
export class Ledger {
  constructor(
    readonly file: string,
    readonly tenantId: string,
  ) {}

  /**
   * All entries, the oldest first. A last line that was cut short does not count: what it should have announced was
   * not begun.
   * @throws Fault `account-ledger-unusable`, since what is not understood may be a try, and forgetting it may block a user
   */
  entries(): Entry[] {
    return this.#understood(this.#text()).entries;
  }

  /** Adds an entry; it has reached the disk when this returns. */
  append(entry: Entry): void {
    const text = this.#text();
    const { isNew } = this.#understood(text);
    const head = { type: 'ledger', version: 1, tenantId: this.tenantId };
    const added = (isNew ? [head, entry] : [entry]).map((line) => `${JSON.stringify(line)}\n`);
    appendFileSync(this.file, endOfLast(text) + added.join(''), { mode: 0o600, flush: true });
  }

  #understood(text: string): { isNew: boolean; entries: Entry[] } {
    const [head, ...lines] = this.#lines(text);
    if (!head) return { isNew: true, entries: [] };
    if (head.entry.type !== 'ledger' || head.entry.tenantId !== this.tenantId)
      throw this.#notUnderstood(
        head.number,
        `expected the head of the ledger of the tenant ${this.tenantId}`,
      );
    const begun = new Set<string>();
    const entries = lines.map(({ entry, number }) => {
      if (entry.type === 'ledger') throw this.#notUnderstood(number, 'found a second head');
      if (entry.type === 'attempt') begun.add(entry.id);
      if (entry.type === 'outcome' && !begun.has(entry.id))
        throw this.#notUnderstood(number, 'found the outcome of a try that is not above it');
      return entry;
    });
    return { isNew: false, entries };
  }

  /** Lines with their numbers, without those that were cut short. */
  #lines(text: string): { entry: z.infer<typeof entrySchema>; number: number }[] {
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    // Whole lines only, but for one whose end a person's editor has left out.
    if (isWhole(last)) lines.push(last);
    return lines.flatMap((line, index) => {
      if (line.endsWith(CUT_SHORT)) return [];
      const number = index + 1;
      try {
        return [{ entry: entrySchema.parse(JSON.parse(line)), number }];
      } catch (error) {
        throw this.#notUnderstood(number, 'found something else than a line of the ledger', error);
      }
    });
  }

  #text(): string {
    return readIfThere(this.file) ?? '';
  }

  #notUnderstood(line: number, found: string, cause?: unknown): Fault {
    return new Fault(`${this.file}:${line} is not understood: ${found}`, {
      code: 'account-ledger-unusable',
      blame: 'config',
      remedy:
        'Correct that line, or move the file away once no test user has been tried for 24 hours: a try that is forgotten may get a user blocked.',
      cause,
    });
  }
}

/** The attempts of one account that count, the oldest first, as far as their instants can be believed at `now`. */
export function attemptsOf(upn: string, entries: readonly Entry[], now: number): Attempt[] {
  const instants = believable(
    entries.map(({ at }) => Date.parse(at)),
    now,
  );
  const attempts = new Map<string, Attempt>();
  entries.forEach((entry, index) => {
    const at = instants[index] ?? now;
    if (entry.type === 'attempt' && isSameUser(entry.upn, upn))
      attempts.set(entry.id, { at, outcome: 'unknown' });
    const begun = entry.type === 'outcome' ? attempts.get(entry.id) : undefined;
    if (entry.type === 'outcome' && entry.outcome === 'turnedAway') attempts.delete(entry.id);
    else if (entry.type === 'outcome' && begun)
      attempts.set(entry.id, { at: Math.max(at, begun.at), outcome: entry.outcome });
  });
  return [...attempts.values()];
}

/** User principal names are the same in capitals. */
export const isSameUser = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

const isWhole = (line: string): boolean => {
  try {
    return entrySchema.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
};

/** What has to stand before a new line. */
function endOfLast(text: string): string {
  const last = text.slice(text.lastIndexOf('\n') + 1);
  return last === '' ? '' : isWhole(last) ? '\n' : `${CUT_SHORT}\n`;
}
