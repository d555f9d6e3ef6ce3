import type { Deadline } from '../../core/deadline.ts';
import type { VirtualBoxEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import type { KeyEvent, PointerEvent } from '../console.ts';
import { machineDown, noPointer } from '../faults.ts';
import { portions } from '../scancodes.ts';
import { Soap, SoapFault } from './soap.ts';

type Service = NonNullable<VirtualBoxEndpoint['webService']>;

/** References to what a session of the service holds. */
interface Held {
  readonly virtualBox: string;
  readonly session: string;
  readonly keyboard: string;
  readonly mouse: string;
}

/** Fewer than the machine's keyboard keeps while the guest is slow to fetch them. */
const MOST_CODES = 16;
/** Milliseconds until a full keyboard is offered the rest. */
const FULL_MS = 50;

/**
 * Keyboard and mouse of a running VirtualBox machine, through VirtualBox' web service. It forgets who is idle for long
 * (five minutes, unless it was started otherwise): then everything is asked for anew, once.
 */
export class WebService {
  readonly #soap: Soap;
  readonly #service: Service;
  readonly #id: string;
  #held: Held | undefined;
  #absolute = false;

  constructor(service: Service, id: string) {
    this.#soap = new Soap(service.url);
    this.#service = service;
    this.#id = id;
  }

  /**
   * Proves who we are and finds the machine.
   * @throws Fault `virtualbox-web-unauthorized` (config), `virtualbox-web-failed` (machine), `machine-down`; those of `Soap`
   */
  async connect(deadline: Deadline): Promise<Held> {
    const { user, password } = this.#service;
    const credentials = [
      ['username', user],
      ['password', password.reveal()],
    ] as const;
    const virtualBox = await this.#soap
      .call('IWebsessionManager_logon', credentials, deadline)
      .catch((error: unknown) => {
        throw error instanceof SoapFault ? unauthorized(user, error) : error;
      });
    try {
      return (this.#held = await this.#lock(virtualBox, deadline));
    } catch (error) {
      await this.#logOff(virtualBox, deadline);
      throw this.#explain(error);
    }
  }

  /** @throws Fault as `connect` does, and `key-without-scancode` */
  async keys(events: readonly KeyEvent[], deadline: Deadline): Promise<void> {
    for (const portion of portions(events, MOST_CODES)) {
      for (let rest = portion; rest.length > 0;) {
        const codes = rest.map((code) => ['scancodes', code] as const);
        const stored = Number(
          await this.#ask(
            ({ keyboard }) => ['IKeyboard_putScancodes', [['_this', keyboard], ...codes]],
            deadline,
          ),
        );
        rest = rest.slice(stored);
        deadline.check();
        if (rest.length > 0) await deadline.sleep(FULL_MS);
      }
    }
  }

  /** @throws Fault as `connect` does, and `console-no-pointer` (config) */
  async pointer({ x, y, buttons }: PointerEvent, deadline: Deadline): Promise<void> {
    await this.#checkAbsolute(deadline);
    // The upper left pixel is 1, 1. Source: VirtualBox SDK, IMouse::putMouseEventAbsolute.
    const position = [
      ['x', x + 1],
      ['y', y + 1],
      ['dz', 0],
      ['dw', 0],
      ['buttonState', buttonState(buttons)],
    ] as const;
    await this.#ask(
      ({ mouse }) => ['IMouse_putMouseEventAbsolute', [['_this', mouse], ...position]],
      deadline,
    );
  }

  /** Lets go of the machine and says goodbye; the service would keep both for a while. */
  async close(deadline: Deadline): Promise<void> {
    if (this.#held) {
      const { session, virtualBox } = this.#held;
      await this.#soap.call('ISession_unlockMachine', [['_this', session]], deadline).catch(() => undefined);
      await this.#logOff(virtualBox, deadline);
    }
    await this.#soap.close();
  }

  async #lock(virtualBox: string, deadline: Deadline): Promise<Held> {
    const call = this.#soap.call.bind(this.#soap);
    const machine = await call(
      'IVirtualBox_findMachine',
      [
        ['_this', virtualBox],
        ['nameOrId', this.#id],
      ],
      deadline,
    );
    const session = await call(
      'IWebsessionManager_getSessionObject',
      [['refIVirtualBox', virtualBox]],
      deadline,
    );
    // Shared: whoever runs the machine keeps it.
    await call(
      'IMachine_lockMachine',
      [
        ['_this', machine],
        ['session', session],
        ['lockType', 'Shared'],
      ],
      deadline,
    );
    const console = await call('ISession_getConsole', [['_this', session]], deadline);
    // A machine that does not run can be locked, but has no console.
    if (console === '') throw machineDown(`VirtualBox' ${this.#id}`, 'without a console');
    const keyboard = await call('IConsole_getKeyboard', [['_this', console]], deadline);
    const mouse = await call('IConsole_getMouse', [['_this', console]], deadline);
    return { virtualBox, session, keyboard, mouse };
  }

  /** Without a tablet or the Guest Additions a mouse can only be pushed, and nobody knows where it is. */
  async #checkAbsolute(deadline: Deadline): Promise<void> {
    this.#absolute ||=
      (await this.#ask(({ mouse }) => ['IMouse_getAbsoluteSupported', [['_this', mouse]]], deadline)) ===
      'true';
    if (!this.#absolute)
      throw noPointer(
        `VirtualBox' ${this.#id}`,
        'its mouse cannot be put at a place, or Windows has not started it yet',
        'Give the machine a tablet while it is off: VBoxManage modifyvm ID --mouse usbtablet.',
        true,
      );
  }

  async #ask(
    what: (held: Held) => readonly [operation: string, parameters: Parameters<Soap['call']>[1]],
    deadline: Deadline,
  ): Promise<string> {
    const ask = async (): Promise<string> =>
      this.#soap.call(...what(this.#held ?? (await this.connect(deadline))), deadline);
    try {
      return await ask().catch((error: unknown) => {
        if (!(error instanceof SoapFault && error.kind === 'InvalidObjectFault')) throw error;
        this.#held = undefined;
        return ask();
      });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #logOff(virtualBox: string, deadline: Deadline): Promise<void> {
    await this.#soap
      .call('IWebsessionManager_logoff', [['refIVirtualBox', virtualBox]], deadline)
      .catch(() => undefined);
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof SoapFault)) return error;
    return new Fault(`VirtualBox' web service refuses what was asked of ${this.#id}: ${error.message}`, {
      code: 'virtualbox-web-failed',
      blame: 'machine',
      retryable: true,
      remedy: 'Check that the machine runs, and that vboxwebsrv runs as the user who started it.',
      cause: error,
    });
  }
}

const unauthorized = (user: string, cause: SoapFault): Fault =>
  new Fault(`VirtualBox' web service does not let ${JSON.stringify(user)} in`, {
    code: 'virtualbox-web-unauthorized',
    blame: 'config',
    remedy:
      'Set the name and password of the user who runs vboxwebsrv; look which websrvauthlibrary VBoxManage list systemproperties names.',
    cause,
  });

/** Bits of `IMouse` for those of a PointerEvent: its second is the right button, ours the middle one. */
const buttonState = (buttons: number): number =>
  (buttons & 1) | (buttons & 4 ? 2 : 0) | (buttons & 2 ? 4 : 0);
