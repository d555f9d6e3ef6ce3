import { randomInt } from 'node:crypto';
import { Secret } from '../core/secret.ts';

/** Needs the Shift key here and there, and no reader can mistake one character for another. */
const CHARACTERS = 'abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789!@#$%^&*()_+?';

/** A new random password. */
export const passwordOf = (length: number): Secret =>
  new Secret(Array.from({ length }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join(''));
