import type { ConsoleAction } from '../../core/console-action.ts';
import type { ClockReading } from '../clock.ts';
import type { AuditedUser } from '../directory.ts';

/** One attempt at the console. */
export interface AuditedAttempt extends AuditedUser {
  /** In the order in which they were done. */
  readonly actions: readonly ConsoleAction[];
  /** Whether the screen said that the password has been reset. */
  readonly wentThrough: boolean;
}

/** Some tenants date an entry when they write it, not when it happened. */
export const LATE_MS = 10_000;
/** An action is dated when the click has returned: what follows from it may be dated a little earlier. */
export const EARLY_MS = 1_000;
/** How long a tenant may be busy with the last action of an attempt that did not come to its end. */
export const UNFINISHED_MS = 300_000;

/** An instant lies within, both ends included. Milliseconds since 1970 by the tenant's clock. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const holds = ({ from, to }: Span, instant: number): boolean => instant >= from && instant <= to;

/** The actions of an attempt by the tenant's clock, and when what follows from them can be dated. */
export interface Schedule {
  readonly actions: readonly (ConsoleAction & { readonly tenantAt: number })[];
  /** Anything of the attempt; none when nothing was done. */
  readonly whole: Span | undefined;
  /** The entry of the reset itself; none when no password was given. */
  readonly reset: Span | undefined;
  /** What follows from the actions `after`, and came before the actions `before`; open where there is no such action. */
  between(after: ConsoleAction['action'], before: ConsoleAction['action']): Span;
}

/** Takes the difference of the clocks out of the actions; what is left of it makes every span wider. */
export function scheduleOf(
  { actions, wentThrough }: AuditedAttempt,
  { aheadSeconds, uncertainSeconds }: ClockReading,
): Schedule {
  const uncertain = uncertainSeconds * 1000;
  const dated = actions.map((one) => ({ ...one, tenantAt: Date.parse(one.at) + aheadSeconds * 1000 }));
  const first = new Map<ConsoleAction['action'], number>();
  const last = new Map<ConsoleAction['action'], number>();
  for (const { action, tenantAt, trial } of dated) {
    // Nothing follows from a code that is refused; a password that is refused has an entry.
    if (trial === 'wrongCode' && dated.some((one) => one.action === action && one.trial === undefined))
      continue;
    if (!first.has(action)) first.set(action, tenantAt);
    last.set(action, tenantAt);
  }
  const earliest = (at: number): number => at - uncertain - EARLY_MS;
  const latest = (at: number): number => at + uncertain + LATE_MS;

  const begin = first.get('link-clicked') ?? dated[0]?.tenantAt;
  const end = last.get('success-seen') ?? (dated.at(-1)?.tenantAt ?? 0) + UNFINISHED_MS;
  const password = first.get('password-submitted') ?? (wentThrough ? begin : undefined);
  return {
    actions: dated,
    whole: begin === undefined ? undefined : { from: earliest(begin), to: latest(end) },
    reset: password === undefined ? undefined : { from: earliest(password), to: latest(end) },
    between: (after, before) => ({
      from: earliest(first.get(after) ?? -Infinity),
      to: latest(last.get(before) ?? Infinity),
    }),
  };
}
