import { closeSync, existsSync, openSync, readSync, rmSync } from 'node:fs';
import { Fault } from '../../core/errors.ts';
import type { Disk } from './disk.ts';
import { type Helper, wideStrings } from './wire.ts';

export interface CommandOptions {
  /** The whole command line, as CreateProcess gets it. */
  readonly line: string;
  /** Windows folder to start in; '' for the agent's own. */
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const ERROR_INTERNAL_ERROR = 1359;
const MOST_TRIES = 3;

/** A command that the agent runs in the guest. What it prints goes to files on the guest's disk, never to a pipe. */
export class RunningCommand {
  readonly #agent: Helper;
  readonly #id: number;
  readonly #outputs: { readonly stdout: OutputFile; readonly stderr: OutputFile };
  #exitCode: number | undefined;
  /** Full 32 bits; 1 when it was terminated or the guest's power went off. */
  readonly exited: Promise<number>;

  private constructor(agent: Helper, id: number, exited: Promise<number>, stdout: string, stderr: string) {
    this.#agent = agent;
    this.#id = id;
    this.#outputs = { stdout: new OutputFile(stdout), stderr: new OutputFile(stderr) };
    this.exited = Promise.race([exited, agent.closed.then(() => 1)]).then((code) => (this.#exitCode = code));
  }

  /**
   * Starts a command line; again where Wine could not for a reason of its own, which happens on a busy host.
   * @throws Fault `guest-command` when Windows can't start the program
   */
  static async start(
    agent: Helper,
    disk: Disk,
    options: CommandOptions,
    tries = MOST_TRIES,
  ): Promise<RunningCommand> {
    const id = agent.newId();
    const stdout = `C:\\lab\\jobs\\${id}.out`;
    const stderr = `C:\\lab\\jobs\\${id}.err`;
    const settings = Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`);
    const exited = agent.exitOf(id);
    const request = wideStrings(options.line, options.folder ?? '', stdout, stderr, ...settings, '');
    const status = (await agent.request('P', request, id)).readUInt32LE();
    if (status !== 0) {
      agent.notify('F', id);
      if (status === ERROR_INTERNAL_ERROR && tries > 1)
        return RunningCommand.start(agent, disk, options, tries - 1);
      throw new Fault(`The guest could not start ${options.line} (error ${status})`, {
        code: 'guest-command',
        blame: 'machine',
        remedy: 'Check the name of the program.',
      });
    }
    return new RunningCommand(agent, id, exited, disk.path(stdout), disk.path(stderr));
  }

  /** undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** What was printed since the last call, in the OEM code page. */
  read(): { stdout: Buffer; stderr: Buffer } {
    return { stdout: this.#outputs.stdout.read(), stderr: this.#outputs.stderr.read() };
  }

  /** Resolves when its stdin has taken the bytes, or never will. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0 && this.#exitCode === undefined) await this.#agent.sendInput(this.#id, bytes);
  }

  /** After what was written before. */
  closeInput(): void {
    void this.#agent.sendInput(this.#id, new Uint8Array());
  }

  /** Ends it with everything that it started. */
  terminate(): void {
    if (this.#exitCode === undefined) this.#agent.notify('T', this.#id);
  }

  /** Gives its handles and files back. */
  forget(): void {
    this.terminate();
    this.#agent.notify('F', this.#id);
    this.#agent.forgetInput(this.#id);
    this.#outputs.stdout.remove();
    this.#outputs.stderr.remove();
  }
}

/** What a remote shell needs of a command. */
export type ShellCommand = Pick<
  RunningCommand,
  'exitCode' | 'exited' | 'read' | 'write' | 'closeInput' | 'terminate' | 'forget'
>;

class OutputFile {
  #offset = 0;

  constructor(readonly path: string) {}

  read(): Buffer {
    if (!existsSync(this.path)) return Buffer.alloc(0);
    const file = openSync(this.path, 'r');
    try {
      const chunks: Buffer[] = [];
      for (;;) {
        const chunk = Buffer.alloc(1 << 16);
        const size = readSync(file, chunk, 0, chunk.length, this.#offset);
        if (size === 0) return Buffer.concat(chunks);
        this.#offset += size;
        chunks.push(chunk.subarray(0, size));
      }
    } finally {
      closeSync(file);
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
