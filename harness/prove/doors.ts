import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { GuestState, LabState } from '../config/lab-state.ts';
import { chord, type KeyName, KEYS, strokes } from '../console/keys.ts';
import { openConsole } from '../console/open.ts';
import { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { childrenOf } from '../core/process.ts';
import { openChannel } from '../guest/open.ts';
import type { Machines } from '../machines/machine.ts';
import { administer } from './administer.ts';
import { merged, type Tree } from './merged.ts';
import { reconfigureSquid } from './squid.ts';

/** What a door can reach: one machine of one lab, and the run that is about to be made, or is being made. */
export interface Bench {
  /** Folder of the fault's file, to which the paths in it are relative. */
  readonly folder: string;
  /** A folder for what a door makes, gone when the fault is through. */
  readonly scratch: string;
  readonly machine: string;
  readonly machines: Machines;
  /** Where the machine keeps `guest.json`. */
  readonly machineFolder: string;
  readonly lab: LabState;
  /** The stand-in package. */
  readonly standIn: string;
  readonly signal: AbortSignal;
  /** What the run will be made with; doors that change it only make sense before it begins. */
  readonly run: { config: Tree; environment: Record<string, string> };
}

interface Door<Value> {
  /** For docs/prove.md and for errors. */
  readonly says: string;
  readonly takes: z.ZodType<Value>;
  open(value: Value, bench: Bench): Promise<void> | void;
}

const door = <Value>(one: Door<Value>): Door<Value> => one;

const text = z.string().min(1);
/** Milliseconds that one step may take. */
const STEP_MS = 90_000;
/** What stops the proxy, lets it go on, ends it. */
const SIGNALS = { stop: 'SIGSTOP', resume: 'SIGCONT', kill: 'SIGKILL' } as const;

/** Every way to do harm to the lab. Another one is an entry here. */
export const DOORS = {
  guest: door({
    says: 'a command line, run over WinRM; ends with exit code 0, or the one that is named',
    takes: z.preprocess(
      (found) => (typeof found === 'string' ? { line: found } : found),
      z.strictObject({ line: text, exit: z.int().default(0) }),
    ),
    async open({ line, exit }, bench) {
      const deadline = within(bench, `running ${line}`);
      const channel = await openChannel(
        (await bench.machines.endpoints(bench.machine, deadline)).winrm,
        deadline,
      );
      try {
        const { exitCode, stdout, stderr } = await channel.exec({ line }, deadline);
        if (exitCode === exit) return;
        throw notSeeded(
          `"${line}" ended with ${exitCode}, expected ${exit}: ${`${stdout} ${stderr}`.trim().slice(-400)}`,
        );
      } finally {
        await channel.close();
      }
    },
  }),
  put: door({
    says: 'a file beside the fault, put onto the machine',
    takes: z.strictObject({ file: text, to: text }),
    async open({ file, to }, bench) {
      const deadline = within(bench, `putting ${file} onto the machine`);
      const channel = await openChannel(
        (await bench.machines.endpoints(bench.machine, deadline)).winrm,
        deadline,
      );
      try {
        await channel.put(readFileSync(resolve(bench.folder, file)), to, deadline);
      } finally {
        await channel.close();
      }
    },
  }),
  restart: door({
    says: 'true: the machine is restarted',
    takes: z.literal(true),
    open: (_value, { machines, machine, ...bench }) =>
      machines.reload(machine, within(bench, `restarting ${machine}`)),
  }),
  power: door({
    says: 'off: the machine is shut down and stays off',
    takes: z.literal('off'),
    open: (_value, { machines, machine, ...bench }) =>
      machines.halt(machine, within(bench, `shutting ${machine} down`)),
  }),
  tenant: door({
    says: "a request to the tenant's administration (docs/lab.md): path, body, and the method when it is not POST",
    takes: z.strictObject({
      path: text,
      body: z.unknown().optional(),
      method: z.enum(['POST', 'DELETE']).default('POST'),
    }),
    open: (order, { lab, signal }) => administer(lab, order, signal),
  }),
  squid: door({
    says: 'lines of squid.conf that come before all others; the proxy then reads its configuration again',
    takes: text,
    open: (lines, { lab, ...bench }) =>
      reconfigureSquid(lab.proxy, lines, within(bench, 'waiting for squid to read its configuration')),
  }),
  proxy: door({
    says: 'stop: the proxy still accepts connections and answers nothing; resume: it goes on; kill: nothing listens there any more',
    takes: z.enum(['stop', 'resume', 'kill']),
    open: (what, { lab }) => void process.kill(lab.proxy.pid, SIGNALS[what]),
  }),
  console: door({
    says: 'keys at the console: a text that is typed, or the names of keys that are pressed together; drop: the screen and its server are gone',
    takes: z.union([
      z.literal('drop'),
      z.strictObject({ type: text }),
      z.strictObject({ press: z.array(z.enum(Object.keys(KEYS) as KeyName[])).min(1) }),
    ]),
    async open(value, bench) {
      if (value === 'drop') {
        dropConsole(bench);
        return;
      }
      const deadline = within(bench, 'typing at the console');
      const endpoints = await bench.machines.endpoints(bench.machine, deadline);
      const console = await openConsole(endpoints.console, deadline);
      try {
        await console.keys('type' in value ? Array.from(value.type).flatMap(strokes) : chord(value.press));
      } finally {
        await console.close();
      }
    },
  }),
  package: door({
    says: 'installs another package: a file beside the fault, or the stand-in, cut to some bytes, with a byte turned over, unsigned, for another processor, or with a change in SQL (msibuild)',
    takes: z.union([
      z.strictObject({ file: text }),
      z.strictObject({ cutTo: z.int().min(0) }),
      z.strictObject({ damagedAt: z.int().min(0) }),
      z.strictObject({ unsigned: z.literal(true) }),
      z.strictObject({ template: text }),
      z.strictObject({ sql: z.array(text).min(1) }),
    ]),
    async open(value, { folder, scratch, standIn, run }) {
      const path = 'file' in value ? resolve(folder, value.file) : join(scratch, 'SsprWindowsLogon.PROD.msi');
      if ('unsigned' in value)
        await promisify(execFile)('osslsigncode', ['remove-signature', '-in', standIn, '-out', path]);
      else if (!('file' in value)) copyFileSync(standIn, path);
      if ('cutTo' in value) truncateSync(path, value.cutTo);
      if ('damagedAt' in value) damage(path, value.damagedAt);
      if ('template' in value)
        await promisify(execFile)('msibuild', [path, '-s', '', '', value.template, `{${randomUUID()}}`]);
      if ('sql' in value)
        for (const line of value.sql) await promisify(execFile)('msibuild', [path, '-q', line]);
      run.config = merged(run.config, { package: { path } });
    },
  }),
  config: door({
    says: 'keys of sspr.yaml, for this run only and not for the one without the fault',
    takes: z.record(z.string(), z.unknown()),
    open(value, { run }) {
      run.config = merged(run.config, value);
    },
  }),
  environment: door({
    says: 'environment variables of the run',
    takes: z.record(z.string(), z.string()),
    open(value, { run }) {
      Object.assign(run.environment, value);
    },
  }),
  results: door({
    says: 'unwritable: the folder of results cannot be made',
    takes: z.literal('unwritable'),
    open(_value, { scratch, run }) {
      const file = join(scratch, 'not-a-folder');
      writeFileSync(file, '');
      run.environment.SSPR_RESULTS_FOLDER = join(file, 'results');
    },
  }),
  clientSecret: door({
    says: 'another client secret than the one that the tenant knows',
    takes: text,
    open: (value, { lab }) => writeFileSync(lab.clientSecretFile, value),
  }),
  endpoint: door({
    says: 'a wrong password or port of the machine, as the run is told them: winrm, vnc',
    takes: z.strictObject({
      winrm: z.strictObject({ password: text, port: z.int() }).partial().optional(),
      vnc: z.strictObject({ password: text, port: z.int() }).partial().optional(),
    }),
    open(value, { machineFolder }) {
      const file = join(machineFolder, 'guest.json');
      writeFileSync(file, JSON.stringify(merged(JSON.parse(readFileSync(file, 'utf8')) as Tree, value)), {
        mode: 0o600,
      });
    },
  }),
} as const;

export type DoorName = keyof typeof DOORS;
export const DOOR_NAMES = Object.keys(DOORS) as DoorName[];

/** Turns all bits of one byte over. */
function damage(path: string, at: number): void {
  const bytes = readFileSync(path);
  if (at >= bytes.length) throw notSeeded(`the package has ${bytes.length} bytes, and none at ${at}`);
  bytes[at] = ~bytes.readUInt8(at) & 0xff;
  writeFileSync(path, bytes);
}

/** The guest's X server is a child of the guest's process, whose number is in guest.json. */
function dropConsole({ machineFolder }: Bench): void {
  const { pid } = JSON.parse(readFileSync(join(machineFolder, 'guest.json'), 'utf8')) as GuestState;
  const servers = childrenOf(pid).filter((child) => processName(child) === 'Xtigervnc');
  if (servers.length === 0) throw notSeeded(`the guest, process ${pid}, has no X server`);
  for (const server of servers) process.kill(server, 'SIGKILL');
}

const processName = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

/** @throws Fault `not-seeded`, and whatever the edges throw */
export async function openDoor(name: DoorName, value: unknown, bench: Bench): Promise<void> {
  await (DOORS[name] as Door<unknown>).open(filled(value, wordsOf(bench)), bench);
}

export const notSeeded = (what: string): Fault =>
  new Fault(`Could not seed: ${what}`, {
    code: 'not-seeded',
    blame: 'harness',
    remedy: 'Correct the fault, or the lab where it does not take it: nothing was proved.',
  });

const within = ({ signal }: Pick<Bench, 'signal'>, what: string): Deadline =>
  Deadline.in(STEP_MS, what, signal);

/** What `$upn` and the like stand for. */
function wordsOf({ lab, machine }: Bench): Readonly<Record<string, string>> {
  const user = lab.users.find((one) => one.machine === machine);
  return {
    machine,
    upn: user?.upn ?? '',
    account: user?.account ?? '',
    displayName: user?.displayName ?? '',
    mailbox: user?.mailbox ?? '',
    portal: lab.portal.host,
    proxy: `${lab.proxy.host}:${lab.proxy.port}`,
    labFolder: dirname(lab.clientSecretFile),
  };
}

/** The value with `$name` replaced in every text of it; other dollars stay. */
function filled(value: unknown, words: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string')
    return value.replace(/\$([a-zA-Z]+)/g, (whole, name: string) => words[name] ?? whole);
  if (Array.isArray(value)) return value.map((one) => filled(one, words));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, words)]));
}
