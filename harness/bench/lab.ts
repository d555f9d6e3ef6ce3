import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../config/lab-state.ts';

const runFile = promisify(execFile);
const SSPR = join(ROOT, 'harness/cli/sspr.js');

export interface BenchLab {
  readonly winrm: { readonly url: string; readonly user: string; readonly password: string };
  down(): Promise<void>;
}

/** Brings one machine up in a lab of its own, beside whatever else is up. */
export async function bringUp(machine: string): Promise<BenchLab> {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-bench-'));
  const lab = join(folder, 'lab');
  mkdirSync(lab);
  symlinkSync(join(ROOT, '.lab/cache'), join(lab, 'cache'));
  const env = { ...process.env, SSPR_LAB_FOLDER: lab, VAGRANT_DOTFILE_PATH: join(folder, 'vagrant') };
  const sspr = async (...args: string[]): Promise<string> =>
    (await runFile(process.execPath, [SSPR, ...args, '--config', 'lab'], { cwd: ROOT, env })).stdout;
  const down = async (): Promise<void> => {
    await sspr('down');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await sspr('up', machine);
    return { ...(JSON.parse(await sspr('endpoints', machine, '--json')) as Pick<BenchLab, 'winrm'>), down };
  } catch (error) {
    await down();
    throw error;
  }
}
