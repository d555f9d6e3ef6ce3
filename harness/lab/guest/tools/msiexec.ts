import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { WINE_MSIEXEC } from '../disk.ts';
import type { Tool, ToolCall } from './tool.ts';

const ERROR_INSTALL_FAILURE = 1603;
const ERROR_UNKNOWN_PRODUCT = 1605;
const ERROR_INSTALL_ALREADY_RUNNING = 1618;
const ERROR_INSTALL_PACKAGE_OPEN_FAILED = 1619;
const ERROR_INSTALL_PACKAGE_INVALID = 1620;
const ERROR_INSTALL_PACKAGE_REJECTED = 1625;
const ERROR_INVALID_COMMAND_LINE = 1639;
const ERROR_SUCCESS_REBOOT_INITIATED = 1641;
const ERROR_SUCCESS_REBOOT_REQUIRED = 3010;
const SUCCESSES = [0, ERROR_SUCCESS_REBOOT_INITIATED, ERROR_SUCCESS_REBOOT_REQUIRED];

const POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\Installer';
/** Value of the policy `DisableMSI`: nobody installs anything. */
const ALWAYS_OFF = 2;
/** What is installed for the whole machine, each by its packed product code. */
const PRODUCTS = 'HKCR\\Installer\\Products';
const UNINSTALL = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';

/**
 * msiexec.exe: Wine's own does the work; this adds what Wine lacks: one installation at a time, the policy that forbids
 * them, a disk that can be full, Windows' exit codes, and the events of Windows Installer.
 */
export const msiexec: Tool = async (call) => {
  const order = parseOrder(call.args);
  const runWine = (): Promise<number> => call.run(WINE_MSIEXEC, `msiexec ${call.rawArguments}`);
  // Not an order of a user's: the host of a custom action, or the service.
  if (!order) return runWine();

  const { installer, events, log } = call.machine;
  if (installer.busy) return ERROR_INSTALL_ALREADY_RUNNING;
  installer.busy = true;
  try {
    const before = await describeProduct(call, order);
    const refused = await whyRefused(call, order, before);
    const raw = refused ?? (await runWine());
    const code = refused ?? windowsCode(raw, { readable: before !== undefined, norestart: order.norestart });
    log(
      `msiexec ${call.rawArguments}: ` +
        (refused === undefined ? `Wine's exit code ${raw}, Windows' ${code}` : `the lab's exit code ${code}`),
    );
    if (before) {
      const action = order.action === 'install' && before.installed ? 'configure' : order.action;
      for (const event of installerEvents(action, before, code)) {
        events.write({ log: 'Application', source: 'MsiInstaller', ...event });
      }
    }
    if (code === ERROR_SUCCESS_REBOOT_INITIATED) call.machine.scheduleShutdown('restart', 1);
    return code;
  } finally {
    installer.busy = false;
  }
};

/** The exit code of an order that Windows would refuse, and Wine would not. */
async function whyRefused(
  call: ToolCall,
  { action, target }: Order,
  product: Product | undefined,
): Promise<number | undefined> {
  if ((await call.registry.dword(POLICY, 'DisableMSI')) === ALWAYS_OFF) return ERROR_INSTALL_PACKAGE_REJECTED;
  if (!product || target.startsWith('{')) return undefined;
  if (action === 'remove') return product.installed ? undefined : ERROR_UNKNOWN_PRODUCT;
  const { disk } = call.machine;
  const full = statSync(disk.path(target, call.folder)).size > disk.freeBytes();
  return full ? ERROR_INSTALL_FAILURE : undefined;
}

interface Order {
  readonly action: 'install' | 'remove';
  /** A package's path or a product code. */
  readonly target: string;
  readonly norestart: boolean;
}

function parseOrder(args: readonly string[]): Order | undefined {
  const text = args.join('\0');
  if (/(^|\0)[/-](embedding|v|y|z|regserver|unregserver)(\0|$)/i.test(text)) return undefined;
  const match = /(?:^|\0)[/-](i|package|x|uninstall|f[a-z]*|a)(?:\0+|(?=\{))([^\0]*)/i.exec(text);
  return {
    action: /^(x|uninstall)$/i.test(match?.[1] ?? '') ? 'remove' : 'install',
    target: match?.[2] ?? '',
    norestart: /(^|\0)[/-]norestart(\0|$)/i.test(text),
  };
}

/** The exit code that Windows gives where Wine gives `raw`. */
export function windowsCode(
  raw: number,
  about: { readonly readable: boolean; readonly norestart: boolean },
): number {
  switch (raw) {
    case 1:
      return ERROR_INVALID_COMMAND_LINE;
    case 2:
      return ERROR_INSTALL_PACKAGE_OPEN_FAILED;
    case 1604:
      return about.norestart ? ERROR_SUCCESS_REBOOT_REQUIRED : ERROR_SUCCESS_REBOOT_INITIATED;
    case 1627:
      return about.readable ? ERROR_INSTALL_FAILURE : ERROR_INSTALL_PACKAGE_INVALID;
    default:
      return raw;
  }
}

interface Product {
  readonly installed: boolean;
  readonly name: string;
  readonly version: string;
  readonly language: string;
  readonly manufacturer: string;
}

/** From the package, or from what is installed; undefined when there is no such thing. */
async function describeProduct(call: ToolCall, { target }: Order): Promise<Product | undefined> {
  if (target.startsWith('{')) {
    const key = `${UNINSTALL}\\${target}`;
    const name = await call.registry.string(key, 'DisplayName');
    if (name === undefined) return undefined;
    return {
      installed: true,
      name,
      version: (await call.registry.string(key, 'DisplayVersion')) ?? '',
      language: ((await call.registry.dword(key, 'Language')) ?? 0).toString(),
      manufacturer: (await call.registry.string(key, 'Publisher')) ?? '',
    };
  }
  const file = call.machine.disk.path(target, call.folder);
  const exported = await promisify(execFile)('msiinfo', ['export', file, 'Property']).catch(() => undefined);
  if (!exported) return undefined;
  const properties = new Map(
    exported.stdout.split(/\r?\n/).map((line) => line.split('\t') as [string, string]),
  );
  const products = await call.registry.subkeys(PRODUCTS);
  const packed = packedCode(properties.get('ProductCode') ?? '');
  return {
    installed: products.some((code) => code.toUpperCase() === packed),
    name: properties.get('ProductName') ?? '',
    version: properties.get('ProductVersion') ?? '',
    language: properties.get('ProductLanguage') ?? '',
    manufacturer: properties.get('Manufacturer') ?? '',
  };
}

/** A GUID as Windows Installer names registry keys: without marks, each part backwards. */
export function packedCode(guid: string): string {
  const digits = guid.replace(/[^0-9a-f]/gi, '').toUpperCase();
  return [8, 4, 4, ...Array<number>(8).fill(2)]
    .map((length, i, lengths) => {
      const start = lengths.slice(0, i).reduce((sum, one) => sum + one, 0);
      return Array.from(digits.slice(start, start + length))
        .reverse()
        .join('');
    })
    .join('');
}

/** Two events tell of one order, each with its number and words. */
const EVENTS = {
  install: {
    ids: { ok: 11707, failed: 11708, summary: 1033 },
    result: { ok: 'Installation operation completed successfully', failed: 'Installation operation failed' },
    verb: 'installed',
    noun: 'Installation',
  },
  configure: {
    ids: { ok: 11728, failed: 11729, summary: 1035 },
    result: { ok: 'Configuration completed successfully', failed: 'Configuration failed' },
    verb: 'reconfigured',
    noun: 'Reconfiguration',
  },
  remove: {
    ids: { ok: 11724, failed: 11725, summary: 1034 },
    result: { ok: 'Removal completed successfully', failed: 'Removal failed' },
    verb: 'removed',
    noun: 'Removal',
  },
} as const;

function installerEvents(
  action: keyof typeof EVENTS,
  product: Product,
  code: number,
): { id: number; message: string }[] {
  const { ids, result, verb, noun } = EVENTS[action];
  const how = SUCCESSES.includes(code) ? 'ok' : 'failed';
  const about =
    `Product Name: ${product.name}. Product Version: ${product.version}. ` +
    `Product Language: ${product.language}. Manufacturer: ${product.manufacturer}.`;
  return [
    { id: ids[how], message: `Product: ${product.name} -- ${result[how]}.` },
    {
      id: ids.summary,
      message:
        `Windows Installer ${verb} the product. ${about} ` +
        `${noun} success or error status: ${how === 'ok' ? 0 : code}.`,
    },
  ];
}
