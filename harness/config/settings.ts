import { readFileSync } from 'node:fs';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { type Access, resolveAccess, USUAL_ACCESS } from './access.ts';
import type { LabState } from './lab-state.ts';
import { configPath, type LoadedConfig, readSecret } from './load.ts';
import type { Account, Config, Limits, MachineConfig } from './schema.ts';

/** Whom to ask about the tenant, and as whom. */
export interface TenantSettings {
  readonly authority: string;
  readonly graph: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** PEM of an authority to trust beside the usual ones; only the lab has one. */
  readonly ca: string | undefined;
}

export type MachineSettings = MachineConfig & { readonly account: Account };

/** A configuration with everything filled in: secrets read, the lab's addresses known. */
export interface Settings {
  readonly lab: boolean;
  readonly machines: readonly MachineSettings[];
  readonly access: Access;
  readonly tenant: TenantSettings;
  readonly policy: Config['policy'];
  readonly limits: Limits;
}

export const isLab = (config: Config): boolean =>
  config.machines.every((machine) => machine.provider === 'lab');

/**
 * @param lab the running lab; needed when the machines are the lab's
 * @throws Fault `lab-down`, `secret-missing`
 */
export function resolveSettings(loaded: LoadedConfig, lab: LabState | undefined): Settings {
  const { config } = loaded;
  if (!isLab(config))
    return {
      ...common(config),
      lab: false,
      access: resolveAccess(loaded),
      tenant: realTenant(loaded),
      machines: config.machines.map(withAccount),
    };
  if (!lab) {
    throw new Fault('The lab is not running', {
      code: 'lab-down',
      blame: 'config',
      remedy: 'Start it with "npx sspr up", or leave out --as-is: then the run starts it itself.',
    });
  }
  return {
    ...common(config),
    lab: true,
    access: USUAL_ACCESS,
    policy: { ...config.policy, portalHost: lab.portal.host, egressAddresses: [lab.egressAddress] },
    tenant: labTenant(lab),
    machines: config.machines.map((machine) =>
      withAccount({ ...machine, account: machine.account ?? labAccount(lab, machine.name) }),
    ),
  };
}

const common = ({ policy, limits }: Config) => ({ policy, limits });

function withAccount(machine: MachineConfig): MachineSettings {
  // The schema asks for it on real machines, and labAccount gives it to the lab's.
  if (!machine.account) throw new TypeError(`machine ${machine.name} has no account`);
  return { ...machine, account: machine.account };
}

function realTenant(loaded: LoadedConfig): TenantSettings {
  const { tenant } = loaded.config;
  if (!tenant) throw new TypeError('the schema asks for a tenant');
  return {
    authority: tenant.authority,
    graph: tenant.graph,
    tenantId: tenant.id,
    clientId: tenant.clientId,
    clientSecret: readSecret(tenant.clientSecret, 'tenant.clientSecret', loaded),
    ca: undefined,
  };
}

function labTenant(lab: LabState): TenantSettings {
  return {
    authority: lab.authority,
    graph: lab.graph,
    tenantId: lab.tenantId,
    clientId: lab.clientId,
    clientSecret: new Secret(readFileSync(lab.clientSecretFile, 'utf8').trim()),
    ca: readFileSync(lab.caFile, 'utf8'),
  };
}

function labAccount(lab: LabState, machine: string): Account {
  const user = lab.users.find((candidate) => candidate.machine === machine);
  if (!user) {
    throw new Fault(`The lab has no user for the machine ${machine}`, {
      code: 'lab-user-unknown',
      blame: 'config',
      remedy: `Name the machine as one of the lab's: ${lab.users.map((candidate) => candidate.machine).join(', ')}.`,
    });
  }
  return { upn: user.upn, displayName: user.displayName, mailbox: user.mailbox };
}

/** The package of the configuration, or the lab's stand-in. */
export const packagePath = (loaded: LoadedConfig, standIn: string): string =>
  loaded.config.package ? configPath(loaded, loaded.config.package.path) : standIn;
