import { utcNow } from '../core/clock.ts';
import { timedOut, type Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Area } from '../core/journal.ts';
import { redact, Secret } from '../core/secret.ts';
import { WINDOWS_BAD_SCREENS, type BadScreen } from './bad-screens.ts';
import { Changes } from './changes.ts';
import type { Console, Frame } from './console.ts';
import { covered, uncovered } from './covered.ts';
import { chord, strokes, type KeyName } from './keys.ts';
import { findText, textOf, type Found, type Line, type MatchOptions, type TextReader } from './text.ts';

/** One picture of the film: what was on the screen, what was looked for, where it was found, what was done. */
export interface Step {
  readonly caption: string;
  readonly frame: Frame;
  readonly lookedFor?: string;
  readonly found?: Found;
  /** Never holds a secret: a typed one is `***`. */
  readonly action?: string;
}

/** Whoever keeps the steps. */
export interface Film {
  record(step: Step): void;
  /** Resolves when all steps so far are kept. */
  flush(): Promise<void>;
}

export interface ScreenOptions {
  readonly console: Console;
  readonly reader: TextReader;
  /** Told of every step, in order. */
  readonly film?: Film;
}

/** A text, in any of its wordings. */
export interface Wanted extends MatchOptions {
  readonly texts: readonly string[];
  /** What tells it where its words are not read. */
  readonly orElse?: (reading: Reading) => Found | undefined;
}

export interface WaitOptions {
  /** Screens that stop this wait at once, besides those of Windows itself. */
  readonly badScreens?: readonly BadScreen[];
  /** Codes of known-bad screens that don't stop this wait. */
  readonly despite?: readonly string[];
}

export interface Typing {
  /** What the field is, for the caption: "the user ID". */
  readonly what: string;
}

export interface Reading {
  readonly lines: readonly Line[];
  readonly frame: Frame;
}

/** Milliseconds without a change after which a screen counts as drawn, and how long that is waited for. */
const DRAWN = { still: 60, longest: 400 };
const SETTLED = { still: 250, longest: 2500 };
/** A screen that stays still this long without the wanted text is read once more, larger. */
const SECOND_LOOK_MS = 1200;
/** Hypervisors pass keys on at about this pace; faster, long texts are cut. */
const KEY_MS = 35;
/** Characters. A console that is behind takes long for each call, and its machine keeps so many keys. */
const MOST_AT_ONCE = 12;
/** Two clicks on one place within this time are a double click. */
const DOUBLE_CLICK_MS = 600;

const NO_FILM: Film = { record: () => undefined, flush: () => Promise.resolve() };

/** The eye and the hand over any console: finds, waits for, clicks and types by what the pixels say. */
export class Screen {
  /** Where a picture is painted over before it is kept; what is written there is kept out of errors as well. */
  covered: (frame: Frame) => readonly Area[] = () => [];
  readonly #console: Console;
  readonly #reader: TextReader;
  readonly #film: Film;
  readonly #changes: Changes;
  #lastReading: { readonly key: string; readonly reading: Reading } | undefined;
  #lastClick = { x: -1, y: -1, at: -Infinity };

  constructor({ console, reader, film = NO_FILM }: ScreenOptions) {
    this.#console = console;
    this.#reader = reader;
    this.#film = {
      record: (step) => film.record({ ...step, frame: covered(step.frame, this.covered(step.frame)) }),
      flush: () => film.flush(),
    };
    this.#changes = new Changes(console);
    // Left where another client put it, the server paints the pointer over the text. What is wrong shows at the first wait.
    void this.#park().catch(() => undefined);
  }

  frame(): Frame {
    return this.#console.frame();
  }

  /** What is written on the screen now. */
  async read({ large = false } = {}): Promise<Reading> {
    const frame = this.#console.frame();
    const key = `${frame.version} ${large}`;
    if (this.#lastReading?.key !== key) {
      const lines = await this.#reader.read(frame, { large });
      this.#lastReading = { key, reading: { lines, frame } };
    }
    return this.#lastReading.reading;
  }

  /** What is written on the screen, for an error: without what is covered. */
  tell({ lines, frame }: Reading): string {
    return summary(uncovered(lines, this.covered(frame)));
  }

  /** Every place where the text stands now, best first (see `findText`); none when it is not there. */
  async findAll(text: string | readonly string[], options?: MatchOptions): Promise<readonly Found[]> {
    return findText((await this.read()).lines, text, options);
  }

  /** Where the text stands now. It says nothing about a moment later: to be sure that a text is absent, wait first. */
  async find(text: string, options?: MatchOptions): Promise<Found | undefined> {
    return (await this.findAll(text, options))[0];
  }

  /**
   * Waits until one of several texts is on the screen. Looks only when the screen has changed, and stops at once at a
   * known-bad screen.
   * @returns the name of the text that was found, and where
   * @throws Fault with the bad screen's code; `timed-out` with what was last read; `interrupted`; whatever ended the
   *   console
   */
  async waitFor<Name extends string>(
    wanted: Readonly<Record<Name, Wanted>>,
    deadline: Deadline,
    { badScreens = [], despite = [] }: WaitOptions = {},
  ): Promise<{ readonly name: Name; readonly found: Found }> {
    const lookedFor = Object.values<Wanted>(wanted)
      .map(({ texts }) => texts[0] ?? '')
      .join(' | ');
    const bad = [...badScreens, ...WINDOWS_BAD_SCREENS].filter(({ code }) => !despite.includes(code));
    for (let large = false; ;) {
      await this.#changes.quiet(DRAWN.still, DRAWN.longest, deadline);
      const seen = this.#changes.count;
      const began = performance.now();
      const reading = await this.read({ large });
      this.#stopAt(bad, reading);
      const hit = firstOf(wanted, reading);
      if (hit) {
        this.#film.record({
          caption: `sees "${hit.found.text}"`,
          frame: reading.frame,
          lookedFor,
          found: hit.found,
        });
        return hit;
      }
      if (deadline.expired) this.#giveUp(lookedFor, reading, deadline);
      // A screen in constant motion must not take more than half of a processor.
      await deadline.sleep(Math.min(1000, performance.now() - began));
      const changed = await this.#changes.after(seen, large ? Infinity : SECOND_LOOK_MS, deadline);
      large = !changed;
    }
  }

  /** Waits until nothing but a caret moves any more, also of what the last click or key has caused; a few seconds at most. */
  async settle(deadline: Deadline): Promise<void> {
    const { lag = 0 } = this.#console;
    await this.#changes.quiet(SETTLED.still + lag, SETTLED.longest + lag, deadline);
  }

  /**
   * Clicks into the middle of an area, then takes the pointer out of the way.
   * @param what is clicked, for the caption: "the link"
   * @returns the instant of the click, ISO 8601 UTC
   */
  async click(area: Area | Found, what: string, deadline: Deadline): Promise<string> {
    const x = Math.round(area.x + area.width / 2);
    const y = Math.round(area.y + area.height / 2);
    this.#film.record({
      caption: `clicks ${what}`,
      frame: this.frame(),
      action: `click at ${x}, ${y}`,
      ...('text' in area && { found: area }),
    });
    await this.#avoidDoubleClick(x, y, deadline);
    await this.#console.pointer({ x, y, buttons: 0 });
    await deadline.sleep(30);
    const at = utcNow();
    await this.#console.pointer({ x, y, buttons: 1 });
    await deadline.sleep(40);
    await this.#console.pointer({ x, y, buttons: 0 });
    this.#lastClick = { x, y, at: performance.now() };
    await deadline.sleep(40);
    await this.#park();
    this.#changes.expect();
    return at;
  }

  /**
   * Types a text as on a US keyboard into the field that has the focus. The picture is taken when it is typed.
   * @throws Fault `no-key-for-character` (config), before the first key is sent
   */
  async type(text: string | Secret, { what }: Typing, deadline: Deadline): Promise<void> {
    const secret = text instanceof Secret;
    const keys = Array.from(secret ? text.reveal() : text, strokes);
    const portion = this.#console.lag === undefined ? 1 : MOST_AT_ONCE;
    for (let typed = 0; typed < keys.length; typed += portion) {
      const now = keys.slice(typed, typed + portion);
      await this.#console.keys(now.flat());
      await deadline.sleep(KEY_MS * now.length);
    }
    this.#changes.expect();
    await this.settle(deadline);
    const shown = secret ? '***' : redact(text);
    this.#film.record({ caption: `types ${what}`, frame: this.frame(), action: `type ${shown}` });
  }

  /** Presses a key, or several at once: `press(['Control', 'Alt', 'Delete'], ...)`. @returns the instant */
  async press(key: KeyName | readonly KeyName[], deadline: Deadline): Promise<string> {
    const names = typeof key === 'string' ? [key] : key;
    this.#film.record({
      caption: `presses ${names.join('+')}`,
      frame: this.frame(),
      action: `press ${names.join('+')}`,
    });
    const at = utcNow();
    await this.#console.keys(chord(names));
    await deadline.sleep(KEY_MS);
    this.#changes.expect();
    return at;
  }

  /** Empties the field that has the focus. */
  async clearField(deadline: Deadline): Promise<void> {
    await this.#console.keys(chord(['Control', 'A']));
    await this.#console.keys(chord(['Delete']));
    await deadline.sleep(KEY_MS);
  }

  /** Resolves when the pictures of all steps so far are kept. */
  flush(): Promise<void> {
    return this.#film.flush();
  }

  /** Keeps the last pictures, then closes the reader and the console. */
  async close(): Promise<void> {
    await this.flush().finally(() => Promise.all([this.#reader.close(), this.#console.close()]));
  }

  /** Windows 8 reacts to a pointer in the corners, and a pointer over a button changes it: the right edge is harmless. */
  async #park(): Promise<void> {
    const { width, height } = this.frame();
    await this.#console.pointer({ x: width - 1, y: Math.round(height / 2), buttons: 0 });
  }

  async #avoidDoubleClick(x: number, y: number, deadline: Deadline): Promise<void> {
    const near = Math.abs(x - this.#lastClick.x) < 8 && Math.abs(y - this.#lastClick.y) < 8;
    const left = DOUBLE_CLICK_MS - (performance.now() - this.#lastClick.at);
    if (near && left > 0) await deadline.sleep(left);
  }

  #stopAt(bad: readonly BadScreen[], { lines, frame }: Reading): void {
    for (const { texts, means, ...detail } of bad) {
      const [found] = findText(lines, texts);
      if (!found) continue;
      this.#film.record({ caption: `stops at "${found.text}"`, frame, lookedFor: texts[0] ?? '', found });
      throw new Fault(`${means}: the screen says "${found.text}"`, detail);
    }
  }

  #giveUp(lookedFor: string, reading: Reading, deadline: Deadline): never {
    this.#film.record({ caption: `does not see "${lookedFor}"`, frame: reading.frame, lookedFor });
    const seen = this.tell(reading);
    deadline.check(seen);
    throw timedOut(deadline.what, deadline.budgetMs, seen);
  }
}

function firstOf<Name extends string>(
  wanted: Readonly<Record<Name, Wanted>>,
  reading: Reading,
): { name: Name; found: Found } | undefined {
  for (const [name, one] of Object.entries<Wanted>(wanted) as [Name, Wanted][]) {
    const found = seenIn(reading, one);
    if (found) return { name, found };
  }
  return undefined;
}

/** Where it stands on a picture that was read: by its words or, failing that, by its other sign. */
export const seenIn = (reading: Reading, { texts, orElse, ...options }: Wanted): Found | undefined =>
  findText(reading.lines, texts, options)[0] ?? orElse?.(reading);

/** What is written on the screen, short enough for an error. */
export const summary = (lines: readonly Line[]): string =>
  lines.length === 0 ? 'a screen without text' : redact(lines.map(textOf).join(' | ')).slice(0, 400);
