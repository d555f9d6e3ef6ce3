import { createHash } from 'node:crypto';

/** A word for each hexadecimal digit; chosen to be told apart by text recognition. */
export const WORDS = [
  'apple',
  'bridge',
  'candle',
  'desert',
  'engine',
  'forest',
  'garden',
  'hammer',
  'island',
  'jacket',
  'kitchen',
  'ladder',
  'market',
  'needle',
  'orange',
  'pepper',
] as const;

/** What the guest's command `words` answers to this text: see guest/words. */
export function wordsFor(text: string): string {
  const digits = createHash('md5').update(text).digest('hex').slice(0, 5);
  return Array.from(digits, (digit) => WORDS[Number.parseInt(digit, 16)]).join(' ');
}
