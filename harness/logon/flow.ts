import { utcNow } from '../core/clock.ts';
import type { ConsoleAction } from '../core/console-action.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Reading, Screen, Wanted } from '../console/screen.ts';
import { findText, type Found, type Line } from '../console/text.ts';
import { questionsIn, type Question } from './boxes.ts';
import type { CodeVerification, QuestionVerification, Verification } from './codes/verification.ts';
import { fillIn } from './fill-in.ts';
import type { Logon } from './logon.ts';
import { appears, chooseUser, linkIsShown, returnToLogon, see } from './logon-screen.ts';
import { SCREENS, type Screens } from './screens/screens.ts';

/** The pages of a reset, in their order; with two gates those of the verification come twice. */
export type ResetPage =
  'logon screen' | 'user ID' | 'verification method' | 'verification code' | 'new password' | 'success';

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
  /** Awaited right before the new password is typed, so that none gets lost. What it throws stops the attempt. */
  readonly beforePassword?: () => Promise<void>;
}

/** What the acts of one reset share. */
interface Attempt extends ResetOptions {
  readonly texts: Screens['reset'];
  readonly codeMs: number;
  readonly onPage: (page: ResetPage) => void;
  readonly onAction: (action: ConsoleAction) => void;
}

/** On slow computers the add-in's window may not appear on the first click (Microsoft: troubleshoot SSPR). */
const SECOND_CLICK_MS = 25_000;
const CODE_MS = 180_000;
const GATE_MS = 60_000;
const WAY_BACK_MS = 45_000;
/** How often it is looked whether a page that was sent has gone. */
const STILL_THERE_MS = 300;

/** What tells each page of a reset, and how long it may take to come. */
const PAGES: Readonly<
  Record<
    Exclude<ResetPage, 'logon screen'>,
    { readonly seenBy: (texts: Screens['reset']) => Wanted; readonly withinMs: number }
  >
> = {
  'user ID': { seenBy: ({ userId }) => userId.seenBy, withinMs: 90_000 },
  'verification method': { seenBy: ({ method }) => method.seenBy, withinMs: GATE_MS },
  'verification code': { seenBy: ({ code }) => code.seenBy, withinMs: 60_000 },
  'new password': { seenBy: ({ newPassword }) => newPassword.seenBy, withinMs: GATE_MS },
  // Writing the password back to the domain takes its time.
  success: { seenBy: ({ success }) => success.seenBy, withinMs: 180_000 },
};

const ignore = (): void => undefined;

/**
 * Resets the user's password at the logon screen, by pixels, keys and mouse only: chooses the user, clicks the link,
 * gives the user ID, passes one or two gates, sets the new password, and returns to the logon screen. One attempt: it
 * never begins again by itself, because the tenant blocks users who try too often. One that can't go on leaves the page
 * by its way back, unless it was interrupted.
 * @throws Fault that names the page reached and what was last read: `user-not-found-on-screen`, `link-absent` (machine),
 *   `verification-not-offered`, the code of a known-bad screen (`reset-page-unreachable`, `account-not-verified`,
 *   `not-registered`, `blocked` ...; see screens/en.ts), `code-not-received`, `answer-unknown`, `timed-out`,
 *   `interrupted`, whatever the hooks threw or ended the console
 */
export async function resetPassword(options: ResetOptions): Promise<void> {
  const at: { page: ResetPage; opened: boolean } = { page: 'logon screen', opened: false };
  const { onPage, onAction, codeMs = CODE_MS } = options;
  const attempt: Attempt = {
    ...options,
    texts: SCREENS[options.language].reset,
    codeMs,
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
    await givePassword(attempt);
    await finish(attempt);
  } catch (error) {
    if (at.opened) await leave(attempt, error);
    throw atPage(at.page, error);
  } finally {
    await attempt.screen.flush();
  }
}

/**
 * Opens the reset page and leaves it again. No user ID is given, so the tenant counts no attempt.
 * @returns the instant of the click on the link, ISO 8601 UTC
 * @throws Fault as `resetPassword` until its first page
 */
export async function visitResetPage(logon: Logon): Promise<string> {
  try {
    const linkClickedAt = await openAndSee(logon);
    await returnToLogon(logon);
    return linkClickedAt;
  } finally {
    await logon.screen.flush();
  }
}

async function openAndSee(logon: Logon): Promise<string> {
  try {
    const linkClickedAt = await openPage(logon, ignore);
    await seePage(logon, 'user ID');
    return linkClickedAt;
  } catch (error) {
    await leave(logon, error);
    throw error;
  }
}

/** Leaves the page of an attempt that can't go on, so that the portal's session ends. What goes wrong here hides nothing. */
async function leave(logon: Logon, error: unknown): Promise<void> {
  if (logon.deadline.aborted || toFault(error).code === 'interrupted') return;
  logon.report('leaves the reset page');
  const deadline = logon.deadline.anew(WAY_BACK_MS, 'leaving the reset page');
  try {
    await returnToLogon({ ...logon, deadline });
    uncover(logon.screen);
  } catch {
    // What may stand there still remains covered.
  }
}

/**
 * Chooses the user and clicks the link; once more where the window does not come.
 * @returns the instant of the last click on the link, ISO 8601 UTC
 */
async function openPage(logon: Logon, onAction: Attempt['onAction']): Promise<string> {
  const { logon: texts, reset } = SCREENS[logon.language];
  onAction({ action: 'tile-chosen', at: await chooseUser(logon) });
  if (!(await linkIsShown(logon)))
    throw new Fault('The logon screen of the chosen user does not show the link for the reset', {
      code: 'link-absent',
      blame: 'machine',
      remedy:
        'Check that the add-in is installed, that its DLL is in place and its credential provider enabled, and that the machine was restarted.',
    });
  const clickLink = async (): Promise<string> => {
    logon.report('clicks the link');
    const at = await click(logon, texts.link, 'the link');
    onAction({ action: 'link-clicked', at });
    return at;
  };
  const at = await clickLink();
  const what = 'waiting for the window of the reset';
  const comes = await appears(logon, reset.userId.seenBy, SECOND_CLICK_MS, what);
  return !comes && (await isSeen(logon, texts.link)) ? clickLink() : at;
}

async function giveUserId(attempt: Attempt): Promise<void> {
  const { screen, user, texts, deadline, report, beforeUserId } = attempt;
  await reach(attempt, 'user ID');
  await beforeUserId?.();
  report(`gives the user ID ${user.upn}`);
  const { label, button } = texts.userId;
  await fillIn(screen, { label, text: user.upn, what: 'the user ID', position: 'first' }, deadline);
  attempt.onAction({ action: 'user-id-submitted', at: await click(attempt, button, 'Next') });
}

/** Verifies the user in one way after the other, until the portal asks for the new password. */
async function passGates(attempt: Attempt): Promise<void> {
  await reach(attempt, 'verification method');
  for (let left = attempt.verifications, asked = true; asked;) {
    const { verification, choice } = await offered(attempt, left);
    left = left.filter(({ method }) => method !== verification.method);
    const passed =
      verification.method === 'questions'
        ? await answerQuestions(attempt, verification, choice)
        : await giveCode(attempt, verification, choice);
    asked = (await pageAfter(attempt, passed)) === 'verification method';
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
  const captions = (wanted: readonly Wanted[]): string[] =>
    wanted.map((one) => firstIn(reading.lines, one)?.text).filter((text) => text !== undefined);
  const known = captions(Object.values(method.choices).map(({ choice }) => choice));
  const offers = [...known, ...captions(method.others)].map((text) => `"${text}"`).join(', ');
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

/** Has a code sent and gives it. @returns what is seen as long as the page is the same */
async function giveCode(attempt: Attempt, verification: CodeVerification, choice: Found): Promise<Wanted> {
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
    report('gives the verification code');
    const { label } = texts.code;
    const entry = { label, text: code, what: 'the verification code', position: 'first' } as const;
    await fillIn(screen, { ...entry, legible: true }, deadline);
    const at = await click(attempt, texts.code.button, 'Next');
    onAction({ action: 'verification-submitted', at, method });
    return label;
  } finally {
    // It must not hide what ended the attempt.
    await watch.close().catch(ignore);
  }
}

/** Answers the questions of the page. @returns what is seen as long as the page is the same */
async function answerQuestions(
  attempt: Attempt,
  verification: QuestionVerification,
  choice: Found,
): Promise<Wanted> {
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
  return { texts: questions.flatMap(({ lines }) => lines.slice(-1)) };
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

/** Waits until the page that was sent has gone; which one came. */
async function pageAfter(attempt: Attempt, sent: Wanted): Promise<'new password' | 'verification method'> {
  const { texts, deadline } = attempt;
  const wanted = {
    'new password': texts.newPassword.seenBy,
    'verification method': texts.method.seenBy,
  };
  const limit = deadline.within(GATE_MS, 'waiting for the page after the verification');
  for (;;) {
    const { name } = await see(attempt, wanted, limit.remaining(), limit.what);
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

/** What was covered has gone. */
function uncover(screen: Screen): void {
  screen.covered = () => [];
}

async function givePassword(attempt: Attempt): Promise<void> {
  const { screen, texts, newPassword, deadline, report, beforePassword } = attempt;
  await beforePassword?.();
  report('gives the new password');
  const { label, confirmLabel, button } = texts.newPassword;
  const entry = { text: newPassword, what: 'the new password', position: 'first' } as const;
  await fillIn(screen, { ...entry, label }, deadline);
  await fillIn(screen, { ...entry, label: confirmLabel, what: 'it again', position: 'next' }, deadline);
  attempt.onAction({ action: 'password-submitted', at: await click(attempt, button, 'Next') });
}

async function finish(attempt: Attempt): Promise<void> {
  const { texts, language, user, report } = attempt;
  await reach(attempt, 'success');
  attempt.onAction({ action: 'success-seen', at: utcNow() });
  report('sees the success');
  await click(attempt, texts.success.button, 'Finish');
  const { passwordBox } = SCREENS[language].logon;
  const name = { texts: [user.displayName] };
  await see(attempt, { passwordBox, name }, 30_000, 'waiting for the logon screen after the reset');
}

/** Waits for a page and says that it is reached. */
async function reach(attempt: Attempt, page: keyof typeof PAGES): Promise<void> {
  await seePage(attempt, page);
  attempt.onPage(page);
}

function seePage(logon: Logon, page: keyof typeof PAGES): Promise<unknown> {
  const { seenBy, withinMs } = PAGES[page];
  const wanted = { page: seenBy(SCREENS[logon.language].reset) };
  return see(logon, wanted, withinMs, `waiting for the page "${page}" of the reset`);
}

/** Waits for a caption and clicks on it. @returns the instant of the click */
async function click(logon: Logon, wanted: Wanted, what: string): Promise<string> {
  const { found } = await see(logon, { wanted }, 15_000, `looking for ${what}`);
  return logon.screen.click(found, what, logon.deadline);
}

const isSeen = async ({ screen }: Logon, wanted: Wanted): Promise<boolean> =>
  firstIn((await screen.read()).lines, wanted) !== undefined;

const firstIn = (lines: readonly Line[], { texts, ...options }: Wanted): Found | undefined =>
  texts.flatMap((text) => findText(lines, text, options))[0];

/** The same error, with the page that was reached. */
function atPage(page: string, error: unknown): Fault {
  const { message, code, blame, retryable, remedy } = toFault(error);
  return new Fault(`At the page "${page}": ${message}`, { code, blame, retryable, remedy, cause: error });
}
