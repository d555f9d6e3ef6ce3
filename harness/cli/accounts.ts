import { type AccountStanding, describePool } from '../accounts/pool.ts';
import { readLabState } from '../config/lab-state.ts';
import { loadConfig } from '../config/load.ts';
import { resolveSettings } from '../config/settings.ts';
import { EXIT_CODE } from '../core/exit-code.ts';
import { instant } from '../report/text.ts';
import { withoutAccess } from './doctor/set-up.ts';
import { testUsersOf } from './doctor/tenant.ts';

/** `sspr accounts`: what this host has tried with the test users, and who has them now. Looks only; asks no tenant. */
export function accounts({ json, config: file }: { json: boolean; config?: string }): number {
  const settings = resolveSettings(withoutAccess(loadConfig(file)), readLabState());
  const { stateFolder: folder, accountBudget: budget, tenant, machines } = settings;
  const users = testUsersOf(machines).map(({ upn }) => ({ upn }));
  const standings = describePool({ folder, tenantId: tenant.tenantId, budget }, users);
  process.stdout.write(json ? `${JSON.stringify(standings, null, 2)}\n` : standings.map(inWords).join('\n'));
  return EXIT_CODE.compliant;
}

/** An account as lines for a person. */
export function inWords(standing: AccountStanding): string {
  const { upn, triesLastHour, triesLastDay, last, closed, takenBy } = standing;
  const rows = [
    ['tries', `${triesLastHour} within the last hour, ${triesLastDay} within the last 24 hours`],
    ['last', last ? `${last.outcome}, ${instant(last.at)} UTC` : 'never tried on this host'],
    ['may be tried', closed ? `from ${instant(closed.until)} UTC on: ${closed.why}` : 'now'],
    [
      'taken by',
      takenBy
        ? `machine ${takenBy.machine} of run ${takenBy.run}, process ${takenBy.pid}, since ${instant(takenBy.since)} UTC`
        : 'nobody',
    ],
  ];
  return [upn, ...rows.map(([what = '', says]) => `  ${what.padEnd(14)}${says}`), ''].join('\n');
}
