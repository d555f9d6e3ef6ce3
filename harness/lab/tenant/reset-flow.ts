import {
  countInHour,
  gatesOf,
  isBanned,
  passwordProblem,
  usableMethods,
  type Account,
  type CodeMethod,
  type Counted,
  type PasswordProblem,
  type UsableMethod,
} from './accounts.ts';
import type { AuditEntry } from './audit-log.ts';

/** Why the portal does not let a user reset the password. */
export type Refusal =
  | 'unknown'
  | 'tenantOff'
  | 'writebackOff'
  | 'notEnabled'
  | 'notLicensed'
  | 'notMember'
  | 'insufficientMethods'
  | OnPremisesFailure
  | 'blocked';

/** What goes wrong only when the new password is written to where it is managed. */
type OnPremisesFailure = 'onPremisesError' | 'onPremisesUnreachable';

/** What the portal does not like of what a user typed; he may try again. */
export type Problem =
  'noUserId' | 'captcha' | 'phone' | 'answers' | 'code' | PasswordProblem | 'differ' | 'banned';

/** The page that a user sees. */
type View =
  | { readonly at: 'identify'; readonly error?: Problem }
  | { readonly at: 'choose'; readonly chosen?: UsableMethod; readonly error?: Problem }
  | { readonly at: 'prove'; readonly method: CodeMethod; readonly error?: Problem }
  | { readonly at: 'password'; readonly error?: Problem }
  | { readonly at: 'done' }
  | { readonly at: 'refused'; readonly refusal: Refusal }
  | { readonly at: 'closed'; readonly how: 'finished' | 'cancelled' };

/** One attempt to reset a password, between two requests. */
export interface Session {
  readonly view: View;
  /** Object id of the user, once named. */
  readonly accountId?: string;
  /** Methods that have been proved. */
  readonly proved: readonly UsableMethod[];
  /** The security questions of this attempt; the page shows them from when they are chosen. */
  readonly questions?: readonly string[];
  /** The code that was sent last. */
  readonly code?: string;
  /** The characters of the picture, when the policy asks for them. */
  readonly captcha?: string;
}

/** What the user did: the fields of the form, `action` among them. */
export type Input = Readonly<Record<string, string>>;

/** What the tenant has to do because of it. */
export type Deed =
  | { readonly kind: 'log'; readonly entry: AuditEntry }
  | { readonly kind: 'send'; readonly method: CodeMethod; readonly code: string }
  | { readonly kind: 'count-wrong-code' }
  | { readonly kind: 'count'; readonly what: Counted }
  | { readonly kind: 'block' }
  | { readonly kind: 'set-password'; readonly password: string };

export interface Turn {
  readonly session: Session;
  readonly deeds: readonly Deed[];
}

/** What a turn may know of the tenant. */
export interface World {
  readonly now: number;
  readonly organization: string;
  /** The tenant's switch for all users. */
  readonly resetEnabled: boolean;
  readonly methodsRequired: number;
  readonly questionsAsked: number;
  readonly shortestPassword: number;
  /** Whether every code is taken for the right one. */
  readonly anyCode: boolean;
  find(userId: string): Account | undefined;
  newCode(): string;
  /** Some of these, each once, in any order. */
  pick(questions: readonly string[], count: number): readonly string[];
}

/** After this many wrong codes a user is blocked for 24 hours (Microsoft Entra: troubleshoot self-service reset). */
const WRONG_CODES_ALLOWED = 5;
/** Within an hour: attempts to reset the same account, wrong phone numbers, wrong answers (the same document). */
const ALLOWED_IN_HOUR = 5;

/** The words that Microsoft's audit log has for a method. */
const OPTION: Readonly<Record<UsableMethod, string>> = {
  email: 'email verification option',
  mobilePhone: 'mobile SMS verification option',
  securityQuestion: 'security questions verification option',
};

/** How the log says that a user is blocked for it. */
const TOO_OFTEN: Readonly<Record<CodeMethod | Exclude<Counted, 'reset'>, string>> = {
  email: 'User entered too many invalid email verification codes and is blocked for 24 hours',
  mobilePhone: 'User entered too many invalid SMS verification codes and is blocked for 24 hours',
  phone: 'User tried to verify a phone number too many times and is blocked for 24 hours',
  answers: 'User tried to answer security questions too many times and is blocked for 24 hours',
};

/** How a refusal is logged; an unknown user leaves no trace in any tenant. */
const REFUSAL_REASON: Readonly<Record<Exclude<Refusal, 'unknown' | 'blocked'>, string>> = {
  tenantOff: 'Password reset has been disabled entirely for this tenant. See [here] to resolve this.',
  writebackOff: "User's password is managed on-premises. You can enable Password Writeback to resolve this",
  notEnabled: 'Password reset is not enabled for this user',
  notLicensed: 'User does not have a license. You can add a license to the user to resolve this',
  notMember:
    'This user is not a member of the password reset users group. Add this user to that group to resolve this.',
  // The trailing space is Microsoft's.
  insufficientMethods:
    "User's account has insufficient authentication methods defined. Add authentication info to resolve this ",
  onPremisesError:
    "We encountered a problem while resetting the user's on-premises password. Check your sync machine's event log",
  onPremisesUnreachable:
    "We could not reach your on-premises password reset service. Check your sync machine's event log",
};

/** A page answers some actions; any other leaves the user where he is. */
export function advance(session: Session, input: Input, world: World): Turn {
  if (input.action === 'cancel') return cancel(session);
  switch (session.view.at) {
    case 'identify':
      return identify(session, input, world);
    case 'choose':
      return choose(session, input, world);
    case 'prove':
      return prove(session, session.view.method, input, world);
    case 'password':
      return submitPassword(session, input, world);
    case 'done':
      return turn({ ...session, view: { at: 'closed', how: 'finished' } });
    case 'refused':
    case 'closed':
      return turn(session);
  }
}

function identify(session: Session, input: Input, world: World): Turn {
  const userId = (input.userId ?? '').trim();
  if (userId === '') return stay(session, { at: 'identify', error: 'noUserId' });
  if (session.captcha !== undefined && !sameCharacters(session.captcha, input.captcha)) {
    return stay(session, { at: 'identify', error: 'captcha' });
  }
  const account = world.find(userId);
  if (!account) return turn({ ...session, view: { at: 'refused', refusal: 'unknown' } });

  const named = { ...session, accountId: account.id };
  const submitted = progress('User submitted their user ID');
  const refusal = refusalOf(account, world);
  if (refusal === 'blocked')
    return turn({ ...named, view: { at: 'refused', refusal } }, submitted, THROTTLED);
  if (refusal) {
    const refused = progress(REFUSAL_REASON[refusal], 'failure');
    return turn({ ...named, view: { at: 'refused', refusal } }, submitted, refused);
  }
  if (countInHour(account, 'reset', world.now) >= ALLOWED_IN_HOUR) return block(named, submitted);

  const registered = account.securityQuestions.map(({ question }) => question);
  return offer(
    { ...named, questions: world.pick(registered, world.questionsAsked) },
    world,
    { kind: 'count', what: 'reset' },
    submitted,
    progress('User was presented with verification options'),
  );
}

function refusalOf(account: Account, world: World): Exclude<Refusal, 'unknown'> | undefined {
  if (!world.resetEnabled) return 'tenantOff';
  if (account.standing !== 'enabled' && !failsOnPremises(account.standing)) return account.standing;
  const gates = gatesOf(account, world.methodsRequired);
  if (usableMethods(account, world.questionsAsked).length < gates) return 'insufficientMethods';
  return account.blockedUntil > world.now ? 'blocked' : undefined;
}

/** Shows what the user may choose from; questions that are the only choice at once. */
function offer(session: Session, world: World, ...before: Deed[]): Turn {
  const [first, second] = remainingMethods(session, accountOf(session, world), world.questionsAsked);
  if (first === 'securityQuestion' && !second) return ask(session, ...before);
  return turn({ ...session, view: { at: 'choose' } }, ...before);
}

const ask = (session: Session, ...before: Deed[]): Turn =>
  turn(
    { ...session, view: { at: 'choose', chosen: 'securityQuestion' } },
    ...before,
    started('securityQuestion'),
  );

function choose(session: Session, input: Input, world: World): Turn {
  const account = accountOf(session, world);
  if (account.blockedUntil > world.now) return refuseBlocked(session);
  const method = remainingMethods(session, account, world.questionsAsked).find((one) => one === input.action);
  switch (method) {
    case undefined:
      return turn(session);
    case 'email':
      return send(session, method, world, started(method));
    case 'mobilePhone':
      return digits(input.phone) === digits(account.mobilePhone)
        ? send(session, method, world, started(method))
        : wrongNumber(session, account, world);
    case 'securityQuestion':
      return isAsked(session) ? answer(session, account, input, world) : ask(session);
  }
}

/** Whether the page shows the questions, so that what comes next are answers. */
const isAsked = ({ view }: Session): boolean => view.at === 'choose' && view.chosen === 'securityQuestion';

function wrongNumber(session: Session, account: Account, world: World): Turn {
  if (isLast(account, 'phone', world)) return block(session, progress(TOO_OFTEN.phone, 'failure'));
  return turn(
    { ...session, view: { at: 'choose', chosen: 'mobilePhone', error: 'phone' } },
    { kind: 'count', what: 'phone' },
  );
}

function answer(session: Session, account: Account, input: Input, world: World): Turn {
  const { questions = [] } = session;
  const right = questions.every((question, index) =>
    account.securityQuestions.some(
      (one) => one.question === question && sameWords(one.answer, input[`answer${index}`]),
    ),
  );
  if (right) return completed(session, 'securityQuestion', account, world);
  if (isLast(account, 'answers', world)) return block(session, progress(TOO_OFTEN.answers, 'failure'));
  return turn(
    { ...session, view: { at: 'choose', chosen: 'securityQuestion', error: 'answers' } },
    { kind: 'count', what: 'answers' },
  );
}

const isLast = (account: Account, what: Counted, { now }: World): boolean =>
  countInHour(account, what, now) + 1 >= ALLOWED_IN_HOUR;

function send(session: Session, method: CodeMethod, world: World, ...before: Deed[]): Turn {
  const code = world.newCode();
  return turn({ ...session, view: { at: 'prove', method }, code }, ...before, { kind: 'send', method, code });
}

function prove(session: Session, method: CodeMethod, input: Input, world: World): Turn {
  if (input.action === 'resend') return send(session, method, world);
  if (input.action === 'back') return turn({ ...session, view: { at: 'choose' } });

  const account = accountOf(session, world);
  // Someone may have been blocked in another window since the code was sent.
  if (account.blockedUntil > world.now) return refuseBlocked(session);
  if (!world.anyCode && (input.code ?? '').trim() !== session.code)
    return wrongCode(session, method, account);
  return completed(session, method, account, world);
}

/** One gate more is passed. */
function completed(session: Session, method: UsableMethod, account: Account, world: World): Turn {
  const { code: _used, ...rest } = session;
  const passed = { ...rest, proved: [...session.proved, method] };
  const entry = progress(`User completed the ${OPTION[method]}`);
  if (passed.proved.length < gatesOf(account, world.methodsRequired)) return offer(passed, world, entry);
  return turn(
    { ...passed, view: { at: 'password' } },
    entry,
    progress('User completed all verification steps required'),
  );
}

function wrongCode(session: Session, method: CodeMethod, account: Account): Turn {
  const count = { kind: 'count-wrong-code' } as const;
  if (account.wrongCodes + 1 >= WRONG_CODES_ALLOWED)
    return block(session, count, progress(TOO_OFTEN[method], 'failure'));
  return turn({ ...session, view: { at: 'prove', method, error: 'code' } }, count);
}

const refuseBlocked = (session: Session, ...deeds: Deed[]): Turn =>
  turn({ ...session, view: { at: 'refused', refusal: 'blocked' } }, ...deeds);

const block = (session: Session, ...before: Deed[]): Turn =>
  refuseBlocked(session, ...before, { kind: 'block' }, THROTTLED);

function submitPassword(session: Session, input: Input, world: World): Turn {
  const password = input.password ?? '';
  const problem =
    passwordProblem(password, world.shortestPassword) ??
    (password === input.confirmation ? undefined : 'differ');
  if (problem) return stay(session, { at: 'password', error: problem });

  const submitted = progress('User submitted a new password');
  const { standing } = accountOf(session, world);
  if (failsOnPremises(standing)) {
    const reason = REFUSAL_REASON[standing];
    return turn(
      { ...session, view: { at: 'refused', refusal: standing } },
      submitted,
      progress(reason, 'failure'),
      reset('failure', reason),
    );
  }
  if (isBanned(password, world.organization)) {
    return turn(
      { ...session, view: { at: 'password', error: 'banned' } },
      submitted,
      reset('failure', 'FuzzyPolicyViolationInvalidPassword'),
    );
  }
  return turn(
    { ...session, view: { at: 'done' } },
    submitted,
    { kind: 'set-password', password },
    progress('User successfully reset password'),
    reset('success', 'Successfully completed reset.'),
  );
}

const failsOnPremises = (standing: Account['standing']): standing is OnPremisesFailure =>
  standing === 'onPremisesError' || standing === 'onPremisesUnreachable';

function cancel(session: Session): Turn {
  const closed: Session = { ...session, view: { at: 'closed', how: 'cancelled' } };
  switch (session.view.at) {
    case 'choose':
    case 'prove':
      return turn(
        closed,
        progress('User cancelled before passing the required authentication methods', 'failure'),
      );
    case 'password':
      return turn(closed, progress('User canceled before submitting a new password', 'failure'));
    case 'identify':
    case 'refused':
    case 'closed':
      return turn(closed);
    case 'done':
      return turn({ ...session, view: { at: 'closed', how: 'finished' } });
  }
}

/** The methods that may still be chosen: each proves only once. */
export const remainingMethods = (
  { proved }: Session,
  account: Account,
  questionsAsked: number,
): UsableMethod[] => usableMethods(account, questionsAsked).filter((method) => !proved.includes(method));

function accountOf(session: Session, world: World): Account {
  const account = world.find(session.accountId ?? '');
  if (!account) throw new Error('This step needs a user, and none was named');
  return account;
}

const progress = (reason: string, result: AuditEntry['result'] = 'success'): Deed => ({
  kind: 'log',
  entry: { activity: 'progress', result, reason },
});

const reset = (result: AuditEntry['result'], reason: string): Deed => ({
  kind: 'log',
  entry: { activity: 'reset', result, reason },
});

const started = (method: UsableMethod): Deed => progress(`User started the ${OPTION[method]}`);

/** Its success means that the user was throttled (Microsoft Entra: self-service password reset reports). */
const THROTTLED: Deed = {
  kind: 'log',
  entry: { activity: 'blocked', result: 'success', reason: 'User is blocked for 24 hours' },
};

const turn = (session: Session, ...deeds: Deed[]): Turn => ({ session, deeds });
const stay = (session: Session, view: View): Turn => turn({ ...session, view });
/** Answers are compared without case and without more than one space. */
const sameWords = (a: string, b = ''): boolean => words(a) === words(b);
const words = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase();
const digits = (text = ''): string => text.replace(/\D/g, '');
const sameCharacters = (a: string, b = ''): boolean => a.toLowerCase() === b.replace(/\s/g, '').toLowerCase();
