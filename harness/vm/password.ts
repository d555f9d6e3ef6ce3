import { randomInt } from 'node:crypto';
import { Secret } from '../core/secret.ts';

/** No reader can mistake one character for another. */
const WORD = 'abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789';
const SYMBOLS = '!@#$%^&*()_+?';

/** A new random password to be typed; it needs the Shift key here and there. */
export const loginPassword = (): Secret => randomSecret(12, WORD + SYMBOLS);

/** A new random password for VNC, without what XML would take for its own: vagrant-libvirt puts it into a document as it is. */
export const vncPassword = (): Secret => randomSecret(8, WORD);

const randomSecret = (length: number, characters: string): Secret =>
  new Secret(Array.from({ length }, () => characters[randomInt(characters.length)]).join(''));
