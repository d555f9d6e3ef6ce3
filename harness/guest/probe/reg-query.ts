/** A value as reg.exe prints it. */
export interface PrintedValue {
  readonly name: string;
  /** `REG_DWORD` */
  readonly type: string;
  /** `0xa00`, hexadecimal digits or text. Several lines of a text are joined with line feeds. */
  readonly data: string;
}

export interface PrintedKey {
  /** `HKEY_LOCAL_MACHINE\SOFTWARE\...` */
  readonly path: string;
  readonly values: readonly PrintedValue[];
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

const KEY = /^HKEY_[A-Z_]+(\\.*)?$/;
const VALUE = /^ {4}(.*?) {4}(REG_[A-Z_]+)(?: {4}(.*))?$/;

/**
 * The output of `reg query`. Keys, types and values are the same in every language. What is not: a closing line that
 * counts the matches, which is passed over, and the name of a default value, which must not be asked for in this way.
 */
export function parseRegQuery(stdout: string): PrintedKey[] {
  const keys: { path: string; values: PrintedValue[] }[] = [];
  let open: Mutable<PrintedValue> | undefined;
  for (const line of stdout.split(/\r?\n/)) {
    const found = VALUE.exec(line);
    if (KEY.test(line)) {
      keys.push({ path: line, values: [] });
      open = undefined;
    } else if (found) {
      const [, name = '', type = '', data = ''] = found;
      open = { name, type, data };
      keys.at(-1)?.values.push(open);
    } else if (line.trim() === '') {
      open = undefined;
    } else if (open) {
      open.data += `\n${line}`;
    }
  }
  return keys;
}
