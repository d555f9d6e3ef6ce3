import { spawnSync } from 'node:child_process';
import { describe, Fault } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

export interface ToolOptions {
  readonly cwd?: string;
  /** Goes to its standard input. */
  readonly input?: Secret;
}

/**
 * Runs a program to its end.
 * @returns what it printed
 * @throws Fault `tool-failed` (harness) with its last words
 */
export function tool(program: string, args: readonly string[], { cwd, input }: ToolOptions = {}): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    input: input?.reveal(),
    encoding: 'utf8',
    maxBuffer: Infinity,
  });
  if (status === 0) return stdout;
  const why = error ? describe(error) : (stderr || stdout).trim().slice(-800);
  throw new Fault(`${[program, ...args].join(' ')} failed: ${why}`, {
    code: 'tool-failed',
    blame: 'harness',
    remedy: 'Run "node harness/setup/setup.mjs --for vm", then the command by hand to see the whole output.',
    cause: error,
  });
}
