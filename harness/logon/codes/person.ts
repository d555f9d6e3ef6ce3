import type { VerificationSettings } from '../../config/accounts.ts';
import type { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import { giveOut, wasGiven } from './given-codes.ts';
import { codeNotReceived } from './inbox.ts';
import type { Ask, CodeSource } from './verification.ts';

type PersonSettings = Extract<VerificationSettings, { by: 'person' }>;

const WHERE = 'the hands of a person';
const CARRIERS = { email: 'mail', sms: 'text message' } as const;

/** Codes that a person reads somewhere and types at the terminal of the run. */
export const personSource = (
  { method, phone, withinSeconds }: PersonSettings,
  ask: Ask,
  upn: string,
): CodeSource => ({
  where: WHERE,
  watch: () =>
    Promise.resolve({
      async next(deadline) {
        const limit = deadline.within(withinSeconds * 1000, 'waiting for a person to type the code');
        const to = phone === undefined ? '' : ` to ${phone}`;
        const question = `The code that ${upn} got by ${CARRIERS[method]}${to}`;
        try {
          return await askForCode(ask, question, limit);
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== 'timed-out') throw error;
          const remedy = 'Stay at the terminal while it runs, or raise withinSeconds in the configuration.';
          throw codeNotReceived({ where: WHERE, remedy }, 'nobody typed one', limit, error);
        }
      },
      close: () => Promise.resolve(),
    }),
});

/** Asks until the answer can be a code. */
async function askForCode(ask: Ask, question: string, deadline: Deadline): Promise<Secret> {
  for (let why = ''; ;) {
    deadline.check();
    const code = (await ask(`${why}${question}`, deadline)).reveal().replace(/\s/g, '');
    if (!/^\d{4,10}$/.test(code)) why = 'That is no code: it has 4 to 10 digits and nothing else. ';
    else if (wasGiven(code)) why = 'That code was used before: wait for the new one. ';
    else return giveOut(code);
  }
}
