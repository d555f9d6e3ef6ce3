import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { Secret } from '../../core/secret.ts';
import { type ArrivalRules, Arrivals, type Earliest, type Message } from './arrivals.ts';
import type { CodeSource } from './verification.ts';

/** Messages of one place while it is watched. */
export interface Inbox {
  readonly earliest: Earliest;
  /** The messages of late, newest first. What it returns at first was there before the code was asked for. */
  list(deadline: Deadline): Promise<readonly Message[]>;
  /** Never throws. */
  close(): Promise<void>;
}

export interface InboxSource extends Omit<ArrivalRules, 'earliest'> {
  readonly where: string;
  /** Milliseconds between two looks. */
  readonly everyMs: number;
  /** What to do when no code comes. */
  readonly remedy: string;
  open(deadline: Deadline): Promise<Inbox>;
}

/** A connection that is lost, or a server that is too busy, is tried again after this time, and then less often. */
const RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/** A source of codes that come as messages. */
export const inboxSource = (source: InboxSource): CodeSource => ({
  where: source.where,
  async watch(deadline) {
    const inbox = await source.open(deadline);
    try {
      const arrivals = new Arrivals(
        { ...source, earliest: inbox.earliest },
        await listAtLast(inbox, deadline, 1),
      );
      return {
        next: (limit) => nextCode(source, inbox, arrivals, limit),
        close: () => inbox.close(),
      };
    } catch (error) {
      await inbox.close();
      throw error;
    }
  },
});

async function nextCode(
  source: InboxSource,
  inbox: Inbox,
  arrivals: Arrivals,
  deadline: Deadline,
): Promise<Secret> {
  let seen = 'no new message';
  const look = async () => {
    const taken = arrivals.take(await listAtLast(inbox, deadline, Infinity));
    if ('code' in taken) return { done: true, value: taken.code } as const;
    seen = taken.seen;
    return { done: false, seen } as const;
  };
  try {
    return await poll(look, { deadline, everyMs: source.everyMs });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'timed-out') throw error;
    throw codeNotReceived(source, seen, deadline, error);
  }
}

/**
 * The messages, also after errors that may pass: a code that comes meanwhile is not lost.
 * @param retries how often it is tried again, at most until the deadline
 * @throws Fault the last such error
 */
async function listAtLast(inbox: Inbox, deadline: Deadline, retries: number): Promise<readonly Message[]> {
  let last: Fault | undefined;
  for (let tries = 0; ; tries++) {
    try {
      return await inbox.list(deadline);
    } catch (error) {
      if (!(error instanceof Fault) || !error.retryable) throw error;
      // That time is up says less than what went wrong before.
      if (last === undefined || error.code !== 'timed-out') last = error;
      if (tries >= retries) throw last;
      await deadline.sleep(Math.min(RETRY_MS * 2 ** tries, LONGEST_RETRY_MS));
      if (deadline.expired) throw last;
    }
  }
}

/** That nothing came in time. */
export const codeNotReceived = (
  { where, remedy }: Pick<InboxSource, 'where' | 'remedy'>,
  seen: string,
  deadline: Deadline,
  cause: unknown,
): Fault =>
  new Fault(
    `No verification code arrived in ${where} within ${Math.round(deadline.budgetMs / 1000)} s (${seen})`,
    { code: 'code-not-received', blame: 'tenant', retryable: true, remedy, cause },
  );
