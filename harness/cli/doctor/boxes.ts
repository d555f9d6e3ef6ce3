import { Fault } from '../../core/errors.ts';
import type { MachineConfig } from '../../config/schema.ts';
import { type Finding, note, type Once } from './finding.ts';

/** A box of `vagrant box list`. */
export interface Box {
  readonly name: string;
  readonly provider: string;
  readonly version: string;
}

/** How boxes call a provider; VMware's have older names. Source: Vagrant, VMware provider, boxes. */
const NAMES_IN_BOXES: Readonly<Record<string, readonly string[]>> = {
  vmware_desktop: ['vmware_desktop', 'vmware_fusion', 'vmware_workstation'],
};

/**
 * Whether the machine exists, or can be made from a box on this host.
 * @param existing the machine as Vagrant knows it, if it exists
 * @param environment where the Vagrantfile takes the name of the box from
 */
export async function lookForBox(
  { name, os, provider }: MachineConfig,
  existing: { readonly provider: string } | undefined,
  boxes: Once<readonly Box[]>,
  environment: NodeJS.ProcessEnv,
): Promise<Finding | string> {
  if (existing?.provider === provider) return `not needed: ${name} exists (${provider})`;
  if (existing) {
    throw new Fault(`${name} exists with ${existing.provider}, the configuration says ${provider}`, {
      code: 'provider-mismatch',
      blame: 'config',
      remedy: `Remove the machine (vagrant destroy ${name}), or set its provider to ${existing.provider}.`,
    });
  }
  const variable = boxVariable(name);
  const named = environment[variable] ?? '';
  // An empty variable counts as none, as it does for the Vagrantfile.
  const wanted = named === '' ? name : named;
  const found = (await boxes.needed()).filter((box) => box.name === wanted);
  const fits = NAMES_IN_BOXES[provider] ?? [provider];
  const box = found.find((one) => fits.includes(one.provider));
  if (box) return `${box.name} ${box.version === '0' ? '' : `${box.version} `}(${box.provider})`;
  if (found.length > 0) {
    throw new Fault(`${wanted} is for ${found.map((one) => one.provider).join(', ')}, not for ${provider}`, {
      code: 'box-provider',
      blame: 'config',
      remedy: `Add the box for ${provider}, or name another one in ${variable}.`,
    });
  }
  // Vagrant fetches boxes that are named by an address, or as OWNER/BOX in its catalogue.
  if (/^https?:|\//.test(wanted)) return note(`${wanted} is not here yet; Vagrant fetches it`);
  throw new Fault(`no box named ${wanted}${named === '' ? `, and ${variable} is not set` : ''}`, {
    code: 'box-missing',
    blame: 'config',
    remedy: `Set ${variable} to the name of your ${os} box, or: vagrant box add ${wanted} FILE --provider ${provider}`,
  });
}

/** The Vagrantfile's variable for the box of a machine: SSPR_BOX_WIN7. */
const boxVariable = (name: string): string => `SSPR_BOX_${name.toUpperCase().replaceAll('-', '_')}`;
