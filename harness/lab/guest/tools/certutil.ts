import { X509Certificate, createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { binary } from '../registry-value.ts';
import { TRUSTED_ROOTS, certificateBlob, rootName } from '../trusted-roots.ts';
import type { Tool, ToolCall } from './tool.ts';

interface WindowsError {
  /** HRESULT */
  readonly code: number;
  readonly win32: number;
  readonly text: string;
}

const FILE_NOT_FOUND = { code: 0x80070002, win32: 2, text: 'The system cannot find the file specified.' };
const FILE_EXISTS = { code: 0x80070050, win32: 80, text: 'The file exists.' };
const NOT_FOUND = { code: 0x80090011, win32: -2146893807, text: 'Object was not found.' };
const INVALID_DATA = { code: 0x8007000d, win32: 13, text: 'The data is invalid.' };
const DISK_FULL = { code: 0x80070070, win32: 112, text: 'There is not enough space on the disk.' };
const INVALID_PARAMETER = { code: 0x80070057, win32: 87, text: 'The parameter is incorrect.' };

/**
 * certutil.exe, of which three things are there: hashing and Base64, with which remote tools bring files over and check
 * them, and the machine's trusted roots.
 */
export const certutil: Tool = async (call) => {
  const verb = call.args.map((arg) => VERBS[arg.toLowerCase().replace(/^\//, '-')]).find((found) => found);
  const names = call.args.filter((arg) => !/^[-/]/.test(arg));
  if (!verb) {
    call.print(`CertUtil: Unknown arg: ${call.args[0] ?? ''}\n`);
    return INVALID_PARAMETER.code;
  }
  const error = await verb.work(call, names);
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
type Work = (
  call: ToolCall,
  names: readonly string[],
) => WindowsError | undefined | Promise<WindowsError | undefined>;

/** Puts a certificate, in PEM, DER or bare Base64, into the machine's trusted roots. */
const addStore: Work = async (call, [store = '', file = '']) => {
  if (!isRoot(store)) return INVALID_PARAMETER;
  const bytes = readInput(call, file);
  if (!bytes) return FILE_NOT_FOUND;
  const certificate = readCertificate(bytes);
  if (!certificate) return INVALID_DATA;
  const place = `${TRUSTED_ROOTS}\\${rootName(certificate)}`;
  await call.registry.set(place, 'Blob', binary(certificateBlob(certificate)));
  const { subject } = certificate;
  call.print(`${STORE_TITLE}Certificate "${subject.replaceAll('\n', ', ')}" added to store.\n`);
  return undefined;
};

/** Takes a certificate, named by its SHA-1, out of the machine's trusted roots. */
const deleteStore: Work = async (call, [store = '', hash = '']) => {
  if (!isRoot(store)) return INVALID_PARAMETER;
  const wanted = hash.replace(/[ :]/g, '').toUpperCase();
  const name = (await call.registry.subkeys(TRUSTED_ROOTS)).find((one) => one.toUpperCase() === wanted);
  if (name === undefined) return NOT_FOUND;
  await call.registry.deleteKey(`${TRUSTED_ROOTS}\\${name}`);
  call.print(`${STORE_TITLE}Deleting Certificate 0\n`);
  return undefined;
};

const STORE_TITLE = 'root "Trusted Root Certification Authorities"\n';
const isRoot = (store: string): boolean => /^root$/i.test(store);

function readCertificate(bytes: Buffer): X509Certificate | undefined {
  const text = bytes.toString('latin1').trim();
  const bare = /^[A-Za-z0-9+/=\s]+$/.test(text);
  try {
    return new X509Certificate(bare ? Buffer.from(text, 'base64') : bytes);
  } catch {
    return undefined;
  }
}

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
  if (output.length > call.machine.disk.freeBytes()) return DISK_FULL;
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
  '-addstore': { name: 'addstore', work: addStore },
  '-delstore': { name: 'delstore', work: deleteStore },
  '-encode': { name: 'encode', work: encode },
};
