import { randomInt } from 'node:crypto';
import { Secret } from '../core/secret.ts';

/**
 * One string a class. Left out: what looks alike in a picture (0 O o, 1 I l |, 5 S s, 2 Z z, 8 B ...) and what moves
 * between keyboard layouts or has a meaning for shells and escapes.
 */
const CLASSES = ['abcdefghijkmnpqrtuvwxy', 'ACDEFGHJKLMNPQRTUVWXY', '34679', '!#%+=?@'] as const;

const SHORTEST = 16;

/**
 * A new random password: characters of all four classes, each easy to tell from the others and on a US keyboard. From
 * the system's random source; with 18 characters about 100 bits.
 * @param length at least 16
 */
export function newPassword(length = 18): Secret {
  if (length < SHORTEST)
    throw new RangeError(`A password of ${length} characters; at least ${SHORTEST} are wanted`);
  return randomOf(length);
}

/** One character fewer than any tenant of Azure AD accepts (facts 6.5): it lacks nothing but length. */
const TOO_SHORT = 7;

/** A random password that is refused for its length alone; with about 40 bits no disaster where it is accepted. */
export const weakPassword = (): Secret => randomOf(TOO_SHORT);

function randomOf(length: number): Secret {
  const everything = CLASSES.join('');
  const characters = [
    ...CLASSES.map(pick),
    ...Array.from({ length: length - CLASSES.length }, () => pick(everything)),
  ];
  return new Secret(shuffle(characters).join(''));
}

const pick = (from: string): string => from.charAt(randomInt(from.length));

/** Fisher-Yates. */
function shuffle(characters: readonly string[]): string[] {
  const out = [...characters];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [out[i], out[j]] = [out[j] ?? '', out[i] ?? ''];
  }
  return out;
}
