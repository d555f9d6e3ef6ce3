import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { labMachine } from './lab-machine.ts';
import type { Endpoints, Machines, MachineState } from './machine.ts';
import { readIfThere } from './read-if-there.ts';
import { Vagrant, type VagrantEvent, type VagrantSettings } from './vagrant.ts';

/**
 * The machines of the project's Vagrantfile.
 * Commands that concern one machine wait for each other, also across processes; different machines go on at once where
 * their provider allows that.
 */
export function openMachines(settings: VagrantSettings): Machines {
  const vagrant = new Vagrant(settings);
  const { environment } = settings;

  const known = (): ReturnType<Machines['known']> => knownMachines(vagrant.folder);
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
      return reportedEndpoints(name, events, environment);
    },
  };
}

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
  starting: 'booting',
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
 * From the lines `sspr-endpoint,KIND,HOST,PORT` (harness/lab/provider/capabilities.rb). The accounts are those that the
 * Vagrantfile takes from the same environment.
 */
function reportedEndpoints(
  name: string,
  events: readonly VagrantEvent[],
  environment: NodeJS.ProcessEnv,
): Endpoints {
  const address = (kind: string): { host: string; port: number } | undefined => {
    const found = events.find((event) => event.type === 'sspr-endpoint' && event.data[0] === kind);
    return found && { host: found.data[1] ?? '', port: Number(found.data[2]) };
  };
  // An empty variable is the same as none.
  const setting = (variable: string): string | undefined =>
    environment[variable] === '' ? undefined : environment[variable];
  const winrm = address('winrm');
  const vnc = address('vnc');
  if (!winrm) throw machineDown(name, 'without WinRM');
  if (!vnc) {
    throw new Fault(`The machine ${name} has no VNC console`, {
      code: 'console-missing',
      blame: 'config',
      remedy: 'Use a provider with a VNC console: lab, libvirt, virtualbox or vmware_desktop.',
    });
  }
  return {
    winrm: {
      url: `http://${winrm.host}:${winrm.port}/wsman`,
      user: setting('SSPR_WINRM_USER') ?? 'vagrant',
      password: passwordFrom(setting('SSPR_WINRM_PASSWORD')),
    },
    vnc: { ...vnc, password: passwordFrom(setting('SSPR_VNC_PASSWORD')?.slice(0, 8)) },
    bootId: '',
  };
}

/** Boxes come with the published password `vagrant`, and so does the Vagrantfile. */
const passwordFrom = (value: string | undefined): Secret =>
  value === undefined ? new Secret('vagrant', 'everybody') : new Secret(value);

const machineDown = (name: string, state: string): Fault =>
  new Fault(`The machine ${name} is not running: it is ${state.replace('_', ' ')}`, {
    code: 'machine-down',
    blame: 'machine',
    retryable: state === 'booting',
    remedy: `Start it: npx sspr up ${name}.`,
  });
