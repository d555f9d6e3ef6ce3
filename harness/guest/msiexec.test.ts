import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import type { Channel } from './channel.ts';
import { MSI_EXITS, msiExit } from './msiexec-codes.ts';
import { installLine, runMsiexec, uninstallLine } from './msiexec.ts';

describe('msiexec', () => {
  it('is run silently, without a restart of its own, with a log', () => {
    expect(installLine('C:\\a b\\x.msi', 'C:\\log.txt')).toBe(
      'start /wait msiexec /i "C:\\a b\\x.msi" /qn /norestart /l*v "C:\\log.txt"',
    );
    expect(uninstallLine('C:\\x.msi', 'C:\\l')).toBe(
      'start /wait msiexec /x "C:\\x.msi" /qn /norestart /l*v "C:\\l"',
    );
    expect(uninstallLine('{AB}', 'C:\\l')).toContain(' /x {AB} ');
  });

  it('counts exactly 0, 1641 and 3010 as installed', () => {
    const good = MSI_EXITS.filter((exit) => ['success', 'reboot'].includes(exit.class)).map(
      ({ code }) => code,
    );
    expect(good).toEqual([0, 1641, 3010]);
  });

  it('has one row for each code, in order, each with something to do', () => {
    const codes = MSI_EXITS.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
    for (const { remedy, meaning, name } of MSI_EXITS) {
      expect(name).toMatch(/^ERROR_[A-Z_]+$/);
      expect(`${meaning}${remedy}`.length).toBeGreaterThan(20);
    }
  });

  it('takes any other code for a failed install', () => {
    expect(msiExit(5)).toMatchObject({ code: 5, class: 'failed', meaning: 'Windows error 5' });
  });

  const LINE = installLine('C:\\x.msi', 'C:\\l');
  /** Ends with these codes, one after another, and then with the last one. */
  const ending = (...codes: number[]): Channel => ({
    exec: () =>
      Promise.resolve({
        exitCode: codes.length > 1 ? codes.shift()! : codes[0]!,
        stdout: '',
        stderr: '',
        ms: 12,
      }),
    put: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });

  it('gives the exit code its meaning', async () => {
    const run = await runMsiexec(ending(1603), LINE, Deadline.in(1000, 'installing'));
    expect(run).toMatchObject({ exit: { name: 'ERROR_INSTALL_FAILURE', class: 'failed' }, ms: 12 });
    expect(run.tries).toEqual([{ at: expect.stringMatching(/Z$/), exitCode: 1603, ms: 12 }]);
  });

  it('waits while another installation is in progress, and keeps every try', async () => {
    const run = await runMsiexec(ending(1618, 1601, 3010), LINE, Deadline.in(60_000, 'installing'), 1);
    expect(run.exit.code).toBe(3010);
    expect(run.tries.map(({ exitCode }) => exitCode)).toEqual([1618, 1601, 3010]);
  });

  it('ends with that code when there is no time left to wait', async () => {
    const run = await runMsiexec(ending(1618), LINE, Deadline.in(1000, 'installing'), 20_000);
    expect(run.exit).toMatchObject({ name: 'ERROR_INSTALL_ALREADY_RUNNING', class: 'retry' });
    expect(run.tries).toHaveLength(1);
  });

  it('stops waiting when the run is interrupted', async () => {
    const interruption = new AbortController();
    const deadline = Deadline.in(60_000, 'installing', interruption.signal);
    const running = runMsiexec(ending(1618), LINE, deadline, 20_000);
    setImmediate(() => interruption.abort());
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
  });
});
