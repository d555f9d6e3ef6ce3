import { boxesIn } from '../console/boxes.ts';
import type { Reading, Wanted } from '../console/screen.ts';
import { seenIn } from '../console/screen.ts';
import { findText, type Found, type Line, textOf } from '../console/text.ts';
import { areaOf } from '../console/text/tsv.ts';
import type { Area } from '../core/journal.ts';
import type { Logon } from './logon.ts';
import type { Caption } from './screens/screens.ts';

/** How far beneath a name its password box begins, in heights of the name. */
const BOX_BENEATH = 3;
/** How far beneath the password box its link and its messages stand, in pixels. */
const LINKS_BENEATH = 150;
/** Fewer letters are what OCR makes of a drawing; fewer Chinese characters, too. */
const FEWEST = { letters: 3, characters: 2 };

/** The password box of the chosen user: by the text in it or, where that is not read, by its place beneath his name. */
export const passwordBoxOf = ({ user, screens }: Pick<Logon, 'user' | 'screens'>): Caption => ({
  ...screens.logon.passwordBox,
  orElse: (reading) => boxBeneath(user.displayName, reading),
});

function boxBeneath(displayName: string, { lines, frame }: Reading): Found | undefined {
  const names = findText(lines, displayName);
  if (names.length === 0) return undefined;
  const box = boxesIn(frame).find((one) =>
    names.some((name) => {
      const gap = one.y - (name.y + name.height);
      return gap >= 0 && gap <= BOX_BENEATH * name.height && isInColumn(one, name);
    }),
  );
  return box && { ...box, text: `the box beneath ${displayName}`, similarity: 1 };
}

/** What is written beneath the password box; undefined where it is not the chosen user's. */
export interface BeneathBox {
  /** Texts that are no caption that is known to stand there. */
  readonly unexplained: readonly string[];
}

/** What stands where the link would be. */
export function beneathBox(logon: Pick<Logon, 'user' | 'screens'>, reading: Reading): BeneathBox | undefined {
  const { user, screens } = logon;
  const name: Wanted = { texts: [user.displayName] };
  const box = seenIn(reading, name) && seenIn(reading, passwordBoxOf(logon));
  if (!box) return undefined;
  const bottom = box.y + box.height;
  const unexplained = reading.lines
    .filter((line) => {
      const area = areaOf(line.words);
      const isBeneath = area.y >= bottom && area.y <= bottom + LINKS_BENEATH;
      return isBeneath && isInColumn(area, box) && isText(line) && !begins(line, screens.logon.others);
    })
    .map(textOf);
  return { unexplained };
}

/** Whether one stands above the other, not beside it. */
const isInColumn = (one: Area, other: Area): boolean =>
  one.x < other.x + other.width && other.x < one.x + one.width;

function isText(line: Line): boolean {
  const letters = textOf(line).match(/\p{L}/gu) ?? [];
  const characters = letters.filter((letter) => /\p{Script=Han}/u.test(letter));
  return letters.length >= FEWEST.letters || characters.length >= FEWEST.characters;
}

/** Whether a line begins with a caption: `Sign in to: CONTOSO`. */
const begins = (line: Line, { texts }: Wanted): boolean =>
  findText([line], texts).some(({ x }) => x === areaOf(line.words).x);
