import { Deadline } from '../core/deadline.ts';
import { Fault, toFault } from '../core/errors.ts';
import type { Settings } from '../config/settings.ts';
import { openInspection } from '../directory/inspection.ts';
import { inspectMsi, type MsiFacts } from '../guest/msi.ts';
import type { Stage } from '../../specs/controls/control.ts';
import { type Examination, type Finding, findingOf } from './doctor/finding.ts';
import {
  type TenantExamination,
  tenantExaminations,
  type TenantExaminations,
  testUsersOf,
} from './doctor/tenant.ts';
import { wayTools } from './doctor/ways.ts';

/**
 * Looks into a package that is to be installed.
 * @param key where the configuration names it
 * @throws Fault `msi-missing`, `msi-not-an-msi`, `msi-wrong-architecture`, naming the key of the configuration
 */
export async function checkPackage(path: string, key = 'package.path'): Promise<MsiFacts> {
  try {
    return await inspectMsi(path, { architecture: 'x64' });
  } catch (error) {
    const fault = toFault(error);
    throw new Fault(`${key}: ${fault.message}`, fault);
  }
}

/** Some requests, held back to Graph's limit when there are many machines. Milliseconds. */
const TENANT_MS = 120_000;

type TenantUse = Pick<Settings, 'tenant' | 'machines'> & {
  readonly policy: Pick<Settings['policy'], 'methodsRequired'>;
};

/** The stages that ask the tenant. */
const OF_TENANT: readonly Stage[] = ['facts', 'logon', 'audit'];

/**
 * Asks the tenant whether a run could say anything, before a machine is touched, by the lines of the doctor. What they
 * find about the tenant and its users, rather than about our ability to look, is left to the controls.
 * @param stages of the run: what none of them needs is not asked for
 * @param say where to print what is worth knowing
 * @throws Fault that names all that is missing, each with its remedy
 */
export async function checkTenant(
  { tenant, machines, policy: { methodsRequired } }: TenantUse,
  stages: readonly Stage[],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  if (!stages.some((stage) => OF_TENANT.includes(stage))) return;
  const inspection = openInspection(tenant);
  const deadline = Deadline.in(TENANT_MS, 'asking the tenant', signal);
  const isTried = stages.includes('logon');
  const users = testUsersOf(machines).map((user) => (isTried ? user : { ...user, verification: [] }));
  const subject = { cloud: tenant.cloud, accounts: users, methodsRequired };
  try {
    const { stops, told } = await shortcomings(
      tenantExaminations(inspection, subject, wayTools(inspection), deadline),
      methodsRequired,
    );
    for (const { where, finding } of told) say(`note: ${where}: ${inWords(finding)}`);
    if (stops.length > 0) throw notReady(stops);
  } finally {
    await inspection.close();
  }
}

/** A line that is not as needed. */
interface Shortcoming {
  readonly where: string;
  readonly finding: Finding;
  /** undefined for a mere note. */
  readonly fault: Fault | undefined;
}

/** What stops a run, and what is only told: also ways of verification that an account can do without. */
async function shortcomings(
  { tenant, accounts }: TenantExaminations,
  methodsRequired: number,
): Promise<{ stops: readonly Shortcoming[]; told: readonly Shortcoming[] }> {
  const ofTenant = tenant.map((line) => judge(line, line.what));
  const ofAccounts = accounts.map(async ({ upn, user, ways }) => {
    const facts = await Promise.all(user.map((line) => judge(line, `${upn}: ${line.what}`)));
    const found = await Promise.all(ways.map((way) => lookAt(way, `${upn}: ${way.what}`)));
    const missing = found.flat();
    const enough = ways.length - missing.length >= methodsRequired;
    return [...facts, { stops: enough ? [] : missing, told: enough ? missing : [] }];
  });
  const judged = [...(await Promise.all(ofTenant)), ...(await Promise.all(ofAccounts)).flat()];
  return { stops: judged.flatMap(({ stops }) => stops), told: judged.flatMap(({ told }) => told) };
}

async function judge(
  line: TenantExamination,
  where: string,
): Promise<{ stops: readonly Shortcoming[]; told: readonly Shortcoming[] }> {
  if (line.forRun === 'left') return { stops: [], told: [] };
  const found = await lookAt(line, where);
  const isStop = ({ fault }: Shortcoming): boolean => line.forRun === 'stops' && fault !== undefined;
  return { stops: found.filter(isStop), told: found.filter((one) => !isStop(one)) };
}

/** Nothing where all is well. What waits for another line says nothing of its own. */
async function lookAt({ look }: Examination, where: string): Promise<Shortcoming[]> {
  try {
    const found = await look();
    return typeof found === 'string' || found.state === 'ok'
      ? []
      : [{ where, finding: found, fault: undefined }];
  } catch (error) {
    const finding = findingOf(error);
    return finding.state === 'later' ? [] : [{ where, finding, fault: toFault(error) }];
  }
}

const inWords = ({ says, remedy }: Finding): string => (remedy === undefined ? says : `${says}. ${remedy}`);

/** One error for all that is missing. It is the configuration's when any of it can be put right there. */
function notReady(stops: readonly Shortcoming[]): Fault {
  const [first, ...others] = stops;
  const faults = stops.flatMap(({ fault }) => fault ?? []);
  const blames = faults.map(({ blame }) => blame);
  const blame = blames.includes('config') ? 'config' : (blames[0] ?? 'config');
  const code = others.length === 0 ? (faults[0]?.code ?? 'not-ready') : 'not-ready';
  if (first && others.length === 0)
    return new Fault(`${first.where}: ${first.finding.says}`, {
      code,
      blame,
      remedy: first.finding.remedy ?? '',
    });
  const lines = stops.map(({ where, finding: { says, remedy } }) => `${where}: ${says}\n  > ${remedy}`);
  return new Fault(lines.join('\n'), {
    code,
    blame,
    remedy: 'Put these right; "npx sspr doctor" shows them among all that a run needs.',
  });
}
