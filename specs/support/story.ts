import { readFileSync } from 'node:fs';
import type { Lease } from '../../harness/accounts/pool.ts';
import type { AccountSettings } from '../../harness/config/accounts.ts';
import type { MachineSettings, Settings } from '../../harness/config/settings.ts';
import { Deadline } from '../../harness/core/deadline.ts';
import { type Blame, Fault, toFault } from '../../harness/core/errors.ts';
import { type Evidence, keepFile, type RunEvent } from '../../harness/core/journal.ts';
import { openConsole, openScreen } from '../../harness/console/open.ts';
import type { Picture } from '../../harness/console/recording.ts';
import type { Screen } from '../../harness/console/screen.ts';
import type { Directory } from '../../harness/directory/directory.ts';
import { openDirectory } from '../../harness/directory/graph-directory.ts';
import type { Channel } from '../../harness/guest/channel.ts';
import { openChannel } from '../../harness/guest/open.ts';
import type { Endpoints, Machines } from '../../harness/machines/machine.ts';
import type { Ask } from '../../harness/logon/codes/verification.ts';
import { openCaptions } from '../../harness/logon/screens/replaced.ts';
import { type Screens, screensFor } from '../../harness/logon/screens/screens.ts';
import { projectMachines } from '../../harness/machines/machines.ts';
import type { Stage } from '../controls/control.ts';
import type { Memory } from './memory.ts';

export interface StoryOptions {
  readonly machine: MachineSettings;
  readonly settings: Settings;
  /** The user of this machine, or why there is none; undefined when no password is to be reset. */
  readonly lease: Lease<AccountSettings> | Fault | undefined;
  /** Asks a person at the terminal of the run. */
  readonly ask: Ask;
  readonly stages: readonly Stage[];
  readonly asIs: boolean;
  readonly packagePath: string;
  /** An earlier version of the package, where there is one. */
  readonly previousPackage?: string | undefined;
  readonly runFolder: string;
  readonly signal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
}

/** Why the rest of a stage, or a later stage, could not be checked. */
export interface Obstacle {
  readonly reason: string;
  readonly blame: Blame;
  readonly remedy: string;
}

/** Whatever kept something from being looked at is what has to be put right, not what was to be looked at. */
export const notReached = ({ reason, blame, remedy }: Obstacle): Fault =>
  new Fault(`Not checked, because an earlier step failed: ${reason}`, { code: 'not-reached', blame, remedy });

/**
 * The story of one machine in one run: what its stages share. Connections are opened when they are first needed;
 * everything that happens goes out as events.
 */
export class Story {
  readonly memory: Partial<Memory> = {};
  /** Stages that did not do their work, with the reason. */
  readonly broken = new Map<Stage, Obstacle>();
  readonly machines: Machines;
  stage: Stage = 'up';
  #channel: Channel | undefined;
  #screen: Screen | undefined;
  #screens: Screens | undefined;
  #directory: Directory | undefined;
  #evidence: Evidence[] = [];
  #frames = 0;

  constructor(readonly options: StoryOptions) {
    this.machines = projectMachines(options.settings.access);
  }

  get machine(): MachineSettings {
    return this.options.machine;
  }

  /**
   * The user whose password is reset on this machine in this run; when none is to be, the first one of the machine.
   * @throws Fault why no user is free
   */
  get account(): AccountSettings {
    return this.options.lease === undefined ? this.shownUser : this.lease.account;
  }

  /** The user whose tile is looked at. That takes nothing from others, so it need not be one who is free. */
  get shownUser(): AccountSettings {
    const { lease, machine } = this.options;
    const [first] = machine.accounts;
    const user = lease === undefined || lease instanceof Fault ? first : lease.account;
    if (!user) throw new TypeError(`the schema asks for a user of ${machine.name}`);
    return user;
  }

  /** @throws Fault why no user is free */
  get lease(): Lease<AccountSettings> {
    const { lease } = this.options;
    if (lease instanceof Fault) throw lease;
    if (!lease) throw new TypeError('a user is leased when stage logon is planned');
    return lease;
  }

  get settings(): Settings {
    return this.options.settings;
  }

  emit(event: RunEvent): void {
    this.options.emit(event);
  }

  /** A time limit that also ends when the run is interrupted. */
  deadline(seconds: number, what: string): Deadline {
    return Deadline.in(seconds * 1000, what, this.options.signal);
  }

  /** A time limit for putting things right, which an interrupted run does as well. */
  tidyingDeadline(seconds: number, what: string): Deadline {
    return Deadline.in(seconds * 1000, what);
  }

  /** Progress in words, for the live view. */
  say(text: string): void {
    this.emit({ type: 'step', machine: this.machine.name, stage: this.stage, text });
  }

  /** What went wrong beside the work of the stage, which goes on. */
  fault(error: unknown): void {
    const { code, blame, message, remedy } = toFault(error);
    this.emit({ type: 'fault', machine: this.machine.name, stage: this.stage, code, blame, message, remedy });
  }

  /** A value that reports show and later stages may need. */
  fact(name: string, value: unknown): void {
    this.emit({ type: 'fact', machine: this.machine.name, stage: this.stage, name, value });
  }

  /** Puts a value behind the control that is being decided. */
  attach(name: string, value: unknown): void {
    this.#evidence.push({ kind: 'value', name, value });
  }

  /** Keeps a file in the run's folder and puts it behind the control that is being decided. */
  attachFile(name: string, data: string | Uint8Array): void {
    this.#evidence.push({ kind: 'file', name, ...this.#keep(name, data) });
  }

  /** Hands over the evidence that was attached since the last call. */
  takeEvidence(): readonly Evidence[] {
    const taken = this.#evidence;
    this.#evidence = [];
    return taken;
  }

  #keep(name: string, data: string | Uint8Array): { path: string; sha256: string } {
    return keepFile(this.options.runFolder, `machines/${this.machine.name}/${name}`, data);
  }

  readPackage(): Buffer {
    return readFileSync(this.options.packagePath);
  }

  async endpoints(): Promise<Endpoints> {
    return this.machines.endpoints(this.machine.name, this.deadline(60, 'asking where the machine is'));
  }

  async channel(): Promise<Channel> {
    this.#channel ??= await openChannel(
      (await this.endpoints()).winrm,
      this.deadline(this.settings.limits.command, 'connecting to WinRM'),
    );
    return this.#channel;
  }

  /** What this machine's screens say. The captions of the configuration were checked before the run began. */
  get screens(): Screens {
    this.#screens ??= screensFor(this.machine.language, openCaptions(this.settings.captions));
    return this.#screens;
  }

  async screen(): Promise<Screen> {
    this.#screen ??= await this.#openScreen();
    return this.#screen;
  }

  async #openScreen(): Promise<Screen> {
    const console = await openConsole(
      (await this.endpoints()).console,
      this.deadline(this.settings.limits.screen, 'connecting to the console'),
    );
    return openScreen(console, { language: this.machine.language, record: (picture) => this.#film(picture) });
  }

  #film(picture: Picture): void {
    const number = String(++this.#frames).padStart(3, '0');
    const { path, sha256 } = this.#keep(`film/${number}.png`, picture.png);
    this.emit({
      type: 'frame',
      machine: this.machine.name,
      stage: this.stage,
      caption: picture.caption,
      file: path,
      sha256,
      width: picture.width,
      height: picture.height,
      ...(picture.lookedFor === undefined ? {} : { lookedFor: picture.lookedFor }),
      ...(picture.found === undefined ? {} : { found: picture.found }),
      ...(picture.action === undefined ? {} : { action: picture.action }),
    });
  }

  get directory(): Directory {
    this.#directory ??= openDirectory(this.settings.tenant);
    return this.#directory;
  }

  /** Lets go of the machine, because it is about to restart or to go: the next use connects anew. */
  async release(): Promise<void> {
    const [channel, screen] = [this.#channel, this.#screen];
    this.#channel = this.#screen = undefined;
    await Promise.allSettled([channel?.close(), screen?.close()]);
  }

  async end(): Promise<void> {
    await this.release();
    await this.#directory?.close();
  }
}

let current: Story | undefined;

/** Begins the one story of this process. */
export function beginStory(options: StoryOptions): Story {
  current = new Story(options);
  return current;
}

export function theStory(): Story {
  // Mocha loads a file that cannot be imported once more in another way, for which no story was begun.
  if (!current)
    throw new Error(
      'There is no story: specs are run by "npx sspr run", which begins one, and this one must be importable (npm run typecheck)',
    );
  return current;
}
