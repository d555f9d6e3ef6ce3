import type { Secret } from '../../core/secret.ts';

/** What a user can have registered, in the words of Graph's `methodsRegistered`. */
export const REGISTRABLE = [
  'email',
  'mobilePhone',
  'microsoftAuthenticatorPush',
  'softwareOneTimePasscode',
  'securityQuestion',
] as const;
type RegistrableMethod = (typeof REGISTRABLE)[number];

/**
 * The methods that work at the logon screen. The Authenticator app does not: Microsoft's article of September 2018
 * rules out its notifications and codes for this release.
 */
const USABLE = ['email', 'mobilePhone', 'securityQuestion'] as const;
export type UsableMethod = (typeof USABLE)[number];
/** The methods that prove a user by a code that is sent. */
export type CodeMethod = Exclude<UsableMethod, 'securityQuestion'>;

/** A question that a user has registered, with the answer. */
export interface SecurityQuestion {
  readonly question: string;
  readonly answer: string;
}

/** What is counted by the hour: attempts to reset, wrong phone numbers, wrong answers to security questions. */
export type Counted = 'reset' | 'phone' | 'answers';

/** Whether a user may reset the password, or what stands against it: in the policy, or on the way to its master. */
export const STANDINGS = [
  'enabled',
  'notEnabled',
  'notLicensed',
  'notMember',
  'writebackOff',
  'onPremisesError',
  'onPremisesUnreachable',
] as const;
type Standing = (typeof STANDINGS)[number];

/** What is decided for this user by the policy, and not by the state of other services. */
const DECIDED_BY_POLICY: readonly Standing[] = ['notEnabled', 'notLicensed', 'notMember'];

export interface Account {
  readonly id: string;
  readonly userPrincipalName: string;
  readonly displayName: string;
  /** Where codes by e-mail go. */
  readonly alternateEmail: string;
  /** Where codes by text message go: `+CC NNNN`. */
  mobilePhone: string;
  /** They count only with `securityQuestion` among the methods. */
  securityQuestions: readonly SecurityQuestion[];
  accountEnabled: boolean;
  standing: Standing;
  methods: readonly RegistrableMethod[];
  /** Names of the directory roles that make an administrator of the user; test users have none. */
  directoryRoles: readonly string[];
  password: Secret;
  /** Milliseconds since 1970. */
  passwordChangedAt: number;
  registrationChangedAt: number;
  /** When each thing happened that is counted by the hour, milliseconds since 1970; emptied by a block. */
  counted: Readonly<Record<Counted, readonly number[]>>;
  /** Wrong codes since the last success. */
  wrongCodes: number;
  /** Milliseconds since 1970; 0 when not blocked. */
  blockedUntil: number;
}

/** A user name means the same in any case. */
export const sameName = (a: string, b: string): boolean => a.trim().toLowerCase() === b.toLowerCase();

/** What an administrator has decided that Graph's statements on an account depend on. */
interface RegistrationPolicy {
  readonly methodsRequired: number;
  readonly resetEnabled: boolean;
}

/** Graph's three statements on an account: registered (methods only), enabled (policy only), capable (both). */
export function registration(account: Account, { methodsRequired, resetEnabled }: RegistrationPolicy) {
  const isSsprRegistered = account.methods.length >= methodsRequired;
  const isSsprEnabled = resetEnabled && !DECIDED_BY_POLICY.includes(account.standing);
  return { isSsprRegistered, isSsprEnabled, isSsprCapable: isSsprRegistered && isSsprEnabled };
}

/** Nothing counted. */
export const NONE_COUNTED: Account['counted'] = { reset: [], phone: [], answers: [] };

const HOUR_MS = 3600_000;

/** How often something has happened in the hour before an instant. */
export const countInHour = ({ counted }: Account, what: Counted, now: number): number =>
  counted[what].filter((at) => at > now - HOUR_MS).length;

const isAdministrator = ({ directoryRoles }: Account): boolean => directoryRoles.length > 0;

/** Administrators always pass two gates, whatever the policy asks of users (Microsoft Entra: password policies). */
export const gatesOf = (account: Account, methodsRequired: number): number =>
  isAdministrator(account) ? 2 : methodsRequired;

/**
 * The methods with which this user can prove who he is. Security questions are no method of administrators, and of
 * nobody who has registered fewer than are asked.
 */
export function usableMethods(account: Account, questionsAsked: number): UsableMethod[] {
  const answerable = !isAdministrator(account) && account.securityQuestions.length >= questionsAsked;
  return USABLE.filter(
    (method) => account.methods.includes(method) && (method !== 'securityQuestion' || answerable),
  );
}

const CLASSES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/];
export const SHORTEST_PASSWORD = 8;
const LONGEST = 256;
const CLASSES_NEEDED = 3;

/** What can be wrong with a password by itself. */
export type PasswordProblem = 'tooShort' | 'tooLong' | 'unicode' | 'classes';

/**
 * What is wrong with a password, or undefined: 8 to 256 characters, three of four classes, nothing beyond ASCII
 * (Microsoft Entra password policies). A reset, unlike a change, may use the last password again.
 */
export function passwordProblem(password: string, shortest = SHORTEST_PASSWORD): PasswordProblem | undefined {
  if (password.length < shortest) return 'tooShort';
  if (password.length > LONGEST) return 'tooLong';
  if (!/^[\x20-\x7e]*$/.test(password)) return 'unicode';
  if (CLASSES.filter((one) => one.test(password)).length < CLASSES_NEEDED) return 'classes';
  return undefined;
}

/** Words that count for next to nothing in a password. The real list is Microsoft's secret. */
const BANNED_WORDS = ['password', 'welcome', 'qwerty', 'letmein', 'admin', 'summer', 'winter'];

/** What people write in place of a letter (Microsoft Entra: eliminate bad passwords). */
const SUBSTITUTES: Readonly<Record<string, string>> = { 0: 'o', 1: 'l', $: 's', '@': 'a' };
const POINTS_NEEDED = 5;

/**
 * Whether a password is too easily guessed: a banned word or the name of the organisation counts one point, as does
 * every other character, and five are needed.
 */
export function isBanned(password: string, organization: string): boolean {
  const plain = password.toLowerCase().replace(/[01$@]/g, (char) => SUBSTITUTES[char] ?? char);
  const words = [...BANNED_WORDS, organization.toLowerCase()];
  const points = words.reduce((rest, word) => rest.replaceAll(word, '*'), plain).length;
  return points < POINTS_NEEDED;
}
