import type { RunEvent, TimelineRow } from '../../core/journal.ts';

type Timeline = Extract<RunEvent, { type: 'timeline' }>;
type Entry = NonNullable<TimelineRow['entry']>;

const FLOW = 'Self-service password reset flow activity progress';
const RESET = 'Reset password (self-service)';

/** What is done, by the number of its picture in the film, and what the tenant writes down of it: how much later, and what. */
const STORY: readonly {
  readonly what: string;
  readonly picture: number;
  readonly entry?: readonly [afterMs: number, reason: string];
  /** Entries of the same reset that belong to no action. */
  readonly more?: readonly (readonly [afterMs: number, reason: string, activity: string])[];
}[] = [
  { what: 'chooses the user', picture: 0 },
  { what: 'clicks the link', picture: 1 },
  {
    what: 'gives the user ID',
    picture: 3,
    entry: [410, 'User submitted their user ID'],
    more: [[655, 'User was presented with verification options', FLOW]],
  },
  {
    what: 'asks for the verification by e-mail',
    picture: 4,
    entry: [290, 'User started the email verification option'],
  },
  {
    what: 'gives the verification by e-mail',
    picture: 5,
    entry: [520, 'User completed the email verification option'],
  },
  {
    what: 'gives the new password',
    picture: 6,
    entry: [180, 'User submitted a new password'],
    more: [[910, 'Successfully completed reset.', RESET]],
  },
  {
    what: 'sees that the password has been reset',
    picture: 7,
    entry: [-1840, 'User successfully reset password'],
  },
];

export const MISSING =
  'The reset is not in the audit log, although it was looked for as long as an entry may take';

const CLOCK_AHEAD_SECONDS = [3.2, -1.1, 0.02];

/**
 * The time line of one machine of the example. All are matched; the user of win8 had a reset before, and somebody
 * else has a try with it meanwhile.
 * @param logon when it began, in milliseconds since 1970, and how many it took
 * @param hostile stands in every text
 * @param strangers entries of somebody else on win8
 * @param earlier entries of win8 from before the click
 * @param unrecorded of win81 the tenant has not written down that the password was reset
 */
export function exampleTimeline(
  machine: string,
  index: number,
  logon: { readonly from: number; readonly ms: number },
  {
    hostile,
    strangers = 2,
    earlier = 5,
    unrecorded = false,
  }: {
    readonly hostile?: string;
    readonly strangers?: number;
    readonly earlier?: number;
    readonly unrecorded?: boolean;
  },
): Timeline {
  const missing = unrecorded && machine === 'win81';
  const aheadSeconds = CLOCK_AHEAD_SECONDS[index] ?? 0;
  const utc = (ms: number): string => new Date(Math.round(ms)).toISOString();
  const entryAt = (at: number, reason: string, more: Partial<Entry> = {}): Entry => {
    const entry: Entry = {
      id: `SSPR_5d1c4a2e-0000-4000-8000-00000000000${index}_MCDC4_${Math.round(at) % 100_000_000}`,
      at: utc(at),
      activity: FLOW,
      result: 'success',
      reason,
      correlationId: `5d1c4a2e-0000-4000-8000-00000000000${index}`,
      ipAddress: '127.20.0.1',
      clientType: 'WindowsLogon',
      seenAt: utc(at - aheadSeconds * 1000 + 4200),
      ...more,
    };
    if (hostile === undefined) return entry;
    const text = Object.keys(entry).filter((key) => !key.endsWith('At') && key !== 'at');
    return { ...entry, ...Object.fromEntries(text.map((key) => [key, hostile])) };
  };
  const rows = STORY.flatMap(({ what, picture, entry, more = [] }): TimelineRow[] => {
    const at = logon.from + (logon.ms * (picture + 0.6)) / 10;
    const tenantAt = at + aheadSeconds * 1000;
    const written = missing && picture === 7 ? undefined : entry;
    return [
      {
        action: { what: hostile ?? what, at: utc(at), tenantAt: utc(tenantAt) },
        entry: written ? entryAt(tenantAt + written[0], written[1]) : null,
        differenceMs: written?.[0] ?? null,
        own: true,
        unexplained: false,
      },
      ...more
        .filter(([, , activity]) => !missing || activity !== RESET)
        .map(([afterMs, reason, activity]) => ({
          action: null,
          entry: entryAt(tenantAt + afterMs, reason, { activity }),
          differenceMs: null,
          own: true,
          unexplained: false,
        })),
    ];
  });
  const other = { correlationId: '9f0b7c11-2222-4333-8444-555566667777', ipAddress: '203.0.113.77' };
  const foreign = Array.from({ length: machine === 'win8' ? strangers : 0 }, (_, i): TimelineRow => {
    const at = logon.from + logon.ms * 0.2 + aheadSeconds * 1000 + i * 3700;
    const entry =
      i % 2 === 0
        ? entryAt(at, 'User submitted their user ID', { ...other, clientType: null })
        : entryAt(at, 'User canceled before passing the required authentication methods', {
            ...other,
            result: 'failure',
            clientType: null,
          });
    return { action: null, entry, differenceMs: null, own: false, unexplained: true };
  });
  const before = Array.from({ length: machine === 'win8' ? earlier : 0 }, (_, i): TimelineRow => {
    const at = logon.from + aheadSeconds * 1000 - (earlier - i) * 4300;
    const entry = entryAt(at, 'User started the email verification option', {
      correlationId: '2a6d90f4-1111-4222-8333-444455556666',
    });
    return { action: null, entry, differenceMs: null, own: false, unexplained: false };
  });
  return {
    type: 'timeline',
    machine,
    stage: 'audit',
    user: hostile ?? `reset-${machine}@contoso.example`,
    clock: { aheadSeconds, uncertainSeconds: 0.6 },
    verdict: hostile ?? (missing ? 'missing' : 'matched'),
    reason:
      hostile ??
      (missing ? MISSING : 'The reset is in the audit log; it was readable at most 4.2 s after it was made'),
    delayMs: missing ? null : 4200,
    rows: [...before, ...rows, ...foreign].sort((a, b) => instantOf(a).localeCompare(instantOf(b))),
  };
}

/** Of the earlier one of the two. */
const instantOf = ({ action, entry }: TimelineRow): string =>
  [action?.tenantAt, entry?.at].filter((at) => at !== undefined).sort()[0] ?? '';
