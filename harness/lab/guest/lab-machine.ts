import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret } from '../../core/secret.ts';
import type { GuestState, LabState } from '../../config/lab-state.ts';
import type { Language } from '../../core/languages.ts';
import { processStartTime } from '../../core/process.ts';
import type { Desktop, DesktopOptions } from '../desktop/contract.ts';
import { Guest } from './guest.ts';
import { logonHost } from './logon-host.ts';
import type { GuestFiles } from './prepare.ts';
import type { ProfileName } from './profile.ts';
import { WinrmServer } from './winrm-server.ts';
import { WinrmService } from './winrm-service.ts';
import { WINRM_SETTINGS, type WinrmChanges, changed, readWinrmPolicy } from './winrm-settings.ts';
import { ACCOUNT } from './wine.ts';

export interface LabMachineOptions {
  readonly data: string;
  readonly token: string;
  readonly name: string;
  readonly profile: ProfileName;
  /** Of a machine that is made new; one that exists has its own. */
  readonly language?: Language;
  readonly files: GuestFiles;
  /** What of WinRM's settings is not as the profile has it. */
  readonly winrm?: WinrmChanges;
  readonly lab: () => LabState | undefined;
  readonly startDesktop: (options: DesktopOptions) => Promise<Desktop>;
  readonly log: (text: string) => void;
  /** Called when the machine has switched itself off. */
  readonly onPoweredOff: () => void;
}

/** How long a service that is stopped still answers. */
const GRACE_MS = 400;

/** A whole machine: the guest, its screen and its remote management, kept in step through boots and shutdowns. */
export class LabMachine {
  #winrm: WinrmServer | undefined;
  #winrmPort = 0;
  /** Boots and shutdowns follow one another, whoever asks for them. */
  #turn: Promise<void> = Promise.resolve();
  #ended = false;

  private constructor(
    private readonly options: LabMachineOptions,
    readonly guest: Guest,
    private readonly desktop: Desktop,
  ) {}

  /** Switches a machine on. Resolves when the logon screen is shown and WinRM answers. */
  static async start(options: LabMachineOptions): Promise<LabMachine> {
    announce(options, 'booting');
    const self: { machine?: LabMachine } = {}; // the guest comes first, and can take the machine down later
    const guest = await Guest.open({
      ...options,
      onShutdown: (how) =>
        void (how === 'restart' ? self.machine?.restart() : self.machine?.stop(options.onPoweredOff)),
      onSignOut: () => void self.machine?.signOut(),
      winrm: {
        running: () => self.machine?.winrmRunning ?? false,
        switch: (to) => void self.machine?.switchWinrm(to),
      },
    });
    const { winrmPassword, vncPassword } = guest.disk.identity;
    new Secret(winrmPassword); // so that the log never shows them
    new Secret(vncPassword);
    const [desktop] = await Promise.all([switchScreenOn(options, guest), guest.boot()]);
    const machine = new LabMachine(options, guest, desktop);
    self.machine = machine;
    await machine.#open();
    return machine;
  }

  get state(): GuestState {
    return readState(this.options.data);
  }

  /** Ends the session at the console: the logon screen is shown again. */
  signOut(): Promise<void> {
    return this.#inTurn(() => this.desktop.show('logon'));
  }

  get winrmRunning(): boolean {
    return this.#winrm !== undefined;
  }

  /** Starts or stops the service of remote management; what is connected to it is cut off. A boot starts it again. */
  switchWinrm(to: 'start' | 'stop'): Promise<void> {
    return this.#inTurn(async () => {
      // Whoever asked for the end over this very service still gets an answer.
      if (to === 'stop') await delay(GRACE_MS).then(() => this.#closeWinrm());
      else this.#winrm ??= await this.#openWinrm();
    });
  }

  /** Shuts Windows down and boots it again; the machine's power stays on. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      this.#announce('booting');
      await Promise.all([this.#closeWinrm(), this.desktop.show('restart')]);
      await this.guest.powerOff();
      await Promise.all([this.desktop.show('boot'), this.guest.boot()]);
      await this.#open();
    });
  }

  /** Shuts Windows down and switches the machine off. @param then called when it is off */
  stop(then?: () => void): Promise<void> {
    return this.#inTurn(async () => {
      this.#ended = true;
      this.#announce('stopping');
      // The screen is a courtesy: it must not hold up the end.
      await Promise.all([this.#closeWinrm(), this.desktop.show('shutdown').catch(() => undefined)]);
      await Promise.all([this.guest.powerOff(), this.desktop.close()]);
      then?.();
    });
  }

  /** Pulls the plug. */
  async cut(): Promise<void> {
    this.#ended = true;
    await Promise.all([this.guest.powerOff('cut'), this.#closeWinrm(), this.desktop.close()]);
  }

  async #open(): Promise<void> {
    await this.desktop.show('logon');
    this.#winrm = await this.#openWinrm();
    this.#winrmPort = this.#winrm.port;
    this.#announce('running');
  }

  async #openWinrm(): Promise<WinrmServer> {
    const { guest, options } = this;
    const account = { user: ACCOUNT, password: guest.disk.identity.winrmPassword };
    const { version } = guest.profile;
    const settings = changed(
      changed(WINRM_SETTINGS[options.profile], options.winrm ?? {}),
      await readWinrmPolicy(guest.registry),
    );
    return WinrmServer.open({
      service: new WinrmService({
        settings,
        windows: guest.profile,
        start: (command) => guest.start(command),
      }),
      security: { computerName: guest.computerName, version, account },
      port: this.#winrmPort,
      log: options.log,
    });
  }

  async #closeWinrm(): Promise<void> {
    await this.#winrm?.close();
    this.#winrm = undefined;
  }

  #announce(state: GuestState['state']): void {
    announce(this.options, state, {
      guest: this.guest,
      winrmPort: this.#winrmPort,
      vncPort: this.desktop.vncPort,
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const run = this.#turn.then(() => (this.#ended ? undefined : work()));
    this.#turn = run.catch(() => undefined);
    return run;
  }
}

async function switchScreenOn(options: LabMachineOptions, guest: Guest): Promise<Desktop> {
  const desktop = await options.startDesktop({
    host: logonHost(guest, options.lab),
    vncPassword: guest.disk.identity.vncPassword,
    folder: join(options.data, 'desktop'),
    caFile: options.lab()?.caFile,
  });
  await desktop.show('boot');
  return desktop;
}

const stateFile = (data: string): string => join(data, 'guest.json');

export const readState = (data: string): GuestState =>
  JSON.parse(readFileSync(stateFile(data), 'utf8')) as GuestState;

/** Writes guest.json, whole or not at all. */
function announce(
  { data, token, name }: LabMachineOptions,
  state: GuestState['state'],
  running?: { guest: Guest; winrmPort: number; vncPort: number },
): void {
  const { guest, winrmPort = 0, vncPort = 0 } = running ?? {};
  const content: GuestState = {
    token,
    pid: process.pid,
    startTime: processStartTime(process.pid),
    state,
    name,
    computerName: guest?.computerName ?? '',
    host: '127.0.0.1',
    winrm: { port: winrmPort, user: ACCOUNT, password: guest?.disk.identity.winrmPassword ?? '' },
    vnc: { port: vncPort, password: guest?.disk.identity.vncPassword ?? '' },
    bootId: guest?.bootId ?? '',
  };
  const unfinished = `${stateFile(data)}.new`;
  writeFileSync(unfinished, JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(unfinished, stateFile(data));
}
