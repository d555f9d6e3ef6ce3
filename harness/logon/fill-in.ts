import { boxesIn } from '../console/boxes.ts';
import type { Frame } from '../console/console.ts';
import { differingPixels, fieldNear } from '../console/field.ts';
import type { Screen, Wanted } from '../console/screen.ts';
import { findText } from '../console/text.ts';
import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Area } from '../core/journal.ts';
import { Secret } from '../core/secret.ts';
import { holds, isAlike } from './boxes.ts';

/** What of a screen is needed to fill a field in. */
type Page = Pick<Screen, 'read' | 'frame' | 'click' | 'press' | 'settle' | 'type' | 'clearField' | 'covered'>;

export interface Entry {
  /** Its label or placeholder; or its box, when that is known. */
  readonly label: Wanted | Area;
  readonly text: string | Secret;
  /** What it is, in words: "the user ID". */
  readonly what: string;
  /** Where it stands on its page: the first field has the focus when the page opens, a next one is a Tab away. */
  readonly position: 'first' | 'next';
  /** A secret that the page shows as it is typed: its field is covered from now on. */
  readonly legible?: boolean;
  /** The page may still hold what was given there before. */
  readonly replaces?: boolean;
}

/** A page that has just appeared may not take keys yet; after so many tries it never will. */
const MOST_TRIES = 3;

/**
 * Types a text into the field with this label, and looks whether it arrived: a text by reading it back, a secret by the
 * change of its field. What did not arrive is typed again, with the focus set anew. A text that cannot be read back although
 * its field has changed is left to the page to judge.
 * @throws Fault `keys-lost` when nothing of it arrived: the page must not be asked to take an empty code
 */
export async function fillIn(screen: Page, entry: Entry, deadline: Deadline): Promise<void> {
  const { text, what, legible = false, replaces = false } = entry;
  const { field, isBox } = await findField(screen, entry);
  if (legible) cover(screen, field);
  let changed = !isBox;
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    await focus(screen, field, entry, deadline);
    if (replaces || tries > 1) await screen.clearField(deadline);
    const before = screen.frame();
    await screen.type(text, { what: tries > 1 ? `${what} again` : what }, deadline);
    if (await arrived(screen, text, field, before)) return;
    changed ||= hasChanged(before, screen.frame(), field);
  }
  if (!changed)
    throw new Fault(
      `What is typed does not arrive: ${MOST_TRIES} tries to give ${what} left its box as it was`,
      {
        code: 'keys-lost',
        blame: 'machine',
        retryable: true,
        remedy: 'Look at the film whether something stands before the page, and run it again.',
      },
    );
}

/** The box of the label; the label itself where no box is seen; undefined when nothing is seen of it. */
async function findField(
  screen: Page,
  { label }: Entry,
): Promise<{ readonly field: Area | undefined; readonly isBox: boolean }> {
  if (!('texts' in label))
    return { field: label, isBox: boxesIn(screen.frame()).some((box) => isAlike(box, label)) };
  for (const large of [false, true]) {
    const { lines, frame } = await screen.read({ large });
    const found = label.texts.flatMap((text) => findText(lines, text, label))[0];
    if (!found) continue;
    const box = boxAroundPlaceholder(frame, found) ?? fieldNear(frame, found);
    return { field: box ?? found, isBox: box !== undefined };
  }
  return { field: undefined, isBox: false };
}

const boxAroundPlaceholder = (frame: Frame, label: Area): Area | undefined =>
  boxesIn(frame).find((box) => holds(box, label));

/**
 * Covers a field in all pictures, together with every box of its size: a page that refuses what was typed may come back
 * with it at another place. Without a field nobody knows where the text will stand.
 */
function cover(screen: Page, field: Area | undefined): void {
  const before = screen.covered;
  screen.covered = (frame) => {
    const { width, height } = frame;
    if (!field) return [{ x: 0, y: 0, width, height }];
    const boxes = boxesIn(frame).filter((box) => isAlike(box, field));
    return [...before(frame), ...(boxes.length > 0 ? [field, ...boxes] : [around(field)])];
  };
}

async function focus(
  screen: Page,
  field: Area | undefined,
  { what, position }: Entry,
  deadline: Deadline,
): Promise<void> {
  if (field) await screen.click(field, `the box for ${what}`, deadline);
  else if (position === 'next') await screen.press('Tab', deadline);
  await screen.settle(deadline);
}

async function arrived(
  screen: Page,
  text: string | Secret,
  field: Area | undefined,
  before: Frame,
): Promise<boolean> {
  // Nobody can read bullets, but they are more than a caret.
  if (text instanceof Secret) return hasChanged(before, screen.frame(), field);
  for (const large of [false, true]) {
    if (findText((await screen.read({ large })).lines, text).length > 0) return true;
  }
  return false;
}

/** By more than a caret; a field that was not found may have. */
const hasChanged = (before: Frame, after: Frame, field: Area | undefined): boolean =>
  !field || changedColumns(before, after, around(field)) > CARET_COLUMNS;

/** Where the text of a field shows: a label that was taken for its box stands left of it or above it. */
const around = ({ x, y, width, height }: Area): Area => ({ x, y, width: width + 120, height: height + 40 });

/** A caret goes from one place to another, two pixels wide and a little blurred; one bullet more is wider. */
const CARET_COLUMNS = 6;

const changedColumns = (before: Frame, after: Frame, { x, width, ...rows }: Area): number =>
  Array.from({ length: width }, (_, index) => ({ x: x + index, width: 1, ...rows })).filter(
    (column) => differingPixels(before, after, column) > 0,
  ).length;
