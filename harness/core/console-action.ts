import type { Trial } from './rehearsals.ts';

/** What is done at the console in a reset, in the order in which it can happen. */
export const CONSOLE_ACTIONS = [
  'tile-chosen',
  'link-clicked',
  'user-id-submitted',
  'verification-requested',
  'verification-submitted',
  'password-submitted',
  'success-seen',
] as const;

/** By which method a user proves who he is. The Authenticator app does not work at the logon screen. */
export const VERIFICATION_METHODS = ['email', 'sms', 'questions'] as const;
export type VerificationMethod = (typeof VERIFICATION_METHODS)[number];

/** One action with its instant; `success-seen` is what followed, and ends the list of a reset that went through. */
export interface ConsoleAction {
  readonly action: (typeof CONSOLE_ACTIONS)[number];
  /** ISO 8601 UTC by this host's clock. */
  readonly at: string;
  /** Of the two actions of a verification. */
  readonly method?: VerificationMethod;
  /** Done wrong on purpose: the same action follows, done right, unless the tenant accepts this one. */
  readonly trial?: Trial;
}
