import { X509Certificate, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.ts';
import { describe } from '../../core/errors.ts';
import { LANGUAGES, type Language } from '../../core/languages.ts';
import type { LabState } from '../../config/lab-state.ts';
import { type AgentName, AGENTS, STARTERS } from './agents.ts';
import { type HandshakeLogging, handshakeEvents } from './handshake-events.ts';
import { KeyLog } from './key-log.ts';
import { findHandshakes } from '../network/handshakes.ts';
import { type CommandOptions, RunningCommand } from './commands.ts';
import { Disk } from './disk.ts';
import { CAPI2_LOG, EventLog } from './event-log.ts';
import { LANGUAGE_KEY, userProfile } from './first-boot.ts';
import { Power, namespacesRefused } from './power.ts';
import type { GuestFiles } from './prepare.ts';
import { PROFILES, type Profile, type ProfileName, versionText } from './profile.ts';
import {
  CONNECTIONS_KEY,
  SETTINGS_VALUE,
  SYSTEM_HIVE,
  WININET_KEYS,
  encodeProxySettings,
} from './proxy-settings.ts';
import { binary, dword, link, sz } from './registry-value.ts';
import { Registry } from './registry.ts';
import { REMOTE_SESSIONS } from './sessions.ts';
import { offersTls12, readWinHttpFacts } from './tls-policy.ts';
import { TRUSTED_ROOTS, certificateBlob, rootName } from './trusted-roots.ts';
import { TOOL_NAMES, serveTool } from './tools/index.ts';
import type { Machine } from './tools/tool.ts';
import { isEnabled } from './tools/wevtutil.ts';
import { type Helper, Wire } from './wire.ts';

export interface GuestOptions {
  /** The machine's folder; its disk is `disk/` in it. */
  readonly data: string;
  readonly name: string;
  readonly profile: ProfileName;
  /** Of a machine that is made new; one that exists has its own. */
  readonly language?: Language;
  readonly files: GuestFiles;
  /** The lab's network as it is now; undefined when there is none. Asked at every boot. */
  readonly lab: () => LabState | undefined;
  readonly log: (text: string) => void;
  /** Called when the machine takes itself down: `shutdown /r`, an installer, the power button. */
  readonly onShutdown: (how: 'restart' | 'shutdown') => void;
  readonly onSignOut: () => void;
  /** The service of remote management, which is not in the guest. */
  readonly winrm: { running(): boolean; switch(to: 'start' | 'stop'): void };
}

const PROFILE_LIST = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList';
const SCHANNEL = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL';
const HANDSHAKE_TRIES = 25;
const HANDSHAKE_EVERY_MS = 20;
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
  /** In which Windows speaks, as its registry had it at the last boot. */
  language: Language;
  #wire: Wire | undefined;
  #power: Power | undefined;
  #keyLog: KeyLog | undefined;
  /** Random numbers of own handshakes that are not in the event log yet. */
  readonly #handshakes = new Set<string>();
  #logging: Promise<void> = Promise.resolve();
  #agents = new Map<string, Helper>();
  #shutdown: NodeJS.Timeout | undefined;

  private constructor(
    readonly options: GuestOptions,
    readonly disk: Disk,
  ) {
    this.profile = PROFILES[options.profile];
    this.computerName = computerNameOf(options.name);
    this.language = options.language ?? 'en';
    this.events = new EventLog(disk.beside('events'), this.computerName);
  }

  /** Makes the disk when the machine is new. The power stays off. */
  static async open(options: GuestOptions): Promise<Guest> {
    const { data, profile, language = 'en', files } = options;
    const install = { profile: PROFILES[profile], language, files, tools: TOOL_NAMES };
    const disk = await Disk.open(join(data, 'disk'), install);
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
    this.#keyLog = KeyLog.open(join(this.options.data, 'tls-keys'), (random) => {
      this.#handshakes.add(random);
      void this.#logHandshakes();
    });
    this.#power = await Power.on({
      keyLog: this.#keyLog.path,
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
    // In Windows these two are one and the same; Wine keeps only the second.
    await this.registry.set(SYSTEM_HIVE, 'SymbolicLinkValue', link('\\Registry\\User\\.Default'));
    await this.registry.deleteKey(REMOTE_SESSIONS);
    this.language = await this.#readLanguage();
    if (lab) await this.#joinNetwork(lab);
    this.#writeBootEvents();
  }

  /** English, when the registry names none that the lab knows. */
  async #readLanguage(): Promise<Language> {
    const lcid = (await this.registry.string(`HKLM\\${LANGUAGE_KEY}`, 'InstallLanguage'))?.toLowerCase();
    const names = Object.keys(LANGUAGES) as Language[];
    return names.find((name) => LANGUAGES[name].lcid === lcid) ?? 'en';
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
    this.#keyLog?.close();
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

  async settleEvents(): Promise<void> {
    // What a process wrote into the pipe before it ended is read by then.
    await nextTurn();
    await nextTurn();
    await this.#logHandshakes();
  }

  /** Writes what Windows would of the handshakes that its processes made since. Never rejects. */
  #logHandshakes(): Promise<void> {
    return (this.#logging = this.#logging
      .then(() => this.#takeHandshakes())
      .catch((error: unknown) => this.log(`logging handshakes: ${describe(error)}`)));
  }

  async #takeHandshakes(): Promise<void> {
    const file = this.options.lab()?.handshakesFile;
    // The server writes its record when it has the client's last message, a moment after the client has the keys.
    // What is not found by then was broken off, or made with somebody who is not of the lab.
    const waiting = new Set(this.#handshakes);
    this.#handshakes.clear();
    for (let tries = 0; waiting.size > 0 && file !== undefined && tries < HANDSHAKE_TRIES; tries++) {
      if (tries > 0) await delay(HANDSHAKE_EVERY_MS);
      const found = findHandshakes(file, waiting);
      if (found.length === 0) continue;
      const logging = await this.#handshakeLogging();
      for (const event of found.flatMap((one) => handshakeEvents(one, logging))) this.events.write(event);
      for (const { random } of found) waiting.delete(random);
    }
  }

  async #handshakeLogging(): Promise<HandshakeLogging> {
    const { registry, profile } = this;
    const [major, minor] = profile.version;
    return {
      schannel: (await registry.dword(SCHANNEL, 'EventLogging')) ?? 1,
      capi2: await isEnabled(registry, CAPI2_LOG),
      roots: (await registry.subkeys(TRUSTED_ROOTS)).map((name) => name.toUpperCase()),
      namesServer: major > 6 || minor >= 2,
    };
  }

  get winrmRunning(): boolean {
    return this.options.winrm.running();
  }

  switchWinrm(to: 'start' | 'stop'): boolean {
    if (this.winrmRunning === (to === 'start')) return false;
    this.options.winrm.switch(to);
    return true;
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
      root: rootName(certificate),
      address: `${lab.proxy.host}:${lab.proxy.port}`,
      proxy: encodeProxySettings({
        proxy: `${lab.proxy.host}:${lab.proxy.port}`,
        bypass: BYPASS,
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
    for (const key of WININET_KEYS) {
      const server = await registry.string(key, 'ProxyServer');
      const enabled = (await registry.dword(key, 'ProxyEnable')) ?? 0;
      if (server !== before?.address || enabled !== (before?.address === undefined ? 0 : 1)) continue;
      await registry.set(key, 'ProxyEnable', dword(1));
      await registry.set(key, 'ProxyServer', sz(now.address));
      await registry.set(key, 'ProxyOverride', sz(BYPASS));
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
  /** The proxy as WinINET has it: `host:port`. */
  readonly address: string;
}

/** What does not go through the proxy. */
const BYPASS = '<local>';

/** `win7` -> `WIN7-LAB` */
export const computerNameOf = (machine: string): string => `${machine.toUpperCase()}-LAB`;
