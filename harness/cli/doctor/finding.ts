import { describe, type Fault, toFault } from '../../core/errors.ts';
import { redact } from '../../core/secret.ts';

/**
 * What a line of the doctor says:
 * - `ok`: as a run needs it.
 * - `note`: good enough for a run, and worth knowing.
 * - `problem`: not as a run needs it; the remedy says what to do.
 * - `unknown`: could not be found out. Says nothing about what was to be checked.
 * - `later`: not looked at, because something else comes first.
 */
export type State = 'ok' | 'note' | 'problem' | 'unknown' | 'later';

export interface Finding {
  readonly state: State;
  readonly says: string;
  /** One sentence, imperative. Every `problem` and `unknown` has one. */
  readonly remedy?: string;
}

/** One thing that a run needs: its name, and a way to see whether it is so. */
export interface Examination {
  /** A word or two: it is the second column. */
  readonly what: string;
  /** Returns what was found; throws a Fault when it is not as needed. Looks only. */
  readonly look: () => Promise<Finding | string> | Finding | string;
}

/** Examinations under one heading. What they are may itself have to be found out. */
export interface Group {
  readonly title: string;
  readonly examinations: () => Promise<readonly Examination[]> | readonly Examination[];
}

export const note = (says: string, remedy?: string): Finding => ({
  state: 'note',
  says,
  ...(remedy !== undefined && { remedy }),
});
export const problem = (says: string, remedy: string): Finding => ({ state: 'problem', says, remedy });
export const later = (says: string): Finding => ({ state: 'later', says });

/** Looks, and turns whatever is thrown into a finding: one broken thing does not hide the others. */
export async function examine({ look }: Examination): Promise<Finding> {
  try {
    const found = await look();
    return typeof found === 'string' ? { state: 'ok', says: found } : found;
  } catch (error) {
    return findingOf(error);
  }
}

/** @throws the error itself when somebody has interrupted the doctor */
export function findingOf(error: unknown): Finding {
  if (error instanceof WaitsFor) return later(error.message);
  const fault = toFault(error);
  if (fault.code === 'interrupted') throw fault;
  const { remedy } = fault;
  return {
    state: isKnown(fault) ? 'problem' : 'unknown',
    says: redact(sentence(fault)),
    remedy: redact(remedy),
  };
}

/** The message, and its cause where the message does not say it already. */
function sentence({ message, cause }: Fault): string {
  const why = cause === undefined ? '' : describe(cause);
  const said = why.split(': ').every((part) => message.includes(part));
  return said ? message : `${message}: ${why}`;
}

/** Whether the fault says how things are, rather than that nobody could find out. */
const isKnown = ({ blame, code, retryable }: Fault): boolean =>
  code !== 'timed-out' && (blame === 'config' || blame === 'machine' || (blame === 'tenant' && !retryable));

/** Thrown by what cannot be looked at before something else is in order. */
class WaitsFor extends Error {}

/** Something that is found out once and used by several lines. */
export interface Once<T> {
  /** For the line that is about it: throws what went wrong. */
  readonly own: () => Promise<T>;
  /** For the lines that depend on it: they wait when it went wrong, so that each fault shows once. */
  readonly needed: () => Promise<T>;
}

/** @param what how dependent lines name it: "waits for the token" */
export function once<T>(what: string, find: () => Promise<T> | T): Once<T> {
  let found: Promise<T> | undefined;
  const own = (): Promise<T> => (found ??= (async () => find())());
  return {
    own,
    needed: () =>
      own().catch((error: unknown) => {
        throw toFault(error).code === 'interrupted' ? error : new WaitsFor(`waits for ${what}`);
      }),
  };
}

/** For a line that found something else missing than what it is about. */
export const waitsFor = (what: string): Error => new WaitsFor(`waits for ${what}`);
