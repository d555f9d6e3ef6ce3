import { join } from 'node:path';
import type { GuestState } from '../config/lab-state.ts';
import { isAlive } from '../core/process.ts';
import { Secret } from '../core/secret.ts';
import type { Endpoints, MachineState } from './machine.ts';
import { readIfThere } from '../core/read-if-there.ts';

/** What is read of a lab machine's data folder, as the provider does (harness/lab/provider/driver.rb): no Vagrant needed. */
export function labMachine(folder: string): { readonly state: MachineState; readonly endpoints?: Endpoints } {
  const started = read(join(folder, 'process.json')) as
    Pick<GuestState, 'token' | 'pid' | 'startTime'> | undefined;
  if (!started) return { state: 'poweroff' };
  const told = read(join(folder, 'guest.json')) as GuestState | undefined;
  const guest = told?.token === started.token ? told : undefined;
  if (!isAlive(guest ?? started)) return { state: 'poweroff' };
  if (guest?.state !== 'running') return { state: guest?.state ?? 'booting' };
  return { state: 'running', endpoints: endpointsOf(guest) };
}

const endpointsOf = ({ host, winrm, vnc, bootId }: GuestState): Endpoints => ({
  winrm: {
    url: `http://${host}:${winrm.port}/wsman`,
    user: winrm.user,
    password: new Secret(winrm.password),
  },
  console: { kind: 'vnc', host, port: vnc.port, password: new Secret(vnc.password) },
  bootId,
});

function read(file: string): unknown {
  const text = readIfThere(file);
  return text === undefined ? undefined : JSON.parse(text);
}
