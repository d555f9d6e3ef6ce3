import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

const LINE_END = 0x0a;

/** Where Windows keeps the number of its OEM code page, in every language. */
export const OEM_CODE_PAGE = 'reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage /v OEMCP';

/** The code page in the output of the command above, or undefined. */
export function readOemCodePage(output: string): number | undefined {
  const number = /\bOEMCP\s+REG_SZ\s+(\d{3,5})\b/.exec(output)?.[1];
  return number === undefined ? undefined : Number(number);
}

/**
 * The text of what a command printed. We ask for UTF-8, but some programs print in the OEM code page whatever the
 * console's is, and a machine may not honour the wish. Bytes of an OEM text are hardly ever valid UTF-8, and a command
 * may run programs of both kinds: so each line is UTF-8 when it can be, and otherwise of the OEM code page.
 * @param oemCodePage asked for only when it is needed; where it is unknown, what cannot be read becomes U+FFFD
 */
export async function decodeOutput(
  bytes: Buffer,
  oemCodePage: () => Promise<number | undefined>,
): Promise<string> {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const codePage = await oemCodePage();
  if (codePage === undefined || !iconv.encodingExists(`cp${codePage}`)) return bytes.toString('utf8');
  return linesOf(bytes)
    .map((line) => (isUtf8(line) ? line.toString('utf8') : iconv.decode(line, `cp${codePage}`)))
    .join('');
}

/** With their ends. No character of UTF-8 or of an OEM code page has the byte of a line's end in it. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_END, start) + 1 || bytes.length;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}
