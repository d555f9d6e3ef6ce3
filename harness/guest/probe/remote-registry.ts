import { randomBytes } from 'node:crypto';
import type { ExecResult } from '../channel.ts';
import type { Reading } from '../facts.ts';
import { type FileKey, parseRegFiles } from './reg-file.ts';
import { type PrintedKey, parseRegQuery, type PrintedValue } from './reg-query.ts';

/** Something is there, or may be there, and cannot be read. */
export class Unreadable extends Error {}

/** A key, without what lies below its subkeys. */
interface Key {
  readonly values: readonly PrintedValue[];
  readonly subkeys: readonly string[];
}

/** As many as a line of cmd.exe has room for, with some to spare. */
const EXPORTS_A_LINE = 25;

/** Runs a line on the machine. */
export type Run = (line: string) => Promise<ExecResult>;

/**
 * A machine's registry through reg.exe. What reg.exe cannot read is absent only when its parent can be read and does
 * not list it: exit codes do not tell it from "access denied", and messages are in the machine's language.
 * Paths begin with `HKEY_LOCAL_MACHINE` or another full name of a root.
 */
export class RemoteRegistry {
  readonly #run: Run;
  readonly #view: '' | ' /reg:64';
  readonly #keys = new Map<string, Promise<Key | undefined>>();

  /** @param view ` /reg:64` on 64-bit Windows, whatever shell this is; 32-bit Windows has but one view */
  constructor(run: Run, view: '' | ' /reg:64') {
    this.#run = run;
    this.#view = view;
  }

  /** Undefined when there is no such key. @throws Unreadable */
  key(path: string): Promise<Key | undefined> {
    const id = path.toLowerCase();
    let key = this.#keys.get(id);
    if (key === undefined) this.#keys.set(id, (key = this.#readKey(path)));
    return key;
  }

  /** Undefined when there is no such value. @throws Unreadable */
  async value(path: string, name: string): Promise<PrintedValue | undefined> {
    return (await this.key(path))?.values.find((value) => sameName(value.name, name));
  }

  number(path: string, name: string): Promise<Reading<number>> {
    return this.#reading(path, name, numberOf);
  }

  text(path: string, name: string): Promise<Reading<string>> {
    return this.#reading(path, name, textOf);
  }

  /** A REG_BINARY in hexadecimal, lower case. */
  binary(path: string, name: string): Promise<Reading<string>> {
    return this.#reading(path, name, binaryOf);
  }

  /** Every key below a key that has a value of that name, with this value. @throws Unreadable */
  async search(path: string, name: string): Promise<readonly PrintedKey[]> {
    const key = await this.key(path);
    if (key === undefined || key.subkeys.length === 0) return [];
    const { exitCode, stdout, stderr } = await this.#run(`reg query "${path}" /s /v ${name}${this.#view}`);
    // No match is no error, although Windows ends with 1 and a count; a key that it may not read is one.
    if (stderr.trim() !== '' || (exitCode !== 0 && stdout.trim() === '')) {
      throw new Unreadable(
        `${path} cannot be searched: ${oneLine(stderr) || `reg.exe ended with ${exitCode}`}`,
      );
    }
    return parseRegQuery(stdout);
  }

  /**
   * Keys with everything below them, exact to the last character: exported to files, which travel as Base64. All keys
   * found come in one map, by their full paths in lower case. What it lacks may be absent or unreadable: see `demand`.
   */
  async trees(paths: readonly string[]): Promise<ReadonlyMap<string, FileKey>> {
    const found = new Map<string, FileKey>();
    for (let at = 0; at < paths.length; at += EXPORTS_A_LINE) {
      const { stdout } = await this.#run(this.#exportLine(paths.slice(at, at + EXPORTS_A_LINE)));
      const base64 = /-----BEGIN [^-]+-----([A-Za-z0-9+/=\s]*)-----END [^-]+-----/.exec(stdout)?.[1] ?? '';
      for (const [path, values] of parseRegFiles(Buffer.from(base64, 'base64'))) found.set(path, values);
    }
    return found;
  }

  /** A key of `trees`; undefined when there is no such key. @throws Unreadable when there is, and it was not exported */
  async demand(trees: ReadonlyMap<string, FileKey>, path: string): Promise<FileKey | undefined> {
    const values = trees.get(path.toLowerCase());
    if (values === undefined && (await this.key(path)) !== undefined) {
      throw new Unreadable(`${path} cannot be exported`);
    }
    return values;
  }

  #exportLine(paths: readonly string[]): string {
    const stem = `%SystemRoot%\\Temp\\sspr-${randomBytes(4).toString('hex')}`;
    const exports = paths.map((path, at) => `reg export "${path}" "${stem}-${at}.reg" /y${this.#view} >nul`);
    return (
      `(${exports.join(' & ')}) & ` +
      `(copy /b "${stem}-*.reg" "${stem}.all" >nul && certutil -f -encode "${stem}.all" "${stem}.b64" >nul && ` +
      `type "${stem}.b64") & del /f /q "${stem}-*.reg" "${stem}.all" "${stem}.b64" 2>nul`
    );
  }

  async #readKey(path: string): Promise<Key | undefined> {
    const { exitCode, stdout, stderr } = await this.#run(`reg query "${path}"${this.#view}`);
    if (exitCode === 0) return keyOf(path, parseRegQuery(stdout));
    const cut = path.lastIndexOf('\\');
    if (cut > 0) {
      const parent = await this.key(path.slice(0, cut));
      if (!parent?.subkeys.some((name) => sameName(name, path.slice(cut + 1)))) return undefined;
    }
    throw new Unreadable(`${path}: ${oneLine(stderr || stdout) || `reg.exe ended with ${exitCode}`}`);
  }

  async #reading<T>(path: string, name: string, of: (value: PrintedValue) => T): Promise<Reading<T>> {
    try {
      const value = await this.value(path, name);
      return value === undefined ? { state: 'absent' } : { state: 'present', value: of(value) };
    } catch (error) {
      if (error instanceof Unreadable) return { state: 'unreadable', reason: error.message };
      throw error;
    }
  }
}

/** reg.exe lists the key itself, where it has values, and the paths of its subkeys. */
function keyOf(path: string, printed: readonly PrintedKey[]): Key {
  const start = `${path}\\`.toLowerCase();
  return {
    values: printed.find((key) => sameName(key.path, path))?.values ?? [],
    subkeys: printed
      .filter((key) => key.path.toLowerCase().startsWith(start))
      .map((key) => key.path.slice(start.length))
      .filter((name) => name !== '' && !name.includes('\\')),
  };
}

function numberOf({ type, data }: PrintedValue): number {
  if (type === 'REG_DWORD' && /^0x[0-9a-f]{1,8}$/i.test(data)) return parseInt(data, 16);
  throw new Unreadable(`not a number: ${data}`);
}

function textOf({ type, data }: PrintedValue): string {
  if (type !== 'REG_SZ' && type !== 'REG_EXPAND_SZ') throw new Unreadable(`not a text: ${data}`);
  if (type === 'REG_EXPAND_SZ' && data.includes('%')) throw new Unreadable(`not yet expanded: ${data}`);
  // reg.exe prints in the code page of its console, and puts a question mark for what that lacks.
  if (/[?\ufffd\n]/.test(data)) throw new Unreadable(`reg.exe may not show the whole text: ${data}`);
  return data;
}

function binaryOf({ type, data }: PrintedValue): string {
  if (type === 'REG_BINARY' && /^([0-9a-f]{2})*$/i.test(data)) return data.toLowerCase();
  throw new Unreadable(`not binary: ${data}`);
}

export const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** For an error: what a program said, on one line. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300);
