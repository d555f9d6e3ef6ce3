import type { LabState } from '../config/lab-state.ts';
import type { Config } from '../config/schema.ts';
import { startLab } from '../lab/services.ts';

/** The running lab, or a new one as the configuration wants it. */
export const ensureLab = ({ lab: { auditDelaySeconds, tenantPort, proxyPort } }: Config): Promise<LabState> =>
  startLab({ auditDelayMs: auditDelaySeconds * 1000, tenantPort, proxyPort });
