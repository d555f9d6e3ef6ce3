import { inspect } from 'node:util';

const MASK = '***';

/**
 * A value that never prints itself. `reveal()` is the only way to it, so that its uses can be found by searching.
 * Making one registers it with `redact`, in every form in which it is likely to be written down.
 */
export class Secret {
  readonly #value: string;

  /** @param known `everybody`: a published default, which would mask ordinary words everywhere; only its type guards it */
  constructor(value: string, known: 'nobody' | 'everybody' = 'nobody') {
    this.#value = value;
    if (known === 'nobody') register(value);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

const forms = new Set<string>();

/** Shorter than this a secret would mask ordinary text; such a value only protects itself by its type. */
const SHORTEST = 4;

function register(value: string): void {
  if (value.length < SHORTEST) return;
  const utf16 = Buffer.from(value, 'utf16le');
  for (const form of [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    utf16.toString('base64').replace(/=+$/, ''),
    xmlEscape(value),
  ]) {
    if (form.length >= SHORTEST) forms.add(form);
  }
}

const xmlEscape = (text: string): string =>
  text.replace(
    /[<>&"']/g,
    (char) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[char] ?? '&#39;',
  );

/** The text with every registered secret, in each of its forms, replaced by `***`. */
export function redact(text: string): string {
  let out = text;
  // Longest first: a short form may be part of a longer one.
  for (const form of [...forms].sort((a, b) => b.length - a.length)) {
    if (out.includes(form)) out = out.replaceAll(form, MASK);
  }
  return out;
}

/** The value as JSON, each text in it redacted. Not the JSON itself: a secret of digits may stand in a number, too. */
export const redactedJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'string' ? redact(part) : part));
