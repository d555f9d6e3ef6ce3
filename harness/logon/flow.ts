import { utcNow } from '../core/clock.ts';
import type { ConsoleAction } from '../core/console-action.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Trial } from '../core/rehearsals.ts';
import type { Secret } from '../core/secret.ts';
import type { Reading, Wanted } from '../console/screen.ts';
import type { Found } from '../console/text.ts';
import { questionsIn, type Question } from './boxes.ts';
import type { CodeVerification, QuestionVerification, Verification } from './codes/verification.ts';
import { wrongCode } from './codes/wrong-code.ts';
import { fillIn } from './fill-in.ts';
import type { Logon } from './logon.ts';
import { see } from './logon-screen.ts';
import { withNumber } from './refusal.ts';
import {
  click,
  firstIn,
  leave,
  offersIn,
  openPage,
  PAGES,
  type ResetPage,
  seePage,
  sendUserId,
  uncover,
} from './reset-page.ts';
import type { Screens } from './screens/screens.ts';

export interface ResetOptions extends Logon {
  readonly newPassword: Secret;
  /** In the order of preference: at each gate the first that is offered and not yet used. */
  readonly verifications: readonly Verification[];
  /** How long a verification code may take, in milliseconds; three minutes when left out. */
  readonly codeMs?: number;
  /** Told of each page when it is reached: how far an attempt came. */
  readonly onPage?: (page: ResetPage) => void;
  /** Told of each action as it happens, also of those of an attempt that stops later. */
  readonly onAction?: (action: ConsoleAction) => void;
  /** Awaited right before the user ID is given, from where on the tenant counts. What it throws stops the attempt. */
  readonly beforeUserId?: () => Promise<void>;
  /** Awaited right before a new password is typed, so that none gets lost. What it throws stops the attempt. */
  readonly beforePassword?: (password: Secret) => Promise<void>;
  /** What is done wrong once, on purpose, before it is done right. */
  readonly trials?: ResetTrials;
}

/** Whether the portal took what was wrong. */
export type TrialAnswer = 'refused' | 'accepted';

export interface ResetTrials {
  /** Asked right before a wrong code is given, at the first code of a reset; it is left out unless this says true. */
  readonly mayGiveWrongCode?: () => Promise<boolean>;
  /** Given before the new password. When the tenant accepts it, it is the new one. */
  readonly weakPassword?: Secret;
  /** Awaited as soon as the answer is seen. What it throws stops the attempt. */
  readonly onTrial: (trial: Trial, answer: TrialAnswer) => Promise<void>;
}

/** What the acts of one reset share. */
interface Attempt extends ResetOptions {
  readonly texts: Screens['reset'];
  readonly codeMs: number;
  readonly onPage: (page: ResetPage) => void;
  readonly onAction: (action: ConsoleAction) => void;
  /** What has been tried already in this reset. */
  readonly tried: Set<Trial>;
}

const CODE_MS = 180_000;
/** How often it is looked whether a page that was sent has gone. */
const STILL_THERE_MS = 300;
/** The known-bad screens by which the portal refuses what is tried. */
const REFUSED_BY: Readonly<Record<Trial, string>> = {
  wrongCode: 'code-refused',
  weakPassword: 'password-refused',
};

const ignore = (): void => undefined;

/**
 * Resets the user's password at the logon screen, by pixels, keys and mouse only: chooses the user, clicks the link,
 * gives the user ID, passes one or two gates, sets the new password, and returns to the logon screen. One attempt: it
 * never begins again by itself, because the tenant blocks users who try too often. One that can't go on leaves the page
 * by its way back, unless it was interrupted.
 * @returns the password that is set: the new one, or a weak one that was tried and accepted
 * @throws Fault that names the page reached and what was last read: `user-not-found-on-screen`, `link-absent` (machine),
 *   `verification-not-offered`, the code of a known-bad screen (`reset-page-unreachable`, `account-not-verified`,
 *   `not-registered`, `blocked` ...; see screens/en.ts), `code-not-received`, `answer-unknown`, `timed-out`,
 *   `interrupted`, whatever the hooks threw or ended the console
 */
export async function resetPassword(options: ResetOptions): Promise<Secret> {
  const at: { page: ResetPage; opened: boolean } = { page: 'logon screen', opened: false };
  const { onPage, onAction, codeMs = CODE_MS } = options;
  const attempt: Attempt = {
    ...options,
    texts: options.screens.reset,
    codeMs,
    tried: new Set(),
    onPage: (page) => {
      at.page = page;
      onPage?.(page);
    },
    onAction: (action) => {
      at.opened ||= action.action === 'link-clicked';
      onAction?.(action);
    },
  };
  try {
    await openPage(attempt, attempt.onAction);
    await giveUserId(attempt);
    await passGates(attempt);
    const password = await givePassword(attempt);
    await finish(attempt);
    return password;
  } catch (error) {
    const told = at.opened ? await withNumber(attempt, error) : error;
    // The picture with characters stands on the page that asks for the user ID: then that page is there.
    if (at.page === 'logon screen' && toFault(error).code === 'captcha-shown') attempt.onPage('user ID');
    if (at.opened) await leave(attempt, error);
    throw atPage(at.page, told);
  } finally {
    await attempt.screen.flush();
  }
}

async function giveUserId(attempt: Attempt): Promise<void> {
  await reach(attempt, 'user ID');
  await attempt.beforeUserId?.();
  attempt.onAction({ action: 'user-id-submitted', at: await sendUserId(attempt, attempt.user.upn) });
}

/** Verifies the user in one way after the other, until the portal asks for the new password. */
async function passGates(attempt: Attempt): Promise<void> {
  await reach(attempt, 'verification method');
  for (let left = attempt.verifications, asked = true; asked;) {
    const { verification, choice } = await offered(attempt, left);
    left = left.filter(({ method }) => method !== verification.method);
    const next =
      verification.method === 'questions'
        ? await answerQuestions(attempt, verification, choice)
        : await giveCode(attempt, verification, choice);
    asked = next === 'verification method';
  }
}

interface Offer {
  readonly verification: Verification;
  /** Where its caption stands. */
  readonly choice: Found;
}

/** The first of these verifications that the page offers. */
async function offered(attempt: Attempt, left: readonly Verification[]): Promise<Offer> {
  const { screen, texts, deadline } = attempt;
  await screen.settle(deadline);
  for (const large of [false, true]) {
    const { lines } = await screen.read({ large });
    for (const verification of left) {
      const choice = firstIn(lines, texts.method.choices[verification.method].choice);
      if (choice) return { verification, choice };
    }
  }
  throw notOffered(attempt, left, await screen.read());
}

function notOffered(
  { screen, texts: { method }, verifications }: Attempt,
  left: readonly Verification[],
  reading: Reading,
): Fault {
  const names = (some: readonly Verification[]): string => some.map((one) => one.method).join(', ') || 'none';
  const { known, others } = offersIn(reading.lines, method);
  const offers = [...known, ...others].map((text) => `"${text}"`).join(', ');
  return new Fault(
    `The page offers ${offers || screen.tell(reading)}; configured for this user: ${names(verifications)}, not yet used: ${names(left)}`,
    known.length > 0
      ? {
          code: 'verification-not-offered',
          blame: 'config',
          remedy: 'Add a verification by a method that the page offers to this user in the configuration.',
        }
      : {
          code: 'verification-not-offered',
          blame: 'tenant',
          remedy: 'Register an alternate email, a mobile phone or security questions for this user.',
        },
  );
}

type NextPage = 'new password' | 'verification method';

/** Has a code sent and gives it. @returns the page that follows */
async function giveCode(attempt: Attempt, verification: CodeVerification, choice: Found): Promise<NextPage> {
  const { screen, texts, deadline, codeMs, report, onAction } = attempt;
  const { method, phone, source } = verification;
  report(`asks for a verification code by ${method}`);
  const watch = await source.watch(deadline.within(codeMs, `beginning to watch ${source.where}`));
  try {
    const { button } = texts.method.choices[method];
    await chooseMethod(attempt, choice, button);
    if (method === 'sms' && phone !== undefined) {
      const { phone: label } = texts.method;
      await fillIn(screen, { label, text: phone, what: 'the phone number', position: 'next' }, deadline);
    }
    const requestedAt = await click(attempt, button, 'the button that sends the code');
    onAction({ action: 'verification-requested', at: requestedAt, method });
    await reach(attempt, 'verification code');
    report(`waits for the verification code in ${source.where}`);
    const code = await watch.next(deadline.within(codeMs, 'waiting for the verification code'));
    const trial = await tryWrongCode(attempt, method, code);
    if (trial && trial !== 'refused') return trial;
    report('gives the verification code');
    onAction({ action: 'verification-submitted', at: await sendCode(attempt, code), method });
    if (trial) await untilGone(attempt, 'wrongCode', texts.code.label);
    return await pageAfter(attempt, texts.code.label);
  } finally {
    // It must not hide what ended the attempt.
    await watch.close().catch(ignore);
  }
}

/** Gives a code into the box of the page, which may hold an earlier one. @returns the instant of the click */
async function sendCode(attempt: Attempt, text: Secret): Promise<string> {
  const { screen, deadline, tried, texts } = attempt;
  const { label, button } = texts.code;
  const entry = { label, text, what: 'the verification code', position: 'first', legible: true } as const;
  await fillIn(screen, { ...entry, replaces: tried.has('wrongCode') }, deadline);
  return click(attempt, button, 'Next', [...tried].flatMap(despite));
}

/**
 * Gives a code that is not the right one, if that is to be tried.
 * @returns what came of it: `refused`, or the page that follows an accepted one; undefined when it was not tried
 */
async function tryWrongCode(
  attempt: Attempt,
  method: CodeVerification['method'],
  right: Secret,
): Promise<'refused' | NextPage | undefined> {
  const { trials, tried, report, onAction, texts } = attempt;
  const wrong = wrongCode(right);
  if (!wrong || tried.has('wrongCode') || !(await trials?.mayGiveWrongCode?.())) return undefined;
  report('gives a wrong verification code, on purpose');
  const at = await sendCode(attempt, wrong);
  tried.add('wrongCode');
  onAction({ action: 'verification-submitted', at, method, trial: 'wrongCode' });
  const page = await pageAfter(attempt, texts.code.label, 'wrongCode');
  await trials?.onTrial('wrongCode', page === 'refused' ? 'refused' : 'accepted');
  return page;
}

/** Answers the questions of the page. @returns the page that follows */
async function answerQuestions(
  attempt: Attempt,
  verification: QuestionVerification,
  choice: Found,
): Promise<NextPage> {
  const { screen, texts, deadline, report, onAction } = attempt;
  report('asks for the security questions');
  const { method } = verification;
  const { button } = texts.method.choices[method];
  onAction({ action: 'verification-requested', at: await chooseMethod(attempt, choice, button), method });
  const questions = await readQuestions(attempt);
  // All of them before the first is answered: a question that is not known must not cost a try.
  const answers = questions.map(({ lines, box }) => ({ box, text: verification.answer(lines.join(' ')) }));
  report(`answers ${answers.length} security questions`);
  for (const [index, { box, text }] of answers.entries()) {
    const what = `the answer to question ${index + 1}`;
    await fillIn(screen, { label: box, text, what, position: 'next', legible: true }, deadline);
  }
  onAction({ action: 'verification-submitted', at: await click(attempt, button, 'Next'), method });
  return pageAfter(attempt, { texts: questions.flatMap(({ lines }) => lines.slice(-1)) });
}

async function readQuestions({ screen, deadline }: Attempt): Promise<readonly Question[]> {
  await screen.settle(deadline);
  for (const large of [false, true]) {
    const { lines, frame } = await screen.read({ large });
    const questions = questionsIn(lines, frame);
    if (questions.length > 0) return questions;
  }
  throw new Fault(`No security question can be read: the screen shows ${screen.tell(await screen.read())}`, {
    code: 'questions-not-read',
    blame: 'harness',
    remedy: 'Look at the recorded picture; prefer another method in the verification of this user.',
  });
}

/** Chooses a method and waits for its button. @returns the instant of the click */
async function chooseMethod(attempt: Attempt, choice: Found, button: Wanted): Promise<string> {
  const at = await attempt.screen.click(choice, 'the method', attempt.deadline);
  await see(attempt, { button }, 15_000, 'waiting for the button of the method');
  return at;
}

/**
 * Waits until the page that was sent has gone; which one came.
 * @param sent what is seen as long as the page is the same
 */
async function pageAfter(attempt: Attempt, sent: Wanted): Promise<NextPage>;
/** The same after a trial, where the same page may come again with its refusal. */
async function pageAfter(attempt: Attempt, sent: Wanted, trial: Trial): Promise<NextPage | 'refused'>;
async function pageAfter(attempt: Attempt, sent: Wanted, trial?: Trial): Promise<NextPage | 'refused'> {
  const { texts, deadline } = attempt;
  const wanted = {
    'new password': texts.newPassword.seenBy,
    'verification method': texts.method.seenBy,
  };
  const { withinMs } = PAGES['verification method'];
  const limit = deadline.within(withinMs, 'waiting for the page after the verification');
  for (;;) {
    const { name } = trial
      ? await see(
          attempt,
          { refused: refusalOf(attempt, trial), ...wanted },
          limit.remaining(),
          limit.what,
          despite(trial),
        )
      : await see(attempt, wanted, limit.remaining(), limit.what);
    if (name === 'refused') return name;
    // The list of methods may stand on the page that was sent as well. One picture tells: the next may be another page.
    const reading = await attempt.screen.read();
    const { lines } = reading;
    const isNew = firstIn(lines, wanted[name]) && !firstIn(lines, sent);
    if (name === 'new password' || isNew) {
      uncover(attempt.screen);
      attempt.onPage(name);
      return name;
    }
    limit.check(attempt.screen.tell(reading));
    await limit.sleep(STILL_THERE_MS);
  }
}

const despite = (trial: Trial): readonly string[] => [REFUSED_BY[trial]];

/** What the portal says to something wrong. */
const refusalOf = ({ screens }: Logon, trial: Trial): Wanted => ({
  texts: screens.bad.filter(({ code }) => code === REFUSED_BY[trial]).flatMap(({ texts }) => texts),
});

/**
 * Waits until a refusal that was provoked has left the screen: while the page is on its way to the next one it still
 * stands there, and would be taken for a second one. After the time that a page may take, it is one.
 * @param field what is seen as long as the page is the same
 */
async function untilGone(attempt: Attempt, trial: Trial, field: Wanted): Promise<void> {
  const refusal = refusalOf(attempt, trial);
  const { withinMs } = PAGES[trial === 'weakPassword' ? 'success' : 'verification method'];
  const limit = attempt.deadline.within(withinMs, 'waiting for the page to go');
  while (!limit.expired) {
    const { lines } = await attempt.screen.read();
    if (!firstIn(lines, refusal) && !firstIn(lines, field)) return;
    await limit.sleep(STILL_THERE_MS);
  }
}

/** @returns the password that the tenant has taken, as far as can be told before its success is seen */
async function givePassword(attempt: Attempt): Promise<Secret> {
  const { newPassword, report, onAction, texts, trials } = attempt;
  const weak = trials?.weakPassword;
  if (weak && (await tryWeakPassword(attempt, weak)) === 'accepted') return weak;
  report('gives the new password');
  onAction({ action: 'password-submitted', at: await sendPassword(attempt, newPassword) });
  if (weak) await untilGone(attempt, 'weakPassword', texts.newPassword.label);
  return newPassword;
}

async function tryWeakPassword(attempt: Attempt, weak: Secret): Promise<TrialAnswer> {
  const { texts, report, onAction, trials, tried } = attempt;
  report('gives a weak password, on purpose');
  const at = await sendPassword(attempt, weak);
  tried.add('weakPassword');
  onAction({ action: 'password-submitted', at, trial: 'weakPassword' });
  const wanted = { refused: refusalOf(attempt, 'weakPassword'), accepted: texts.success.seenBy };
  const { withinMs } = PAGES.success;
  const what = 'waiting for the answer to a weak password';
  const { name } = await see(attempt, wanted, withinMs, what, despite('weakPassword'));
  await trials?.onTrial('weakPassword', name);
  return name;
}

/** Gives a password twice, into boxes that may hold an earlier one. @returns the instant of the click */
async function sendPassword(attempt: Attempt, text: Secret): Promise<string> {
  const { screen, texts, deadline, tried, beforePassword } = attempt;
  await beforePassword?.(text);
  const { label, confirmLabel, button } = texts.newPassword;
  const replaces = tried.has('weakPassword');
  const entry = { text, what: 'the new password', position: 'first', replaces } as const;
  await fillIn(screen, { ...entry, label }, deadline);
  await fillIn(screen, { ...entry, label: confirmLabel, what: 'it again', position: 'next' }, deadline);
  return click(attempt, button, 'Next', [...tried].flatMap(despite));
}

async function finish(attempt: Attempt): Promise<void> {
  const { texts, screens, user, report } = attempt;
  await reach(attempt, 'success');
  attempt.onAction({ action: 'success-seen', at: utcNow() });
  report('sees the success');
  await click(attempt, texts.success.button, 'Finish');
  const { passwordBox } = screens.logon;
  const name = { texts: [user.displayName] };
  await see(attempt, { passwordBox, name }, 30_000, 'waiting for the logon screen after the reset');
}

/** Waits for a page and says that it is reached. */
async function reach(attempt: Attempt, page: keyof typeof PAGES): Promise<void> {
  await seePage(attempt, page);
  attempt.onPage(page);
}

/** The same error, with the page that was reached. */
function atPage(page: string, error: unknown): Fault {
  const { message, code, blame, retryable, remedy } = toFault(error);
  return new Fault(`At the page "${page}": ${message}`, { code, blame, retryable, remedy, cause: error });
}
