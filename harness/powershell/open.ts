import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { chooseExecutable, type Environment, findExecutable } from './executable.ts';
import type { PowerShell, Script } from './powershell.ts';
import { Shell } from './shell.ts';

export interface PowerShellChoice {
  /** A path, or a name on the PATH. When missing: see `chooseExecutable`. */
  readonly executable?: string | undefined;
  /** Of this process, as a rule: what PowerShell and the programs that it starts see. */
  readonly environment: Environment;
}

/** A PowerShell of this host. It is started by the first call, and again by the call after one that broke it. */
export function openPowerShell({ executable, environment }: PowerShellChoice): PowerShell {
  return new KeptPowerShell(chooseExecutable(executable, environment), environment);
}

class KeptPowerShell implements PowerShell {
  readonly #name: string;
  readonly #environment: Environment;
  #shell: Shell | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(name: string, environment: Environment) {
    this.#name = name;
    this.#environment = environment;
  }

  async run(script: Script, data: unknown, deadline: Deadline): Promise<unknown> {
    const before = this.#turn;
    let passOn = (): void => undefined;
    const mine = new Promise<void>((resolve) => (passOn = resolve));
    // Both: who gives up waiting does not let the next one in before the one at work.
    this.#turn = Promise.all([before, mine]);
    try {
      await orTimeUp(before, deadline);
      deadline.check();
      return await this.#run(script, data, deadline);
    } finally {
      passOn();
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    const shell = this.#shell;
    this.#shell = undefined;
    await shell?.leave();
  }

  async #run(script: Script, data: unknown, deadline: Deadline): Promise<unknown> {
    if (this.#shell?.gone) await this.#discard();
    this.#shell ??= new Shell(findExecutable(this.#name, this.#environment), this.#environment);
    try {
      return await this.#shell.run(script, data, deadline);
    } catch (error) {
      // What a script throws is an answer like any other; after all else nobody knows what the shell is at.
      if (!(error instanceof Fault && error.code === 'powershell-failed')) await this.#discard();
      throw error;
    }
  }

  async #discard(): Promise<void> {
    const shell = this.#shell;
    this.#shell = undefined;
    await shell?.discard();
  }
}

/** Waits for the work of others, but not longer than the deadline allows; how it ended does not matter. */
function orTimeUp(work: Promise<unknown>, deadline: Deadline): Promise<unknown> {
  const timeIsUp = new Promise((resolve) => {
    deadline.signal().addEventListener('abort', resolve, { once: true });
  });
  return Promise.race([work, timeIsUp]);
}
