import type { Deadline } from '../core/deadline.ts';
import type { Console } from './console.ts';
import { Recording, type Picture } from './recording.ts';
import { openVnc, type VncAddress } from './rfb/open-vnc.ts';
import { Screen } from './screen.ts';
import { openTextReader } from './text.ts';

/** Opens the console of a machine. VNC is the one driver so far. See `openVnc` for what it throws. */
export const openConsole = (address: VncAddress, deadline: Deadline): Promise<Console> =>
  openVnc(address, deadline);

export interface OpenScreenOptions {
  /** Language of what is on the screen, as in the configuration. */
  readonly language: keyof typeof TESSERACT;
  /** Called for every step with its picture packed as PNG, in order, a little after the step. */
  readonly record: (picture: Picture) => void;
}

/** Tesseract's names of the languages. */
const TESSERACT = { en: 'eng' } as const;

/** A screen with an eye of its own; its `close()` closes that, the film and the console. */
export function openScreen(console: Console, { language, record }: OpenScreenOptions): Screen {
  return new Screen({
    console,
    reader: openTextReader(TESSERACT[language]),
    film: new Recording(record),
  });
}
