import type { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import type { Channel, Command, ExecResult } from '../channel.ts';
import { since } from '../../core/clock.ts';
import { completeLine } from './command-line.ts';
import { OEM_CODE_PAGE, decodeOutput, readOemCodePage } from './output.ts';
import { putFile } from './put.ts';
import { type Run, Shell } from './shell.ts';
import { Transport } from './transport.ts';

/**
 * Opens a cmd shell on a machine through WinRM; it serves all commands until the channel is closed.
 * @throws Fault `winrm-unreachable` (try again), `winrm-unauthorized`, `winrm-protocol` (no WinRM service there),
 *   `winrm-quota` and the other codes of faults.ts, answer.ts and troubles.ts
 */
export async function openWinrm(endpoint: WinrmEndpoint, deadline: Deadline): Promise<Channel> {
  return new WinrmChannel(await Shell.open(new Transport(endpoint), deadline));
}

class WinrmChannel implements Channel {
  readonly #shell: Shell;
  #closed = false;
  #oemCodePage: number | undefined;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  async exec(command: Command, deadline: Deadline): Promise<ExecResult> {
    return this.#exec({ line: completeLine(command), shown: command.line }, deadline);
  }

  put(file: Uint8Array, path: string, deadline: Deadline): Promise<void> {
    const machine = {
      exec: (command: Command, limit: Deadline) => this.exec(command, limit),
      feed: (line: string, input: Uint8Array, limit: Deadline) =>
        this.#exec({ line, shown: line, input }, limit),
    };
    return putFile(machine, file, path, deadline);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#shell.close();
  }

  async #exec(run: Run, deadline: Deadline): Promise<ExecResult> {
    const start = performance.now();
    const { exitCode, stdout, stderr } = await this.#shell.run(run, deadline);
    const ms = since(start);
    const oemCodePage = (): Promise<number | undefined> => this.#askOemCodePage(deadline);
    return {
      exitCode,
      stdout: await decodeOutput(stdout, oemCodePage),
      stderr: await decodeOutput(stderr, oemCodePage),
      ms,
    };
  }

  /** Undefined where the machine does not say: the output is worth having also without. */
  async #askOemCodePage(deadline: Deadline): Promise<number | undefined> {
    if (this.#oemCodePage !== undefined) return this.#oemCodePage;
    const result = await this.#shell
      .run({ line: OEM_CODE_PAGE, shown: OEM_CODE_PAGE }, deadline)
      .catch(() => undefined);
    this.#oemCodePage = readOemCodePage(result?.stdout.toString('latin1') ?? '');
    return this.#oemCodePage;
  }
}
