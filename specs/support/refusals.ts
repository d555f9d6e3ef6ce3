import { openPool, type Pool } from '../../harness/accounts/pool.ts';
import { basename } from 'node:path';
import { type Fault, toFault } from '../../harness/core/errors.ts';
import type { RefusalReason } from '../../harness/core/rehearsals.ts';
import { tryUserId, type UserIdTrial } from '../../harness/logon/refusal.ts';
import type { RefusalTried } from '../controls/refusals.ts';
import { logonOf } from './logon.ts';
import type { Story } from './story.ts';

/** The control of each reason. */
export const REFUSAL_CONTROLS: Readonly<Record<RefusalReason, string>> = {
  notRegistered: 'refusals.not-registered',
  authenticatorOnly: 'refusals.authenticator-only',
  policyOff: 'refusals.policy-off',
  notLicensed: 'refusals.not-licensed',
  notInGroup: 'refusals.not-in-group',
  blocked: 'refusals.blocked',
  cancelled: 'refusals.cancelled',
};

/** Codes of faults of one user, which say nothing of the next one. Any other would come again, and cost its time again. */
const OF_ONE_USER = /^(no-account|account|tenant)-/;

/** Gives the user ID of each user who is to be turned away on this machine; what came of it, also when it could not be. */
export async function tryRefusals(story: Story): Promise<readonly RefusalTried[]> {
  const { refusals, stateFolder: folder, tenant, accountBudget: budget } = story.settings;
  const here = refusals.filter(({ machines }) => machines?.includes(story.machine.name) ?? true);
  const { runFolder } = story.options;
  const owner = { run: basename(runFolder), machine: story.machine.name };
  const pool = openPool({ folder, tenantId: tenant.tenantId, budget, owner });
  const tried: RefusalTried[] = [];
  let obstacle: Fault | undefined;
  for (const { upn, expects } of here) {
    try {
      tried.push(obstacle ? { upn, expects, came: obstacle } : await tryOne(story, pool, upn, expects));
    } catch (error) {
      const came = toFault(error);
      if (came.code === 'interrupted') throw came;
      tried.push({ upn, expects, came });
      if (!OF_ONE_USER.test(came.code)) obstacle = came;
    }
  }
  return tried;
}

async function tryOne(story: Story, pool: Pool, upn: string, expects: RefusalReason): Promise<RefusalTried> {
  const seconds = story.settings.limits.screen;
  const turn = story.deadline(seconds, `waiting until no other machine has ${upn}`);
  const lease = await pool.lease([{ upn }], turn, { wait: true });
  try {
    const before = expects === 'cancelled' ? await changedAt(story, upn) : undefined;
    const logon = await logonOf(story, story.deadline(seconds, `giving the user ID of ${upn}`));
    const came = await tryUserId(logon, upn, () => lease.beginAttempt());
    // Who comes to the list of methods has begun a reset, and that the tenant counts.
    await lease.endAttempt(came.answer.page === 'verification method' ? 'failed' : 'turnedAway');
    story.fact(`user ID of ${upn}`, came);
    if (!before) return { upn, expects, came };
    return { upn, expects, came, passwordChanged: { before, after: await changedAt(story, upn) } };
  } finally {
    await lease.release();
  }
}

const changedAt = (story: Story, upn: string): Promise<Date> =>
  story.directory.passwordChangedAt(
    upn,
    story.deadline(60, 'asking the tenant when the password was changed'),
  );

/** Those of whom the audit log has to know: an unknown user leaves no trace. */
export const tracesOf = (tried: readonly RefusalTried[]) =>
  tried.flatMap(({ upn, came }) =>
    'answer' in came && came.answer.page !== 'account-not-verified' ? [givenBy(upn, came)] : [],
  );

const givenBy = (upn: string, { submittedAt, leftAt }: UserIdTrial) => ({
  userPrincipalName: upn,
  submittedAt,
  leftAt,
});
