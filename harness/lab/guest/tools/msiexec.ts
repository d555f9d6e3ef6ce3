import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { WINE_MSIEXEC } from '../disk.ts';
import type { Tool, ToolCall } from './tool.ts';

const ERROR_INSTALL_FAILURE = 1603;
const ERROR_INSTALL_ALREADY_RUNNING = 1618;
const ERROR_INSTALL_PACKAGE_OPEN_FAILED = 1619;
const ERROR_INSTALL_PACKAGE_INVALID = 1620;
const ERROR_INVALID_COMMAND_LINE = 1639;
const ERROR_SUCCESS_REBOOT_INITIATED = 1641;
const ERROR_SUCCESS_REBOOT_REQUIRED = 3010;
const SUCCESSES = [0, ERROR_SUCCESS_REBOOT_INITIATED, ERROR_SUCCESS_REBOOT_REQUIRED];

const UNINSTALL = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';

/**
 * msiexec.exe: Wine's own does the work; this adds what Wine lacks: one installation at a time, Windows' exit codes,
 * and the events of Windows Installer.
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
    const raw = await runWine();
    const code = windowsCode(raw, { readable: before !== undefined, norestart: order.norestart });
    log(`msiexec ${call.rawArguments}: Wine's exit code ${raw}, Windows' ${code}`);
    if (before) {
      for (const event of installerEvents(order.action, before, code)) {
        events.write({ log: 'Application', source: 'MsiInstaller', ...event });
      }
    }
    if (code === ERROR_SUCCESS_REBOOT_INITIATED) call.machine.scheduleShutdown('restart', 1);
    return code;
  } finally {
    installer.busy = false;
  }
};

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
  return {
    name: properties.get('ProductName') ?? '',
    version: properties.get('ProductVersion') ?? '',
    language: properties.get('ProductLanguage') ?? '',
    manufacturer: properties.get('Manufacturer') ?? '',
  };
}

function installerEvents(
  action: Order['action'],
  product: Product,
  code: number,
): { id: number; message: string }[] {
  const ok = SUCCESSES.includes(code);
  const about =
    `Product Name: ${product.name}. Product Version: ${product.version}. ` +
    `Product Language: ${product.language}. Manufacturer: ${product.manufacturer}.`;
  const status = ok ? 0 : code;
  return action === 'install'
    ? [
        {
          id: ok ? 11707 : 11708,
          message: `Product: ${product.name} -- Installation ${ok ? 'operation completed successfully' : 'operation failed'}.`,
        },
        {
          id: 1033,
          message: `Windows Installer installed the product. ${about} Installation success or error status: ${status}.`,
        },
      ]
    : [
        {
          id: ok ? 11724 : 11725,
          message: `Product: ${product.name} -- Removal ${ok ? 'completed successfully' : 'failed'}.`,
        },
        {
          id: 1034,
          message: `Windows Installer removed the product. ${about} Removal success or error status: ${status}.`,
        },
      ];
}
