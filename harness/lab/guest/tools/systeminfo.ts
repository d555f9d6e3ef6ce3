import { arch, cpus, totalmem } from 'node:os';
import { versionText } from '../profile.ts';
import type { Tool } from './tool.ts';

/** systeminfo.exe, as a list. */
export const systeminfo: Tool = ({ machine, print }) => {
  const { profile, computerName, bootedAt } = machine;
  const memory = `${Math.round(totalmem() / 2 ** 20).toLocaleString('en-US')} MB`;
  const updates = profile.updates.map(({ kb }, i) => `[${String(i + 1).padStart(2, '0')}]: ${kb}`);
  const rows: [string, readonly string[]][] = [
    ['Host Name', [computerName]],
    ['OS Name', [`Microsoft ${profile.productName}`]],
    [
      'OS Version',
      [`${versionText(profile)} ${profile.servicePack?.text ?? 'N/A'} Build ${profile.version[2]}`],
    ],
    ['OS Manufacturer', ['Microsoft Corporation']],
    ['OS Configuration', ['Standalone Workstation']],
    ['OS Build Type', ['Multiprocessor Free']],
    ['Registered Owner', ['Lab']],
    ['Registered Organization', ['LAB']],
    ['System Boot Time', [bootedAt.toLocaleString('en-US')]],
    ['System Manufacturer', ['LAB (Wine)']],
    ['System Model', ['Lab guest']],
    ['System Type', [arch() === 'x64' ? 'x64-based PC' : 'X86-based PC']],
    ['Processor(s)', [`${cpus().length} Processor(s) Installed.`]],
    ['Windows Directory', ['C:\\windows']],
    ['System Directory', ['C:\\windows\\system32']],
    ['System Locale', ['en-us;English (United States)']],
    ['Total Physical Memory', [memory]],
    ['Domain', ['WORKGROUP']],
    ['Hotfix(s)', [`${updates.length} Hotfix(s) Installed.`, ...updates]],
  ];
  const lines = rows.flatMap(([label, values]) =>
    values.map((value, i) => (i === 0 ? `${label}:` : '').padEnd(27) + value),
  );
  print(`\n${lines.join('\n')}\n`);
  return 0;
};
