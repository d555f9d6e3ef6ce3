import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nameOf } from '../config/load.ts';
import { configSchema } from '../config/schema.ts';
import { checkYaml, type Mistake, placed } from '../config/yaml.ts';
import { Fault } from '../core/errors.ts';
import { type Control, STAGES } from '../../specs/controls/control.ts';
import { faultSchema, isMoment, type SeededFault } from './fault.ts';
import { merged } from './merged.ts';
import { nearestFirst } from './nearest.ts';
import { runConfig } from './run-config.ts';

/** Where the faults are: a folder an area, a file a fault. */
export const FAULTS = fileURLToPath(new URL('./faults', import.meta.url));

const AREAS = ['guest', 'network', 'package', 'tenant', 'console', 'language', 'time', 'harness'];
/** How many names an error shows. */
const SHOWN = 8;

/**
 * All faults of a folder, by area and id.
 * @throws Fault `faults-invalid` that names every mistake of every file with its line
 */
export function loadFaults(folder: string, catalogue: readonly Control[]): SeededFault[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const mistakes: string[] = [];
  const faults: SeededFault[] = [];
  for (const file of files.filter((name) => /\.ya?ml$/.test(name)).map((name) => join(folder, name))) {
    const read = readFault(file, folder, catalogue);
    if ('mistakes' in read) mistakes.push(...read.mistakes);
    else faults.push(read);
  }
  const byId = new Map<string, SeededFault>();
  for (const fault of faults) {
    const twin = byId.get(fault.id);
    if (twin)
      mistakes.push(`${nameOf(fault.file)}:1:1 id: found ${fault.id}, which ${nameOf(twin.file)} has too`);
    byId.set(fault.id, fault);
  }
  if (mistakes.length > 0) throw invalid(mistakes);
  return faults.sort((a, b) => areaOf(a) - areaOf(b) || a.id.localeCompare(b.id));
}

/**
 * The faults of these ids; all of them when none is named.
 * @throws Fault `unknown-fault` that names those that there are, the most similar first
 */
export function selectFaults(faults: readonly SeededFault[], ids: readonly string[]): readonly SeededFault[] {
  const known = faults.map(({ id }) => id);
  for (const id of ids) {
    if (known.includes(id)) continue;
    const near = nearestFirst(id, known);
    const more = near.length > SHOWN ? `, and ${near.length - SHOWN} more` : '';
    throw new Fault(`Found the fault "${id}"; expected one of: ${near.slice(0, SHOWN).join(', ')}${more}`, {
      code: 'unknown-fault',
      blame: 'config',
      remedy: `Name one of these after --only; the files are in ${nameOf(FAULTS)}.`,
    });
  }
  return ids.length === 0 ? faults : faults.filter(({ id }) => ids.includes(id));
}

const areaOf = ({ area }: SeededFault): number => AREAS.indexOf(area);

const invalid = (mistakes: readonly string[]): Fault =>
  new Fault(mistakes.join('\n'), {
    code: 'faults-invalid',
    blame: 'config',
    remedy: 'Correct these files; docs/prove.md explains every key and every door.',
  });

function readFault(
  file: string,
  folder: string,
  catalogue: readonly Control[],
): SeededFault | { readonly mistakes: readonly string[] } {
  const text = readFileSync(file, 'utf8');
  const { data, mistakes } = checkYaml(text, nameOf(file), faultSchema);
  if (mistakes) return { mistakes };
  const fault: SeededFault = { ...data, file, area: basename(dirname(file)), text };
  const found = [...misplaced(fault, folder), ...misexpected(fault, catalogue), ...misconfigured(fault)];
  return found.length > 0 ? { mistakes: placed(text, nameOf(file), found) } : fault;
}

/** Where the file is, and how it is called. */
function misplaced({ id, file, area }: SeededFault, folder: string): Mistake[] {
  const found: Mistake[] = [];
  const name = basename(file).replace(/\.ya?ml$/, '');
  if (id !== name) found.push({ path: ['id'], says: `found ${id}; expected ${name}, the name of the file` });
  if (!AREAS.includes(area) || dirname(dirname(file)) !== folder)
    found.push({
      path: ['id'],
      says: `lies in ${relative(folder, dirname(file)) || 'no folder'}; expected one of the folders ${AREAS.join(', ')}`,
    });
  return found;
}

/** What is expected must be a control, and one that the stages of the fault decide. */
function misexpected(
  { expect, follows, stages, refused, exit }: SeededFault,
  catalogue: readonly Control[],
): Mistake[] {
  const found: Mistake[] = [];
  const known = catalogue.map(({ id }) => id);
  for (const id of Object.keys(expect)) {
    const control = catalogue.find((one) => one.id === id);
    if (!control)
      found.push({
        path: ['expect', id],
        says: `found no such control; expected one of: ${nearestFirst(id, known).slice(0, SHOWN).join(', ')} ...`,
      });
    else if (!stages.includes(control.stage))
      found.push({
        path: ['expect', id],
        says: `is decided in the stage ${control.stage}; expected that among the stages, which are ${stages.join(', ')}`,
      });
  }
  follows.forEach((pattern, index) => {
    if (!known.some(matching(pattern)))
      found.push({
        path: ['follows', index],
        says: `found ${pattern}, which is no control and no family like logon.*`,
      });
  });
  if (refused !== undefined && (Object.keys(expect).length > 0 || follows.length > 0))
    found.push({ path: ['refused'], says: 'found beside expect; a run that is refused decides no control' });
  if (refused === undefined && exit === 2)
    found.push({ path: ['exit'], says: 'found 2 without refused; expected there what the refusal says' });
  const inOrder = STAGES.filter((stage) => stages.includes(stage));
  if (inOrder.join() !== stages.join())
    found.push({
      path: ['stages'],
      says: `found ${stages.join(', ')}; expected each once, in the order of the story`,
    });
  return found;
}

/** Whether a control is meant: `tls.handshake`, or all of a family, `logon.*`. */
export const matching =
  (pattern: string) =>
  (id: string): boolean =>
    pattern.endsWith('.*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern;

/** The configuration must be one with the keys of the fault in it, too. */
function misconfigured(fault: SeededFault): Mistake[] {
  const places = [
    { path: ['config'], keys: fault.config },
    ...fault.seed.flatMap((one, index) =>
      !isMoment(one) && one.door === 'config'
        ? [
            {
              path: ['seed', index, 'config'],
              keys: merged(fault.config, one.value as SeededFault['config']),
            },
          ]
        : [],
    ),
  ];
  return places.flatMap(({ path, keys }) => {
    const parsed = configSchema.safeParse(merged(runConfig(fault.machine), keys));
    return parsed.success
      ? []
      : parsed.error.issues.map((issue) => ({
          path: [...path, ...(issue.path as (string | number)[])],
          says: issue.message,
        }));
  });
}
