import { WINE_CSCRIPT } from '../disk.ts';
import { REG_DWORD, REG_SZ } from '../registry-value.ts';
import type { Registry } from '../registry.ts';
import type { Tool } from './tool.ts';

/**
 * cscript.exe: Wine's own does the work; this adds the switch that Wine does not know, by which an administrator
 * disables Windows Script Host for an account or for the machine.
 */
export const cscript: Tool = async (call) => {
  for (const root of ['HKCU\\Software', 'HKLM\\SOFTWARE']) {
    if (!(await isDisabled(call.registry, `${root}\\Microsoft\\Windows Script Host\\Settings`))) continue;
    call.complain(
      'CScript Error: Windows Script Host access is disabled on this machine. Contact your administrator for details.\n',
    );
    return 1;
  }
  return call.run(WINE_CSCRIPT, `cscript ${call.rawArguments}`);
};

/** `Enabled` is 0, as a number or as a text. */
async function isDisabled(registry: Registry, key: string): Promise<boolean> {
  const value = await registry.value(key, 'Enabled');
  if (value?.type === REG_DWORD) return value.data.length >= 4 && value.data.readUInt32LE() === 0;
  return value?.type === REG_SZ && value.data.toString('utf16le').replace(/\0.*$/s, '') === '0';
}
