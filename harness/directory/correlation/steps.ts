import type { ConsoleAction, VerificationMethod } from '../../core/console-action.ts';
import type { DirectoryAudit } from '../directory.ts';
import type { Schedule } from './attempt.ts';
import { holds, type Span } from './attempt.ts';
import { instantOf, isFlow, plain } from './entries.ts';

type Action = ConsoleAction['action'];

/** One step of the flow as the audit log words it. */
interface Step {
  /** How the reason begins, in small letters. */
  readonly says: string;
  /** The action that it is the trace of. */
  readonly action: Action;
  /** It is dated after the first of these actions and before the last of those, whatever the tenant. */
  readonly after: Action;
  readonly before: Action;
  /** Shown beside its action; the others of the same action stand alone. */
  readonly paired: boolean;
}

/**
 * The texts that were observed in tenants (facts 5.4). They are not promised: an entry whose text is not among them is
 * joined by its time and its correlation id alone.
 */
const STEPS: readonly Step[] = [
  {
    says: 'user submitted their user id',
    action: 'user-id-submitted',
    after: 'user-id-submitted',
    before: 'verification-requested',
    paired: true,
  },
  {
    says: 'user was presented with verification options',
    action: 'user-id-submitted',
    after: 'user-id-submitted',
    before: 'verification-requested',
    paired: false,
  },
  {
    says: 'user started the ',
    action: 'verification-requested',
    after: 'verification-requested',
    before: 'verification-submitted',
    paired: true,
  },
  {
    says: 'user completed all verification steps',
    action: 'verification-submitted',
    after: 'verification-submitted',
    before: 'password-submitted',
    paired: false,
  },
  {
    says: 'user completed the ',
    action: 'verification-submitted',
    after: 'verification-submitted',
    before: 'password-submitted',
    paired: true,
  },
  {
    says: 'user submitted a new password',
    action: 'password-submitted',
    after: 'password-submitted',
    before: 'success-seen',
    paired: true,
  },
  {
    says: 'user successfully reset password',
    action: 'success-seen',
    after: 'password-submitted',
    before: 'success-seen',
    paired: true,
  },
];

/** Words by which the texts tell the method. */
const METHODS: readonly (readonly [word: string, method: VerificationMethod])[] = [
  ['email', 'email'],
  ['sms', 'sms'],
  ['question', 'questions'],
];

/** The step that an entry of the flow tells of; undefined for a text that is not known. */
export function stepOf(entry: DirectoryAudit): Step | undefined {
  if (!isFlow(entry)) return undefined;
  const reason = plain(entry.resultReason);
  return STEPS.find(({ says }) => reason.startsWith(says));
}

/** The method that a text names; undefined when it names none that is known. */
export function methodOf({ resultReason }: DirectoryAudit): VerificationMethod | undefined {
  const reason = plain(resultReason);
  return METHODS.find(([word]) => reason.includes(word))?.[1];
}

/** What the actions say of an entry: `fits` one of them, `contradicts` them, or they are `silent` about its text. */
export function judgeStep(entry: DirectoryAudit, schedule: Schedule): 'fits' | 'contradicts' | 'silent' {
  const step = stepOf(entry);
  if (step === undefined || !schedule.actions.some(({ action }) => action === step.action)) return 'silent';
  const span: Span = schedule.between(step.after, step.before);
  return holds(span, instantOf(entry)) ? 'fits' : 'contradicts';
}
