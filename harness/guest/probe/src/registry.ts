import type { Reading } from '../../facts.ts';
import { describe, errorNumber, NOT_FOUND, NOT_IMPLEMENTED } from './errors.ts';
import { runToFile } from './shell.ts';

export const MACHINE = 'HKEY_LOCAL_MACHINE';

/** The same for Windows Installer. */
const LOCAL_MACHINE = 2;

const shell = new ActiveXObject('WScript.Shell');
const installer = new ActiveXObject('WindowsInstaller.Installer');

/** A REG_DWORD, unsigned. */
export function readNumber(path: string): Reading<number> {
  const reading = read(path);
  if (reading.state !== 'present') return reading;
  if (typeof reading.value === 'number') return { state: 'present', value: reading.value >>> 0 };
  return { state: 'unreadable', reason: 'not a number: ' + String(reading.value) };
}

/** A REG_SZ or REG_EXPAND_SZ. A path that ends with a backslash names the default value of a key. */
export function readText(path: string): Reading<string> {
  const reading = read(path);
  if (reading.state !== 'present') return reading;
  if (typeof reading.value === 'string') return { state: 'present', value: reading.value };
  return { state: 'unreadable', reason: 'not a text: ' + String(reading.value) };
}

/** A text, or '' where there is none. Throws when it cannot be read. */
export function textOrEmpty(path: string): string {
  const reading = readText(path);
  if (reading.state === 'unreadable') throw new Error(path + ': ' + reading.reason);
  return reading.state === 'present' ? reading.value : '';
}

/** A text without which nothing can be said. Throws when it is not there. */
export function demandText(path: string): string {
  const text = textOrEmpty(path);
  if (text === '') throw new Error(path + ' is absent');
  return text;
}

/** Why a list or bytes cannot be read. */
const ARRAY = 'neither a number nor a text';

function read(path: string): Reading<string | number> {
  try {
    const value = shell.RegRead(path);
    if (typeof value === 'number' || typeof value === 'string') return { state: 'present', value: value };
    // An array of COM, of which JScript can do nothing: not even make a text of it.
    return { state: 'unreadable', reason: ARRAY };
  } catch (error) {
    if (errorNumber(error) === NOT_FOUND) return { state: 'absent' };
    return { state: 'unreadable', reason: describe(error) };
  }
}

/** A REG_BINARY in hexadecimal, by way of reg.exe: RegRead cannot give one under Wine, but it knows what is absent. */
export function readBinary(key: string, name: string): Reading<string> {
  if (read(key + '\\' + name).state === 'absent') return { state: 'absent' };
  const answer = runToFile('reg query "' + key + '" /v ' + name);
  const found = /\sREG_BINARY[ \t]+([0-9A-Fa-f]*)/.exec(answer.output);
  if (found !== null) return { state: 'present', value: (found[1] as string).toLowerCase() };
  return { state: 'unreadable', reason: answer.output };
}

/** Whether a value of any type is there. Throws when that cannot be found out. */
export function valueExists(path: string): boolean {
  const reading = read(path);
  // Windows gives a list of texts as an array; Wine finds one and then cannot give it.
  const found = reading.state !== 'unreadable' || reading.reason === ARRAY;
  if (!found && reading.reason.indexOf(NOT_IMPLEMENTED) < 0) {
    throw new Error(path + ': ' + reading.reason);
  }
  return reading.state !== 'absent';
}

/**
 * Names of the keys below a key of the machine; undefined when there is no such key. Throws when it cannot be read.
 * Windows Installer lists them without starting a program, and alike in Windows and Wine.
 */
export function listKey(key: string): string[] | undefined {
  try {
    return subkeys(key.substring(MACHINE.length + 1));
  } catch (error) {
    if (isAbsent(key)) return undefined;
    throw new Error(key + ' cannot be read: ' + describe(error));
  }
}

function subkeys(path: string): string[] {
  const names: string[] = [];
  // Minus one is the first; after the last comes an empty value.
  for (;;) {
    const name = installer.RegistryValue(LOCAL_MACHINE, path, -1 - names.length);
    if (!name) return names;
    names.push(name);
  }
}

/** The same error may mean absent or forbidden. So the parent tells: what it does not list is absent. */
function isAbsent(key: string): boolean {
  const cut = key.lastIndexOf('\\');
  if (cut <= MACHINE.length) return false;
  const siblings = listKey(key.substring(0, cut));
  return siblings === undefined || !contains(siblings, key.substring(cut + 1));
}

/** Without regard to upper and lower case, as the registry compares names. */
export function contains(names: readonly string[], wanted: string): boolean {
  for (const name of names) if (name.toLowerCase() === wanted.toLowerCase()) return true;
  return false;
}
