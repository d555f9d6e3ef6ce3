import { expect } from '@playwright/test';
import { Deadline } from '../core/deadline.ts';
import type { Channel } from './channel.ts';
import { setVerboseLogging } from './logging.ts';

/** Answers `reg query`, `reg add` and `reg delete` with these exit codes. */
function machine(
  exits: Readonly<Record<'query' | 'add' | 'delete', number>>,
): Channel & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    exec({ line }) {
      lines.push(line);
      const verb = line.split(' ')[1] as keyof typeof exits;
      return Promise.resolve({ exitCode: exits[verb], stdout: '', stderr: 'Access is denied.', ms: 1 });
    },
    put: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

const deadline = (): Deadline => Deadline.in(1000, 'switching logging');

// That it really switches is shown with real reg.exe in probe/wine.test.ts.
describe('setVerboseLogging', () => {
  it('does not make the key of an add-in that is not there', async () => {
    const guest = machine({ query: 1, add: 0, delete: 0 });
    await expect(setVerboseLogging(guest, 'on', deadline())).rejects.toMatchObject({
      code: 'logging-no-add-in',
    });
    expect(guest.lines.filter((line) => line.startsWith('reg add'))).toEqual([]);
  });

  it('says what it could not switch', async () => {
    const guest = machine({ query: 0, add: 1, delete: 0 });
    await expect(setVerboseLogging(guest, 'off', deadline())).rejects.toThrow(
      /not switched off .*Access is denied/,
    );
  });
});
