import type { Deadline } from '../../core/deadline.ts';
import { resolveAccess } from '../../config/access.ts';
import { readLabState, ROOT } from '../../config/lab-state.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { toFault } from '../../core/errors.ts';
import type { MachineConfig } from '../../config/schema.ts';
import { isLab, packagePath, resolveSettings, type Settings } from '../../config/settings.ts';
import { type Inspection, openInspection } from '../../directory/inspection.ts';
import { findPreparedFiles } from '../../lab/guest/prepare.ts';
import type { ProviderName } from '../../machines/machine.ts';
import { openMachines, projectMachines } from '../../machines/machines.ts';
import { Vagrant } from '../../machines/vagrant.ts';
import { commandFor } from '../command-for.ts';
import { type Box, lookForBox } from './boxes.ts';
import { type Examination, type Group, later, once, type Once } from './finding.ts';
import {
  diskExamination,
  memoryExamination,
  nodeExamination,
  readingExamination,
  vagrantExamination,
} from './host.ts';
import { LAB_EXAMINATIONS } from './lab.ts';
import { machineExaminations } from './machine.ts';
import { packageExaminations } from './package.ts';
import { providerExaminations } from './providers.ts';
import { tenantExaminations, testUsersOf } from './tenant.ts';
import { ask } from './tool.ts';
import { KNOWN_GOOD } from './versions.ts';
import { wayTools } from './ways.ts';

/** Everything that a configuration needs, group by group; `close` ends what was opened for looking. */
export interface SetUp {
  readonly groups: readonly Group[];
  readonly close: () => Promise<void>;
}

export function examineSetUp(loaded: LoadedConfig, deadline: Deadline): SetUp {
  const lab = isLab(loaded.config);
  const { machines } = loaded.config;
  const standIn = lab ? findPreparedFiles()?.msi : undefined;
  const path = packagePath(loaded, standIn ?? '');
  const msi = packageExaminations(path, standIn !== undefined && path === standIn);
  const tenant = lab && !readLabState() ? undefined : tenantGroups(loaded, deadline);
  const known = openMachines({ root: ROOT, environment: process.env }).known();
  const exists = ({ name }: MachineConfig): boolean => known.some((one) => one.name === name);
  return {
    groups: [
      hostGroup(
        loaded,
        deadline,
        machines.filter((one) => !exists(one)),
      ),
      // The lab builds its stand-in itself, with the first run.
      ...(path === '' ? [] : [{ title: 'package', examinations: () => msi.examinations }]),
      ...(tenant?.groups ?? []),
      ...machines
        .filter((one) => !lab || exists(one))
        .map((machine) => ({
          title: machine.name,
          examinations: () =>
            machineExaminations(
              { name: machine.name, up: commandFor(loaded, `up ${machine.name}`) },
              // Secrets that are missing break the machines, not the rest.
              () => projectMachines(resolveAccess(loaded)).endpoints(machine.name, deadline),
              msi.facts,
              deadline,
            ),
        })),
    ],
    close: async () => tenant?.close(),
  };
}

/** @param missing machines that are yet to be made */
function hostGroup(loaded: LoadedConfig, deadline: Deadline, missing: readonly MachineConfig[]): Group {
  const { machines } = loaded.config;
  const version = once('Vagrant', () => ask('vagrant', ['--version'], KNOWN_GOOD.vagrant.remedy));
  const everywhere: Examination[] = [
    nodeExamination,
    vagrantExamination(version),
    { what: 'configuration', look: () => loaded.file ?? 'none: the embedded lab' },
  ];
  if (isLab(loaded.config)) {
    return { title: 'this host', examinations: () => [...everywhere, ...LAB_EXAMINATIONS] };
  }
  const { plugins, boxes } = vagrantLists(version, deadline);
  const known = openMachines({ root: ROOT, environment: process.env }).known();
  const providers = [...new Set(machines.map(({ provider }) => provider))].filter(isReal);
  return {
    title: 'this host',
    examinations: () => [
      ...everywhere,
      readingExamination([...new Set(machines.map(({ language }) => language))]),
      ...providers.flatMap((provider) =>
        providerExaminations(provider, { vagrant: version, plugins, deadline }),
      ),
      ...machines.map((machine) => ({
        what: `box of ${machine.name}`,
        look: () =>
          lookForBox(
            machine,
            known.find(({ name }) => name === machine.name),
            boxes,
            process.env,
          ),
      })),
      memoryExamination(missing.length),
      ...providers.map((provider) =>
        diskExamination(provider, missing.filter((machine) => machine.provider === provider).length),
      ),
    ],
  };
}

const isReal = (provider: ProviderName): provider is Exclude<ProviderName, 'lab'> => provider !== 'lab';

/** What Vagrant lists; one command after the other, since it is slow to start. */
function vagrantLists(
  version: Once<string>,
  deadline: Deadline,
): { readonly plugins: Once<ReadonlyMap<string, string>>; readonly boxes: Once<readonly Box[]> } {
  const vagrant = new Vagrant({ root: ROOT, environment: process.env });
  const list = async (...args: string[]) => {
    await version.needed();
    return vagrant.run(args, 'doctor', deadline);
  };
  const plugins = once("Vagrant's plugins", async () => {
    const events = await list('plugin', 'list');
    return new Map(
      events.flatMap(({ target, type, data }): [string, string][] =>
        // "0.11.2, system"
        type === 'plugin-version' ? [[target, (data[0] ?? '').replace(/,.*$/, '')]] : [],
      ),
    );
  });
  const boxes = once("Vagrant's boxes", async () => {
    await plugins.own().catch(() => undefined);
    const found: { name: string; provider: string; version: string }[] = [];
    // Each box is its name, its provider and its version, one after the other.
    for (const { type, data } of await list('box', 'list')) {
      const [value = ''] = data;
      if (type === 'box-name') found.push({ name: value, provider: '', version: '' });
      const last = found.at(-1);
      if (type === 'box-provider' && last) last.provider = value;
      if (type === 'box-version' && last) last.version = value;
    }
    return found;
  });
  return { plugins, boxes };
}

/** The tenant and its accounts; they wait when what is configured is not enough to ask. */
function tenantGroups(loaded: LoadedConfig, deadline: Deadline): SetUp {
  try {
    const settings = resolveSettings(withoutAccess(loaded), readLabState());
    return openTenantGroups(settings, openInspection(settings.tenant), deadline);
  } catch (error) {
    const look = () => Promise.reject(toFault(error));
    const { machines, accounts } = loaded.config;
    const own = machines.flatMap(({ account }) => account ?? []);
    return {
      groups: [
        { title: 'tenant', examinations: () => [{ what: 'settings', look }] },
        ...[...own, ...accounts].map(({ upn }) => ({
          title: `account ${upn}`,
          examinations: () => [{ what: 'account', look: () => later("waits for the tenant's settings") }],
        })),
      ],
      close: () => Promise.resolve(),
    };
  }
}

function openTenantGroups(
  { tenant, machines, policy: { methodsRequired } }: Settings,
  inspection: Inspection,
  deadline: Deadline,
): SetUp {
  const subject = { cloud: tenant.cloud, accounts: testUsersOf(machines), methodsRequired };
  const lines = tenantExaminations(inspection, subject, wayTools(inspection), deadline);
  return {
    groups: [
      { title: `tenant ${tenant.tenantId}`, examinations: () => lines.tenant },
      ...lines.accounts.map(({ upn, user, ways }) => ({
        title: `account ${upn}`,
        examinations: () => [...user, ...ways],
      })),
    ],
    close: () => inspection.close(),
  };
}

/** The configuration without the secrets of machines: a missing one is their affair. */
export function withoutAccess(loaded: LoadedConfig): LoadedConfig {
  const { password: _password, certificateAuthority: _authority, ...winrm } = loaded.config.winrm;
  return { ...loaded, config: { ...loaded.config, winrm, console: {} } };
}
