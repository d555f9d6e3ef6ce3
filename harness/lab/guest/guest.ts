import { X509Certificate, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.ts';
import { describe } from '../../core/errors.ts';
import type { LabState } from '../../config/lab-state.ts';
import { type AgentName, AGENTS, STARTERS } from './agents.ts';
import { type CommandOptions, RunningCommand } from './commands.ts';
import { Disk } from './disk.ts';
import { EventLog } from './event-log.ts';
import { userProfile } from './first-boot.ts';
import { Power, namespacesRefused } from './power.ts';
import type { GuestFiles } from './prepare.ts';
import { PROFILES, type Profile, type ProfileName, versionText } from './profile.ts';
import { CONNECTIONS_KEY, SETTINGS_VALUE, encodeProxySettings } from './proxy-settings.ts';
import { binary } from './registry-value.ts';
import { Registry } from './registry.ts';
import { offersTls12, readWinHttpFacts } from './tls-policy.ts';
import { TOOL_NAMES, serveTool } from './tools/index.ts';
import type { Machine } from './tools/tool.ts';
import { type Helper, Wire } from './wire.ts';

export interface GuestOptions {
  /** The machine's folder; its disk is `disk/` in it. */
  readonly data: string;
  readonly name: string;
  readonly profile: ProfileName;
  readonly files: GuestFiles;
  /** The lab's network as it is now; undefined when there is none. Asked at every boot. */
  readonly lab: () => LabState | undefined;
  readonly log: (text: string) => void;
  /** Called when the machine takes itself down: `shutdown /r`, an installer, the power button. */
  readonly onShutdown: (how: 'restart' | 'shutdown') => void;
  readonly onSignOut: () => void;
}

const PROFILE_LIST = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList';
const TRUSTED_ROOTS = 'HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\ROOT\\Certificates';
const AGENT_MS = 60_000;
/** Once in a great while Wine loses a process at its start. */
const AGENT_AGAIN_MS = 12_000;

/** A Windows machine of the lab: its disk, and while its power is on, the Wine that runs on it. */
export class Guest implements Machine {
  readonly computerName: string;
  readonly profile: Profile;
  readonly events: EventLog;
  readonly installer = { busy: false };
  bootId = '';
  bootedAt = new Date();
  #wire: Wire | undefined;
  #power: Power | undefined;
  #agents = new Map<string, Helper>();
  #shutdown: NodeJS.Timeout | undefined;

  private constructor(
    readonly options: GuestOptions,
    readonly disk: Disk,
  ) {
    this.profile = PROFILES[options.profile];
    this.computerName = computerNameOf(options.name);
    this.events = new EventLog(disk.beside('events'), this.computerName);
  }

  /** Makes the disk when the machine is new. The power stays off. */
  static async open(options: GuestOptions): Promise<Guest> {
    const disk = await Disk.open(
      join(options.data, 'disk'),
      PROFILES[options.profile],
      options.files,
      TOOL_NAMES,
    );
    return new Guest(options, disk);
  }

  readonly log = (text: string): void => this.options.log(text);

  get registry(): Registry {
    const agent = this.#agents.get('lab-agent');
    if (!agent?.connected) throw new Error('The guest is off');
    return new Registry(agent);
  }

  /** Switches the power on and waits until Windows runs. */
  async boot(): Promise<void> {
    const lab = this.options.lab();
    this.#wire = await Wire.open((helper) => {
      if (helper.hello.name.startsWith('lab-agent')) this.#agents.set(helper.hello.name, helper);
      else void serveTool(helper, this).catch((error: unknown) => this.#toolFailed(helper, error));
    });
    writeFileSync(this.disk.path('C:\\lab\\wire.txt'), `${this.#wire.port} ${this.#wire.token}\n`, {
      mode: 0o600,
    });
    this.#power = await Power.on({
      prefix: this.disk.prefix,
      folder: this.options.data,
      computerName: this.computerName,
      // Nothing listens there: only the proxy knows the way to the portal.
      hosts: lab ? [`127.0.0.1 ${lab.portal.host}`] : [],
    });
    this.installer.busy = false;
    this.bootId = randomUUID();
    this.bootedAt = new Date();
    await this.#agent('lab-agent');
    if (lab) await this.#joinNetwork(lab);
    this.#writeBootEvents();
  }

  /** Shuts Windows down, or pulls the plug. */
  async powerOff(how: 'shutdown' | 'cut' = 'shutdown'): Promise<void> {
    this.abortShutdown();
    if (how === 'shutdown' && this.#power) {
      this.events.write({
        log: 'System',
        source: 'EventLog',
        id: 6006,
        message: 'The Event log service was stopped.',
      });
    }
    await (how === 'shutdown' ? this.#power?.shutDown() : this.#power?.cut());
    this.#wire?.close();
    this.#agents.clear();
    this.#power = undefined;
    this.#wire = undefined;
  }

  /** Starts a command line in the guest, as the account of WinRM. */
  async start(options: CommandOptions): Promise<RunningCommand> {
    return RunningCommand.start(await this.#starter('user'), this.disk, options);
  }

  /** Runs a command line to its end. */
  async run(line: string): Promise<{ exitCode: number; stdout: string }> {
    const command = await this.start({ line });
    command.closeInput();
    const exitCode = await command.exited;
    const stdout = command.read().stdout.toString('latin1');
    command.forget();
    return { exitCode, stdout };
  }

  async runAsSystem(line: string): Promise<number> {
    const command = await RunningCommand.start(await this.#starter('system'), this.disk, {
      line,
      folder: 'C:\\windows\\system32',
    });
    command.closeInput();
    const code = await command.exited;
    command.forget();
    return code;
  }

  scheduleShutdown(how: 'restart' | 'shutdown', delaySeconds: number): boolean {
    if (this.#shutdown) return false;
    // Whoever asked for it still gets an answer.
    const grace = 400;
    this.#shutdown = setTimeout(() => this.options.onShutdown(how), delaySeconds * 1000 + grace);
    return true;
  }

  signOut(): void {
    this.options.onSignOut();
  }

  abortShutdown(): boolean {
    const scheduled = this.#shutdown !== undefined;
    clearTimeout(this.#shutdown);
    this.#shutdown = undefined;
    return scheduled;
  }

  /** The helper that starts processes of an account, as WinHTTP's rule about TLS 1.2 has it at this moment. */
  async #starter(account: 'user' | 'system'): Promise<Helper> {
    const facts = await readWinHttpFacts(new Registry(await this.#agent('lab-agent')), this.profile);
    return this.#agent(STARTERS[account][offersTls12(facts) ? 'tls12' : 'noTls12']);
  }

  /** The helper of that name, started again if someone has ended it. */
  async #agent(name: AgentName): Promise<Helper> {
    const deadline = Deadline.in(AGENT_MS, `waiting for ${name} in ${this.options.name}`);
    const running = this.#agents.get(name);
    if (running?.connected) return running;
    const { account, policy } = AGENTS[name];
    const file = join(this.options.data, 'tls-policy.conf');
    if (policy !== undefined) writeFileSync(file, policy);
    const start = (): void => this.#power?.startHelper(name, account, policy === undefined ? '' : file);
    start();
    for (let started = performance.now(); ;) {
      if (performance.now() - started > AGENT_AGAIN_MS) {
        this.log(`${name} did not come in ${AGENT_AGAIN_MS / 1000} s and is started again`);
        start();
        started = performance.now();
      }
      const agent = this.#agents.get(name);
      if (agent?.connected) return agent;
      if (!this.#power) throw new Error('The guest is off');
      deadline.check();
      await Promise.race([delay(10), this.#power.off.then(() => this.#failedStart())]);
    }
  }

  #toolFailed(helper: Helper, error: unknown): void {
    if (helper.connected) this.log(`${helper.hello.commandLine}: ${describe(error)}`);
    helper.socket.destroy();
  }

  #failedStart(): never {
    const log = join(this.options.data, 'wine.log');
    const last = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : undefined;
    const cause = new Error(`The guest's power went off: ${last ?? 'Wine said nothing'}`);
    throw last?.startsWith('unshare:') ? namespacesRefused(cause) : cause;
  }

  /**
   * What a machine of this network has: trust in its authority, the proxy, the accounts of its users. A disk may
   * remember an older network; what someone else has changed since stays as it is.
   */
  async #joinNetwork(lab: LabState): Promise<void> {
    const memory = this.disk.beside('network.json');
    const before = existsSync(memory) ? (JSON.parse(readFileSync(memory, 'utf8')) as Network) : undefined;
    const certificate = new X509Certificate(readFileSync(lab.caFile));
    const now: Network = {
      root: certificate.fingerprint.replaceAll(':', ''),
      proxy: encodeProxySettings({
        proxy: `${lab.proxy.host}:${lab.proxy.port}`,
        bypass: '<local>',
      }).toString('hex'),
    };
    const { registry } = this;
    if (before?.root !== now.root) {
      if (before) await registry.deleteKey(`${TRUSTED_ROOTS}\\${before.root}`);
      await registry.set(`${TRUSTED_ROOTS}\\${now.root}`, 'Blob', binary(certificateBlob(certificate)));
    }
    const proxy = (await registry.value(CONNECTIONS_KEY, SETTINGS_VALUE))?.data.toString('hex');
    if (before ? proxy === before.proxy : proxy === undefined) {
      await registry.set(CONNECTIONS_KEY, SETTINGS_VALUE, binary(Buffer.from(now.proxy, 'hex')));
    }
    const users = lab.users.filter((user) => user.machine === this.options.name);
    for (const [i, { account, displayName }] of users.entries()) {
      const key = `${PROFILE_LIST}\\${this.disk.identity.machineSid}-${1001 + i}`;
      for (const [name, value] of Object.entries(userProfile(account, displayName))) {
        await registry.set(key, name, value);
      }
    }
    writeFileSync(memory, JSON.stringify(now));
  }

  #writeBootEvents(): void {
    const { productName, servicePack } = this.profile;
    const windows =
      `Microsoft (R) ${productName} ${versionText(this.profile)} ${servicePack?.text ?? ''}`.trim();
    for (const [id, message] of [
      [6009, `${windows} Multiprocessor Free.`],
      [6005, 'The Event log service was started.'],
    ] as const) {
      this.events.write({ log: 'System', source: 'EventLog', id, message });
    }
  }
}

/** What the lab last wrote of its network onto this disk. */
interface Network {
  /** SHA-1 of the authority's certificate, which names its registry key. */
  readonly root: string;
  /** `WinHttpSettings` in hexadecimal. */
  readonly proxy: string;
}

/** `win7` -> `WIN7-LAB` */
export const computerNameOf = (machine: string): string => `${machine.toUpperCase()}-LAB`;

/** A certificate as the registry's stores hold it: property 3 (its SHA-1), property 32 (the certificate). */
function certificateBlob(certificate: X509Certificate): Buffer {
  const property = (id: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(id, 0);
    head.writeUInt32LE(1, 4);
    head.writeUInt32LE(data.length, 8);
    return Buffer.concat([head, data]);
  };
  const hash = Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex');
  return Buffer.concat([property(3, hash), property(32, certificate.raw)]);
}
