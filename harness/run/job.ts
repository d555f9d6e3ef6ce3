import type { RunEvent } from '../core/journal.ts';
import type { Stage } from '../../specs/controls/control.ts';

/** What the process of one machine is told by the run. Secrets are not in it: it reads them itself. */
export interface Job {
  readonly machine: string;
  readonly configFile: string | undefined;
  readonly runFolder: string;
  readonly packagePath: string;
  readonly stages: readonly Stage[];
  /** Take the machine as it is: no up, no snapshot, no restore. */
  readonly asIs: boolean;
}

export type ToMachine = { readonly kind: 'job'; readonly job: Job } | { readonly kind: 'abort' };
export interface FromMachine {
  readonly kind: 'event';
  readonly event: RunEvent;
}
