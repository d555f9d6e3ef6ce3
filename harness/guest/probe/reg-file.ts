/** A value of a registry file. What is neither a number nor a text is `other`. */
export type FileValue =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'text'; readonly value: string; readonly expandable: boolean }
  | { readonly type: 'other' };

/** Values by their names in lower case; '' is the key's default value. */
export type FileKey = ReadonlyMap<string, FileValue>;

const HEADER = 'Windows Registry Editor Version 5.00';
const REG_EXPAND_SZ = 2;
const REG_SZ = 1;

/** A quoted text: in it, a backslash stands before every backslash and quote. A text may run over several lines. */
const QUOTED = String.raw`"((?:[^"\\]|\\[^])*)"`;
const ITEM = new RegExp(
  [
    String.raw`\[([^\r\n]+)\]`,
    String.raw`(?:@|${QUOTED})=(?:${QUOTED}|dword:([0-9a-f]{8})|hex(?:\(([0-9a-f]+)\))?:((?:[0-9a-f]{2}|[,\s\\])*))`,
  ]
    .map((item) => `(?:${item})`)
    .join('|') + String.raw`[ \t]*(?:\r?\n|$)`,
  'iy',
);

/**
 * Files of `reg export`, one after another; keys by their paths in lower case. Exact where `reg query` is not, in
 * every language and code page. Of a file that is cut short or is something else, no key is believed.
 * @param bytes UTF-16LE; each file begins with a byte order mark, as Windows writes it
 */
export function parseRegFiles(bytes: Buffer): ReadonlyMap<string, FileKey> {
  const files = bytes.toString('utf16le').split(new RegExp(`(?=\ufeff${HEADER})`));
  return new Map(files.flatMap((file) => [...(parseRegFile(file) ?? [])]));
}

function parseRegFile(file: string): ReadonlyMap<string, FileKey> | undefined {
  const text = file.replace(/^\ufeff/, '');
  if (!text.startsWith(HEADER)) return undefined;
  const keys = new Map<string, Map<string, FileValue>>();
  let values: Map<string, FileValue> | undefined;
  let at = skipBlank(text, HEADER.length);
  while (at < text.length) {
    ITEM.lastIndex = at;
    const found = ITEM.exec(text);
    if (!found) return undefined;
    const [item, key, name, quoted, dword, hexType, hex] = found;
    if (key !== undefined) keys.set(key.toLowerCase(), (values = new Map<string, FileValue>()));
    else values?.set(unescape(name ?? '').toLowerCase(), valueOf({ quoted, dword, hexType, hex }));
    at = skipBlank(text, at + item.length);
  }
  return keys;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text.charAt(at))) at++;
  return at;
}

function valueOf(written: {
  readonly quoted: string | undefined;
  readonly dword: string | undefined;
  readonly hexType: string | undefined;
  readonly hex: string | undefined;
}): FileValue {
  const { quoted, dword, hexType, hex } = written;
  if (quoted !== undefined) return { type: 'text', value: unescape(quoted), expandable: false };
  if (dword !== undefined) return { type: 'number', value: parseInt(dword, 16) };
  const type = parseInt(hexType ?? '3', 16);
  if (type !== REG_SZ && type !== REG_EXPAND_SZ) return { type: 'other' };
  const value = Buffer.from((hex ?? '').replace(/[^0-9a-f]/gi, ''), 'hex').toString('utf16le');
  // As for every reader of texts in Windows, the first NUL is the end.
  return { type: 'text', value: value.replace(/\0.*$/s, ''), expandable: type === REG_EXPAND_SZ };
}

/** Wine writes line ends as C does; Windows never does, and doubles every other backslash: so both can be read. */
const unescape = (text: string): string =>
  text.replace(/\\([^])/g, (_, char: string) => ({ r: '\r', n: '\n' })[char] ?? char);
