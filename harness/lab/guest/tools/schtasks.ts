import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Machine, type Tool, type ToolCall, switches } from './tool.ts';

interface Task {
  readonly name: string;
  readonly command: string;
  readonly account: string;
  readonly schedule: string;
  readonly lastRun?: string;
  readonly lastResult?: number;
}

const VALUED = ['tn', 'tr', 'sc', 'st', 'sd', 'ru', 'rp', 'rl', 'fo', 'mo', 'd'];
const TASK_NEVER_RUN = 267011;
const running = new WeakMap<Machine, Set<string>>();

/** schtasks.exe: tasks are kept on the machine's disk and run as SYSTEM when told to. */
export const schtasks: Tool = (call) => {
  const options = switches(call.args, VALUED);
  const action = ACTIONS.find(([name]) => options.has(name))?.[1] ?? query;
  return action(call, options);
};

type Action = (call: ToolCall, options: ReadonlyMap<string, string>) => number;

const create: Action = ({ machine, print, complain }, options) => {
  const name = withoutSlash(options.get('tn'));
  const command = options.get('tr') ?? '';
  const missing = name === '' ? 'tn' : command === '' ? 'tr' : !options.has('sc') ? 'sc' : undefined;
  if (missing !== undefined) {
    complain(
      `ERROR: Invalid syntax. Mandatory option '${missing}' is missing.\nType "SCHTASKS /CREATE /?" for usage.\n`,
    );
    return 1;
  }
  const tasks = load(machine);
  if (tasks.some(named(name)) && !options.has('f')) {
    complain(`ERROR: Cannot create a file when that file already exists.\n`);
    return 1;
  }
  const account = options.get('ru') ?? 'SYSTEM';
  save(machine, [
    ...tasks.filter((task) => !named(name)(task)),
    { name, command, account, schedule: options.get('sc') ?? '' },
  ]);
  print(`SUCCESS: The scheduled task "${name}" has successfully been created.\n`);
  return 0;
};

const run: Action = ({ machine, print, complain }, options) => {
  const name = withoutSlash(options.get('tn'));
  const task = load(machine).find(named(name));
  if (!task) return unknownTask(complain, name);
  const active = running.get(machine) ?? new Set();
  running.set(machine, active.add(task.name));
  void machine
    .runAsSystem(task.command)
    .catch(() => 1)
    .then((lastResult) => {
      active.delete(task.name);
      const lastRun = new Date().toISOString();
      save(
        machine,
        load(machine).map((one) => (named(name)(one) ? { ...one, lastRun, lastResult } : one)),
      );
    });
  print(`SUCCESS: Attempted to run the scheduled task "${task.name}".\n`);
  return 0;
};

const remove: Action = ({ machine, print, complain }, options) => {
  const name = withoutSlash(options.get('tn'));
  const tasks = load(machine);
  if (!tasks.some(named(name))) return unknownTask(complain, name);
  save(
    machine,
    tasks.filter((task) => !named(name)(task)),
  );
  print(`SUCCESS: The scheduled task "${name}" was successfully deleted.\n`);
  return 0;
};

const query: Action = ({ machine, print, complain }, options) => {
  const name = withoutSlash(options.get('tn'));
  const tasks = load(machine).filter((task) => name === '' || named(name)(task));
  if (name !== '' && tasks.length === 0) {
    complain('ERROR: The system cannot find the file specified.\n');
    return 1;
  }
  const format = FORMATS[(options.get('fo') ?? 'table').toLowerCase()] ?? asTable;
  print(format(tasks.map((task) => fields(machine, task))));
  return 0;
};

type Fields = Readonly<Record<string, string>>;

const fields = (machine: Machine, task: Task): Fields => ({
  HostName: machine.computerName,
  TaskName: `\\${task.name}`,
  'Next Run Time': 'N/A',
  Status: running.get(machine)?.has(task.name) === true ? 'Running' : 'Ready',
  'Logon Mode': 'Interactive/Background',
  'Last Run Time': task.lastRun ?? 'N/A',
  'Last Result': (task.lastResult ?? TASK_NEVER_RUN).toString(),
  'Task To Run': task.command,
  'Run As User': task.account,
});

const asTable = (tasks: readonly Fields[]): string =>
  [
    '',
    'Folder: \\',
    'TaskName                                 Next Run Time          Status         ',
    '======================================== ====================== ===============',
    ...tasks.map(
      (task) =>
        `${(task.TaskName ?? '').slice(1).padEnd(40)} ${(task['Next Run Time'] ?? '').padEnd(22)} ${task.Status ?? ''}`,
    ),
    '',
  ].join('\n');

const asList = (tasks: readonly Fields[]): string =>
  tasks
    .map(
      (task) =>
        '\nFolder: \\\n' +
        Object.entries(task)
          .map(([name, value]) => `${name}:`.padEnd(38) + value + '\n')
          .join(''),
    )
    .join('');

const asCsv = (tasks: readonly Fields[]): string =>
  tasks
    .flatMap((task, i) => [...(i === 0 ? [Object.keys(task)] : []), Object.values(task)])
    .map((cells) => cells.map((cell) => `"${cell}"`).join(',') + '\n')
    .join('');

const FORMATS: Readonly<Record<string, (tasks: readonly Fields[]) => string>> = {
  table: asTable,
  list: asList,
  csv: asCsv,
};

function unknownTask(complain: (text: string) => void, name: string): number {
  complain(`ERROR: The specified task name "${name}" does not exist in the system.\n`);
  return 1;
}

const withoutSlash = (name = ''): string => name.replace(/^\\+/, '');
const named =
  (name: string) =>
  (task: Task): boolean =>
    task.name.toLowerCase() === name.toLowerCase();

function load({ disk }: Machine): Task[] {
  const file = disk.beside('tasks.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Task[]) : [];
}

const save = ({ disk }: Machine, tasks: readonly Task[]): void =>
  writeFileSync(disk.beside('tasks.json'), JSON.stringify(tasks));

const ACTIONS: readonly (readonly [string, Action])[] = [
  ['create', create],
  ['run', run],
  ['delete', remove],
  ['query', query],
];
