import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { Deadline } from '../../core/deadline.ts';
import type { VirtualBoxEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import type { Console, KeyEvent, PointerEvent } from '../console.ts';
import { machineDown, noPicture, noPointer } from '../faults.ts';
import type { OpenConsoleOptions } from '../open.ts';
import type { Hypervisor, Pixels } from '../polled/hypervisor.ts';
import { PolledConsole } from '../polled/polled-console.ts';
import { portions } from '../scancodes.ts';
import { vboxManage } from './vboxmanage.ts';
import { WebService } from './web-service.ts';

/** A picture takes VBoxManage about 0.1 s. */
const PACE = { fastest: 100, slowest: 500 };
/** Fewer than the machine's keyboard keeps while the guest is slow to fetch them. */
const MOST_CODES = 16;
/** Time to say goodbye to the web service, in milliseconds. */
const GOODBYE_MS = 3000;

/**
 * Opens the console of a VirtualBox machine: pictures by VBoxManage, keys and mouse by VirtualBox' web service. VBoxManage
 * has no command for the mouse, and shows the keys it is given in the list of processes.
 * @throws Fault `console-no-pointer` (config) without a web service, unless no mouse is wanted: then keys go by VBoxManage;
 *   `machine-down`, `console-no-picture`; those of `vboxManage` and `WebService`
 */
export async function openVirtualBox(
  endpoint: VirtualBoxEndpoint,
  deadline: Deadline,
  { mouse = 'required' }: OpenConsoleOptions = {},
): Promise<Console> {
  if (mouse === 'required' && !endpoint.webService) throw withoutMouse(endpoint.id);
  await checkRunning(endpoint.id, deadline);
  const folder = await mkdtemp(join(tmpdir(), 'sspr-virtualbox-'));
  const hands = endpoint.webService && new WebService(endpoint.webService, endpoint.id);
  const machine = new VirtualBoxMachine(endpoint.id, folder, hands);
  try {
    await hands?.connect(deadline);
  } catch (error) {
    await machine.close();
    throw error;
  }
  return PolledConsole.open(machine, deadline);
}

class VirtualBoxMachine implements Hypervisor {
  readonly where: string;
  readonly pace = PACE;
  readonly #id: string;
  readonly #folder: string;
  readonly #hands: WebService | undefined;

  constructor(id: string, folder: string, hands: WebService | undefined) {
    this.where = `VirtualBox' ${id}`;
    this.#id = id;
    this.#folder = folder;
    this.#hands = hands;
  }

  async look(deadline: Deadline): Promise<Pixels> {
    const file = join(this.#folder, 'screen.png');
    try {
      await vboxManage(['controlvm', this.#id, 'screenshotpng', file], deadline);
    } catch (error) {
      throw await this.#whyBlind(error, deadline);
    }
    try {
      return await decode(await readFile(file));
    } catch (error) {
      throw noPicture(this.where, 'VBoxManage has written no PNG file', error);
    } finally {
      await rm(file, { force: true });
    }
  }

  async keys(events: readonly KeyEvent[], deadline: Deadline): Promise<void> {
    if (this.#hands) return this.#hands.keys(events, deadline);
    for (const codes of portions(events, MOST_CODES)) {
      const hex = codes.map((code) => code.toString(16).padStart(2, '0'));
      await vboxManage(['controlvm', this.#id, 'keyboardputscancode', ...hex], deadline);
    }
  }

  async pointer(event: PointerEvent, deadline: Deadline): Promise<void> {
    if (!this.#hands) throw withoutMouse(this.#id);
    await this.#hands.pointer(event, deadline);
  }

  async close(): Promise<void> {
    await this.#hands?.close(Deadline.in(GOODBYE_MS, "leaving VirtualBox' web service"));
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A running machine may have no picture for a moment; in one that does not run, that is the news. */
  async #whyBlind(error: unknown, deadline: Deadline): Promise<unknown> {
    if (!(error instanceof Fault && ['virtualbox-failed', 'virtualbox-busy'].includes(error.code)))
      return error;
    await checkRunning(this.#id, deadline);
    return noPicture(this.where, error.message, error);
  }
}

/** @throws Fault `machine-down` with the state that VirtualBox names; those of `vboxManage` */
async function checkRunning(id: string, deadline: Deadline): Promise<void> {
  const told = await vboxManage(['showvminfo', id, '--machinereadable'], deadline);
  const state = /^VMState="(\w+)"/m.exec(told)?.[1] ?? 'in no state that VirtualBox tells';
  if (state !== 'running') throw machineDown(`VirtualBox' ${id}`, state);
}

/** As pngjs decodes it: always RGBA. */
function decode(file: Buffer): Promise<Pixels> {
  return new Promise((resolve, reject) => {
    new PNG().parse(file, (error: Error | null, picture: PNG | undefined) => {
      if (picture) resolve({ width: picture.width, height: picture.height, data: picture.data });
      else reject(error ?? new Error('the file holds no picture'));
    });
  });
}

const withoutMouse = (id: string): Fault =>
  noPointer(
    `VirtualBox' ${id}`,
    'VBoxManage has no command for the mouse, and neither VNC nor a web service is set up',
    'Either let the machine speak VNC (VBoxManage setproperty vrdeextpack VNC, then VRDE on), or run vboxwebsrv on this host and set console.webService in sspr.yaml.',
  );
