import type { CloudName } from '../../harness/core/clouds.ts';
import type { Facts, JoinState } from '../../harness/guest/facts.ts';
import type { Severity, Verdict } from '../../harness/core/outcome.ts';
import type { FactSection } from './sources.ts';

export const OPERATING_SYSTEMS = ['win7', 'win8', 'win81'] as const;
export type OperatingSystem = (typeof OPERATING_SYSTEMS)[number];

/** The stages of the story, in order. A control is decided in exactly one of them. */
export const STAGES = [
  'up',
  'facts',
  'install',
  'reboot',
  'checks',
  'refusals',
  'logon',
  'audit',
  'eventlog',
  'uninstall',
  'down',
] as const;
export type Stage = (typeof STAGES)[number];

/** What a judge may need to know beside the facts of the guest. */
export interface Policy {
  /** `strict`: TLS 1.2 must be enabled explicitly on every Windows; `osDefault`: absence is fine where it is on by default. */
  readonly tls: 'strict' | 'osDefault';
  /** Host name of the reset portal: `passwordreset.microsoftonline.com` in the global cloud. */
  readonly portalHost: string;
  /** KB numbers that "patched" means, a list per Windows; for each entry one of the alternatives must be installed. */
  readonly patches: Readonly<Record<OperatingSystem, readonly (readonly string[])[]>>;
  /** How many methods the tenant asks of a user who resets a password: 1 or 2. */
  readonly resetMethodsRequired: number;
  /** Values of `ClientType` that the audit log may carry, once pinned on real machines; empty: any value, recorded. */
  readonly clientTypes: readonly string[];
  /** Who may stand at the top of the portal's certificate chain; empty: anybody whom the machine trusts, recorded. */
  readonly portalIssuers: readonly string[];
}

/** Which machines a control concerns; what is left out does not matter. */
export interface AppliesTo {
  readonly os: readonly OperatingSystem[];
  readonly clouds?: readonly CloudName[];
  readonly joins?: readonly JoinState[];
}
export const EVERY_MACHINE: AppliesTo = { os: OPERATING_SYSTEMS };

/** Why a control does not concern a machine; undefined when it does, or when that is not known. */
export function whyNotConcerned(
  { os, clouds, joins }: AppliesTo,
  machine: { readonly os: OperatingSystem; readonly cloud: CloudName; readonly join: JoinState | undefined },
): string | undefined {
  if (!os.includes(machine.os)) return `Does not concern ${machine.os}.`;
  if (clouds && !clouds.includes(machine.cloud)) return `Does not concern the cloud ${machine.cloud}.`;
  return joins && machine.join && !joins.includes(machine.join)
    ? `Does not concern a machine whose join state is ${machine.join}.`
    : undefined;
}

/**
 * Where a control looks:
 * - `registry`: what is set on the machine
 * - `machine`: what else is there, files, exit codes, the event log among it
 * - `wire`: what really happens on the network, from the guest
 * - `screen`: what a person would see at the console
 * - `tenant`: what Microsoft Graph says
 */
export const OBSERVATIONS = ['registry', 'machine', 'wire', 'screen', 'tenant'] as const;
export type Observation = (typeof OBSERVATIONS)[number];

export interface Subject {
  readonly os: OperatingSystem;
  readonly facts: Facts;
  readonly policy: Policy;
}

/** Decides a control from what is known of one machine. Pure: the same subject always gets the same verdict. */
export type Judge = (subject: Subject) => Verdict;

/** Where a requirement comes from: lines of `english-document.ts`, or a section of `sources.ts`. */
export type Source =
  | { readonly document: 'english'; readonly lines: readonly [first: number, last: number] }
  | { readonly document: 'facts'; readonly section: FactSection };

/** One compliance requirement, as data. */
export interface Control {
  /** Stable: `tls.client-enabled`. The part before the dot is the family, and the file that it stands in. */
  readonly id: string;
  /** The requirement as a statement that is true of a compliant machine. */
  readonly title: string;
  readonly rationale: string;
  readonly source: Source;
  readonly severity: Severity;
  readonly stage: Stage;
  /** Earlier stages without whose work it would be decided of the wrong thing. */
  readonly needs?: readonly Stage[];
  readonly observed: readonly [Observation, ...Observation[]];
  readonly appliesTo: AppliesTo;
  /** What to do on a machine that fails it: where a command does it, that command, to be pasted. */
  readonly remediation: string;
  /** Decides it from facts alone. Controls without a judge are decided by their stage's spec. */
  readonly judge?: Judge;
}
