import type { Secret } from '../../core/secret.ts';
import { codeIn } from './code-in-text.ts';
import { giveOut, wasGiven } from './given-codes.ts';

/** A message that may carry a code. Instants are milliseconds since 1970. */
export interface Message {
  /** Told from every other message of this source by it. */
  readonly id: string;
  readonly text: string;
  /** By the clock of what keeps the messages; undefined where nobody says it. */
  readonly receivedAt?: number | undefined;
  /** By the clock of who sent it. */
  readonly sentAt?: number | undefined;
}

/** The instants before which nothing can be dated that was asked for after the watch began, clocks being what they are. */
export type Earliest = Pick<Message, 'receivedAt' | 'sentAt'>;

export interface ArrivalRules {
  /** The user for whom the code is. */
  readonly upn: string;
  /** Addresses that stand in messages without saying for whom they are: the mailbox itself. */
  readonly neutral: readonly string[];
  readonly earliest: Earliest;
}

/** A code, or what there was instead. */
export type Taken = { readonly code: Secret } | { readonly seen: string };

/**
 * Decides which message carries the code that was asked for. Never one that was there before, is dated before, or names
 * another user only; never a code twice. Of several the newest: the portal forgets a code when it sends another.
 */
export class Arrivals {
  readonly #seen: Set<string>;

  /** @param there what was there before the code was asked for */
  constructor(
    private readonly rules: ArrivalRules,
    there: readonly Message[],
  ) {
    this.#seen = new Set(there.map(({ id }) => id));
  }

  /** @param messages newest first; they may be ones that were shown before */
  take(messages: readonly Message[]): Taken {
    const fresh = messages
      .filter(({ id }) => !this.#seen.has(id))
      .sort((one, other) => (other.receivedAt ?? 0) - (one.receivedAt ?? 0));
    const passedOver = new Map<string, number>();
    for (const message of fresh) {
      const judged = judge(message, this.rules);
      if ('code' in judged) {
        for (const { id } of fresh) this.#seen.add(id);
        return { code: giveOut(judged.code) };
      }
      passedOver.set(judged.because, (passedOver.get(judged.because) ?? 0) + 1);
    }
    const details = Array.from(passedOver, ([because, count]) => `${count} ${because}`).join(', ');
    return { seen: details === '' ? 'no new message' : `new messages: ${details}` };
  }
}

/** The code of a message, or why it is passed over, as it is told to a person. It never tells the code. */
function judge(
  message: Message,
  { upn, neutral, earliest }: ArrivalRules,
): { readonly code: string } | { readonly because: string } {
  if (isBefore(message, earliest)) return { because: 'dated before the request' };
  if (isForeign(message.text, upn, neutral)) return { because: 'for another user' };
  const code = codeIn(message.text);
  if (code === undefined) return { because: 'without a code' };
  return wasGiven(code) ? { because: 'with a code that was used before' } : { code };
}

const isBefore = (message: Message, earliest: Earliest): boolean =>
  (['receivedAt', 'sentAt'] as const).some(
    (date) => (message[date] ?? Infinity) < (earliest[date] ?? -Infinity),
  );

/** What user principal names and mail addresses are made of. */
const ADDRESS = /[A-Za-z0-9.!#$%&*+/=?^_{|}~'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/g;

/** Whether a message names users, but not this one. The portal's mails name the user; its text messages do not. */
function isForeign(text: string, upn: string, neutral: readonly string[]): boolean {
  const plain = (address: string): string => address.toLowerCase().replace(/^'/, '');
  const skipped = new Set(neutral.map(plain));
  const named = (text.match(ADDRESS) ?? []).map(plain);
  if (named.includes(plain(upn))) return false;
  return named.some((address) => !skipped.has(address));
}
