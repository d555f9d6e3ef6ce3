import { readLabState, type LabState } from '../config/lab-state.ts';
import type { Config } from '../config/schema.ts';
import { startLab, stopLab } from '../lab/services.ts';

/** The lab, for as long as a command needs it. */
export interface LabSession {
  readonly state: LabState;
  /** True when this command started it: then it also stops it. */
  readonly ours: boolean;
}

/** The running lab, or a new one. */
export async function ensureLab(config: Config): Promise<LabSession> {
  const running = readLabState();
  if (running) return { state: running, ours: false };
  const { auditDelaySeconds, tenantPort, proxyPort } = config.lab;
  return {
    state: await startLab({ auditDelayMs: auditDelaySeconds * 1000, tenantPort, proxyPort }),
    ours: true,
  };
}

export { stopLab };
