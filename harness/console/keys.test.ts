import { expect } from '@playwright/test';
import { chord, KEYS, strokes } from './keys.ts';

describe('Keys', () => {
  it('types a capital with Shift as a key of its own', () => {
    expect(strokes('A')).toEqual([
      { keysym: KEYS.Shift, down: true },
      { keysym: 65, down: true },
      { keysym: 65, down: false },
      { keysym: KEYS.Shift, down: false },
    ]);
    expect(strokes('a').map(({ keysym }) => keysym)).toEqual([97, 97]);
  });

  it('holds the keys of a chord down together', () => {
    expect(chord(['Control', 'Alt', 'Delete']).map(({ keysym, down }) => [keysym, down])).toEqual([
      [KEYS.Control, true],
      [KEYS.Alt, true],
      [KEYS.Delete, true],
      [KEYS.Delete, false],
      [KEYS.Alt, false],
      [KEYS.Control, false],
    ]);
  });

  for (const character of ['\u00e9', '\u4e2d', '\n', '\u{1f600}']) {
    it(`refuses U+${character.codePointAt(0)?.toString(16)}, without telling which it was`, () => {
      expect(() => strokes(character)).toThrow(expect.objectContaining({ code: 'no-key-for-character' }));
      expect(() => strokes(character)).not.toThrow(character);
    });
  }
});
