import { Fault } from '../core/errors.ts';
import type { KeyEvent } from './console.ts';

/** Keys that are pressed rather than typed, by their X11 keysyms (X11/keysymdef.h). */
export const KEYS = {
  Backspace: 0xff08,
  Tab: 0xff09,
  Enter: 0xff0d,
  Escape: 0xff1b,
  Space: 0x20,
  Delete: 0xffff,
  Home: 0xff50,
  Left: 0xff51,
  Up: 0xff52,
  Right: 0xff53,
  Down: 0xff54,
  End: 0xff57,
  Shift: 0xffe1,
  Control: 0xffe3,
  Alt: 0xffe9,
  F4: 0xffc1,
  A: 0x61,
} as const;
export type KeyName = keyof typeof KEYS;

/** What takes Shift on a US keyboard. */
const SHIFTED = new Set('~!@#$%^&*()_+{}|:"<>?ABCDEFGHIJKLMNOPQRSTUVWXYZ');

const events = (keysym: number, down: boolean): KeyEvent => ({ keysym, down });

/** Presses a chord such as Control, Alt, Delete: down in this order, up in the reverse one. */
export function chord(keys: readonly KeyName[]): KeyEvent[] {
  return [
    ...keys.map((name) => events(KEYS[name], true)),
    ...keys.toReversed().map((name) => events(KEYS[name], false)),
  ];
}

/**
 * The events that type one character on a US keyboard. Shift is sent as a key of its own: QEMU and others pass on
 * scancodes, and without it `&` arrives as `7`.
 * @throws Fault `no-key-for-character` (config)
 */
export function strokes(character: string): KeyEvent[] {
  const code = character.codePointAt(0) ?? 0;
  // The character itself stays out of the message: it may be part of a password.
  if (!hasKey(character))
    throw new Fault('The text holds a character that a US keyboard has no key for', {
      code: 'no-key-for-character',
      blame: 'config',
      remedy: 'Use only letters, digits and symbols of ASCII in what is typed at the logon screen.',
    });
  const stroke = [events(code, true), events(code, false)];
  return SHIFTED.has(character) ? [events(KEYS.Shift, true), ...stroke, events(KEYS.Shift, false)] : stroke;
}

/** Whether a US keyboard types this character: printable ASCII. */
export const hasKey = (character: string): boolean => /^[ -~]$/.test(character);
