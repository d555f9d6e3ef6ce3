import { utcNow } from '../core/clock.ts';
import { Deadline } from '../core/deadline.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Settings } from '../config/settings.ts';
import { openDirectory } from '../directory/graph-directory.ts';
import { inspectMsi, type MsiFacts } from '../guest/msi.ts';
import { SSPR_SERVICE } from '../../specs/controls/audit.ts';

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

/** Some requests, held back to Graph's limit when there are many machines. Milliseconds. */
const TENANT_MS = 120_000;

/**
 * Asks the tenant once for everything that a run will ask it, so that a wrong secret, a missing permission or an unknown
 * user is found before a machine is touched.
 * @throws Fault
 */
export async function checkTenant(
  { tenant, machines }: Pick<Settings, 'tenant' | 'machines'>,
  signal: AbortSignal,
): Promise<void> {
  const directory = openDirectory(tenant);
  const deadline = Deadline.in(TENANT_MS, 'asking the tenant', signal);
  const now = utcNow();
  try {
    for (const { account } of machines) {
      await directory.registration(account.upn, deadline);
      await directory.passwordChangedAt(account.upn, deadline);
      await directory.messages(account.mailbox, now, deadline);
    }
    const audits = directory.audits({ from: now, to: now, loggedByService: SSPR_SERVICE }, deadline);
    await audits[Symbol.asyncIterator]().next();
  } finally {
    await directory.close();
  }
}
