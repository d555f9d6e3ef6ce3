import { readFileSync } from 'node:fs';

/** A table of scancodes that is not ours (Debian package qemu-system-data). */
export const QEMU_KEYMAP = '/usr/share/qemu/keymaps/en-us';

export interface Keymap {
  /** Scancodes of the key that types this character, and whether it takes Shift. */
  typing(character: string): { readonly codes: readonly number[]; readonly shift: boolean } | undefined;
  /** Scancodes of a key by its X11 name. */
  named(xName: string): readonly number[] | undefined;
  /** X11 name of the key with these scancodes, as it types without modifiers. */
  key(codes: readonly number[]): string | undefined;
}

/** X11's names of ASCII's symbols (X11/keysymdef.h). */
const SYMBOLS: Readonly<Record<string, string>> = {
  ...{ ' ': 'space', '!': 'exclam', '"': 'quotedbl', '#': 'numbersign', $: 'dollar', '%': 'percent' },
  ...{ '&': 'ampersand', "'": 'apostrophe', '(': 'parenleft', ')': 'parenright', '*': 'asterisk' },
  ...{ '+': 'plus', ',': 'comma', '-': 'minus', '.': 'period', '/': 'slash', ':': 'colon' },
  ...{ ';': 'semicolon', '<': 'less', '=': 'equal', '>': 'greater', '?': 'question', '@': 'at' },
  ...{ '[': 'bracketleft', '\\': 'backslash', ']': 'bracketright', '^': 'asciicircum', _: 'underscore' },
  ...{ '`': 'grave', '{': 'braceleft', '|': 'bar', '}': 'braceright', '~': 'asciitilde' },
};

/** Reads lines such as `exclam 0x02 shift`. Bit 7 of a code stands for the prefix E0. */
export function readQemuKeymap(): Keymap {
  const rows = readFileSync(QEMU_KEYMAP, 'utf8')
    .split('\n')
    .map((line) => /^(\w+) 0x([0-9a-f]{2})((?: \w+)*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', hex = '', modifiers = '']) => {
      const number = Number.parseInt(hex, 16);
      const codes = number & 0x80 ? [0xe0, number & 0x7f] : [number];
      return { name, codes, modifiers: modifiers.trim().split(' ').filter(Boolean) };
    });
  const plain = rows.filter(({ modifiers }) => modifiers.length === 0);
  return {
    typing(character) {
      const name = SYMBOLS[character] ?? character;
      // The first row of a name is its own key; others are those of other layouts' keyboards.
      const row = rows.find((one) => one.name === name && one.modifiers.every((it) => it === 'shift'));
      return row && { codes: row.codes, shift: row.modifiers.includes('shift') };
    },
    named: (xName) => plain.find(({ name }) => name === xName)?.codes,
    key: (codes) => plain.find((row) => row.codes.join() === codes.join())?.name,
  };
}
