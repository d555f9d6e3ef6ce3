/** Who has to act when something went wrong. */
export const BLAME = ['machine', 'network', 'tenant', 'config', 'harness'] as const;
export type Blame = (typeof BLAME)[number];

export interface FaultDetail {
  /** Stable, kebab-case name of the kind of error: `winrm-unauthorized`. Tests and exit codes go by it. */
  readonly code: string;
  readonly blame: Blame;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable?: boolean;
  /** What the reader should do now. One sentence, imperative. */
  readonly remedy: string;
  readonly cause?: unknown;
}

/**
 * The one error of the harness: says what is wrong, who is to blame, whether trying again makes sense and what to do.
 * A getter returns a value or throws one of these; it never returns `false` for "could not find out".
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: string;
  readonly blame: Blame;
  readonly retryable: boolean;
  readonly remedy: string;

  constructor(message: string, detail: FaultDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = detail.code;
    this.blame = detail.blame;
    this.retryable = detail.retryable ?? false;
    this.remedy = detail.remedy;
  }
}

/** The message of anything thrown, with the chain of causes, on one line. */
export function describe(error: unknown): string {
  const seen: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null && seen.length < 5;) {
    const text =
      at instanceof Error ? at.message || at.name : typeof at === 'string' ? at : JSON.stringify(at);
    if (!seen.some((one) => one.includes(text))) seen.push(text);
    at = at instanceof Error ? at.cause : undefined;
  }
  return seen.join(': ').replace(/\s*\n\s*/g, ' ');
}

/** The code nearest to the end of the causes, which fetch and Node put one into another; '' when none of them has one. */
export function rootCode(error: unknown): string {
  let code = '';
  let at = error;
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    code = (at as NodeJS.ErrnoException).code ?? code;
    at = at.cause;
  }
  return code;
}

/** Turns anything thrown into a Fault; what is not one already is a bug of ours. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(describe(error), {
    code: 'unexpected',
    blame: 'harness',
    remedy: 'This is a bug of the harness: please report it with the events.jsonl of the run.',
    cause: error,
  });
}
