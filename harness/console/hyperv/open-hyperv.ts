import { z } from 'zod';
import type { Deadline } from '../../core/deadline.ts';
import type { HypervEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import { errorRecord } from '../../powershell/errors.ts';
import { openPowerShell } from '../../powershell/open.ts';
import type { PowerShell, Script } from '../../powershell/powershell.ts';
import { scriptFile } from '../../powershell/script.ts';
import type { Console, KeyEvent, PointerEvent } from '../console.ts';
import { machineDown, noPicture, noPointer } from '../faults.ts';
import type { OpenConsoleOptions } from '../open.ts';
import type { Hypervisor, Pixels } from '../polled/hypervisor.ts';
import { PolledConsole } from '../polled/polled-console.ts';
import { portions } from '../scancodes.ts';
import { hypervMissing, accessDenied, enhancedSession, noSuchMachine, wrongAnswer } from './faults.ts';
import { KEYBOARD_FULL, refusal } from './return-codes.ts';
import { fromRgb565 } from './rgb565.ts';

/** A picture takes WMI one to three tenths of a second. */
const PACE = { fastest: 150, slowest: 500 };
/** Far below what Msvm_Keyboard takes at once (about 480). */
const MOST_CODES = 64;
/** Milliseconds until a full keyboard is offered the same again. */
const FULL_MS = 500;

const MACHINE = scriptFile(new URL('machine.ps1', import.meta.url), '');
const script = (file: string, doing: string): Script => {
  const { text } = scriptFile(new URL(file, import.meta.url), doing);
  return { doing, text: `${MACHINE.text}\n${text}` };
};

/** The scripts, by what they do. */
export const SCRIPTS = {
  picture: script('picture.ps1', 'taking a picture of a Hyper-V machine'),
  keys: script('keys.ps1', 'pressing keys of a Hyper-V machine'),
  pointer: script('pointer.ps1', 'moving the mouse of a Hyper-V machine'),
} as const;

const picture = z.union([
  z.object({ found: z.literal(false) }),
  z.object({
    found: z.literal(true),
    state: z.number(),
    enhanced: z.number(),
    width: z.number().int().positive().optional(),
    height: z.number().int().positive().optional(),
    returnValue: z.number().optional(),
    image: z.base64().optional(),
  }),
]);

const done = z.union([
  z.object({ found: z.literal(false) }),
  z.object({ found: z.literal(true), missing: z.string() }),
  z.object({ found: z.literal(true), returnValue: z.number() }),
]);

/** `EnabledState` of Msvm_ComputerSystem. Source: Microsoft, Hyper-V WMI provider V2, Msvm_ComputerSystem. */
const RUNNING = 2;
const STATES: Readonly<Record<number, string>> = {
  3: 'off',
  4: 'shutting down',
  6: 'saved',
  9: 'paused',
  10: 'starting',
  32768: 'paused',
  32769: 'saved',
  32770: 'starting',
  32773: 'being saved',
  32774: 'stopping',
  32776: 'being paused',
  32777: 'resuming',
};

/** `EnhancedSessionModeState` of Msvm_ComputerSystem: the host allows such sessions, and Windows in the machine can. */
const ENHANCED_AVAILABLE = 2;

/**
 * Opens the console of a Hyper-V machine by WMI: thumbnails in full size, scancodes, the synthetic mouse.
 * @throws Fault `enhanced-session` (config), `machine-down`, `hyperv-no-such-machine` (config), `hyperv-missing` (config),
 *   `hyperv-access-denied` (config), `console-no-picture`, `console-no-pointer`, `hyperv-refused`; those of PowerShell
 */
export async function openHyperv(
  { id }: HypervEndpoint,
  deadline: Deadline,
  { powershell = openPowerShell({ environment: process.env }) }: OpenConsoleOptions = {},
): Promise<Console> {
  return PolledConsole.open(new HypervMachine(id, powershell), deadline);
}

class HypervMachine implements Hypervisor {
  readonly where: string;
  readonly pace = PACE;
  readonly #id: string;
  readonly #powershell: PowerShell;
  #buttons = 0;

  constructor(id: string, powershell: PowerShell) {
    this.where = `Hyper-V's ${id}`;
    this.#id = id;
    this.#powershell = powershell;
  }

  async look(deadline: Deadline): Promise<Pixels> {
    const seen = await this.#run(SCRIPTS.picture, {}, picture, deadline).catch((error: unknown) => {
      // WMI stumbles now and then; what stays shows by its own message in the end.
      if (error instanceof Fault && error.code === 'powershell-failed')
        throw noPicture(this.where, error.message, error);
      throw error;
    });
    if (!seen.found) throw noSuchMachine(this.#id);
    if (seen.state !== RUNNING)
      throw machineDown(this.where, STATES[seen.state] ?? `in the state ${seen.state}`);
    if (seen.enhanced === ENHANCED_AVAILABLE) throw enhancedSession(this.where);
    const { width, height, returnValue, image } = seen;
    if (width === undefined || height === undefined) throw noPicture(this.where, 'its display is off');
    if (image === undefined) throw this.#whyNoImage(returnValue ?? 0);
    const packed = Buffer.from(image, 'base64');
    if (packed.length !== width * height * 2)
      throw noPicture(
        this.where,
        `${packed.length} bytes came for ${width} x ${height} pixels of two bytes each`,
      );
    return fromRgb565(width, height, packed);
  }

  async keys(events: readonly KeyEvent[], deadline: Deadline): Promise<void> {
    for (const codes of portions(events, MOST_CODES)) {
      for (;;) {
        const returned = await this.#do(SCRIPTS.keys, { codes }, deadline);
        if (returned !== KEYBOARD_FULL) {
          this.#check('TypeScancodes', returned);
          break;
        }
        deadline.check('a keyboard that is full');
        await deadline.sleep(FULL_MS);
      }
    }
  }

  async pointer({ x, y, buttons }: PointerEvent, deadline: Deadline): Promise<void> {
    const press = BUTTONS.filter(({ bit }) => buttons & bit && !(this.#buttons & bit));
    const release = BUTTONS.filter(({ bit }) => !(buttons & bit) && this.#buttons & bit);
    const index = (list: typeof BUTTONS): number[] => list.map(({ number }) => number);
    const returned = await this.#do(
      SCRIPTS.pointer,
      { x, y, beside: x > 0 ? x - 1 : x + 1, press: index(press), release: index(release) },
      deadline,
    );
    this.#check('the mouse', returned);
    this.#buttons = buttons;
  }

  close(): Promise<void> {
    return this.#powershell.close();
  }

  async #do(script: Script, data: object, deadline: Deadline): Promise<number> {
    const answer = await this.#run(script, data, done, deadline);
    if (!answer.found) throw noSuchMachine(this.#id);
    if ('returnValue' in answer) return answer.returnValue;
    throw noPointer(
      this.where,
      `it has no ${answer.missing}`,
      'Start the machine; in Windows 7 install the integration services, then restart it.',
      true,
    );
  }

  async #run<T>(script: Script, data: object, shape: z.ZodType<T>, deadline: Deadline): Promise<T> {
    // It becomes part of a query.
    if (!GUID.test(this.#id)) throw noSuchMachine(this.#id);
    const answer = await this.#powershell
      .run(script, { id: this.#id, ...data }, deadline)
      .catch((error: unknown) => {
        throw explain(error);
      });
    const read = shape.safeParse(answer);
    if (read.success) return read.data;
    throw wrongAnswer(script.doing, z.prettifyError(read.error));
  }

  #whyNoImage(returnValue: number): Fault {
    const fault = refusal(this.where, 'a picture', returnValue);
    if (fault && !fault.retryable) return fault;
    return noPicture(this.where, fault?.message ?? 'the thumbnail is empty', fault);
  }

  #check(method: string, returnValue: number): void {
    const fault = refusal(this.where, method, returnValue);
    if (fault) throw fault;
  }
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Buttons of Msvm_SyntheticMouse and the bits of a PointerEvent. */
const BUTTONS: readonly { readonly bit: number; readonly number: number }[] = [
  { bit: 1, number: 1 },
  { bit: 2, number: 3 },
  { bit: 4, number: 2 },
];

/** Identifiers of PowerShell's errors: WBEM_E_INVALID_NAMESPACE, no CIM cmdlets; WBEM_E_ACCESS_DENIED, E_ACCESSDENIED. */
function explain(error: unknown): unknown {
  const id = errorRecord(error)?.id ?? '';
  if (/0x8004100e|CommandNotFoundException/i.test(id)) return hypervMissing(error);
  if (/0x80041003|0x80070005/i.test(id)) return accessDenied(error);
  return error;
}
