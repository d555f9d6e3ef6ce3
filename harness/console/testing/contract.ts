import { expect } from '@playwright/test';
import { existsSync } from 'node:fs';
import { poll } from '../../core/poll.ts';
import { Deadline } from '../../core/deadline.ts';
import type { Area } from '../../core/journal.ts';
import type { Console, Damage, Frame, KeyEvent } from '../console.ts';
import { chord, strokes } from '../keys.ts';
import { startDisplay, type Display } from './display.ts';
import { machineBehind, XDOTOOL, type BehindMachine } from './machine.ts';
import { CONTRACT_PAGE } from './page.ts';
import { QEMU_KEYMAP } from './qemu-keymap.ts';

/** One driver on one running machine. */
export interface Driver {
  open(deadline: Deadline): Promise<Console>;
  /** Switches the machine off, as it looks to this driver. */
  switchOff(): Promise<void>;
  /** What consoles have left behind so far, in words; nothing when all is well. */
  leftovers(): readonly string[];
  close(): Promise<void>;
}

export interface ContractOptions {
  /** How far a channel of a pixel may be off. */
  readonly tolerance?: number;
  /** Codes of the Fault that ends a console when its machine goes down. */
  readonly gone: string;
  /** There is no mouse: the suite clicks in the driver's place. */
  readonly keysOnly?: boolean;
  readonly start: (display: Display, machine: () => BehindMachine) => Promise<Driver>;
}

const SQUARE: Area = { x: 500, y: 300, width: 150, height: 90 };
const BACKGROUND = [0x20, 0x40, 0x60];
const RED = [255, 0, 0];
const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

const soon = (): Deadline => Deadline.in(15_000, 'testing a console');

/**
 * What every console does, whatever is behind it: run against each driver, with a real screen that shows a real page. What
 * the page got is told by the page.
 */
export function consoleContract(
  name: string,
  { tolerance = 0, gone, keysOnly = false, start }: ContractOptions,
): void {
  describe(`The console of ${name}`, function () {
    this.timeout(180_000);
    let display: Display;
    let machine: BehindMachine;
    let driver: Driver;
    let console: Console;

    before(async function () {
      const lacking = whatLacks();
      if (lacking) {
        process.stdout.write(`      skipped: ${lacking}\n`);
        this.skip();
      }
      display = await startDisplay({ html: CONTRACT_PAGE });
      machine = await machineBehind(display);
      driver = await start(display, () => machine);
      await told('ready');
      console = await driver.open(soon());
      await pixel(SQUARE, BACKGROUND);
    });
    after(async () => {
      await (console as Console | undefined)?.close();
      await (driver as Driver | undefined)?.close();
      await (machine as BehindMachine | undefined)?.close();
      await (display as Display | undefined)?.close();
    });

    /** What the page has told of one thing, in order. */
    const all = (what: string): unknown[] =>
      (display.said as Record<string, unknown>[]).filter((one) => what in one).map((one) => one[what]);

    const told = (what: string, times = 1): Promise<unknown> =>
      poll(
        () => {
          const so = all(what);
          const value = so[times - 1];
          return Promise.resolve(
            so.length >= times ? { done: true, value } : { done: false, seen: JSON.stringify(display.said) },
          );
        },
        { deadline: Deadline.in(20_000, `waiting for the page to tell "${what}"`), everyMs: 20 },
      );

    const pixel = (area: Area, colour: readonly number[]): Promise<unknown> =>
      poll(
        () => {
          const seen = colourIn(console.frame(), area);
          return Promise.resolve(
            alike(seen, colour, tolerance) ? { done: true, value: seen } : { done: false, seen: seen.join() },
          );
        },
        { deadline: soon(), everyMs: 20 },
      );

    const click = async (x: number, y: number, buttons = 1): Promise<void> => {
      if (keysOnly) {
        await machine.move(x, y);
        await machine.button(1, true);
        await machine.button(1, false);
        return;
      }
      await console.pointer({ x, y, buttons: 0 });
      await console.pointer({ x, y, buttons });
      await console.pointer({ x, y, buttons: 0 });
    };

    const type = (text: string): KeyEvent[] => Array.from(text, strokes).flat();

    it('shows the whole screen in its size and colours', () => {
      const frame = console.frame();
      expect([frame.width, frame.height, frame.data.length]).toEqual([1024, 768, 1024 * 768 * 4]);
      expect(frame.data.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
      expect(
        alike(colourIn(frame, { x: 310, y: 510, width: 1, height: 1 }), [0x20, 0x80, 0x40], tolerance),
      ).toBe(true);
    });

    it('tells what changed, and where', async () => {
      const before = console.frame();
      const changes: Damage[] = [];
      const frames = console.frames()[Symbol.asyncIterator]();
      await click(140, 220);
      while (!alike(colourIn(console.frame(), SQUARE), RED, tolerance)) {
        const next = await frames.next();
        if (next.done === true) throw new Error('the frames have ended');
        changes.push(next.value);
      }
      await frames.return?.();
      const areas = changes.flatMap((damage) => damage.areas);
      expect(corners(SQUARE).filter(([x, y]) => !areas.some((area) => within(area, x, y)))).toEqual([]);
      expect(areas.some((area) => within(area, 900, 700))).toBe(false);
      expect(console.frame().version).toBeGreaterThan(before.version);
      // What was handed out earlier stays what it was.
      expect(alike(colourIn(before, SQUARE), BACKGROUND, tolerance)).toBe(true);
    });

    it('types every character of a US keyboard', async () => {
      await click(200, 120);
      await console.keys(type(PRINTABLE));
      await console.keys(chord(['Tab']));
      expect(await told('typed')).toBe(PRINTABLE);
    });

    it('presses chords: selects all and deletes it, and moves with the arrows', async () => {
      await console.keys(chord(['Control', 'A']));
      await console.keys(chord(['Delete']));
      await console.keys([
        ...type('bd'),
        ...chord(['Left']),
        ...type('c'),
        ...chord(['Home']),
        ...type('a'),
        ...chord(['Tab']),
      ]);
      expect(await told('typed', 2)).toBe('abcd');
    });

    it('clicks with each button, at the very pixel', async () => {
      if (keysOnly) {
        await expect(console.pointer({ x: 1, y: 1, buttons: 0 })).rejects.toMatchObject({
          code: 'console-no-pointer',
        });
        return;
      }
      await click(311, 517, 1);
      expect(await told('down', 1)).toEqual([311, 517, 0, 1]);
      expect(await told('up', 1)).toEqual([311, 517, 0]);
      await click(500, 600, 4);
      expect(await told('down', 2)).toEqual([500, 600, 2, 2]);
      expect(await told('up', 2)).toEqual([500, 600, 2]);
      await click(599, 699, 2);
      expect(await told('down', 3)).toEqual([599, 699, 1, 4]);
      expect(await told('up', 3)).toEqual([599, 699, 1]);
    });

    it('ends its frames when it is closed, is of no use then, and may be closed again', async () => {
      const other = await driver.open(soon());
      const frames = other.frames()[Symbol.asyncIterator]();
      await other.close();
      // What was seen before the end may still be told.
      let last = await frames.next();
      while (!last.done) last = await frames.next();
      expect(last.value).toBeUndefined();
      await expect(other.keys(type('a'))).rejects.toMatchObject({ code: /closed$/ });
      await expect(other.pointer({ x: 1, y: 1, buttons: 0 })).rejects.toMatchObject({ code: /closed$/ });
      expect(() => other.frame()).toThrow(/clos/);
      await other.close();
      // The first one does not notice.
      expect(console.frame().width).toBe(1024);
    });

    it('leaves nothing behind when it is closed in the middle of everything', async () => {
      const other = await driver.open(soon());
      const typing = other.keys(type('abc')).catch((error: unknown) => error);
      await other.close();
      await typing;
      await console.close();
      await expect.poll(() => driver.leftovers()).toEqual([]);
      console = await driver.open(soon());
    });

    it('gives up with a reason when the machine goes down, and leaves nothing behind', async () => {
      const frames = console.frames()[Symbol.asyncIterator]();
      const ended = (async () => {
        while (!(await frames.next()).done);
      })();
      const outcome = ended.then(
        () => 'ended without a reason',
        (error: unknown) => error,
      );
      await driver.switchOff();
      expect(await outcome).toMatchObject({ name: 'Fault', code: gone, blame: 'machine' });
      await expect(console.keys(type('a'))).rejects.toMatchObject({ code: gone });
      expect(() => console.frame()).toThrow(expect.objectContaining({ code: gone }));
      await console.close();
      await expect.poll(() => driver.leftovers()).toEqual([]);
    });
  });
}

/** Why the stand-ins cannot work here, or undefined. */
function whatLacks(): string | undefined {
  if (!existsSync(QEMU_KEYMAP)) return `${QEMU_KEYMAP} is missing (Debian package qemu-system-data)`;
  return existsSync(XDOTOOL) ? undefined : `${XDOTOOL} is missing (Debian package xdotool)`;
}

/** The colour in the middle of an area. */
function colourIn({ width, data }: Frame, area: Area): readonly number[] {
  const [x, y] = [area.x + Math.floor(area.width / 2), area.y + Math.floor(area.height / 2)];
  return [...data.subarray((y * width + x) * 4).subarray(0, 3)];
}

const alike = (a: readonly number[], b: readonly number[], tolerance: number): boolean =>
  a.every((value, i) => Math.abs(value - (b[i] ?? 0)) <= tolerance);

const within = ({ x, y, width, height }: Area, atX: number, atY: number): boolean =>
  atX >= x && atX < x + width && atY >= y && atY < y + height;

const corners = ({ x, y, width, height }: Area): [number, number][] => [
  [x, y],
  [x + width - 1, y],
  [x, y + height - 1],
  [x + width - 1, y + height - 1],
];
