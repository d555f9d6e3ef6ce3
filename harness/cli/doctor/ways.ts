import type { AccountSettings, VerificationSettings } from '../../config/accounts.ts';
import type { VerificationMethod } from '../../core/console-action.ts';
import type { Deadline } from '../../core/deadline.ts';
import type { Directory } from '../../directory/directory.ts';
import { openVerifications } from '../../logon/codes/open.ts';
import type { CodeSource } from '../../logon/codes/verification.ts';
import { plural } from '../../report/text.ts';
import { nobodyToAsk } from '../asking/hidden-line.ts';
import type { Examination } from './finding.ts';

/** With what the ways of verification are looked at. */
export interface WayTools {
  /** Where the codes of a way arrive. */
  readonly source: (way: VerificationSettings, upn: string) => CodeSource | undefined;
  /** Whether a person sits at the standard input. */
  readonly isTerminal: boolean;
}

export const wayTools = (directory: Directory): WayTools => ({
  source: (way, upn) => {
    const ask = () => Promise.reject(nobodyToAsk());
    const [verification] = openVerifications([way], { directory, upn, ask });
    return verification?.method === 'questions' ? undefined : verification?.source;
  },
  isTerminal: process.stdin.isTTY,
});

/** For one source, in milliseconds; it is opened, and closed again. */
const OPENING_MS = 30_000;

const NAMES: Readonly<Record<VerificationSettings['by'], string>> = {
  mailbox: 'mailbox of codes',
  imap: 'IMAP mailbox',
  smsWebhook: 'SMS gateway',
  smsApi: 'SMS provider',
  questions: 'security questions',
  person: 'person',
};

/** By which method a way proves who the user is. */
export function methodOf(way: VerificationSettings): VerificationMethod {
  switch (way.by) {
    case 'mailbox':
    case 'imap':
      return 'email';
    case 'smsWebhook':
    case 'smsApi':
      return 'sms';
    case 'questions':
      return 'questions';
    case 'person':
      return way.method;
  }
}

/**
 * A line for each way in which an account proves who it is.
 * @param readMailbox looks into a mailbox of the tenant
 */
export function wayExaminations(
  { upn, verification }: AccountSettings,
  tools: WayTools,
  readMailbox: (mailbox: string) => Promise<unknown>,
  deadline: Deadline,
): readonly Examination[] {
  return verification.map((way) => ({
    what: NAMES[way.by],
    look: async () => {
      switch (way.by) {
        case 'mailbox':
          await readMailbox(way.mailbox);
          return `${way.mailbox} can be read`;
        case 'questions':
          return `${plural(way.answers.length, 'answer')} configured`;
        case 'person':
          if (!tools.isTerminal) throw nobodyToAsk();
          return `is asked at this terminal, and has ${way.withinSeconds} s`;
        case 'imap':
        case 'smsWebhook':
        case 'smsApi':
          return alone(() => open(tools.source(way, upn), deadline));
      }
    },
  }));
}

/** As at the beginning of a reset: signs in, opens the folder, takes the port; then lets go. */
async function open(source: CodeSource | undefined, deadline: Deadline): Promise<string> {
  if (!source) throw new TypeError('this way has a source of codes');
  const watch = await source.watch(deadline.within(OPENING_MS, `opening ${source.where}`));
  await watch.close();
  return `${source.where} can be opened`;
}

let before: Promise<unknown> = Promise.resolve();

/** One after the other: accounts may share a mailbox server or a port. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const turn = before.then(work);
  before = turn.catch(() => undefined);
  return turn;
}
