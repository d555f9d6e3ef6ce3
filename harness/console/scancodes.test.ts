import { expect } from '@playwright/test';
import { existsSync } from 'node:fs';
import { KEYS, chord, strokes, type KeyName } from './keys.ts';
import { portions, scancodes } from './scancodes.ts';
import { QEMU_KEYMAP, readQemuKeymap } from './testing/qemu-keymap.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));

/** X11's names of the keys that type nothing (X11/keysymdef.h). */
const X_NAMES: Readonly<Record<Exclude<KeyName, 'A'>, string>> = {
  Backspace: 'BackSpace',
  Tab: 'Tab',
  Enter: 'Return',
  Escape: 'Escape',
  Space: 'space',
  Delete: 'Delete',
  Home: 'Home',
  Left: 'Left',
  Up: 'Up',
  Right: 'Right',
  Down: 'Down',
  End: 'End',
  Shift: 'Shift_L',
  Control: 'Control_L',
  Alt: 'Alt_L',
  F4: 'F4',
};

describe('Scancodes', () => {
  it('are there for every key and character that can be pressed or typed', () => {
    const events = [...PRINTABLE.flatMap(strokes), ...chord(Object.keys(KEYS) as KeyName[])];
    for (const event of events) {
      const codes = scancodes(event);
      expect([1, 2]).toContain(codes.length);
      expect(codes.at(-1)! & 0x80).toBe(event.down ? 0 : 0x80);
    }
  });

  it('press Ctrl+Alt+Del as a keyboard does', () => {
    const codes = chord(['Control', 'Alt', 'Delete']).flatMap(scancodes);
    expect(codes).toEqual([0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d]);
  });

  it('go out in portions that part no key from its prefix', () => {
    const events = chord(['Delete', 'A', 'Home']);
    expect(portions(events, 4)).toEqual([
      [0xe0, 0x53, 0x1e],
      [0xe0, 0x47, 0xe0, 0xc7],
      [0x9e, 0xe0, 0xd3],
    ]);
    expect(portions([], 4)).toEqual([]);
  });

  it('refuse a key that they do not know, without telling which', () => {
    const refused = (): unknown => scancodes({ keysym: 0xe9, down: true });
    expect(refused).toThrow(expect.objectContaining({ code: 'key-without-scancode' }));
    expect(refused).not.toThrow(/e9|233|\u00e9/i);
  });

  describe("agree with QEMU's table of the US keyboard", () => {
    before(function () {
      if (existsSync(QEMU_KEYMAP)) return;
      console.log(`      skipped: ${QEMU_KEYMAP} is missing (Debian package qemu-system-data)`);
      this.skip();
    });

    it('in every printable character, and in which of them take Shift', () => {
      const keymap = readQemuKeymap();
      for (const character of PRINTABLE) {
        const stroke = strokes(character);
        const key = stroke.find(({ keysym }) => keysym === character.charCodeAt(0))!;
        expect({ character, codes: scancodes(key), shift: stroke.length === 4 }).toEqual({
          character,
          codes: keymap.typing(character)!.codes,
          shift: keymap.typing(character)!.shift,
        });
      }
    });

    it('in every other key', () => {
      const keymap = readQemuKeymap();
      for (const [name, xName] of Object.entries(X_NAMES)) {
        const codes = scancodes({ keysym: KEYS[name as KeyName], down: true });
        expect({ name, codes }).toEqual({ name, codes: keymap.named(xName) });
      }
    });
  });
});
