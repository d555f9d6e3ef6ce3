import { fieldNear } from '../console/field.ts';
import type { Screen, Wanted } from '../console/screen.ts';
import { findText } from '../console/text.ts';
import type { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';

export interface Entry {
  readonly label: Wanted;
  readonly text: string | Secret;
  /** What it is, in words: "the user ID". */
  readonly what: string;
  /** Where it stands on its page: the first field has the focus when the page opens, a next one is a Tab away. */
  readonly position: 'first' | 'next';
  /** Keeps the text out of captions even though it is no Secret. */
  readonly hidden?: boolean;
}

/**
 * Types a text into the field with this label. What can be seen in the field is read back, and typed once more when
 * keys were lost; the page is the judge of what it gets.
 */
export async function fillIn(screen: Screen, entry: Entry, deadline: Deadline): Promise<void> {
  const { text, what, hidden = false } = entry;
  await focus(screen, entry, deadline);
  await screen.type(text, { what, hidden }, deadline);
  if (text instanceof Secret || (await isShown(screen, text))) return;
  await screen.clearField(deadline);
  await screen.type(text, { what: `${what} again`, hidden }, deadline);
}

async function focus(screen: Screen, { label, what, position }: Entry, deadline: Deadline): Promise<void> {
  const { lines, frame } = await screen.read();
  const found = label.texts.flatMap((text) => findText(lines, text, label))[0];
  const field = found && fieldNear(frame, found);
  // A caption without a box beside it is the box's own placeholder.
  if (found) await screen.click(field ?? found, `the box for ${what}`, deadline);
  else if (position === 'next') await screen.press('Tab', deadline);
  await screen.settle(deadline);
}

async function isShown(screen: Screen, text: string): Promise<boolean> {
  for (const large of [false, true]) {
    if (findText((await screen.read({ large })).lines, text).length > 0) return true;
  }
  return false;
}
