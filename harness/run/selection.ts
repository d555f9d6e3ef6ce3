import { Fault } from '../core/errors.ts';
import type { MachineConfig } from '../config/schema.ts';
import { type Stage, STAGES } from '../../specs/controls/control.ts';

/**
 * The machines of the configuration that were asked for; all of them when none was named.
 * @throws Fault `unknown-machine`
 */
export function selectMachines(
  machines: readonly MachineConfig[],
  names: readonly string[],
): readonly MachineConfig[] {
  const known = machines.map((machine) => machine.name);
  for (const name of names) {
    if (!known.includes(name)) throw unknown('machine', name, known);
  }
  return names.length === 0 ? machines : machines.filter((machine) => names.includes(machine.name));
}

/**
 * The stages that were asked for, in the order of the story; all of them when none was named.
 * @throws Fault `unknown-stage`
 */
export function selectStages(names: readonly string[], asIs: boolean): readonly Stage[] {
  for (const name of names) {
    if (!(STAGES as readonly string[]).includes(name)) throw unknown('stage', name, STAGES);
  }
  const lifecycle: readonly Stage[] = ['up', 'down'];
  return STAGES.filter((stage) => {
    if (names.length > 0 && !names.includes(stage)) return false;
    return !(asIs && lifecycle.includes(stage));
  });
}

function unknown(kind: 'machine' | 'stage', name: string, known: readonly string[]): Fault {
  return new Fault(`Found the ${kind} "${name}"; expected one of: ${known.join(', ')}`, {
    code: `unknown-${kind}`,
    blame: 'config',
    remedy:
      kind === 'machine' ? 'Name one of these, or add it to sspr.yaml.' : 'Name one of these after --stage.',
  });
}
