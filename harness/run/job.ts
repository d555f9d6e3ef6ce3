import type { FaultDetail } from '../core/errors.ts';
import type { RunEvent } from '../core/journal.ts';
import type { Stage } from '../../specs/controls/control.ts';

/** What the process of one machine is told by the run. Secrets are not in it: it reads them itself. */
export interface Job {
  readonly machine: string;
  readonly configFile: string | undefined;
  readonly runFolder: string;
  readonly packagePath: string;
  /** An earlier version of the package, where there is one. */
  readonly previousPackage?: string | undefined;
  readonly stages: readonly Stage[];
  /** Take the machine as it is: no up, no snapshot, no restore. */
  readonly asIs: boolean;
}

/** A question for whoever sits at the terminal of the run; the machine's process has none. */
export interface Question {
  readonly kind: 'ask';
  readonly id: number;
  readonly question: string;
  /** How long the machine waits for the answer, in milliseconds. */
  readonly withinMs: number;
}

/** The answer to a question, or why there is none. It goes through this channel only and is a Secret at both ends. */
export type Answer =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: string }
  | {
      readonly kind: 'refusal';
      readonly id: number;
      readonly message: string;
      readonly detail: Omit<FaultDetail, 'cause'>;
    };

export type ToMachine = { readonly kind: 'job'; readonly job: Job } | { readonly kind: 'abort' } | Answer;
export type FromMachine = { readonly kind: 'event'; readonly event: RunEvent } | Question;
