import { Deadline, timedOut } from '../core/deadline.ts';
import { Fault, toFault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Ask } from '../logon/codes/verification.ts';
import type { Answer, Question } from './job.ts';

/** Asks at the terminal of the run for one of its machines. @throws Fault `nobody-to-ask`, `interrupted`, `timed-out` */
export type AskFor = (machine: string, question: string, deadline: Deadline) => Promise<Secret>;

/** The side of the machine's process: sends questions to the run, and hears its answers. */
export function askTheRun(send: (question: Question) => void): {
  readonly ask: Ask;
  readonly hear: (answer: Answer) => void;
} {
  const waiting = new Map<number, (answer: Answer) => void>();
  let asked = 0;
  return {
    ask: async (question, deadline) => {
      deadline.check();
      const id = ++asked;
      const timeIsUp = deadline.signal();
      try {
        return await new Promise<Secret>((resolve, reject) => {
          waiting.set(id, (answer) => {
            if (answer.kind === 'answer') resolve(new Secret(answer.answer));
            else reject(new Fault(answer.message, answer.detail));
          });
          timeIsUp.addEventListener('abort', () => reject(whyEnded(deadline)), { once: true });
          send({ kind: 'ask', id, question, withinMs: deadline.remaining() });
        });
      } finally {
        waiting.delete(id);
      }
    },
    hear: (answer) => waiting.get(answer.id)?.(answer),
  };
}

/** The side of the run: has the question of a machine answered, and always has something to send back. */
export async function answerFor(
  machine: string,
  { id, question, withinMs }: Question,
  ask: AskFor,
  gone: AbortSignal,
): Promise<Answer> {
  const deadline = Deadline.in(withinMs, `waiting for an answer at the terminal for ${machine}`, gone);
  try {
    return { kind: 'answer', id, answer: (await ask(machine, question, deadline)).reveal() };
  } catch (error) {
    const { message, code, blame, retryable, remedy } = toFault(error);
    return { kind: 'refusal', id, message, detail: { code, blame, retryable, remedy } };
  }
}

/** Why a deadline's signal has fired. */
export function whyEnded(deadline: Deadline): Fault {
  try {
    deadline.check();
  } catch (error) {
    return toFault(error);
  }
  // Timers may be early by a fraction of a millisecond.
  return timedOut(deadline.what, deadline.budgetMs);
}
