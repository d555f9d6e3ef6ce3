import { holds, type Schedule } from './attempt.ts';
import {
  clientTypesOf,
  correlationOf,
  instantOf,
  kindOf,
  plain,
  plainAddress,
  type SeenAudit,
  succeeded,
} from './entries.ts';
import { judgeStep } from './steps.ts';

/** What tells our entries from those of somebody else's reset of the same user. */
export interface Circumstances {
  readonly schedule: Schedule;
  readonly isInitiator: (entry: SeenAudit) => boolean;
  /** Of this machine, as the tenant sees it, in plain form; empty when they are not known. */
  readonly addresses: ReadonlySet<string>;
  /** In plain form; empty when they are not pinned. */
  readonly clientTypes: ReadonlySet<string>;
}

/** Whose entries they are. */
export interface Ownership {
  /** The entry of our reset; more than one when nothing tells which of them is ours. */
  readonly resets: readonly SeenAudit[];
  /** True: most steps of the only reset that could be ours are dated when ours cannot be. */
  readonly doubtful: boolean;
  readonly own: ReadonlySet<SeenAudit>;
  /** Steps without their reset are there that may be ours as well: what is still to come may decide otherwise. */
  readonly contested: boolean;
}

/** @param entries all of the user, sorted */
export function divide(entries: readonly SeenAudit[], circumstances: Circumstances): Ownership {
  const groups = groupsOf(entries, circumstances).filter(couldBeOurs);
  const resets = groups.filter(({ reset }) => reset !== undefined);
  // Without a correlation id in common, time and address are what joins the steps to the reset.
  const stray = groups.filter(
    (group) => group.reset === undefined && !group.otherReset && !contradicts(group),
  );
  const clean = resets.filter((group) => !contradicts(group));
  const candidates = clean.length > 0 ? clean : resets;
  const done = candidates.filter(({ reset }) => reset !== undefined && succeeded(reset));
  const ours = likeliest(done.length > 0 ? done : candidates, stray);
  const joined =
    ours.length > 0 ? stray.filter(belongsTo(ours, circumstances.addresses)) : likeliestSteps(stray);
  const rivals = stray.filter((group) => !joined.includes(group));
  return {
    resets: ours.flatMap(({ reset }) => reset ?? []),
    doubtful: resets.length > 0 && clean.length === 0,
    own: new Set([...ours, ...joined].flatMap((group) => group.entries)),
    contested: rivals.some((rival) => likeliest([...ours, rival], stray).includes(rival)),
  };
}

/** Entries with one correlation id, or one entry without, and what is known of them. */
interface Group {
  readonly correlation: string;
  readonly entries: SeenAudit[];
  /** The entry of a reset, dated when ours must be. */
  reset: SeenAudit | undefined;
  /** Holds the entry of a reset that is dated when ours cannot be. */
  otherReset: boolean;
  /** Holds something that the user may have done while we were at the console. */
  ofOurTime: boolean;
  /** Begun before us, or done by somebody else. */
  strange: boolean;
  /** Steps of the flow; those that our actions explain; those that they exclude. */
  steps: number;
  fitting: number;
  excluded: number;
  readonly addresses: Set<string>;
  /** Carries an address or a ClientType that is not this machine's. */
  fromElsewhere: boolean;
}

const couldBeOurs = ({ ofOurTime, strange }: Group): boolean => ofOurTime && !strange;

/** Texts of steps are not promised: a single one at an odd time says nothing against the others. */
const contradicts = ({ fitting, excluded }: Group): boolean => excluded > fitting;

/** Of several that could be ours: those whose steps our actions explain, then those that come from this machine. */
function likeliest(groups: readonly Group[], stray: readonly Group[]): readonly Group[] {
  const strayFit = stray.some(({ fitting }) => fitting > 0);
  const tells: ((group: Group) => boolean)[] = [
    ({ steps, fitting }) => (steps > 0 ? fitting > 0 : strayFit),
    ({ fromElsewhere }) => !fromElsewhere,
  ];
  return tells.reduce((left, isBetter) => {
    const better = left.filter(isBetter);
    return left.length > 1 && better.length > 0 ? better : left;
  }, groups);
}

/** While there is no entry of the reset. */
const likeliestSteps = (stray: readonly Group[]): readonly Group[] => [
  ...stray.filter(({ correlation }) => correlation === ''),
  ...likeliest(
    stray.filter(({ correlation }) => correlation !== ''),
    [],
  ),
];

/** Steps without a correlation id belong to the reset; those with another one only if none shares that of the reset. */
function belongsTo(ours: readonly Group[], known: ReadonlySet<string>): (group: Group) => boolean {
  const isShared = ours.some(({ steps }) => steps > 0);
  const addresses = new Set([...known, ...ours.flatMap((group) => [...group.addresses])]);
  return (group) =>
    (group.correlation === '' || !isShared) &&
    (addresses.size === 0 || [...group.addresses].every((address) => addresses.has(address)));
}

function groupsOf(entries: readonly SeenAudit[], circumstances: Circumstances): Group[] {
  const groups: Group[] = [];
  const byCorrelation = new Map<string, Group>();
  for (const entry of entries) {
    const correlation = correlationOf(entry);
    let group = byCorrelation.get(correlation);
    if (group === undefined) {
      group = emptyGroup(correlation);
      groups.push(group);
      if (correlation !== '') byCorrelation.set(correlation, group);
    }
    add(entry, group, circumstances);
  }
  return groups;
}

const emptyGroup = (correlation: string): Group => ({
  correlation,
  entries: [],
  reset: undefined,
  otherReset: false,
  ofOurTime: false,
  strange: false,
  steps: 0,
  fitting: 0,
  excluded: 0,
  addresses: new Set(),
  fromElsewhere: false,
});

function add(entry: SeenAudit, group: Group, circumstances: Circumstances): void {
  group.entries.push(entry);
  const kind = kindOf(entry);
  if (kind === undefined) return;
  const { schedule, isInitiator } = circumstances;
  const at = instantOf(entry);
  if (!isInitiator(entry) || schedule.whole === undefined || at < schedule.whole.from) group.strange = true;
  else if (holds(schedule.whole, at)) group.ofOurTime = true;
  addOrigin(entry, group, circumstances);
  if (kind === 'reset') {
    if (schedule.reset === undefined || !holds(schedule.reset, at)) group.otherReset ||= succeeded(entry);
    // A password that was refused may be followed by one that was not.
    else if (group.reset === undefined || !succeeded(group.reset)) group.reset = entry;
  }
  if (kind === 'step') {
    group.steps++;
    const judged = judgeStep(entry, schedule);
    if (judged === 'fits') group.fitting++;
    if (judged === 'contradicts') group.excluded++;
  }
}

function addOrigin(entry: SeenAudit, group: Group, { addresses, clientTypes }: Circumstances): void {
  const address = plainAddress(entry.initiatedBy.ipAddress);
  if (address !== '') group.addresses.add(address);
  group.fromElsewhere ||=
    (address !== '' && addresses.size > 0 && !addresses.has(address)) ||
    (clientTypes.size > 0 && clientTypesOf(entry).some((value) => !clientTypes.has(plain(value))));
}
