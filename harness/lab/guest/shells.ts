import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandOptions, ShellCommand } from './commands.ts';
import { PendingOutput } from './output.ts';
import type { WinrmSettings } from './winrm-settings.ts';
import {
  aborted,
  noSuchCommand,
  noSuchResource,
  noSuchShell,
  remoteShellsNotAllowed,
  timedOut,
  tooManyOperations,
  tooManyProcesses,
  tooManyShells,
} from './wsman-faults.ts';
import {
  SHELL_URI,
  type ShellOperation,
  type WsmanRequest,
  created,
  done,
  received,
  started,
} from './wsman.ts';

/** Starts a command in the guest. */
export type StartCommand = (options: CommandOptions) => Promise<ShellCommand>;

interface Command {
  readonly running: ShellCommand;
  readonly output: PendingOutput;
  /** Aborted when the command is taken away from those who wait for it. */
  readonly closed: AbortController;
}

interface Shell {
  readonly id: string;
  readonly codePage: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly idleTimeoutMs: number;
  readonly commands: Map<string, Command>;
  /** Requests that it is working on: it is not idle then. */
  busy: number;
  /** Commands that are about to run. */
  starting: number;
  idle: NodeJS.Timeout | undefined;
  /** Commands that were ever started in it. Windows counts them until the shell ends (MS-WSMV, note 118). */
  operations: number;
}

const UTF_8 = 65001;
/** How often a waiting Receive looks for output. */
const LOOK_EVERY_MS = 15;
/** Output that is more than a few lines, and how long more of it is waited for. */
const BULK = 8 * 1024;
const COLLECT_MS = 45;
/** The longest that an exit code can be. */
const HIGHEST_CODE = 0xffffffff;
/** What the tags of two streams take at most, beyond those of an empty answer. */
const STREAM_TAGS = 300;

/** The remote shells of one power-on, and what is running in them. All belong to the one user there is. */
export class Shells {
  readonly #shells = new Map<string, Shell>();

  constructor(
    private readonly start: StartCommand,
    private readonly settings: WinrmSettings,
  ) {}

  /**
   * @param limit the largest answer, in bytes
   * @param gone aborted when the client has left
   * @returns the SOAP answer
   * @throws WsmanFault
   */
  async answer(
    request: WsmanRequest,
    operation: ShellOperation,
    limit: number,
    gone: AbortSignal,
  ): Promise<string> {
    if (operation === 'Create') return this.#create(request);
    const shell = this.#shells.get(request.shellId);
    if (!shell) throw noSuchShell(request.shellId);
    shell.busy++;
    clearTimeout(shell.idle);
    try {
      switch (operation) {
        case 'Command':
          return await this.#command(shell, request);
        case 'Receive':
          return await this.#receive(shell, request, limit, gone);
        case 'Send':
          return await this.#send(shell, request);
        case 'Signal':
          return signal(shell, request);
        case 'Delete':
          this.#end(shell);
          return done(request);
      }
    } finally {
      shell.busy--;
      this.#watch(shell);
    }
  }

  /** Forgets all shells: the service stops. */
  close(): void {
    for (const shell of this.#shells.values()) this.#end(shell);
  }

  #create(request: WsmanRequest): string {
    const { winrs } = this.settings;
    if (!winrs.allowRemoteShellAccess) throw remoteShellsNotAllowed();
    if (request.resourceUri.toLowerCase() !== SHELL_URI) throw noSuchResource();
    if (this.#shells.size >= winrs.maxShellsPerUser) throw tooManyShells(winrs.maxShellsPerUser);
    const shell: Shell = {
      id: randomUUID().toUpperCase(),
      codePage: Number(request.options.get('WINRS_CODEPAGE') ?? UTF_8),
      environment: request.environment,
      workingDirectory: request.workingDirectory,
      idleTimeoutMs: Math.min(request.idleTimeoutMs ?? Infinity, winrs.idleTimeoutMs),
      commands: new Map(),
      busy: 0,
      starting: 0,
      idle: undefined,
      operations: 0,
    };
    this.#shells.set(shell.id, shell);
    this.#watch(shell);
    return created(request, shell.id);
  }

  /** Ends the shell when no client has asked anything of it for too long. */
  #watch(shell: Shell): void {
    if (shell.busy > 0 || !this.#shells.has(shell.id)) return;
    clearTimeout(shell.idle);
    shell.idle = setTimeout(() => this.#end(shell), shell.idleTimeoutMs);
    shell.idle.unref();
  }

  #end(shell: Shell): void {
    clearTimeout(shell.idle);
    this.#shells.delete(shell.id);
    for (const id of [...shell.commands.keys()]) closeCommand(shell, id);
  }

  async #command(shell: Shell, request: WsmanRequest): Promise<string> {
    this.#checkQuotas(shell);
    shell.operations++;
    shell.starting++;
    const skipCmd = /^(true|1)$/i.test(request.options.get('WINRS_SKIP_CMD_SHELL') ?? '');
    const running = await this.start({
      line: skipCmd ? request.commandLine : `cmd.exe /s /c "${request.commandLine}"`,
      folder: shell.workingDirectory === '' ? 'C:\\users\\vagrant' : shell.workingDirectory,
      environment: shell.environment,
    }).finally(() => shell.starting--);
    const id = randomUUID().toUpperCase();
    const output = new PendingOutput(running, shell.codePage);
    shell.commands.set(id, { running, output, closed: new AbortController() });
    // The shell may have been deleted meanwhile.
    if (!this.#shells.has(shell.id)) closeCommand(shell, id);
    return started(request, id);
  }

  #checkQuotas(shell: Shell): void {
    const { service, winrs, operationsQuotaDetail } = this.settings;
    const operations = [...this.#shells.values()].reduce((sum, { operations }) => sum + operations, 0);
    if (operations >= service.maxConcurrentOperationsPerUser)
      throw tooManyOperations(service.maxConcurrentOperationsPerUser, operationsQuotaDetail);
    const running = [...shell.commands.values()].filter(({ running }) => running.exitCode === undefined);
    if (running.length + shell.starting >= winrs.maxProcessesPerShell) throw tooManyProcesses();
  }

  /** Waits for output or the end, but never longer than the client said it would. */
  async #receive(shell: Shell, request: WsmanRequest, limit: number, gone: AbortSignal): Promise<string> {
    const { running, output, closed } = commandOf(shell, request);
    const end = performance.now() + this.#timeoutMs(request);
    const empty = received(request, { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }, HIGHEST_CODE);
    const room = base64Room(limit - Buffer.byteLength(empty) - STREAM_TAGS);
    let collectUntil: number | undefined;
    for (;;) {
      if (closed.signal.aborted || gone.aborted) throw aborted();
      const code = running.exitCode; // before reading: what is printed last must not be lost
      const some = output.refresh();
      const now = performance.now();
      // A command that prints a lot is worth a moment: fewer answers, each fuller.
      if (output.size > BULK) collectUntil ??= now + COLLECT_MS;
      const full = output.size >= room || now >= (collectUntil ?? now);
      if (code !== undefined || (some && full)) {
        const part = output.take(room);
        return received(request, part, output.empty ? code : undefined);
      }
      if (now >= end && !some) throw timedOut();
      await Promise.race([running.exited, delay(Math.max(1, Math.min(LOOK_EVERY_MS, end - now)))]);
    }
  }

  /** Answers when the command's stdin has taken the bytes, so that a client cannot run ahead of it. */
  async #send(shell: Shell, request: WsmanRequest): Promise<string> {
    const { running, closed } = commandOf(shell, request);
    const taken = running.write(request.input.bytes).then(() => 'taken' as const);
    if (request.input.end) running.closeInput();
    const settled = new AbortController();
    const waited = delay(this.#timeoutMs(request), 'late' as const, { signal: settled.signal }).catch(
      () => 'late' as const,
    );
    const ended = new Promise<'closed'>((resolve) => {
      closed.signal.addEventListener('abort', () => resolve('closed'), { signal: settled.signal });
    });
    const outcome = await Promise.race([taken, running.exited, waited, ended]);
    settled.abort();
    if (outcome === 'late') throw timedOut();
    if (outcome === 'closed') throw aborted();
    return done(request);
  }

  /** Source: MS-WSMV 3.1.4.1.6: a time that is missing or too long becomes the server's. */
  #timeoutMs({ operationTimeoutMs }: WsmanRequest): number {
    return Math.min(operationTimeoutMs ?? Infinity, this.settings.maxTimeoutMs);
  }
}

/** Whatever the signal, the command ends. `terminate` also means that its client is done with it. */
function signal(shell: Shell, request: WsmanRequest): string {
  const command = shell.commands.get(request.commandId);
  if (request.signal === 'terminate' || command?.running.exitCode !== undefined)
    closeCommand(shell, request.commandId);
  else command?.running.terminate();
  return done(request);
}

function closeCommand(shell: Shell, id: string): void {
  const command = shell.commands.get(id);
  shell.commands.delete(id);
  command?.closed.abort();
  command?.running.forget();
}

function commandOf(shell: Shell, { commandId }: WsmanRequest): Command {
  const only = shell.commands.size === 1 ? [...shell.commands.values()][0] : undefined;
  const command = commandId === '' ? only : shell.commands.get(commandId);
  if (command) return command;
  throw noSuchCommand(commandId);
}

/** Bytes whose Base64 fits into so many characters, with the padding of two streams. */
const base64Room = (characters: number): number => Math.max(1, Math.floor((characters - 8) / 4) * 3);
