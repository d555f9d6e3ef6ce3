import type { ConsoleAction } from '../core/console-action.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Screen, Wanted } from '../console/screen.ts';
import { findText, type Found, type Line } from '../console/text.ts';
import { fillIn } from './fill-in.ts';
import type { Logon } from './logon.ts';
import { appears, chooseUser, linkIsShown, returnToLogon, see, withCaptions } from './logon-screen.ts';
import type { Screens } from './screens/screens.ts';

/** The pages of a reset, in their order; with two gates those of the verification come twice. */
export type ResetPage =
  'logon screen' | 'user ID' | 'verification method' | 'verification code' | 'new password' | 'success';

/** On slow computers the add-in's window may not appear on the first click (Microsoft: troubleshoot SSPR). */
const SECOND_CLICK_MS = 25_000;
const WAY_BACK_MS = 45_000;

/** What tells each page of a reset, and how long it may take to come. */
export const PAGES: Readonly<
  Record<
    Exclude<ResetPage, 'logon screen'>,
    { readonly seenBy: (texts: Screens['reset']) => Wanted; readonly withinMs: number }
  >
> = {
  'user ID': { seenBy: ({ userId }) => userId.seenBy, withinMs: 90_000 },
  'verification method': { seenBy: ({ method }) => method.seenBy, withinMs: 60_000 },
  'verification code': { seenBy: ({ code }) => code.seenBy, withinMs: 60_000 },
  'new password': { seenBy: ({ newPassword }) => newPassword.seenBy, withinMs: 60_000 },
  // Writing the password back to the domain takes its time.
  success: { seenBy: ({ success }) => success.seenBy, withinMs: 180_000 },
};

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
    const linkClickedAt = await openPage(logon, () => undefined);
    await seePage(logon, 'user ID');
    return linkClickedAt;
  } catch (error) {
    await leave(logon, error);
    throw error;
  }
}

/** Leaves the page of an attempt that can't go on, so that the portal's session ends. What goes wrong here hides nothing. */
export async function leave(logon: Logon, error: unknown): Promise<void> {
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

/** What was covered has gone. */
export function uncover(screen: Screen): void {
  screen.covered = () => [];
}

/**
 * Chooses the user and clicks the link; once more where the window does not come.
 * @returns the instant of the last click on the link, ISO 8601 UTC
 */
export async function openPage(logon: Logon, onAction: (action: ConsoleAction) => void): Promise<string> {
  const { logon: texts, reset } = logon.screens;
  onAction({ action: 'tile-chosen', at: await chooseUser(logon) });
  if (!(await linkIsShown(logon))) {
    const absent = new Fault('The logon screen of the chosen user does not show the link for the reset', {
      code: 'link-absent',
      blame: 'machine',
      remedy:
        'Check that the add-in is installed, that its DLL is in place and its credential provider enabled, and that the machine was restarted.',
    });
    throw withCaptions(absent, logon.screens, [texts.link]);
  }
  const clickLink = async (): Promise<string> => {
    logon.report('clicks the link');
    const at = await click(logon, texts.link, 'the link');
    onAction({ action: 'link-clicked', at });
    return at;
  };
  const what = 'waiting for the window of the reset';
  const comes = () => appears(logon, reset.userId.seenBy, SECOND_CLICK_MS, what);
  const at = await clickLink();
  if ((await comes()) || !(await isSeen(logon, texts.link))) return at;
  const again = await clickLink();
  if ((await comes()) || !(await isSeen(logon, texts.link))) return again;
  throw new Fault('Two clicks on the link have led back to the logon screen', {
    code: 'link-without-effect',
    blame: 'machine',
    retryable: true,
    remedy:
      'See prerequisites.uac-enabled: with User Account Control off this is what Microsoft describes. On a very slow machine try again.',
  });
}

/** Fills the user ID in and sends it. @returns the instant of the click, ISO 8601 UTC */
export async function sendUserId(logon: Logon, upn: string): Promise<string> {
  const { screen, deadline, report, screens } = logon;
  const { label, button } = screens.reset.userId;
  report(`gives the user ID ${upn}`);
  await fillIn(screen, { label, text: upn, what: 'the user ID', position: 'first' }, deadline);
  return click(logon, button, 'Next');
}

export function seePage(logon: Logon, page: keyof typeof PAGES): Promise<unknown> {
  const { seenBy, withinMs } = PAGES[page];
  const wanted = { page: seenBy(logon.screens.reset) };
  return see(logon, wanted, withinMs, `waiting for the page "${page}" of the reset`);
}

/**
 * Waits for a caption and clicks on it.
 * @param despite codes of known-bad screens that don't stop the wait
 * @returns the instant of the click
 */
export async function click(
  logon: Logon,
  wanted: Wanted,
  what: string,
  despite: readonly string[] = [],
): Promise<string> {
  const { found } = await see(logon, { wanted }, 15_000, `looking for ${what}`, despite);
  return logon.screen.click(found, what, logon.deadline);
}

const isSeen = async ({ screen }: Logon, wanted: Wanted): Promise<boolean> =>
  firstIn((await screen.read()).lines, wanted) !== undefined;

export const firstIn = (lines: readonly Line[], { texts, ...options }: Wanted): Found | undefined =>
  findText(lines, texts, options)[0];

/** The captions of methods on a page, as they are read. */
export interface Offers {
  /** Methods that the flow knows. */
  readonly known: readonly string[];
  /** Methods that it can't use: calls, and the Authenticator app. */
  readonly others: readonly string[];
}

export function offersIn(lines: readonly Line[], { choices, others }: Screens['reset']['method']): Offers {
  const captions = (wanted: readonly Wanted[]): string[] =>
    wanted.map((one) => firstIn(lines, one)?.text).filter((text) => text !== undefined);
  return { known: captions(Object.values(choices).map(({ choice }) => choice)), others: captions(others) };
}
