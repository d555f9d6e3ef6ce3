import type { PowerShell, Script } from '../../powershell/powershell.ts';
import { SCRIPTS } from '../hyperv/open-hyperv.ts';
import type { BehindMachine } from './machine.ts';

export const HYPERV_VM = '5D2A6B1C-3E4F-4A5B-8C6D-7E8F90A1B2C3';

/** A Hyper-V host with one machine, as its scripts see it, in place of a PowerShell. */
export interface HypervHost extends PowerShell {
  /** `EnabledState` of the machine. */
  state: number;
  /** `EnhancedSessionModeState` of the machine. */
  enhanced: number;
  /** Return values to give before any call succeeds, in order. */
  readonly refusals: number[];
  /** Whether the integration services run in the machine. */
  syntheticMouse: boolean;
  readonly calls: { readonly doing: string; readonly data: unknown }[];
  closed: boolean;
}

interface Data {
  readonly id: string;
  readonly codes: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly beside: number;
  readonly press: readonly number[];
  readonly release: readonly number[];
}

/** What each script does, told from the script by its text alone. */
export function startHyperv(machine: () => BehindMachine): HypervHost {
  const host: HypervHost = {
    state: 2,
    enhanced: 3,
    refusals: [],
    syntheticMouse: true,
    calls: [],
    closed: false,
    async run({ doing, text }: Script, data: unknown) {
      if (host.closed) throw new Error('this PowerShell is closed');
      host.calls.push({ doing, data });
      const given = JSON.parse(JSON.stringify(data)) as Data;
      if (given.id.toUpperCase() !== HYPERV_VM) return { found: false };
      const act = ACTIONS.find(({ script }) => script.text === text)?.act;
      if (!act) throw new Error(`no such script: ${doing}`);
      return { found: true, ...(await act(host, machine(), given)) };
    },
    close() {
      host.closed = true;
      return Promise.resolve();
    },
  };
  return host;
}

type Act = (host: HypervHost, machine: BehindMachine, data: Data) => Promise<object>;

/** Msvm_SyntheticMouse counts left, right, middle; X11 left, middle, right. */
const X11_BUTTON: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 2 };

const ACTIONS: readonly { readonly script: Script; readonly act: Act }[] = [
  {
    script: SCRIPTS.picture,
    // eslint-disable-next-line @typescript-eslint/require-await
    async act(host, machine) {
      const { state, enhanced } = host;
      if (state !== 2) return { state, enhanced };
      const { width, height, data } = machine.frame();
      const returnValue = host.refusals.shift() ?? 0;
      if (returnValue !== 0) return { state, enhanced, width, height, returnValue };
      return { state, enhanced, width, height, returnValue, image: toRgb565(data).toString('base64') };
    },
  },
  {
    script: SCRIPTS.keys,
    async act(host, machine, { codes }) {
      const returnValue = host.refusals.shift() ?? 0;
      if (returnValue === 0) await machine.scancodes(codes);
      return { returnValue };
    },
  },
  {
    script: SCRIPTS.pointer,
    async act(host, machine, { x, y, beside, press, release }) {
      if (!host.syntheticMouse) return { missing: 'Msvm_SyntheticMouse' };
      if (press.length > 0) await machine.move(beside, y);
      await machine.move(x, y);
      for (const button of release) await machine.button(X11_BUTTON[button] ?? 0, false);
      for (const button of press) await machine.button(X11_BUTTON[button] ?? 0, true);
      return { returnValue: 0 };
    },
  },
];

/** Cuts the low bits off, as a display of 16 bits does. */
export function toRgb565(rgba: Buffer): Buffer {
  const packed = Buffer.alloc(rgba.length / 2);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 2) {
    const [red = 0, green = 0, blue = 0] = rgba.subarray(from, from + 3);
    packed.writeUInt16LE(((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3), to);
  }
  return packed;
}
