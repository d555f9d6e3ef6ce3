import type { ConsoleAction } from '../../harness/core/console-action.ts';
import { Fault } from '../../harness/core/errors.ts';
import type { ClockReading } from '../../harness/directory/clock.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import type { MsiRun } from '../../harness/guest/msiexec.ts';
import type { Registration } from '../../harness/directory/directory.ts';
import type { Secret } from '../../harness/core/secret.ts';
import type { AuditTrail, RefusalTrail } from '../controls/audit.ts';
import type { Stage } from '../controls/control.ts';
import type { TrialsTried } from '../controls/logon.ts';
import type { RefusalTried } from '../controls/refusals.ts';
import type { Attempt } from './attempt.ts';
import type { VerboseLoggingOn } from './logging.ts';
import type { Restart } from './restart.ts';
import { notReached, type Story } from './story.ts';

/** What a later stage needs of an earlier one. */
export interface Memory {
  registration: Registration;
  passwordChangedBefore: Date;
  factsBefore: Facts;
  /** Of the last reading. */
  factsAfter: Facts;
  /** After the installation, before the restart. */
  factsInstalled: Facts;
  install: MsiRun;
  /** File of the add-in's DLL before the removal; '' when there was none. */
  dllBefore: string;
  uninstall: MsiRun;
  verboseLogging: VerboseLoggingOn;
  /** The last one. */
  restart: Restart;
  /** Of all users who were to be turned away on this machine. */
  refusals: readonly RefusalTried[];
  attempt: Attempt;
  /** What came of what was done wrong on purpose, as far as the attempt came. */
  trials: TrialsTried;
  /** When the attempt began, ISO 8601 UTC. */
  attemptBegan: string;
  /** What was done at the console in the attempt, as far as it came. */
  actions: readonly ConsoleAction[];
  /** Before the attempt. */
  tenantClock: ClockReading;
  newPassword: Secret;
  trail: AuditTrail;
  refusalTrail: RefusalTrail;
}

/** Code of the fault that means: not looked at, because the run was asked to leave out what it rests on. */
export const NOT_IN_THIS_RUN = 'not-in-this-run';

/**
 * What an earlier stage has left for this one.
 * @throws Fault `not-in-this-run` when that stage was not part of the run, `not-reached` when it did not come that far
 */
export function recall<Key extends keyof Memory>(
  { memory, broken }: Pick<Story, 'memory' | 'broken'>,
  key: Key,
): Memory[Key] {
  const value = memory[key];
  if (value !== undefined) return value;
  const { what, from } = NEEDED[key];
  const obstacle = broken.get(from);
  if (obstacle) throw notReached(obstacle);
  throw new Fault(`This needs ${what} (stage ${from}), which is not part of this run`, {
    code: NOT_IN_THIS_RUN,
    blame: 'config',
    remedy: 'Add the missing stage with --stage, or run all of them.',
  });
}

const RESET = { what: 'a reset at the logon screen', from: 'logon' } as const;

const NEEDED: Readonly<Record<keyof Memory, { readonly what: string; readonly from: Stage }>> = {
  registration: { what: 'what the tenant says of the test user', from: 'facts' },
  passwordChangedBefore: { what: 'the time of the last password change before the reset', from: 'facts' },
  factsBefore: { what: 'the facts before the installation', from: 'facts' },
  factsAfter: { what: 'the facts after the restart', from: 'checks' },
  factsInstalled: { what: 'the facts after the installation', from: 'install' },
  install: { what: 'the installation', from: 'install' },
  dllBefore: { what: 'the file of the DLL before the removal', from: 'uninstall' },
  verboseLogging: { what: 'verbose logging, switched on before the reset', from: 'logon' },
  uninstall: { what: 'the removal', from: 'uninstall' },
  restart: { what: 'the restart', from: 'reboot' },
  refusals: { what: 'the users who are to be turned away', from: 'refusals' },
  attempt: RESET,
  trials: RESET,
  attemptBegan: RESET,
  actions: RESET,
  tenantClock: { what: 'the clock of the tenant', from: 'logon' },
  newPassword: RESET,
  trail: { what: 'the audit entries', from: 'audit' },
  refusalTrail: { what: 'the audit entries', from: 'audit' },
};
