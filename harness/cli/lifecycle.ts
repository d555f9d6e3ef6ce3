import { EXIT_CODE } from '../core/exit-code.ts';
import { Deadline } from '../core/deadline.ts';
import { loadConfig } from '../config/load.ts';
import { type Access, resolveAccess } from '../config/access.ts';
import { isLab } from '../config/settings.ts';
import { prepareGuestFiles } from '../lab/guest/prepare.ts';
import { stopLab } from '../lab/services.ts';
import type { ProviderName } from '../machines/machine.ts';
import { projectMachines } from '../machines/machines.ts';
import { selectMachines } from '../run/selection.ts';
import { commandFor } from './command-for.ts';
import { ensureLab } from './lab.ts';

const MINUTE = 60_000;
const say = (text: string) => process.stdout.write(`${text}\n`);

/** `sspr up`: the machines, and the lab under them, stay up until `sspr down`. */
export async function up(
  names: readonly string[],
  { config: file }: { config?: string },
  signal: AbortSignal,
): Promise<number> {
  const loaded = loadConfig(file);
  const { config } = loaded;
  const chosen = selectMachines(config.machines, names);
  if (isLab(config)) {
    await prepareGuestFiles(say);
    const { authority, proxy } = await ensureLab(config);
    say(`lab: tenant ${authority}, proxy ${proxy.host}:${proxy.port}`);
  }
  const machines = projectMachines(resolveAccess(loaded));
  await Promise.all(
    chosen.map(async ({ name, provider }) => {
      await machines.up(name, provider, Deadline.in(config.limits.up * 1000, `bringing ${name} up`, signal));
      say(`${name}: up`);
    }),
  );
  const up = chosen.map(({ name }) => name).join(' ');
  const next = [`endpoints ${chosen[0]?.name ?? ''} --json`, `run ${up} --as-is`, 'down'];
  say(`Next: ${next.map((words) => commandFor(loaded, words)).join(', ')}`);
  return EXIT_CODE.compliant;
}

/** `sspr down`: nothing of the lab is left; real machines are halted, not destroyed. */
export async function down({ config: file }: { config?: string }): Promise<number> {
  const loaded = loadConfig(file);
  const { config } = loaded;
  const access = resolveAccess(loaded);
  const mine = new Set(config.machines.map((machine) => machine.name));
  const machines = projectMachines(access);
  const exist = machines.known().filter(({ name, provider }) => provider === 'lab' || mine.has(name));
  const goes = exist.map(({ name, provider }) => ({ name, provider: provider as ProviderName }));
  await takeDown(goes, access).finally(() => stopLab());
  say(exist.length === 0 ? 'nothing was up' : `down: ${exist.map(({ name }) => name).join(', ')}`);
  return EXIT_CODE.compliant;
}

/**
 * Destroys lab machines and halts real ones: each of them, also when one resists.
 * @throws what the first one said that resisted
 */
export async function takeDown(
  chosen: readonly { name: string; provider: ProviderName }[],
  access: Access,
): Promise<void> {
  const machines = projectMachines(access);
  const failures: unknown[] = [];
  for (const { name, provider } of chosen) {
    const deadline = Deadline.in(5 * MINUTE, `taking ${name} down`);
    const gone = provider === 'lab' ? machines.destroy(name, deadline) : machines.halt(name, deadline);
    await gone.catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
