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

/** The second variable is there in a 32-bit process on 64-bit Windows. */
function readArchitecture(): 'x64' | 'x86' {
  const names = [environment('PROCESSOR_ARCHITECTURE'), environment('PROCESSOR_ARCHITEW6432')];
  for (const name of names) if (name.toUpperCase() === 'AMD64') return 'x64';
  return 'x86';
}

export function readClock(): Facts['clock'] {
  const systems = new ActiveXObject('WbemScripting.SWbemLocator')
    .ConnectServer('.', 'root\\cimv2')
    .ExecQuery('SELECT LastBootUpTime FROM Win32_OperatingSystem');
  const bootedAt = systems.ItemIndex(0).Properties_.Item('LastBootUpTime').Value;
  return { now: toIso(new Date()), bootedAt: toIso(fromCim(String(bootedAt))) };
}
