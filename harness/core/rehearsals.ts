/**
 * Why the portal does not let a user reset the password, as the configuration names it. Numbers: facts 6.6. Who is
 * `cancelled` could, and changes his mind.
 */
export const REFUSALS = [
  'notRegistered',
  'authenticatorOnly',
  'policyOff',
  'notLicensed',
  'notInGroup',
  'blocked',
  'cancelled',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** What is done wrong once, on purpose, on the way of a reset that then goes through. */
export const TRIALS = ['wrongCode', 'weakPassword'] as const;
export type Trial = (typeof TRIALS)[number];
