import { Fault } from '../core/errors.ts';
import type { KeyEvent } from './console.ts';
import { KEYS, type KeyName } from './keys.ts';

/**
 * The rows of a US keyboard: the scancode of a row's first key, what its keys type, and what they type with Shift.
 * Within a row the codes count up. Scancode set 1, the one that hypervisors take whatever keyboard the machine has.
 * Source: Microsoft, Keyboard Scan Code Specification, Appendix C (set 1).
 */
const ROWS: readonly (readonly [first: number, plain: string, shifted: string])[] = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [0x39, ' ', ' '],
];

/** Keys that are told from those of the numeric pad by this code before theirs. */
const EXTENDED = 0xe0;

type Code = readonly [number] | readonly [typeof EXTENDED, number];

/** Keys that type nothing. The right half of the keyboard is not used: Windows treats both Control keys alike. */
const NAMED: Readonly<Record<Exclude<KeyName, 'Space' | 'A'>, Code>> = {
  Escape: [0x01],
  Backspace: [0x0e],
  Tab: [0x0f],
  Enter: [0x1c],
  Control: [0x1d],
  Shift: [0x2a],
  Alt: [0x38],
  F4: [0x3e],
  Home: [EXTENDED, 0x47],
  Up: [EXTENDED, 0x48],
  Left: [EXTENDED, 0x4b],
  Right: [EXTENDED, 0x4d],
  End: [EXTENDED, 0x4f],
  Down: [EXTENDED, 0x50],
  // Not the one of the numeric pad, which types a full stop while Num Lock is on.
  Delete: [EXTENDED, 0x53],
};

const CODES: ReadonlyMap<number, Code> = new Map([
  ...ROWS.flatMap(([first, ...layers]) =>
    layers.flatMap((layer) =>
      Array.from(layer, (character, i): [number, Code] => [character.charCodeAt(0), [first + i]]),
    ),
  ),
  ...Object.entries(NAMED).map(([name, code]): [number, Code] => [KEYS[name as KeyName], code]),
]);

/** Set in the last byte when the key goes up. */
const UP = 0x80;

/**
 * The bytes that a keyboard sends for this event: one, or two for an extended key.
 * @throws Fault `key-without-scancode` (harness)
 */
export function scancodes({ keysym, down }: KeyEvent): readonly number[] {
  const code = CODES.get(keysym);
  // The keysym of a character is the character: it may be part of a password.
  if (!code)
    throw new Fault('A key is to be pressed that has no scancode here', {
      code: 'key-without-scancode',
      blame: 'harness',
      remedy: 'Use only the keys and characters of a US keyboard; report this with what was to be typed.',
    });
  return down ? code : [...code.slice(0, -1), (code.at(-1) ?? 0) | UP];
}

/** The bytes of several events, in portions of at most `most`; none ends inside an event. */
export function portions(events: readonly KeyEvent[], most: number): number[][] {
  const all: number[][] = [];
  for (const codes of events.map(scancodes)) {
    const last = all.at(-1);
    if (last && last.length + codes.length <= most) last.push(...codes);
    else all.push([...codes]);
  }
  return all;
}
