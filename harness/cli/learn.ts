import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { join, relative } from 'node:path';
import { isMap, isSeq, type Node, parseDocument, type Scalar } from 'yaml';
import { EXIT_CODE } from '../core/exit-code.ts';
import { describe, Fault } from '../core/errors.ts';
import { readJournal, type Recorded } from '../core/journal.ts';
import { CONFIG_FILE, loadConfig, parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { plural } from '../report/text.ts';
import { LATEST } from '../run/folder.ts';

export interface LearnOptions {
  readonly print: boolean;
  readonly fromLab: boolean;
  readonly config?: string;
}

/**
 * `sspr learn client-types`: Microsoft does not say which ClientType an entry of the add-in carries (facts 10), so the
 * entries that a run has matched with its own clicks tell it. Adds them to policy.clientTypes, and removes none.
 * @param folder of the run
 * @param say where to print a line
 * @throws Fault `config-missing`, `no-journal`, `lab-run`, `nothing-to-learn`, `config-not-editable`,
 *   `config-not-writable`
 */
export function learnClientTypes(
  folder = LATEST,
  { print, fromLab, config: file }: LearnOptions,
  say = (line: string): void => void process.stdout.write(`${line}\n`),
): number {
  const loaded = loadConfig(file);
  if (loaded.file === undefined && print) return printSeen(clientTypesIn(eventsOf(folder), fromLab), say);
  if (loaded.file === undefined) {
    throw refusal(
      'config-missing',
      `There is no ${CONFIG_FILE} to write to`,
      'Name one after --config, or let "npx sspr init" write it.',
    );
  }
  const seen = clientTypesIn(eventsOf(folder), fromLab);
  const text = readFileSync(loaded.file, 'utf8');
  const name = relative(process.cwd(), loaded.file) || loaded.file;
  const { clientTypes } = parseConfig(text, name).policy;
  const added = [...seen.keys()].filter((value) => !clientTypes.includes(value));
  const edited = added.length === 0 ? text : withClientTypes(text, added, name);
  if (!print && added.length > 0) replaceFile(loaded.file, edited, name);

  for (const [value, machines] of seen) {
    const what = added.includes(value) ? (print ? 'would be added' : 'added') : 'there already';
    say(`${JSON.stringify(value)}, seen on ${[...machines].join(', ')}: ${what}`);
  }
  say(`${plural(added.length, 'value')} ${print ? 'would be ' : ''}added to policy.clientTypes of ${name}`);
  return EXIT_CODE.compliant;
}

/** Where there is no file yet, what would stand in it. */
function printSeen(seen: ReadonlyMap<string, ReadonlySet<string>>, say: (line: string) => void): number {
  for (const [value, machines] of seen) say(`${JSON.stringify(value)}, seen on ${[...machines].join(', ')}`);
  say(`policy: { clientTypes: ${JSON.stringify([...seen.keys()])} }`);
  return EXIT_CODE.compliant;
}

function eventsOf(folder: string): Recorded[] {
  if (!existsSync(join(folder, 'events.jsonl')))
    throw refusal(
      'no-journal',
      `There is no run in ${folder}: it holds no events.jsonl`,
      'Name the folder of a run below test-results, or start one with "npx sspr run".',
    );
  try {
    return readJournal(folder);
  } catch (error) {
    throw refusal(
      'no-journal',
      `The events.jsonl in ${folder} cannot be read: ${describe(error)}`,
      'Name the folder of another run.',
    );
  }
}

/** Each value with the machines on which it was seen, in the order of the events. */
function clientTypesIn(
  events: readonly Recorded[],
  fromLab: boolean,
): ReadonlyMap<string, ReadonlySet<string>> {
  if (!fromLab && events.some((event) => event.type === 'run-started' && event.plan.lab))
    throw refusal(
      'lab-run',
      "This run is the lab's, whose values are invented",
      'Take a run with your own machines and tenant; --from-lab learns from it all the same, for practice.',
    );
  const matched = events
    .filter((event) => event.type === 'timeline')
    .filter(({ verdict }) => verdict === 'matched');
  if (matched.length === 0)
    throw refusal(
      'nothing-to-learn',
      'In this run no reset was matched with entries of the audit log',
      'Take a run in which audit.reset-entry has passed.',
    );
  const seen = new Map<string, Set<string>>();
  for (const { machine, rows } of matched) {
    for (const { own, entry } of rows) {
      if (!own || !entry?.clientType) continue;
      seen.set(entry.clientType, (seen.get(entry.clientType) ?? new Set()).add(machine));
    }
  }
  if (seen.size === 0)
    throw refusal(
      'nothing-to-learn',
      'The matched entries of this run carry no ClientType',
      'Leave policy.clientTypes empty: then any is accepted, and recorded.',
    );
  return seen;
}

/**
 * The configuration with more client types; all else as it was, letter by letter. (Written anew by its parser, the file
 * would keep its comments, but not their places.)
 */
export function withClientTypes(text: string, added: readonly string[], name: string): string {
  const before = parseConfig(text, name);
  const { policy } = before;
  const { at, insert } = placeFor(text, added);
  const edited = text.slice(0, at) + insert + text.slice(at);
  const wanted = { ...before, policy: { ...policy, clientTypes: [...policy.clientTypes, ...added] } };
  if (isDeepStrictEqual(parsed(edited), wanted)) return edited;
  throw refusal(
    'config-not-editable',
    `${name} writes its policy in a way that cannot be edited here`,
    `Add these to policy.clientTypes yourself: ${JSON.stringify(added)}.`,
  );
}

/** undefined for what is no configuration. */
function parsed(text: string): Config | undefined {
  try {
    return parseConfig(text, '');
  } catch {
    return undefined;
  }
}

/** Where in the file the values go, and as what; a JSON string is one of YAML's, too. */
function placeFor(text: string, added: readonly string[]): { at: number; insert: string } {
  const root = parseDocument(text).contents;
  const list = added.map((value) => JSON.stringify(value)).join(', ');
  const newLine = text.includes('\r\n') ? '\r\n' : '\n';
  const lineEnd = (from: number): number => {
    const found = text.indexOf(newLine, from);
    return found < 0 ? text.length : found;
  };
  if (!isMap<Scalar, Node>(root)) return { at: 0, insert: '' };
  const pair = root.items.find(({ key }) => key.value === 'policy');
  const policy = pair?.value;
  if (!pair || !isMap(policy))
    return root.flow
      ? { at: startOf(root) + 1, insert: ` policy: { clientTypes: [${list}] },` }
      : { at: text.length, insert: `${newLine}policy:${newLine}  clientTypes: [${list}]${newLine}` };
  const values = policy.get('clientTypes');
  if (!isSeq<Node>(values))
    return policy.flow
      ? { at: startOf(policy) + 1, insert: ` clientTypes: [${list}],` }
      : {
          at: lineEnd(endOf(pair.key)),
          insert: `${newLine}${indentOf(text, startOf(policy))}clientTypes: [${list}]`,
        };
  const last = values.items.at(-1);
  if (!last) return { at: startOf(values) + 1, insert: list };
  if (values.flow) return { at: endOf(last), insert: `, ${list}` };
  const dash = indentOf(text, startOf(last));
  return {
    at: lineEnd(endOf(last)),
    insert: added.map((value) => `${newLine}${dash}${JSON.stringify(value)}`).join(''),
  };
}

const startOf = ({ range }: Node): number => range?.[0] ?? 0;
const endOf = ({ range }: Node): number => range?.[1] ?? 0;

/** What stands before this place on its line. */
const indentOf = (text: string, at: number): string => text.slice(text.lastIndexOf('\n', at - 1) + 1, at);

/** The rest of a mode says what kind of file it is. */
const PERMISSIONS = 0o777;
const OWNER_WRITES = 0o200;

/** In one step, so that nobody ever reads half a file; a link stays one, and a file that is not to be written, as it is. */
function replaceFile(file: string, text: string, name: string): void {
  const target = realpathSync(file);
  const mode = statSync(target).mode & PERMISSIONS;
  const draft = `${target}.${process.pid}.new`;
  try {
    if ((mode & OWNER_WRITES) === 0) throw new Error('it is read-only');
    writeFileSync(draft, text, { mode, flag: 'wx' });
    // Unlike when the file is made, the mask of the process does not count here.
    chmodSync(draft, mode);
    renameSync(draft, target);
  } catch (error) {
    throw refusal(
      'config-not-writable',
      `${name} cannot be written: ${describe(error)}`,
      'Let this user write the file and its folder, or take the values over from --print.',
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

const refusal = (code: string, message: string, remedy: string): Fault =>
  new Fault(message, { code, blame: 'config', remedy });
