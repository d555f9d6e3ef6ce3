import type { Deadline } from '../core/deadline.ts';
import type { ConsoleEndpoint, WinrmEndpoint } from '../core/endpoints.ts';

export const PROVIDERS = ['lab', 'virtualbox', 'vmware_desktop', 'hyperv', 'libvirt'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** How to reach a running machine. */
export interface Endpoints {
  readonly winrm: WinrmEndpoint;
  readonly console: ConsoleEndpoint;
  /** Changes with every boot, where the provider can tell; '' elsewhere. */
  readonly bootId: string;
}

export type MachineState = 'not_created' | 'poweroff' | 'running' | 'booting' | 'stopping' | 'other';

/** The machines of the Vagrantfile. Vagrant is the only way to them, whatever the provider. */
export interface Machines {
  up(name: string, provider: ProviderName, deadline: Deadline): Promise<void>;
  halt(name: string, deadline: Deadline): Promise<void>;
  reload(name: string, deadline: Deadline): Promise<void>;
  destroy(name: string, deadline: Deadline): Promise<void>;
  state(name: string, deadline: Deadline): Promise<{ state: MachineState; provider: string }>;
  /** Names of all machines of the Vagrantfile that exist, without asking Vagrant. */
  known(): readonly { readonly name: string; readonly provider: string; readonly id: string }[];
  snapshot(name: string, snapshot: string, deadline: Deadline): Promise<void>;
  restore(name: string, snapshot: string, deadline: Deadline): Promise<void>;
  deleteSnapshot(name: string, snapshot: string, deadline: Deadline): Promise<void>;
  snapshots(name: string, deadline: Deadline): Promise<readonly string[]>;
  /** @throws Fault `machine-down` (blame machine) when it is not running */
  endpoints(name: string, deadline: Deadline): Promise<Endpoints>;
}
