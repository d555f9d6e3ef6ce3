import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { poll } from '../../core/poll.ts';
import type { Directory, MailMessage } from '../../directory/directory.ts';
import type { CodeSource } from './code-source.ts';

const EVERY_MS = 1000;
/** Our clock and the tenant's may differ; what was there before is known by its id. */
const CLOCK_SKEW_MS = 10 * 60_000;

/** Codes that the portal sends to a mailbox of the tenant, read through Graph. */
export function mailboxCodeSource(directory: Pick<Directory, 'messages'>, mailbox: string): CodeSource {
  return {
    method: 'email',
    async watch(deadline) {
      const since = new Date(Date.now() - CLOCK_SKEW_MS).toISOString();
      const messages = (limit: Deadline) => directory.messages(mailbox, since, limit);
      const old = new Set((await messages(deadline)).map(({ id }) => id));
      return { next: (limit) => nextCode(messages, old, mailbox, limit) };
    },
  };
}

async function nextCode(
  messages: (deadline: Deadline) => Promise<readonly MailMessage[]>,
  old: ReadonlySet<string>,
  mailbox: string,
  deadline: Deadline,
): Promise<string> {
  const look = async () => {
    const arrived = (await messages(deadline)).filter(({ id }) => !old.has(id));
    const code = arrived.map(({ text }) => codeIn(text)).find((found) => found !== undefined);
    if (code !== undefined) return { done: true, value: code } as const;
    return { done: false, seen: `${arrived.length} new messages without a code` } as const;
  };
  try {
    return await poll(look, { deadline, everyMs: EVERY_MS });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'timed-out') throw error;
    throw new Fault(
      `No verification code arrived in ${mailbox} within ${Math.round(deadline.budgetMs / 1000)} s`,
      {
        code: 'code-not-received',
        blame: 'tenant',
        retryable: true,
        remedy:
          "Check that this mailbox is the user's registered alternate email, and look into its junk folder.",
        cause: error,
      },
    );
  }
}

/** The code in the text of a message: the number after "code is:", or the only one of 6 to 8 digits. */
export function codeIn(text: string): string | undefined {
  const named = /code(?: is)?\s*:?\s*(\d{6,8})(?!\d)/i.exec(text)?.[1];
  if (named !== undefined) return named;
  const numbers = new Set(text.match(/(?<![\d-])\d{6,8}(?![\d-])/g));
  return numbers.size === 1 ? [...numbers][0] : undefined;
}
