import type { ConsoleAction } from '../../harness/core/console-action.ts';
import { Fault } from '../../harness/core/errors.ts';
import type { ClockReading } from '../../harness/directory/clock.ts';
import type { Facts } from '../../harness/guest/facts.ts';
import type { Registration } from '../../harness/directory/directory.ts';
import type { Secret } from '../../harness/core/secret.ts';
import type { AuditTrail } from '../controls/audit.ts';
import type { Attempt } from './attempt.ts';
import type { Restart } from './restart.ts';
import type { Story } from './story.ts';

/** What a later stage needs of an earlier one. */
export interface Memory {
  registration: Registration;
  passwordChangedBefore: Date;
  factsBefore: Facts;
  /** Of the last reading. */
  factsAfter: Facts;
  install: { readonly exitCode: number; readonly line: string; readonly ms: number };
  uninstall: { readonly exitCode: number; readonly line: string };
  /** The last one. */
  restart: Restart;
  attempt: Attempt;
  /** When the attempt began, ISO 8601 UTC. */
  attemptBegan: string;
  /** What was done at the console in the attempt, as far as it came. */
  actions: readonly ConsoleAction[];
  /** Before the attempt. */
  tenantClock: ClockReading;
  newPassword: Secret;
  trail: AuditTrail;
}

/** Code of the fault that means: not looked at, because the run was asked to leave out what it rests on. */
export const NOT_IN_THIS_RUN = 'not-in-this-run';

/**
 * What an earlier stage has left for this one.
 * @throws Fault `not-in-this-run` when that stage was not part of the run
 */
export function recall<Key extends keyof Memory>({ memory }: Story, key: Key): Memory[Key] {
  const value = memory[key];
  if (value !== undefined) return value;
  throw new Fault(`This needs ${NEEDED[key]}, which is not part of this run`, {
    code: NOT_IN_THIS_RUN,
    blame: 'config',
    remedy: 'Add the missing stage with --stage, or run all of them.',
  });
}

const NEEDED: Readonly<Record<keyof Memory, string>> = {
  registration: 'what the tenant says of the test user (stage facts)',
  passwordChangedBefore: 'the time of the last password change before the reset (stage facts)',
  factsBefore: 'the facts before the installation (stage facts)',
  factsAfter: 'the facts after the restart (stage checks)',
  install: 'the installation (stage install)',
  uninstall: 'the removal (stage uninstall)',
  restart: 'the restart (stage reboot)',
  attempt: 'a reset at the logon screen (stage logon)',
  attemptBegan: 'a reset at the logon screen (stage logon)',
  actions: 'a reset at the logon screen (stage logon)',
  tenantClock: 'the clock of the tenant (stage logon)',
  newPassword: 'a reset at the logon screen (stage logon)',
  trail: 'the audit entries (stage audit)',
};
