import { couldNotCheck, fail, pass, skipped, type Verdict } from '../../harness/core/outcome.ts';
import type { Fault } from '../../harness/core/errors.ts';
import type { ResetPage } from '../../harness/logon/reset-page.ts';

/** How the one attempt of a run went: through, or stopped at a page by a fault. */
export type Attempt =
  { readonly done: true } | { readonly done: false; readonly reached: ResetPage; readonly fault: Fault };

/** The controls of the reset in the order of its pages: each is met when the page after it was reached. */
const MILESTONES = [
  { control: 'logon.reset-page-opens', metAt: 'user ID', said: 'The reset page opened' },
  { control: 'logon.user-id-accepted', metAt: 'verification method', said: 'The user ID was accepted' },
  { control: 'logon.verification-passed', metAt: 'new password', said: 'The verification passed' },
  { control: 'logon.password-reset', metAt: 'done', said: 'The password has been reset' },
] as const satisfies readonly { control: string; metAt: ResetPage | 'done'; said: string }[];

export type Milestone = (typeof MILESTONES)[number]['control'];
export const MILESTONE_CONTROLS: readonly Milestone[] = MILESTONES.map(({ control }) => control);

const PAGES: readonly (ResetPage | 'done')[] = [
  'logon screen',
  'user ID',
  'verification method',
  'verification code',
  'new password',
  'success',
  'done',
];

/**
 * Faults that are an answer: the screen said so in words. Everything else (time ran out, the console was lost, the
 * account is blocked, a picture with characters) leaves open what would have happened.
 */
const CONCLUSIVE: readonly string[] = [
  'link-absent',
  'reset-page-unreachable',
  'account-not-verified',
  'reset-not-enabled',
  'reset-not-possible',
  'not-registered',
  'password-refused',
];

/** That the portal offers only what does not work here is an answer; that the configuration lacks a method is not. */
const isConclusive = ({ code, blame }: Fault): boolean =>
  CONCLUSIVE.includes(code) || (code === 'verification-not-offered' && blame === 'tenant');

/** What ended an attempt before this page; undefined when it came there. */
export const stoppedBefore = (page: ResetPage, attempt: Attempt): Fault | undefined =>
  attempt.done || PAGES.indexOf(attempt.reached) >= PAGES.indexOf(page) ? undefined : attempt.fault;

/** Decides a control of the reset from how far the attempt came. */
export function judgeMilestone(control: Milestone, attempt: Attempt): Verdict {
  const milestone = MILESTONES.find((one) => one.control === control);
  if (!milestone) throw new TypeError(`${control} is no milestone`);
  if (attempt.done) return pass(milestone.said);
  const position = PAGES.indexOf(attempt.reached);
  if (position >= PAGES.indexOf(milestone.metAt)) return pass(milestone.said);

  const { fault, reached } = attempt;
  const detail = { expected: milestone.said, observed: fault.message, remediation: fault.remedy };
  const stopper = MILESTONES.find(({ metAt }) => position < PAGES.indexOf(metAt))?.control ?? control;
  const isEnd = control === 'logon.password-reset';
  if (!isConclusive(fault))
    return couldNotCheck(`The attempt stopped at "${reached}": ${fault.message}`, detail);
  if (control === stopper || isEnd)
    return fail(`The user cannot reset the password: ${fault.message}`, detail);
  return skipped(`The attempt did not come this far: it stopped at ${stopper}`, detail);
}
