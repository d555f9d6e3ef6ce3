/** JSON in pure ASCII, so that it survives every code page on its way. */
export function stringify(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return isFinite(value) ? String(value) : 'null';
  if (typeof value === 'boolean') return String(value);
  return isArray(value) ? stringifyArray(value) : stringifyObject(value as Record<string, unknown>);
}

function stringifyArray(values: readonly unknown[]): string {
  const parts: string[] = [];
  for (const value of values) parts.push(stringify(value));
  return '[' + parts.join(',') + ']';
}

function stringifyObject(object: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const name in object) {
    if (object.hasOwnProperty(name)) parts.push(quote(name) + ':' + stringify(object[name]));
  }
  return '{' + parts.join(',') + '}';
}

/** What JSON or a code page would change. */
const SPECIAL = /[^ !#-\[\]-~]/g;

const quote = (text: string): string => '"' + text.replace(SPECIAL, escaped) + '"';

function escaped(letter: string): string {
  if (letter === '"' || letter === '\\') return '\\' + letter;
  return '\\u' + ('000' + letter.charCodeAt(0).toString(16)).slice(-4);
}

const isArray = (value: unknown): value is readonly unknown[] =>
  Object.prototype.toString.call(value) === '[object Array]';
