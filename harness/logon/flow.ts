import { utcNow } from '../core/clock.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Wanted } from '../console/screen.ts';
import { findText } from '../console/text.ts';
import type { CodeSource, CodeWatch } from './codes/code-source.ts';
import { fillIn } from './fill-in.ts';
import type { Logon } from './logon.ts';
import { appears, chooseUser, linkIsShown, returnToLogon, see } from './logon-screen.ts';
import { SCREENS, type Screens } from './screens/screens.ts';

/** The pages of a reset, in their order. */
export type ResetPage =
  'logon screen' | 'user ID' | 'verification method' | 'verification code' | 'new password' | 'success';

export interface ResetOptions extends Logon {
  readonly newPassword: Secret;
  readonly codes: CodeSource;
  /** Told of each page when it is reached: how far an attempt came. */
  readonly onPage?: (page: ResetPage) => void;
}

/** Instants of a reset that succeeded, ISO 8601 UTC of this host's clock. */
export interface ResetResult {
  readonly tileChosenAt: string;
  readonly linkClickedAt: string;
  readonly userIdSubmittedAt: string;
  readonly codeRequestedAt: string;
  readonly codeSubmittedAt: string;
  readonly passwordSubmittedAt: string;
  readonly successSeenAt: string;
}

/** What the acts of one reset share. */
interface Attempt extends ResetOptions {
  readonly texts: Screens['reset'];
  readonly instants: Partial<Record<keyof ResetResult, string>>;
  watch: CodeWatch | undefined;
}

/** A page of the reset: what tells it, how long it may take to come, what is done on it. */
interface Step {
  readonly page: ResetPage;
  readonly seenBy: (texts: Screens['reset']) => Wanted;
  readonly withinMs: number;
  readonly act: (attempt: Attempt) => Promise<void>;
}

/** On slow computers the add-in's window may not appear on the first click (Microsoft: troubleshoot SSPR). */
const SECOND_CLICK_MS = 25_000;
const MAIL_MS = 180_000;

/** The pages in their order. */
const STEPS: readonly [Step, ...Step[]] = [
  { page: 'user ID', seenBy: ({ userId }) => userId.seenBy, withinMs: 90_000, act: giveUserId },
  { page: 'verification method', seenBy: ({ method }) => method.seenBy, withinMs: 60_000, act: askForCode },
  { page: 'verification code', seenBy: ({ code }) => code.seenBy, withinMs: 60_000, act: giveCode },
  {
    page: 'new password',
    seenBy: ({ newPassword }) => newPassword.seenBy,
    withinMs: 60_000,
    act: givePassword,
  },
  // Writing the password back to the domain takes its time.
  { page: 'success', seenBy: ({ success }) => success.seenBy, withinMs: 180_000, act: finish },
];

/**
 * Resets the user's password at the logon screen, by pixels, keys and mouse only: chooses the user, clicks the link,
 * gives the user ID, proves it with a code, sets the new password, and returns to the logon screen. One attempt: it never
 * begins again by itself, because the tenant blocks users who try too often.
 * @throws Fault that names the page reached and what was last read: `user-not-found-on-screen`, `link-absent` (machine),
 *   the code of a known-bad screen (`reset-page-unreachable`, `account-not-verified`, `not-registered`, `blocked` ...; see
 *   screens/en.ts), `code-not-received`, `timed-out`, `interrupted`, whatever ended the console
 */
export async function resetPassword(options: ResetOptions): Promise<ResetResult> {
  const attempt: Attempt = {
    ...options,
    texts: SCREENS[options.language].reset,
    instants: {},
    watch: undefined,
  };
  let reached: ResetPage = 'logon screen';
  try {
    Object.assign(attempt.instants, await openPage(attempt));
    for (const { page, seenBy, withinMs, act } of STEPS) {
      await see(
        attempt,
        { page: seenBy(attempt.texts) },
        withinMs,
        `waiting for the page "${page}" of the reset`,
      );
      reached = page;
      options.onPage?.(page);
      await act(attempt);
    }
  } catch (error) {
    throw atPage(reached, error);
  } finally {
    await attempt.screen.flush();
  }
  return attempt.instants as ResetResult;
}

/**
 * Opens the reset page and leaves it again. No user ID is given, so the tenant counts no attempt.
 * @returns the instant of the click on the link, ISO 8601 UTC
 * @throws Fault as `resetPassword` until its first page
 */
export async function visitResetPage(logon: Logon): Promise<string> {
  try {
    const { linkClickedAt } = await openPage(logon);
    const wanted = { page: SCREENS[logon.language].reset.userId.seenBy };
    await see(logon, wanted, STEPS[0].withinMs, 'waiting for the page of the reset');
    return linkClickedAt;
  } finally {
    await returnToLogon(logon);
    await logon.screen.flush();
  }
}

/** Chooses the user and clicks the link; once more where the window does not come. */
async function openPage(logon: Logon): Promise<Pick<ResetResult, 'tileChosenAt' | 'linkClickedAt'>> {
  const { logon: texts, reset } = SCREENS[logon.language];
  const tileChosenAt = await chooseUser(logon);
  if (!(await linkIsShown(logon)))
    throw new Fault('The logon screen of the chosen user does not show the link for the reset', {
      code: 'link-absent',
      blame: 'machine',
      remedy:
        'Check that the add-in is installed, that its DLL is in place and its credential provider enabled, and that the machine was restarted.',
    });
  let linkClickedAt = await clickLink(logon);
  const what = 'waiting for the window of the reset';
  if (
    !(await appears(logon, reset.userId.seenBy, SECOND_CLICK_MS, what)) &&
    (await isSeen(logon, texts.link))
  )
    linkClickedAt = await clickLink(logon);
  return { tileChosenAt, linkClickedAt };
}

function clickLink(logon: Logon): Promise<string> {
  logon.report('clicks the link');
  return click(logon, SCREENS[logon.language].logon.link, 'the link');
}

async function giveUserId(attempt: Attempt): Promise<void> {
  const { screen, user, texts, deadline, instants, report } = attempt;
  report(`gives the user ID ${user.upn}`);
  const { label, button } = texts.userId;
  await fillIn(screen, { label, text: user.upn, what: 'the user ID', position: 'first' }, deadline);
  instants.userIdSubmittedAt = await click(attempt, button, 'Next');
}

async function askForCode(attempt: Attempt): Promise<void> {
  const { texts, codes, deadline, instants, report } = attempt;
  report(`asks for a verification code by ${codes.method}`);
  const { choice, button } = texts.method.choices[codes.method];
  attempt.watch = await codes.watch(deadline.within(MAIL_MS, 'looking into the mailbox for codes'));
  await click(attempt, choice, 'the method');
  await see(attempt, { button }, 10_000, 'waiting for the button that sends the code');
  instants.codeRequestedAt = await click(attempt, button, 'the button that sends the code');
}

async function giveCode(attempt: Attempt): Promise<void> {
  const { screen, texts, watch, deadline, instants, report } = attempt;
  report('waits for the verification code');
  const code = (await watch?.next(deadline.within(MAIL_MS, 'waiting for the verification code'))) ?? '';
  report('gives the verification code');
  const { label, button } = texts.code;
  const entry = {
    label,
    text: code,
    what: 'the verification code',
    position: 'first',
    hidden: true,
  } as const;
  await fillIn(screen, entry, deadline);
  instants.codeSubmittedAt = await click(attempt, button, 'Next');
}

async function givePassword(attempt: Attempt): Promise<void> {
  const { screen, texts, newPassword, deadline, instants, report } = attempt;
  report('gives the new password');
  const { label, confirmLabel, button } = texts.newPassword;
  const entry = { text: newPassword, what: 'the new password', position: 'first' } as const;
  await fillIn(screen, { ...entry, label }, deadline);
  await fillIn(screen, { ...entry, label: confirmLabel, what: 'it again', position: 'next' }, deadline);
  instants.passwordSubmittedAt = await click(attempt, button, 'Next');
}

async function finish(attempt: Attempt): Promise<void> {
  const { texts, instants, language, report } = attempt;
  instants.successSeenAt = utcNow();
  report('sees the success');
  await click(attempt, texts.success.button, 'Finish');
  const { passwordBox } = SCREENS[language].logon;
  const user = { texts: [attempt.user.displayName] };
  await see(attempt, { passwordBox, user }, 30_000, 'waiting for the logon screen after the reset');
}

/** Waits for a caption and clicks on it. @returns the instant of the click */
async function click(logon: Logon, wanted: Wanted, what: string): Promise<string> {
  const { found } = await see(logon, { wanted }, 15_000, `looking for ${what}`);
  return logon.screen.click(found, what, logon.deadline);
}

async function isSeen({ screen }: Logon, { texts, ...options }: Wanted): Promise<boolean> {
  const { lines } = await screen.read();
  return texts.some((text) => findText(lines, text, options).length > 0);
}

/** The same error, with the page that was reached. */
function atPage(page: string, error: unknown): Fault {
  const { message, code, blame, retryable, remedy } = toFault(error);
  return new Fault(`At the page "${page}": ${message}`, { code, blame, retryable, remedy, cause: error });
}
