import type { Facts } from '../../facts.ts';
import { demandText, MACHINE, textOrEmpty } from './registry.ts';
import { environment } from './shell.ts';
import { fromCim, toIso } from './time.ts';

const CURRENT_VERSION = MACHINE + '\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\';

export function readOs(): Facts['os'] {
  const build = demandText(CURRENT_VERSION + 'CurrentBuild');
  return {
    version: demandText(CURRENT_VERSION + 'CurrentVersion') + '.' + build,
    build: parseInt(build, 10),
    productName: demandText(CURRENT_VERSION + 'ProductName'),
    servicePack: textOrEmpty(CURRENT_VERSION + 'CSDVersion'),
    architecture: readArchitecture(),
    computerName: environment('COMPUTERNAME'),
    locale: demandText(MACHINE + '\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language\\InstallLanguage'),
  };
}

const readArchitecture = (): 'x64' | 'x86' =>
  environment('PROCESSOR_ARCHITECTURE').toUpperCase() === 'AMD64' ? 'x64' : 'x86';

/**
 * Throws in a 32-bit process on 64-bit Windows, where this variable is there: Windows shows it another registry and
 * another System32, in which what is there looks absent.
 */
export function demandNativeView(): void {
  if (environment('PROCESSOR_ARCHITEW6432') !== '') {
    throw new Error('the 32-bit cscript.exe does not see the registry of 64-bit Windows');
  }
}

export function readClock(): Facts['clock'] {
  const bootedAt = askWmi('Win32_OperatingSystem', ['LastBootUpTime'])[0];
  if (bootedAt === undefined) throw new Error('Win32_OperatingSystem is empty');
  return { now: toIso(new Date()), bootedAt: toIso(fromCim(bootedAt['LastBootUpTime'] as string)) };
}

/** These properties of every instance of a class of WMI, as texts. */
export function askWmi(name: string, properties: readonly string[]): Record<string, string>[] {
  const instances = new ActiveXObject('WbemScripting.SWbemLocator')
    .ConnectServer('.', 'root\\cimv2')
    .ExecQuery('SELECT ' + properties.join(', ') + ' FROM ' + name);
  const found: Record<string, string>[] = [];
  for (let at = 0; at < instances.Count; at++) {
    const values = instances.ItemIndex(at).Properties_;
    const texts: Record<string, string> = {};
    for (const property of properties) texts[property] = String(values.Item(property).Value);
    found.push(texts);
  }
  return found;
}
