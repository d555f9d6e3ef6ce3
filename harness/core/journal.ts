import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { utcNow } from './clock.ts';
import type { Blame } from './errors.ts';
import type { Verdict } from './outcome.ts';
import { redact, redactedJson } from './secret.ts';

/** A file or a value behind an outcome. Files lie in the run's folder and are named relative to it. */
export type Evidence =
  | { readonly kind: 'value'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly sha256: string };

/** A rectangle of the framebuffer, in pixels from its top left corner. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Somebody's consent that a control may fail, until a day (docs/waivers.md). */
export interface Waiver {
  readonly control: string;
  /** All machines when left out. */
  readonly machines?: readonly string[] | undefined;
  readonly reason: string;
  readonly owner: string;
  /** The last day on which it is in force, in UTC: `2027-03-31`. */
  readonly expires: string;
}

/** What a run consists of, written down before it begins. */
export interface RunPlan {
  readonly machines: readonly {
    readonly name: string;
    readonly os: string;
    readonly provider: string;
    readonly stages: readonly string[];
  }[];
  readonly controls: readonly string[];
  /** As they were when the run began; journals from before there were waivers have none. */
  readonly waivers?: readonly Waiver[];
  /** True when anything of the run is the embedded lab: such a run is never a sign-off. */
  readonly lab: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly package: { readonly path: string; readonly sha256: string };
  readonly arguments: readonly string[];
}

/** One line of the time line: what was done at the console beside what the tenant wrote down of it. */
export interface TimelineRow {
  readonly action: {
    /** In words: "gives the user ID". */
    readonly what: string;
    /** ISO 8601 UTC by this host's clock, and the same instant by the tenant's. */
    readonly at: string;
    readonly tenantAt: string;
  } | null;
  readonly entry: {
    readonly id: string;
    /** ISO 8601 UTC by the tenant's clock. */
    readonly at: string;
    readonly activity: string;
    readonly result: string;
    readonly reason: string;
    readonly correlationId: string;
    readonly ipAddress: string;
    readonly clientType: string | null;
    /** When we first saw it, by this host's clock. */
    readonly seenAt: string;
  } | null;
  /** From the action to the entry in milliseconds, by the tenant's clock; null when one of them is missing. */
  readonly differenceMs: number | null;
  /** False: not of our attempt. */
  readonly own: boolean;
  /**
   * True: of no action of ours, and made since the click: somebody else's doing. What is neither this nor our own is from
   * before the click. Journals of earlier versions don't say.
   */
  readonly unexplained?: boolean;
}

/** Everything that can happen in a run. The journal of these is the only truth; every report is derived from it. */
export type RunEvent =
  | { readonly type: 'run-started'; readonly run: string; readonly plan: RunPlan }
  | { readonly type: 'machine-started'; readonly machine: string; readonly pid: number }
  | {
      readonly type: 'stage-started';
      readonly machine: string;
      readonly stage: string;
      readonly title: string;
    }
  | {
      readonly type: 'stage-ended';
      readonly machine: string;
      readonly stage: string;
      readonly ms: number;
      readonly ok: boolean;
    }
  /** Progress in words, for the live view: "clicks the link". */
  | { readonly type: 'step'; readonly machine: string; readonly stage: string; readonly text: string }
  | ({
      readonly type: 'control';
      readonly machine: string;
      readonly stage: string;
      readonly control: string;
      readonly ms: number;
      readonly evidence: readonly Evidence[];
      readonly blame?: Blame;
    } & Verdict)
  /** One picture of the logon film: what was on the screen, what was looked for, where it was found. */
  | {
      readonly type: 'frame';
      readonly machine: string;
      readonly stage: string;
      readonly caption: string;
      readonly file: string;
      readonly sha256: string;
      readonly width: number;
      readonly height: number;
      readonly lookedFor?: string;
      readonly found?: Area & { readonly text: string; readonly similarity: number };
      readonly action?: string;
    }
  /** A value that a later stage or a report needs: the instant of the click, the boot time before and after. */
  | {
      readonly type: 'fact';
      readonly machine: string;
      readonly stage: string;
      readonly name: string;
      readonly value: unknown;
    }
  /** The actions at the console beside the entries of the audit log, in the order of the tenant's clock. */
  | {
      readonly type: 'timeline';
      readonly machine: string;
      readonly stage: string;
      readonly user: string;
      /** By how much the tenant's clock is ahead of ours, in seconds. */
      readonly clock: { readonly aheadSeconds: number; readonly uncertainSeconds: number };
      /** `matched`, `missing`, `ambiguous` ... (harness/directory/correlation.ts) */
      readonly verdict: string;
      readonly reason: string;
      /** From the entry of the reset to our first sight of it, in milliseconds; null when there is none. */
      readonly delayMs: number | null;
      readonly rows: readonly TimelineRow[];
    }
  | {
      readonly type: 'fault';
      readonly machine: string;
      readonly stage: string;
      readonly code: string;
      readonly blame: Blame;
      readonly message: string;
      readonly remedy: string;
    }
  | {
      readonly type: 'machine-ended';
      readonly machine: string;
      readonly how: 'completed' | 'aborted' | 'died';
    }
  | { readonly type: 'run-ended'; readonly exitCode: number; readonly ms: number };

/** A RunEvent as it stands in events.jsonl. */
export type Recorded = RunEvent & { readonly seq: number; readonly at: string };

/** Appends to events.jsonl, one line an event, redacted, as it happens. One writer a run: the process that owns it. */
export class Journal {
  #seq = 0;
  readonly #listeners: ((event: Recorded) => void)[] = [];

  /** @param folder the run's folder; made if it is missing */
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  append(event: RunEvent): Recorded {
    const line = redactedJson({ seq: ++this.#seq, at: utcNow(), ...event });
    appendFileSync(join(this.folder, 'events.jsonl'), line + '\n');
    const recorded = JSON.parse(line) as Recorded;
    for (const listener of this.#listeners) listener(recorded);
    return recorded;
  }

  onEvent(listener: (event: Recorded) => void): void {
    this.#listeners.push(listener);
  }
}

/** All events of a run's folder, in order. A last line cut short by a crash is left out. */
export function readJournal(folder: string): Recorded[] {
  const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Recorded);
}

/** Writes a file of evidence below the run's folder and says what a journal needs to name it. */
export function keepFile(
  folder: string,
  path: string,
  data: string | Uint8Array,
): { path: string; sha256: string } {
  const bytes = typeof data === 'string' ? Buffer.from(redact(data)) : data;
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
}
