import { utcNow } from '../core/clock.ts';
import { Fault } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { seenIn, type Wanted } from '../console/screen.ts';
import type { Found } from '../console/text.ts';
import { beneathBox, passwordBoxOf } from './chosen-user.ts';
import type { Logon } from './logon.ts';
import type { Caption, Screens } from './screens/screens.ts';

/** Windows 8 hides its logon screen behind a picture that goes away with a key. */
const BEHIND_PICTURE_MS = 20_000;
const OPENS_MS = 20_000;
const LINK_MS = 5000;
const SIGN_IN_MS = 90_000;
/** How often it is looked whether somebody is still signed in. */
const SIGNED_IN_MS = 1000;
/** Dialogs and views that can lie over the tiles of the users, and some to spare. */
const MOST_STEPS_BACK = 6;

/**
 * Chooses the user on the logon screen, so that his password box is shown. Passes Ctrl+Alt+Delete and the picture of
 * Windows 8; returns at once when he is chosen already.
 * @returns the instant of the choice, ISO 8601 UTC
 * @throws Fault `user-not-found-on-screen` (machine) or the code of a known-bad screen
 */
export async function chooseUser(logon: Logon): Promise<string> {
  const { screen, user, deadline, report } = logon;
  const passwordBox = passwordBoxOf(logon);
  report(`chooses the user ${user.displayName}`);
  await findTile(logon);
  // With several third-party credential providers a user has several tiles; the add-in's is the first.
  const [tile] = [...(await screen.findAll(user.displayName))].sort((a, b) => a.y - b.y || a.x - b.x);
  const chosen = seenIn(await screen.read(), passwordBox) !== undefined;
  if (!tile || chosen) return utcNow();
  const at = await screen.click(tile, `the tile of ${user.displayName}`, deadline);
  await see(logon, { passwordBox }, OPENS_MS, 'waiting for the password box of the chosen user');
  return at;
}

/**
 * Whether the add-in's link is shown to the chosen user. It is absent only where nothing stands beneath his password box
 * that could be it.
 * @throws Fault `logon-screen-not-certain` (machine) when neither the link nor this user's password box can be seen, or
 *   when a text stands where the link would be that is none of its known wordings
 */
export async function linkIsShown(logon: Logon): Promise<boolean> {
  const { screen, screens } = logon;
  const { link, passwordBox, others } = screens.logon;
  if (await appears(logon, link, LINK_MS, 'looking for the link')) return true;
  const reading = await screen.read();
  const seen = [beneathBox(logon, reading), beneathBox(logon, await screen.read({ large: true }))];
  const certain = seen.filter((one) => one !== undefined);
  if (certain.length === 0) {
    const uncertain = new Fault(
      `Whether the link is there is uncertain: the screen shows ${screen.tell(reading)}`,
      {
        code: 'logon-screen-not-certain',
        blame: 'machine',
        retryable: true,
        remedy: 'Look at the recorded picture; bring the machine to its logon screen and run again.',
      },
    );
    throw withCaptions(uncertain, screens, [link, passwordBox]);
  }
  // Small print reads better when it is large.
  const texts = certain.findLast(({ unexplained }) => unexplained.length > 0)?.unexplained;
  if (!texts) return false;
  throw new Fault(
    `Whether the link is there is uncertain: beneath the password box stands "${texts.join('", "')}", which is none of its known wordings`,
    {
      code: 'logon-screen-not-certain',
      blame: 'config',
      remedy: `If that is the link, add it to the captions of language ${screens.language}, key ${link.keys.join()}; if it is something else, key ${others.keys.join()}: "npx sspr learn captions MACHINE --page logon" writes such a file (docs/languages.md). Where all the screen is of another language, correct machines[].language.`,
    },
  );
}

/**
 * Signs in with a password at the logon screen.
 * @throws Fault `user-not-found-on-screen`, `logon-server-unavailable` (network), another known-bad screen, `timed-out`
 */
export async function signIn(logon: Logon, password: Secret): Promise<'accepted' | 'refused'> {
  const { screen, screens, deadline, report } = logon;
  const { accepted, refused } = screens.logon;
  await chooseUser(logon);
  report('signs in');
  const wanted = { passwordBox: passwordBoxOf(logon) };
  const box = await see(logon, wanted, OPENS_MS, 'looking for the password box');
  await screen.click(box.found, 'the password box', deadline);
  await screen.type(password, { what: 'the password' }, deadline);
  await screen.press('Enter', deadline);
  const { name } = await see(
    logon,
    { accepted, refused },
    SIGN_IN_MS,
    'waiting for the answer to the sign-in',
  );
  return name;
}

/**
 * Leaves whatever lies over the logon screen: pages of the reset, dialogs, another user's password box. A session that
 * is signed in is waited for, not ended: restart the machine for that.
 * @throws Fault `user-not-found-on-screen` (machine)
 */
export async function returnToLogon(logon: Logon): Promise<void> {
  const { screen, user, screens, deadline } = logon;
  const { accepted } = screens.logon;
  const { wayBack } = screens.reset;
  for (let step = 0; step < MOST_STEPS_BACK;) {
    await screen.settle(deadline);
    const name: Wanted = { texts: [user.displayName] };
    const first = await screen.read();
    const isKnown = [accepted, ...wayBack, name].some((one) => seenIn(first, one));
    // A short caption that is misread once is read rightly when it is large.
    const reading = isKnown ? first : await screen.read({ large: true });
    const button = wayBack.map((one) => seenIn(reading, one)).find((found) => found !== undefined);
    if (seenIn(reading, accepted)) {
      deadline.check(screen.tell(reading));
      await deadline.sleep(SIGNED_IN_MS);
      continue;
    }
    if (button) await screen.click(button, button.text, deadline);
    else if (seenIn(reading, name)) return;
    else await screen.press('Escape', deadline);
    step++;
  }
  await findTile(logon);
}

/** Waits until the user's name is on the screen. */
async function findTile(logon: Logon): Promise<void> {
  const { screen, user, screens, deadline } = logon;
  const { pressControlAltDelete } = screens.logon;
  const name: Wanted = { texts: [user.displayName] };
  const what = `looking for the user ${user.displayName} on the logon screen`;
  try {
    const first = await appears(
      logon,
      { texts: [...name.texts, ...pressControlAltDelete.texts] },
      BEHIND_PICTURE_MS,
      what,
    );
    if (!first) await screen.press('Escape', deadline);
    const { name: which } = await see(logon, { name, pressControlAltDelete }, deadline.remaining(), what);
    if (which === 'name') return;
    await screen.press(['Control', 'Alt', 'Delete'], deadline);
    await see(logon, { name }, deadline.remaining(), what);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'timed-out') throw error;
    const absent = new Fault(
      `The logon screen does not show the user ${user.displayName}: ${error.message}`,
      {
        code: 'user-not-found-on-screen',
        blame: 'machine',
        remedy: 'Check the display name in the configuration, and that the machine is at its logon screen.',
        cause: error,
      },
    );
    throw withCaptions(absent, screens, [pressControlAltDelete]);
  }
}

/**
 * Waits for one of several texts; the known-bad screens of the reset stop that.
 * @param despite codes of known-bad screens that don't
 */
export async function see<Name extends string>(
  { screen, screens, deadline }: Logon,
  wanted: Readonly<Record<Name, Wanted | Caption>>,
  ms: number,
  what: string,
  despite: readonly string[] = [],
): Promise<{ readonly name: Name; readonly found: Found }> {
  try {
    return await screen.waitFor(wanted, deadline.within(ms, what), { badScreens: screens.bad, despite });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'timed-out') throw error;
    throw withCaptions(error, screens, Object.values<Wanted | Caption>(wanted));
  }
}

/** The same fault, with what to do where the right screen was there and says it in other words. */
export function withCaptions(
  { message, code, blame, retryable, remedy, cause }: Fault,
  { language }: Screens,
  wanted: readonly (Wanted | Caption)[],
): Fault {
  const keys = [...new Set(wanted.flatMap((one) => ('keys' in one ? one.keys : [])))];
  const hint = `If the right page was there and says it in other words, add them to the captions of language ${language}, key ${keys.join(' or ')}: "npx sspr learn captions" writes such a file (docs/languages.md).`;
  return new Fault(message, {
    code,
    blame,
    retryable,
    remedy: keys.length === 0 ? remedy : `${remedy} ${hint}`,
    cause,
  });
}

/** Whether a text appears within a time. */
export async function appears(logon: Logon, wanted: Wanted, ms: number, what: string): Promise<boolean> {
  try {
    await see(logon, { wanted }, ms, what);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === 'timed-out' && !logon.deadline.expired) return false;
    throw error;
  }
}
