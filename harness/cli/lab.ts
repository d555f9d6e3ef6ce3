import type { LabState } from '../config/lab-state.ts';
import type { Config } from '../config/schema.ts';
import { checkNamespaces } from '../lab/guest/power.ts';
import { startLab } from '../lab/services.ts';

/**
 * The running lab, or a new one as the configuration wants it.
 * @throws Fault of `startLab`; `namespaces-refused` when guests could not be isolated on this host
 */
export function ensureLab({ lab: { auditDelaySeconds, tenantPort, proxyPort } }: Config): Promise<LabState> {
  checkNamespaces();
  return startLab({ auditDelayMs: auditDelaySeconds * 1000, tenantPort, proxyPort });
}
