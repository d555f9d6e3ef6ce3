import type { SeededFault } from './fault.ts';
import type { Tree } from './merged.ts';

/** How soon the lab's tenant shows an audit entry: soon, since most faults wait for one. Seconds. */
const AUDIT_DELAY_SECONDS = 2;

/** The configuration of a run of the proof, before a fault adds its keys. */
export const runConfig = ({ os, language }: SeededFault['machine']): Tree => ({
  version: 1,
  machines: [{ name: os, os, provider: 'lab', language }],
  lab: { auditDelaySeconds: AUDIT_DELAY_SECONDS },
});
