import type { ConsoleAction, VerificationMethod } from '../../core/console-action.ts';
import type { TimelineRow } from '../../core/journal.ts';
import type { Trial } from '../../core/rehearsals.ts';
import { EARLY_MS, type Schedule } from './attempt.ts';
import { clientTypesOf, instantOf, type SeenAudit } from './entries.ts';
import { methodOf, stepOf } from './steps.ts';

type Dated = Schedule['actions'][number];

const ACTION_WORDS: Readonly<Record<ConsoleAction['action'], string>> = {
  'tile-chosen': 'chooses the user',
  'link-clicked': 'clicks the link',
  'user-id-submitted': 'gives the user ID',
  'verification-requested': 'asks for the verification',
  'verification-submitted': 'gives the verification',
  'password-submitted': 'gives the new password',
  'success-seen': 'sees that the password has been reset',
};

const METHOD_WORDS: Readonly<Record<VerificationMethod, string>> = {
  email: 'by e-mail',
  sms: 'by text message',
  questions: 'by security questions',
};

interface Ours {
  readonly schedule: Schedule;
  readonly own: ReadonlySet<SeenAudit>;
  /** Of the others those that are not clearly from before our attempt. */
  readonly unexplained: ReadonlySet<SeenAudit>;
  /** The entry of the reset, where there is one and it is ours. */
  readonly reset: SeenAudit | undefined;
}

/**
 * The actions beside the entries, in the order of the tenant's clock. The texts that pair them are observed, not promised
 * (facts 5.4): an action or an entry without its counterpart has a line of its own.
 * @param entries all of the user, sorted
 */
export function timelineOf(
  entries: readonly SeenAudit[],
  { schedule, own, unexplained, reset }: Ours,
): TimelineRow[] {
  const actionOf = new Map<SeenAudit, Dated>();
  const open = new Set(schedule.actions);
  for (const entry of entries) {
    const action = open.size > 0 && own.has(entry) ? counterpart(entry, [...open]) : undefined;
    if (action === undefined) continue;
    actionOf.set(entry, action);
    open.delete(action);
  }
  const success = [...open].find(({ action }) => action === 'success-seen');
  if (reset !== undefined && success !== undefined) {
    actionOf.set(reset, success);
    open.delete(success);
  }
  return [
    ...[...open].map((action) => ({
      at: action.tenantAt,
      row: rowOf(action, null, { own: true, unexplained: false }),
    })),
    ...entries.map((entry) => {
      const action = actionOf.get(entry);
      const at = Math.min(instantOf(entry), action?.tenantAt ?? Infinity);
      const whose = { own: own.has(entry), unexplained: unexplained.has(entry) };
      return { at, row: rowOf(action ?? null, entry, whose) };
    }),
  ]
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

/**
 * The action of which an entry is the trace: the last one before it, so that a second try has the entry of its own. What
 * was done wrong on purpose leaves none, unless the tenant took it.
 */
function counterpart(entry: SeenAudit, open: readonly Dated[]): Dated | undefined {
  const step = stepOf(entry);
  if (step?.paired !== true) return undefined;
  const method = methodOf(entry);
  const possible = open.filter(
    (one) =>
      one.action === step.action &&
      (method === undefined || one.method === undefined || one.method === method),
  );
  const meant = possible.filter(({ trial }) => trial === undefined);
  const candidates = meant.length > 0 ? meant : possible;
  return candidates.findLast(({ tenantAt }) => tenantAt <= instantOf(entry) + EARLY_MS) ?? candidates[0];
}

function rowOf(
  action: Dated | null,
  entry: SeenAudit | null,
  whose: Pick<TimelineRow, 'own' | 'unexplained'>,
): TimelineRow {
  return {
    action: action && {
      what: inWords(action),
      at: action.at,
      tenantAt: new Date(action.tenantAt).toISOString(),
    },
    entry: entry && {
      id: entry.id,
      at: new Date(instantOf(entry)).toISOString(),
      activity: entry.activityDisplayName,
      result: entry.result,
      reason: entry.resultReason.trim(),
      correlationId: entry.correlationId,
      ipAddress: entry.initiatedBy.ipAddress,
      clientType: clientTypesOf(entry)[0] ?? null,
      seenAt: entry.seenAt,
    },
    differenceMs: action && entry ? Math.round(instantOf(entry) - action.tenantAt) : null,
    ...whose,
  };
}

const TRIAL_WORDS: Readonly<Record<Trial, string>> = {
  wrongCode: 'gives a wrong code, on purpose,',
  weakPassword: 'gives a weak password, on purpose',
};

const inWords = ({ action, method, trial }: ConsoleAction): string => {
  const what = trial === undefined ? ACTION_WORDS[action] : TRIAL_WORDS[trial];
  return method === undefined ? what : `${what} ${METHOD_WORDS[method]}`;
};
