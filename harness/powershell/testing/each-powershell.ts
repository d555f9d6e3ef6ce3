import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { openPowerShell } from '../open.ts';
import type { PowerShell } from '../powershell.ts';
import { findPowerShells } from './find-powershell.ts';

/** A first start may compile for many seconds. */
export const soon = (ms = 60_000): Deadline => Deadline.in(ms, 'a test with a real PowerShell');

/** A test that gets a PowerShell of its own. */
export type PowerShellTest = (shell: PowerShell) => Promise<void>;

/**
 * To be called in a `describe`: skips its tests, with the reason, where there is no real PowerShell.
 * @param standIns script that defines cmdlets in place of those that this host has not
 * @returns `it` for a test that runs in every PowerShell that there is
 */
export function eachPowerShell(standIns: string): (title: string, test: PowerShellTest) => void {
  let executables: readonly string[] = [];

  before(async function () {
    const found = await findPowerShells();
    executables = found.executables;
    if (executables.length > 0) return;
    console.log(`      skipped: ${'why' in found ? found.why : ''}`);
    this.skip();
  });

  return (title, test) =>
    it(title, async () => {
      expect(executables.length).toBeGreaterThan(0);
      for (const executable of executables) {
        const shell = openPowerShell({ executable, environment: process.env });
        try {
          await shell.run({ doing: 'standing in', text: standIns }, null, soon());
          await test(shell);
        } finally {
          await shell.close();
        }
      }
    });
}
