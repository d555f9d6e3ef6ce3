import { isIPv6 } from 'node:net';
import type { AuditedUser, DirectoryAudit } from '../directory.ts';

/** An entry of the audit log, and between which instants it appeared: ISO 8601 UTC by this host's clock. */
export interface SeenAudit extends DirectoryAudit {
  /** When we first saw it. */
  readonly seenAt: string;
  /** When the last complete look without it began; undefined when the first look had it. */
  readonly missedAt?: string | undefined;
}

/** The service that writes down resets, and its two activities that a reset leaves. Source: facts 5.3. */
export const SSPR_SERVICE = 'Self-service Password Management';
export const FLOW_ACTIVITY = 'Self-service password reset flow activity progress';
export const RESET_ACTIVITY = 'Reset password (self-service)';

/** Case and blanks around differ between tenants and documents (facts 5.4). */
export const plain = (text: string): string => text.trim().toLowerCase();

export const instantOf = ({ activityDateTime }: DirectoryAudit): number => Date.parse(activityDateTime);

export const succeeded = ({ result }: DirectoryAudit): boolean => plain(result) === 'success';

/** `reset` is the entry of the reset itself, `step` one of the flow to it, `beside` what else a reset may leave. */
type Kind = 'reset' | 'step' | 'beside';

const BLOCKED_ACTIVITY = 'Blocked from self-service password reset';

/** A password set by an administrator or changed elsewhere is none of these. Source: facts 5.3. */
const KINDS: ReadonlyMap<string, Kind> = new Map(
  (
    [
      [RESET_ACTIVITY, 'reset'],
      [FLOW_ACTIVITY, 'step'],
      [BLOCKED_ACTIVITY, 'beside'],
      ['Unlock user account (self-service)', 'beside'],
      ['Unlock a user account (self-service)', 'beside'],
    ] as const
  ).map(([activity, kind]) => [plain(activity), kind]),
);

export const kindOf = ({ activityDisplayName }: DirectoryAudit): Kind | undefined =>
  KINDS.get(plain(activityDisplayName));

export const isFlow = (entry: DirectoryAudit): boolean => kindOf(entry) === 'step';

/** Says that the tenant has let the user wait. */
export const isBlocked = ({ activityDisplayName }: DirectoryAudit): boolean =>
  plain(activityDisplayName) === plain(BLOCKED_ACTIVITY);

const NO_CORRELATION = '00000000-0000-0000-0000-000000000000';

/** What ties the entries of one attempt together; '' where the entry does not say it. */
export function correlationOf({ correlationId }: DirectoryAudit): string {
  const id = plain(correlationId);
  return id === NO_CORRELATION ? '' : id;
}

/** An address in the one form in which it can be compared; one of IPv4 within IPv6 as that of IPv4. */
export function plainAddress(address: string): string {
  const text = plain(address).replace(/%.*$/, '');
  if (!isIPv6(text)) return text;
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [, ...halves] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(short) ?? [];
  const bytes = halves.map((half) => parseInt(half, 16)).flatMap((half) => [half >> 8, half & 0xff]);
  return bytes.length === 0 ? short : bytes.join('.');
}

/** Values of `ClientType` in the details of an entry; the key is written in more than one way. */
export const clientTypesOf = ({ additionalDetails }: DirectoryAudit): string[] =>
  Object.entries(additionalDetails).flatMap(([key, value]) =>
    plain(key) === 'clienttype' && value.trim() !== '' ? [value.trim()] : [],
  );

/** Tells the entries of one user from those of all others: initiated by the user, or done to the user. */
export function entriesOfUser(user: AuditedUser): (entry: DirectoryAudit) => boolean {
  const is = identity(user);
  return ({ initiatedBy: { userId, userPrincipalName }, targets }) =>
    is(userId, userPrincipalName) || targets.some(({ id, name }) => is(id, name));
}

/**
 * Whether an entry may be of something that the user did: it says so, or does not say who did it. An entry that names
 * somebody else is not, whatever its target.
 */
export function initiatedByUser(user: AuditedUser): (entry: DirectoryAudit) => boolean {
  const is = identity(user);
  return ({ initiatedBy: { userId, userPrincipalName } }) =>
    is(userId, userPrincipalName) ||
    (userPrincipalName.trim() === '' && (userId.trim() === '' || user.objectId === ''));
}

function identity({ userPrincipalName, objectId }: AuditedUser): (id: string, name: string) => boolean {
  const [ourName, ourId] = [plain(userPrincipalName), plain(objectId)];
  return (id, name) => plain(name) === ourName || (ourId !== '' && plain(id) === ourId);
}

/** An entry that has been read again: as it is told now, with all details that it ever had, and seen when it was seen first. */
export function seenAgain(known: SeenAudit, again: SeenAudit): SeenAudit {
  const [first, last] = known.seenAt <= again.seenAt ? [known, again] : [again, known];
  const additionalDetails = { ...first.additionalDetails, ...last.additionalDetails };
  return { ...last, additionalDetails, seenAt: first.seenAt, missedAt: first.missedAt };
}

/** The entries of one user, each once, in the order of the tenant's clock. */
export function sortedEntries(rows: readonly SeenAudit[], user: AuditedUser): SeenAudit[] {
  const isOfUser = entriesOfUser(user);
  const byId = new Map<string, SeenAudit>();
  for (const row of rows) {
    if (!isOfUser(row)) continue;
    const known = byId.get(row.id);
    byId.set(row.id, known === undefined ? row : seenAgain(known, row));
  }
  return [...byId.values()]
    .map((row) => ({ row, at: instantOf(row) }))
    .sort((a, b) => a.at - b.at || (a.row.id < b.row.id ? -1 : 1))
    .map(({ row }) => row);
}
