import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Guards a run against its own sudden death: see reaper.mjs. */
export interface Reaper {
  /** The run has tidied up itself; nothing is left to do. */
  dismiss(): void;
}

/** @param environment of the command that takes the lab down: which lab that is stands there */
export function startReaper(environment: NodeJS.ProcessEnv = process.env): Reaper {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./reaper.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: environment,
  });
  child.unref();
  child.stdin.on('error', () => undefined);
  return { dismiss: () => void child.stdin.end('done') };
}
