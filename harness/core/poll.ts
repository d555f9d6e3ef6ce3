import type { Deadline } from './deadline.ts';

export interface PollOptions {
  readonly deadline: Deadline;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
}

/** What a look found: done with a value, or not yet, with what was seen instead. */
export type Look<T> =
  { readonly done: true; readonly value: T } | { readonly done: false; readonly seen: string };

/**
 * Looks until a look is done. An error thrown by a look ends the wait: decide in the look what "not yet" means.
 * @throws Fault `timed-out` that names what was last seen, or `interrupted`
 */
export async function poll<T>(look: () => Promise<Look<T>>, { deadline, everyMs }: PollOptions): Promise<T> {
  for (;;) {
    const found = await look();
    if (found.done) return found.value;
    deadline.check(found.seen);
    await deadline.sleep(everyMs);
    deadline.check(found.seen);
  }
}
