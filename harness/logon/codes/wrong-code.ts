import { randomInt } from 'node:crypto';
import { Secret } from '../../core/secret.ts';

/** In each of these a character has another one to be replaced by. */
const KINDS = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'] as const;

/** A code of the same shape that differs from the right one in every digit and letter; undefined when it has none. */
export function wrongCode(right: Secret): Secret | undefined {
  const code = right.reveal();
  const wrong = Array.from(code, another).join('');
  return wrong === code ? undefined : new Secret(wrong);
}

function another(character: string): string {
  const kind = KINDS.find((one) => one.includes(character));
  if (kind === undefined) return character;
  return kind.charAt((kind.indexOf(character) + randomInt(1, kind.length)) % kind.length);
}
