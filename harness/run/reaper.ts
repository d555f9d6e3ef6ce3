import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Guards a run against its own sudden death: see reaper.mjs. */
export interface Reaper {
  /** The run has tidied up itself; nothing is left to do. */
  dismiss(): void;
}

export function startReaper(): Reaper {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./reaper.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  child.stdin.on('error', () => undefined);
  return { dismiss: () => void child.stdin.end('done') };
}
