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

  it('gives the exit code its meaning', async () => {
    const channel: Channel = {
      exec: () => Promise.resolve({ exitCode: 1618, stdout: '', stderr: '', ms: 12 }),
      put: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const run = await runMsiexec(channel, installLine('C:\\x.msi', 'C:\\l'), Deadline.in(1000, 'installing'));
    expect(run).toMatchObject({ exit: { name: 'ERROR_INSTALL_ALREADY_RUNNING', class: 'retry' }, ms: 12 });
  });
});
