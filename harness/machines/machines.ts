import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Access, USUAL_ACCESS } from '../config/access.ts';
import type { Deadline } from '../core/deadline.ts';
import { ROOT } from '../config/lab-state.ts';
import type { ConsoleEndpoint } from '../core/endpoints.ts';
import { Fault } from '../core/errors.ts';
import { labMachine } from './lab-machine.ts';
import type { Endpoints, Machines, MachineState } from './machine.ts';
import { readIfThere } from '../core/read-if-there.ts';
import { Vagrant, type VagrantEvent, type VagrantSettings } from './vagrant.ts';

/** The machines of this project's Vagrantfile. */
export const projectMachines = (access: Access): Machines =>
  openMachines({ root: ROOT, environment: process.env, access });

/**
 * The machines of a Vagrantfile.
 * Commands that concern one machine wait for each other, also across processes; different machines go on at once where
 * their provider allows that.
 */
export function openMachines(settings: VagrantSettings): Machines {
  const vagrant = new Vagrant(settings);

  const known = (): readonly Known[] => knownMachines(vagrant.folder);
  const providerOf = (name: string): string =>
    known().find((machine) => machine.name === name)?.provider ?? '';
  const exists = (name: string): boolean => providerOf(name) !== '';
  const runWith = (provider: string, name: string, args: readonly string[], deadline: Deadline): Answer =>
    vagrant.run(args, PARALLEL.has(provider) ? name : 'all', deadline);
  const run = async (name: string, args: readonly string[], deadline: Deadline): Answer => {
    if (!exists(name)) throw machineDown(name, 'not created');
    return runWith(providerOf(name), name, args, deadline);
  };
  const labFolder = (name: string): string => join(vagrant.folder, 'machines', name, 'lab');

  return {
    known,

    async up(name, provider, deadline) {
      await runWith(provider, name, ['up', name, `--provider=${provider}`, '--no-provision'], deadline);
    },
    async halt(name, deadline) {
      if (exists(name)) await run(name, ['halt', name], deadline);
    },
    async reload(name, deadline) {
      await run(name, ['reload', name, '--no-provision'], deadline);
    },
    async destroy(name, deadline) {
      if (exists(name)) await run(name, ['destroy', '--force', name], deadline);
    },

    async snapshot(name, snapshot, deadline) {
      await run(name, ['snapshot', 'save', name, snapshot], deadline);
    },
    async restore(name, snapshot, deadline) {
      await run(name, ['snapshot', 'restore', name, snapshot, '--no-provision'], deadline);
    },
    async deleteSnapshot(name, snapshot, deadline) {
      await run(name, ['snapshot', 'delete', name, snapshot], deadline);
    },
    async snapshots(name, deadline) {
      return snapshotNames(name, await run(name, ['snapshot', 'list', name], deadline));
    },

    async state(name, deadline) {
      const provider = providerOf(name);
      if (provider === '') return { state: 'not_created', provider };
      if (provider === 'lab') return { state: labMachine(labFolder(name)).state, provider };
      const events = await run(name, ['status', name], deadline);
      return { state: STATES[dataOf(events, 'state')[0] ?? ''] ?? 'other', provider };
    },

    async endpoints(name, deadline) {
      if (providerOf(name) === 'lab') {
        const { state, endpoints } = labMachine(labFolder(name));
        if (!endpoints) throw machineDown(name, state);
        return endpoints;
      }
      const events = await run(name, ['cap', 'provider', 'endpoints', `--target-guest=${name}`], deadline);
      const machine = known().find((candidate) => candidate.name === name);
      if (!machine) throw machineDown(name, 'not created');
      return reportedEndpoints(machine, events, settings.access ?? USUAL_ACCESS);
    },
  };
}

type Known = ReturnType<Machines['known']>[number];
type Answer = Promise<readonly VagrantEvent[]>;

/** Providers that can work on several machines at once. */
const PARALLEL: ReadonlySet<string> = new Set(['lab', 'libvirt']);

/** What the providers call the states of a machine. */
const STATES: Readonly<Record<string, MachineState>> = {
  not_created: 'not_created',
  running: 'running',
  on: 'running',
  poweroff: 'poweroff',
  shutoff: 'poweroff',
  off: 'poweroff',
  not_running: 'poweroff',
  aborted: 'poweroff',
  crashed: 'poweroff',
  starting: 'booting',
  // libvirt's, of a machine that runs and has no address yet.
  inaccessible: 'booting',
  shutting_down: 'stopping',
  stopping: 'stopping',
};

/** Reads the id files of Vagrant's state folder: `machines/NAME/PROVIDER/id`. */
function knownMachines(folder: string): { name: string; provider: string; id: string }[] {
  const subfolders = (of: string): string[] =>
    existsSync(of)
      ? readdirSync(of, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
      : [];
  const machines = join(folder, 'machines');
  return subfolders(machines).flatMap((name) =>
    subfolders(join(machines, name)).flatMap((provider) => {
      const id = readIfThere(join(machines, name, provider, 'id'));
      return id === undefined ? [] : [{ name, provider, id: id.trim() }];
    }),
  );
}

const dataOf = (events: readonly VagrantEvent[], type: string): readonly string[] =>
  events.find((event) => event.type === type)?.data ?? [];

/** Vagrant prints a name a line; what it says when there is none begins with the machine's name. */
function snapshotNames(name: string, events: readonly VagrantEvent[]): string[] {
  return events.flatMap(({ target, type, data: [kind, text = ''] }) =>
    target === name && type === 'ui' && kind === 'detail' && !text.startsWith(`    ${name}: `) ? [text] : [],
  );
}

/**
 * From the lines `sspr-endpoint,KIND,HOST,PORT` (harness/lab/provider/capabilities.rb), and from what is configured.
 * @param id how the provider calls the machine
 */
function reportedEndpoints(
  { name, provider, id }: Known,
  events: readonly VagrantEvent[],
  access: Access,
): Endpoints {
  const address = (kind: string): Address | undefined => {
    const found = events.find((event) => event.type === 'sspr-endpoint' && event.data[0] === kind);
    return found && { host: found.data[1] ?? '', port: Number(found.data[2]) };
  };
  const winrm = address('winrm');
  if (!winrm) throw machineDown(name, 'without WinRM');
  const fingerprint = access.fingerprints[name];
  return {
    winrm: {
      ...access.winrm,
      url: `${access.scheme}://${winrm.host}:${winrm.port}/wsman`,
      ...(fingerprint !== undefined && { fingerprint }),
    },
    console: consoleOf(provider, id, address('vnc'), access) ?? noConsole(name, provider),
    bootId: '',
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function consoleOf(
  provider: string,
  id: string,
  vnc: Address | undefined,
  { vncPassword, webService }: Access,
): ConsoleEndpoint | undefined {
  if (provider === 'hyperv') return { kind: 'hyperv', id };
  if (provider === 'virtualbox' && webService) return { kind: 'virtualbox', id, webService };
  return vnc && { kind: 'vnc', ...vnc, password: vncPassword };
}

function noConsole(name: string, provider: string): never {
  throw new Fault(`Vagrant tells no console of the machine ${name} (${provider})`, {
    code: 'console-missing',
    blame: 'config',
    remedy: 'Set node.sspr.vnc_port in the Vagrantfile, and have the provider listen there.',
  });
}

const machineDown = (name: string, state: string): Fault =>
  new Fault(`The machine ${name} is not running: it is ${state.replace('_', ' ')}`, {
    code: 'machine-down',
    blame: 'machine',
    retryable: state === 'booting',
    remedy: `Start it: npx sspr up ${name}.`,
  });
