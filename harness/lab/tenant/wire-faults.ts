import { RETRY_AFTER } from './throttle.ts';
import { z } from 'zod';

/** A day; what lasts longer, no timer can wait for and no test. */
const LONGEST_MS = 86_400_000;

const retryAfter = {
  /** Seconds; no `Retry-After` when left out. */
  retryAfterSeconds: z
    .number()
    .int()
    .nonnegative()
    .max(LONGEST_MS / 1000)
    .optional(),
  retryAfterAs: z.enum(RETRY_AFTER).optional(),
};

/** What can go wrong on the way to the tenant, beyond a plain refusal; see fault-effects.ts for what each does. */
const KINDS = [
  '500',
  '401-expired',
  '403',
  'broken-json',
  'truncated',
  'html',
  'foreign-next-link',
  'loop-next-link',
  'empty-page',
  'reset',
] as const;
/** Every kind, for whoever offers a choice. */
export const FAULT_KINDS = ['503', '429', 'slow', ...KINDS] as const;

const common = {
  /** A prefix when it begins with a slash, otherwise a regular expression; searched in path and query. */
  path: z
    .string()
    .min(1)
    .refine((text) => text.startsWith('/') || isRegularExpression(text), {
      error: 'expected a path or a regular expression',
    }),
  /** To how many requests it happens. */
  times: z.union([z.number().int().positive(), z.literal('always')]),
};

/** Something that goes wrong on the wire. */
export const WireFault = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.enum(['503', '429']), ...retryAfter }),
  z.strictObject({ ...common, kind: z.literal('slow'), ms: z.number().int().nonnegative().max(LONGEST_MS) }),
  z.strictObject({ ...common, kind: z.enum(KINDS) }),
]);
export type WireFault = z.infer<typeof WireFault>;

/** What is still to go wrong, in this order: each request suffers the first that concerns it. */
export class WireFaults {
  #left: WireFault[] = [];

  add(faults: readonly WireFault[]): void {
    this.#left.push(...faults);
  }

  get left(): readonly WireFault[] {
    return this.#left;
  }

  clear(): void {
    this.#left = [];
  }

  /**
   * The fault that a request suffers; it is used up by that.
   * @param target path and query
   */
  take(target: string): WireFault | undefined {
    const index = this.#left.findIndex(({ path }) => concerns(path, target));
    const fault = this.#left[index];
    if (fault === undefined || fault.times === 'always') return fault;
    this.#left = this.#left
      .with(index, { ...fault, times: fault.times - 1 })
      .filter(({ times }) => times !== 0);
    return fault;
  }
}

const concerns = (path: string, target: string): boolean =>
  path.startsWith('/')
    ? target.toLowerCase().startsWith(path.toLowerCase())
    : new RegExp(path, 'i').test(target);

export function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
