import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CLOUDS, type CloudName } from '../core/clouds.ts';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { TenantCredential } from '../core/tenant-credential.ts';
import { type Access, languagesOf, resolveAccess, USUAL_ACCESS } from './access.ts';
import { accountsOf, type AccountSettings, labAccount } from './accounts.ts';
import { hostStateFolder } from './host-state.ts';
import type { LabState } from './lab-state.ts';
import { configPath, type LoadedConfig, readPem, readSecret } from './load.ts';
import type {
  AccountBudget,
  Config,
  Limits,
  MachineConfig,
  PasswordKeeping,
  RefusalConfig,
} from './schema.ts';
import { TRIALS, type Trial } from '../core/rehearsals.ts';

/** Whom to ask about the tenant, and as whom. */
export interface TenantSettings {
  readonly cloud: CloudName;
  readonly authority: string;
  readonly graph: string;
  readonly tenantId: string;
  /** '' for the managed identity of the machine itself. */
  readonly clientId: string;
  readonly credential: TenantCredential;
  /** PEM of an authority to trust instead of the usual ones. */
  readonly ca: string | undefined;
  readonly proxy: string | undefined;
  /** Where the requests of all runs of this host are counted, so that together they stay below Graph's limit. */
  readonly paceFolder: string;
}

export type MachineSettings = Omit<MachineConfig, 'account'> & {
  /** The users whose password may be reset there; at least one. */
  readonly accounts: readonly AccountSettings[];
};

/** A configuration with everything filled in: secrets read, the lab's addresses known. */
export interface Settings {
  readonly lab: boolean;
  readonly machines: readonly MachineSettings[];
  readonly access: Access;
  readonly tenant: TenantSettings;
  readonly policy: Config['policy'] & { readonly portalHost: string };
  readonly limits: Limits;
  readonly accountBudget: AccountBudget;
  readonly passwords: PasswordKeeping;
  /** Users who are to be turned away. */
  readonly refusals: readonly RefusalConfig[];
  readonly trials: readonly Trial[];
  /** Files of captions, as paths; they go before the built-in ones. */
  readonly captions: readonly string[];
  /** Where this host remembers the tries of the test users. */
  readonly stateFolder: string;
}

export const isLab = (config: Config): boolean =>
  config.machines.every((machine) => machine.provider === 'lab');

/**
 * @param lab the running lab; needed when the machines are the lab's
 * @throws Fault `lab-down`, `secret-missing`
 */
export function resolveSettings(loaded: LoadedConfig, lab: LabState | undefined): Settings {
  const { config } = loaded;
  if (!isLab(config)) {
    const stateFolder =
      config.stateFolder === undefined ? hostStateFolder() : configPath(loaded, config.stateFolder);
    const tenant = realTenant(loaded, stateFolder);
    return {
      ...common(loaded, stateFolder),
      lab: false,
      access: resolveAccess(loaded),
      policy: { ...config.policy, portalHost: config.policy.portalHost ?? CLOUDS[tenant.cloud].portalHost },
      tenant,
      machines: config.machines.map((machine) => ({ ...machine, accounts: accountsOf(machine, loaded) })),
    };
  }
  if (!lab) {
    throw new Fault('The lab is not running', {
      code: 'lab-down',
      blame: 'config',
      remedy:
        'Bring it up with "npx sspr up" and the same --config; a run without --as-is starts it by itself.',
    });
  }
  // The lab's tenant is another one each time, and what is remembered of it goes with it.
  const stateFolder =
    config.stateFolder === undefined
      ? join(dirname(lab.clientSecretFile), 'state')
      : configPath(loaded, config.stateFolder);
  const { portalHost = lab.portal.host, egressAddresses, portalIssuers } = config.policy;
  return {
    ...common(loaded, stateFolder),
    refusals: config.refusals.length > 0 ? config.refusals : spreadRefusals(lab, config.machines),
    trials: config.trials ?? TRIALS,
    lab: true,
    access: { ...USUAL_ACCESS, languages: languagesOf(loaded) },
    policy: {
      ...config.policy,
      portalHost,
      egressAddresses: egressAddresses.length > 0 ? egressAddresses : [lab.egressAddress],
      portalIssuers: portalIssuers.length > 0 ? portalIssuers : [lab.authorityName],
    },
    tenant: labTenant(lab, stateFolder),
    machines: config.machines.map((machine) => {
      const accounts = accountsOf(machine, loaded);
      return { ...machine, accounts: accounts.length > 0 ? accounts : [labAccount(lab, machine.name)] };
    }),
  };
}

/**
 * Each user of the lab who is to be turned away takes a few seconds, so each is tried on one machine; but who is not
 * registered, of whom the document speaks, on all of them.
 */
const spreadRefusals = (
  { refusedUsers }: LabState,
  machines: readonly MachineConfig[],
): readonly RefusalConfig[] =>
  refusedUsers.map((one, index) => {
    const machine = machines[index % machines.length];
    return one.expects === 'notRegistered' || !machine ? one : { ...one, machines: [machine.name] };
  });

const common = (loaded: LoadedConfig, stateFolder: string) => {
  const { limits, accountBudget, passwords, refusals, trials = [], captions } = loaded.config;
  return {
    limits,
    accountBudget,
    passwords: keepingOf(passwords, loaded),
    refusals,
    trials,
    captions: captions.map((file) => configPath(loaded, file)),
    stateFolder,
  };
};

function keepingOf(passwords: PasswordKeeping, loaded: LoadedConfig): PasswordKeeping {
  if (passwords.keep === 'file') return { ...passwords, path: configPath(loaded, passwords.path) };
  if (passwords.keep !== 'command') return passwords;
  const [program = '', ...args] = passwords.command;
  // A mere name is looked for in PATH.
  const isName = basename(program) === program;
  return isName ? passwords : { ...passwords, command: [configPath(loaded, program), ...args] };
}

function realTenant(loaded: LoadedConfig, stateFolder: string): TenantSettings {
  const { tenant } = loaded.config;
  if (!tenant) throw new TypeError('the schema asks for a tenant');
  const { cloud, certificateAuthority } = tenant;
  return {
    cloud,
    authority: tenant.authority ?? CLOUDS[cloud].authority,
    graph: tenant.graph ?? CLOUDS[cloud].graph,
    tenantId: tenant.id,
    clientId: tenant.clientId ?? '',
    credential: credentialOf(tenant, loaded),
    ca:
      certificateAuthority === undefined
        ? undefined
        : readPem(certificateAuthority, 'tenant.certificateAuthority', loaded),
    proxy: tenant.proxy,
    paceFolder: stateFolder,
  };
}

function credentialOf(tenant: NonNullable<Config['tenant']>, loaded: LoadedConfig): TenantCredential {
  const { clientSecret, certificate, certificatePassword, workloadIdentity } = tenant;
  const secret = (reference: string, key: string): Secret => readSecret(reference, `tenant.${key}`, loaded);
  if (clientSecret !== undefined) return { kind: 'secret', secret: secret(clientSecret, 'clientSecret') };
  if (certificate !== undefined)
    return {
      kind: 'certificate',
      pem: secret(certificate, 'certificate'),
      ...(certificatePassword !== undefined && {
        password: secret(certificatePassword, 'certificatePassword'),
      }),
    };
  if (workloadIdentity)
    return { kind: 'workloadIdentity', tokenFile: configPath(loaded, workloadIdentity.tokenFile) };
  return { kind: 'managedIdentity' };
}

function labTenant(lab: LabState, stateFolder: string): TenantSettings {
  return {
    cloud: 'global',
    authority: lab.authority,
    graph: lab.graph,
    tenantId: lab.tenantId,
    clientId: lab.clientId,
    credential: { kind: 'secret', secret: new Secret(readFileSync(lab.clientSecretFile, 'utf8').trim()) },
    ca: readFileSync(lab.caFile, 'utf8'),
    proxy: undefined,
    paceFolder: stateFolder,
  };
}

/** The package of the configuration, or the lab's stand-in. */
export const packagePath = (loaded: LoadedConfig, standIn: string): string =>
  loaded.config.package ? configPath(loaded, loaded.config.package.path) : standIn;

/** An earlier version, to try the upgrade from it: that of the configuration, or the lab's; undefined when there is none. */
export function previousPackagePath(loaded: LoadedConfig, standIn: string | undefined): string | undefined {
  const { package: msi } = loaded.config;
  if (!msi) return standIn;
  return msi.previous === undefined ? undefined : configPath(loaded, msi.previous);
}
