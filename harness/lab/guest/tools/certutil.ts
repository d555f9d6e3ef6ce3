import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Tool, ToolCall } from './tool.ts';

interface WindowsError {
  /** HRESULT */
  readonly code: number;
  readonly win32: number;
  readonly text: string;
}

const FILE_NOT_FOUND = { code: 0x80070002, win32: 2, text: 'The system cannot find the file specified.' };
const FILE_EXISTS = { code: 0x80070050, win32: 80, text: 'The file exists.' };
const INVALID_DATA = { code: 0x8007000d, win32: 13, text: 'The data is invalid.' };
const INVALID_PARAMETER = { code: 0x80070057, win32: 87, text: 'The parameter is incorrect.' };

/** certutil.exe, of which hashing and Base64 are there: what remote tools use to bring files over and check them. */
export const certutil: Tool = (call) => {
  const verb = call.args.map((arg) => VERBS[arg.toLowerCase().replace(/^\//, '-')]).find((found) => found);
  const names = call.args.filter((arg) => !/^[-/]/.test(arg));
  if (!verb) {
    call.print(`CertUtil: Unknown arg: ${call.args[0] ?? ''}\n`);
    return INVALID_PARAMETER.code;
  }
  const error = verb.work(call, names);
  if (!error) {
    call.print(`CertUtil: -${verb.name} command completed successfully.\n`);
    return 0;
  }
  const hex = `0x${error.code.toString(16)}`;
  call.print(
    `CertUtil: -${verb.name} command FAILED: ${hex} (WIN32: ${error.win32})\nCertUtil: ${error.text}\n`,
  );
  return error.code;
};

/** Prints what comes before the last line; @returns what went wrong, if anything. */
type Work = (call: ToolCall, names: readonly string[]) => WindowsError | undefined;

const hashFile: Work = (call, [file = '', algorithm = 'SHA1']) => {
  const bytes = readInput(call, file);
  if (!bytes) return FILE_NOT_FOUND;
  const name = algorithm.toUpperCase();
  if (!['MD5', 'SHA1', 'SHA256', 'SHA384', 'SHA512'].includes(name)) return INVALID_PARAMETER;
  // Up to Windows 8.1 the bytes are set apart.
  const digest = createHash(name).update(bytes).digest('hex').replace(/..\B/g, '$& ');
  call.print(`${name} hash of file ${file}:\n${digest}\n`);
  return undefined;
};

const decode: Work = (call, names) =>
  convert(call, names, (input) => {
    const text = input.toString('latin1').replace(/-----(BEGIN|END) [^\r\n]*-----/g, '');
    const bare = text.replace(/\s+/g, '');
    return /^[A-Za-z0-9+/]*={0,2}$/.test(bare) && bare !== '' ? Buffer.from(bare, 'base64') : undefined;
  });

const encode: Work = (call, names) =>
  convert(call, names, (input) => {
    const lines = input.toString('base64').match(/.{1,64}/g) ?? [];
    const all = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''];
    return Buffer.from(all.join('\r\n'));
  });

function convert(
  call: ToolCall,
  [from = '', to = '']: readonly string[],
  change: (input: Buffer) => Buffer | undefined,
): WindowsError | undefined {
  const input = readInput(call, from);
  if (!input) return FILE_NOT_FOUND;
  const output = change(input);
  if (!output) return INVALID_DATA;
  const target = call.machine.disk.path(to, call.folder);
  if (existsSync(target) && !call.args.some((arg) => /^[-/]f$/i.test(arg))) return FILE_EXISTS;
  try {
    writeFileSync(target, output);
  } catch {
    return { code: 0x80070003, win32: 3, text: 'The system cannot find the path specified.' };
  }
  call.print(`Input Length = ${input.length}\nOutput Length = ${output.length}\n`);
  return undefined;
}

function readInput({ machine, folder }: ToolCall, name: string): Buffer | undefined {
  const path = machine.disk.path(name, folder);
  return name !== '' && existsSync(path) && statSync(path).isFile() ? readFileSync(path) : undefined;
}

const VERBS: Readonly<Record<string, { name: string; work: Work }>> = {
  '-hashfile': { name: 'hashfile', work: hashFile },
  '-decode': { name: 'decode', work: decode },
  '-encode': { name: 'encode', work: encode },
};
