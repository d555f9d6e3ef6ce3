import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Secret } from '../../core/secret.ts';
import { wrongCode } from './wrong-code.ts';

const shapeOf = (code: string): string =>
  code.replace(/[0-9]/g, '0').replace(/[a-z]/g, 'a').replace(/[A-Z]/g, 'A');

describe('A wrong code', () => {
  it('has the shape of the right one, and no digit or letter of it in its place', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-zA-Z-]{8,10}$/), (code) => {
        fc.pre(/[0-9a-zA-Z]/.test(code));
        const wrong = wrongCode(new Secret(code, 'everybody'))!.reveal();
        expect(shapeOf(wrong)).toBe(shapeOf(code));
        for (const [index, character] of Array.from(code).entries())
          if (character !== '-') expect(wrong[index]).not.toBe(character);
      }),
    );
  });

  it('is not made of a code that has neither', () => {
    expect(wrongCode(new Secret('-- --', 'everybody'))).toBeUndefined();
  });
});
