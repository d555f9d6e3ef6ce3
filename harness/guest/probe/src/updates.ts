import type { Facts } from '../../facts.ts';
import { contains, listKey, MACHINE, readNumber, valueExists } from './registry.ts';
import { askWmi } from './windows.ts';

const CURRENT_VERSION = MACHINE + '\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\';
const SERVICING = CURRENT_VERSION + 'Component Based Servicing';
const PACKAGES = SERVICING + '\\Packages';

/** One entry for each KB number and state: an update consists of many packages. */
export function readPackages(): Facts['packages'] {
  const packages: { kb: string; name: string; state: number }[] = [];
  const seen: Record<string, boolean> = {};
  for (const name of listKey(PACKAGES) || []) {
    const number = /KB\d+/i.exec(name);
    if (number === null) continue;
    const state = readNumber(PACKAGES + '\\' + name + '\\CurrentState');
    if (state.state === 'unreadable') throw new Error(name + ': ' + state.reason);
    if (state.state === 'absent') continue;
    const kb = (number[0] as string).toUpperCase();
    const id = kb + ':' + state.value;
    if (!seen[id]) packages.push({ kb: kb, name: name, state: state.value });
    seen[id] = true;
  }
  return packages;
}

/** Beside KB numbers Windows lists file names and ids there. */
export function readHotFixes(): Facts['hotFixes'] {
  const found: string[] = [];
  for (const fix of askWmi('Win32_QuickFixEngineering', ['HotFixID'])) {
    const id = (fix['HotFixID'] as string).toUpperCase();
    if (/^KB\d+$/.test(id) && !contains(found, id)) found.push(id);
  }
  return found;
}

/** Keys whose being there says that a restart is pending. Source: facts 3.2. */
const MARKS: readonly { readonly key: string; readonly names: readonly string[] }[] = [
  { key: SERVICING, names: ['RebootPending', 'RebootInProgress', 'PackagesPending'] },
  { key: CURRENT_VERSION + 'WindowsUpdate\\Auto Update', names: ['RebootRequired', 'PostRebootReporting'] },
];

const SESSION_MANAGER = MACHINE + '\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\';
const PENDING_RENAMES = 'PendingFileRenameOperations';

export function readRebootPending(): string[] {
  const found: string[] = [];
  for (const mark of MARKS) {
    const keys = listKey(mark.key) || [];
    for (const name of mark.names) if (contains(keys, name)) found.push(name);
  }
  if (valueExists(SESSION_MANAGER + PENDING_RENAMES)) found.push(PENDING_RENAMES);
  return found;
}
