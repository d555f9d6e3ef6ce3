import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandOptions, RunningCommand } from './commands.ts';
import { decodeOem } from './oem.ts';
import {
  type WsmanRequest,
  WsmanFault,
  created,
  done,
  noSuchShell,
  received,
  started,
  timedOut,
} from './wsman.ts';

/** Starts a command in the guest. */
export type StartCommand = (options: CommandOptions) => Promise<RunningCommand>;

interface Shell {
  readonly codePage: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly commands: Map<string, RunningCommand>;
}

const UTF_8 = 65001;
/** How often a waiting Receive looks for output. */
const LOOK_EVERY_MS = 15;
/** Output of one answer; a client's envelope limit is 150 KiB at least, and Base64 adds a third. */
const CHUNK = 64 * 1024;

/** The remote shells of one power-on, and what is running in them. */
export class Shells {
  readonly #shells = new Map<string, Shell>();
  readonly #unsent = new WeakMap<RunningCommand, { stdout: Buffer; stderr: Buffer }>();

  constructor(private readonly start: StartCommand) {}

  /** @returns the SOAP answer @throws WsmanFault */
  async answer(request: WsmanRequest): Promise<string> {
    switch (request.operation) {
      case 'Create':
        return this.#create(request);
      case 'Command':
        return this.#command(request);
      case 'Receive':
        return this.#receive(request);
      case 'Send':
        return this.#send(request);
      case 'Signal':
        return this.#signal(request);
      case 'Delete':
        return this.#delete(request);
    }
  }

  #create(request: WsmanRequest): string {
    const id = randomUUID().toUpperCase();
    this.#shells.set(id, {
      codePage: Number(request.options.get('WINRS_CODEPAGE') ?? UTF_8),
      environment: request.environment,
      workingDirectory: request.workingDirectory,
      commands: new Map(),
    });
    return created(request, id);
  }

  async #command(request: WsmanRequest): Promise<string> {
    const shell = this.#shell(request);
    const skipCmd = /^true$/i.test(request.options.get('WINRS_SKIP_CMD_SHELL') ?? '');
    const command = await this.start({
      line: skipCmd ? request.commandLine : `cmd.exe /s /c "${request.commandLine}"`,
      folder: shell.workingDirectory === '' ? 'C:\\users\\vagrant' : shell.workingDirectory,
      environment: shell.environment,
    });
    const id = randomUUID().toUpperCase();
    shell.commands.set(id, command);
    return started(request, id);
  }

  /** Waits for output or the end, but never longer than the client said it would. */
  async #receive(request: WsmanRequest): Promise<string> {
    const shell = this.#shell(request);
    const command = this.#running(shell, request);
    const end = performance.now() + request.operationTimeoutMs;
    for (;;) {
      const code = command.exitCode; // before reading: what is printed last must not be lost
      const { output, more } = this.#next(command, shell.codePage);
      const some = output.stdout.length + output.stderr.length > 0;
      if (some || code !== undefined) return received(request, output, more ? undefined : code);
      if (performance.now() >= end) throw timedOut();
      await Promise.race([command.exited, delay(LOOK_EVERY_MS)]);
    }
  }

  #next(
    command: RunningCommand,
    codePage: number,
  ): { output: { stdout: Buffer; stderr: Buffer }; more: boolean } {
    const before = this.#unsent.get(command);
    const fresh = command.read();
    const all = {
      stdout: Buffer.concat([before?.stdout ?? Buffer.alloc(0), fresh.stdout]),
      stderr: Buffer.concat([before?.stderr ?? Buffer.alloc(0), fresh.stderr]),
    };
    const rest = { stdout: all.stdout.subarray(CHUNK), stderr: all.stderr.subarray(CHUNK) };
    this.#unsent.set(command, rest);
    const convert = (bytes: Buffer): Buffer =>
      codePage === UTF_8 ? Buffer.from(decodeOem(bytes.subarray(0, CHUNK))) : bytes.subarray(0, CHUNK);
    return {
      output: { stdout: convert(all.stdout), stderr: convert(all.stderr) },
      more: rest.stdout.length + rest.stderr.length > 0,
    };
  }

  #send(request: WsmanRequest): string {
    const command = this.#running(this.#shell(request), request);
    command.write(request.input.bytes);
    if (request.input.end) command.closeInput();
    return done(request);
  }

  /** Whatever the signal: the command ends. After its end it is forgotten, as clients expect. */
  #signal(request: WsmanRequest): string {
    const shell = this.#shell(request);
    const command = shell.commands.get(request.commandId);
    if (command?.exitCode === undefined) command?.terminate();
    else {
      command.forget();
      shell.commands.delete(request.commandId);
    }
    return done(request);
  }

  #delete(request: WsmanRequest): string {
    const shell = this.#shell(request);
    for (const command of shell.commands.values()) command.forget();
    this.#shells.delete(request.shellId);
    return done(request);
  }

  #shell({ shellId }: WsmanRequest): Shell {
    const shell = this.#shells.get(shellId);
    if (!shell) throw noSuchShell(shellId);
    return shell;
  }

  #running(shell: Shell, { commandId }: WsmanRequest): RunningCommand {
    const only = shell.commands.size === 1 ? [...shell.commands.values()][0] : undefined;
    const command = commandId === '' ? only : shell.commands.get(commandId);
    if (command) return command;
    throw new WsmanFault(
      2150858843,
      'w:InvalidSelectors',
      `The request for the Windows Remote Shell failed because there is no command with id ${commandId}.`,
    );
  }
}
