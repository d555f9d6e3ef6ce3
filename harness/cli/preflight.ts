import { Deadline } from '../core/deadline.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Settings } from '../config/settings.ts';
import { openDirectory } from '../directory/graph-directory.ts';
import { inspectMsi, type MsiFacts } from '../guest/msi.ts';

/**
 * Looks into the package that is to be installed.
 * @throws Fault `msi-missing`, `msi-not-an-msi`, `msi-wrong-architecture`, naming the key of the configuration
 */
export async function checkPackage(path: string): Promise<MsiFacts> {
  try {
    return await inspectMsi(path, { architecture: 'x64' });
  } catch (error) {
    const fault = toFault(error);
    throw new Fault(`package.path: ${fault.message}`, fault);
  }
}

/**
 * Asks the tenant for one test user, so that a wrong secret or a missing permission is found before a machine is touched.
 * @throws Fault
 */
export async function checkTenant(settings: Settings, signal: AbortSignal): Promise<void> {
  const directory = openDirectory(settings.tenant);
  try {
    const [machine] = settings.machines;
    if (machine)
      await directory.registration(machine.account.upn, Deadline.in(60_000, 'asking the tenant', signal));
  } finally {
    await directory.close();
  }
}
