import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What listing or ending processes may take, in milliseconds. */
const PATIENCE_MS = 5000;

/** Ends a process and all that it started, at once. Those that are gone already are no error. */
export async function endTree(pid: number): Promise<void> {
  if (process.platform === 'win32') {
    const taskkill = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32\\taskkill.exe');
    await run(taskkill, ['/pid', String(pid), '/t', '/f'], { timeout: PATIENCE_MS, windowsHide: true }).catch(
      () => undefined,
    );
  } else {
    for (const each of [...(await descendants(pid)), pid]) end(each);
  }
}

/** Source of the options: POSIX `ps`. A host without it loses the children only. */
async function descendants(pid: number): Promise<number[]> {
  const listed = await run('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { timeout: PATIENCE_MS }).catch(() => ({
    stdout: '',
  }));
  const pairs = listed.stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.filter(([, of]) => of === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid).filter((each) => each > 1);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}
