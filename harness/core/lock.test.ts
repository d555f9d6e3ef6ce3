import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import { withLock } from './lock.ts';

describe('Lock file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sspr-lock-'));
  const file = join(folder, 'below', 'test.lock');
  const deadline = (): Deadline => Deadline.in(10_000, 'waiting for the lock');
  after(() => rmSync(folder, { recursive: true }));

  it('lets one at a time work, and leaves nothing behind, also when the work fails', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    const failing = withLock(file, deadline(), () => Promise.reject(new Error('the work failed')));
    await Promise.all([
      expect(failing).rejects.toThrow('the work failed'),
      ...Array.from({ length: 5 }, () => withLock(file, deadline(), work)),
    ]);
    expect(most).toBe(1);
    expect(readdirSync(join(folder, 'below'))).toEqual([]);
  });

  it('says who has it when time is up', async () => {
    await withLock(file, deadline(), async () => {
      const second = withLock(file, Deadline.in(120, 'waiting for the lock'), () => Promise.resolve());
      await expect(second).rejects.toThrow(`process ${process.pid} has the lock`);
    });
  });

  it('passes over from a process that was killed while it held it', async () => {
    const script = `import { withLock } from ${JSON.stringify(fileURLToPath(new URL('lock.ts', import.meta.url)))};
      import { Deadline } from ${JSON.stringify(fileURLToPath(new URL('../core/deadline.ts', import.meta.url)))};
      void withLock(${JSON.stringify(file)}, Deadline.in(60000, ''), () => new Promise(() => {
        console.log('held');
        setInterval(() => {}, 1000);
      }));`;
    const scriptFile = join(folder, 'holder.mts');
    writeFileSync(scriptFile, script);
    const holder = spawn(process.execPath, ['--import', 'tsx', scriptFile], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(existsSync(file)).toBe(true);
    holder.kill('SIGKILL');
    await once(holder, 'exit');

    const racers = Array.from({ length: 5 }, (_, racer) =>
      withLock(file, deadline(), () => Promise.resolve(racer)),
    );
    expect(await Promise.all(racers)).toEqual([0, 1, 2, 3, 4]);
    expect(readdirSync(join(folder, 'below'))).toEqual([]);
  });

  it('is not held by a process that has the same pid by chance', async () => {
    writeFileSync(file, JSON.stringify({ pid: process.pid, startTime: 'long ago' }));
    expect(await withLock(file, deadline(), () => Promise.resolve('mine'))).toBe('mine');
  });

  it('passes over also when the one who was about to take a stale lock away was killed, too', async () => {
    for (const stale of [file, `${file}.stale`])
      writeFileSync(stale, JSON.stringify({ pid: process.pid, startTime: 'long ago' }));
    expect(await withLock(file, deadline(), () => Promise.resolve('mine'))).toBe('mine');
    expect(readdirSync(join(folder, 'below'))).toEqual([]);
  });
});
