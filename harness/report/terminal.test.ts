import { expect } from '@playwright/test';
import { cells } from './ansi.ts';
import { HOSTILE, testFolder } from './example/folder.ts';
import { writeExample, type ExampleOptions } from './example/journal.ts';
import { openTerminal } from './terminal.ts';

const ESC = '\u001b';
const TOKENS = new RegExp(`${ESC}\\[\\d*[A-Za-z]|\\r|\\n|[^${ESC}\\r\\n]+`, 'g');

/** What a terminal shows after this was written to it: lines, the cursor going up, and erasing to the end. */
function screenAfter(written: string): string[] {
  const lines = [''];
  let row = 0;
  for (const token of written.match(TOKENS) ?? []) {
    const up = token.startsWith(ESC) && /(\d+)A$/.exec(token);
    if (up) row -= Number(up[1]);
    else if (token === `${ESC}[J`) lines.splice(row, Infinity, '');
    else if (token === '\n') lines[++row] ??= '';
    else if (!token.startsWith(ESC) && token !== '\r') lines[row] = (lines[row] ?? '') + token;
    if (row < 0) throw new Error('the cursor left the screen at the top');
  }
  return lines;
}

describe('live view of a run', () => {
  const folder = testFolder();

  const show = (
    options: ExampleOptions,
    terminal: { isTTY: boolean; columns: number; color?: boolean },
  ): string => {
    let written = '';
    const stream = {
      isTTY: terminal.isTTY,
      columns: terminal.columns,
      write: (text: string) => (written += text),
    };
    const view = openTerminal({ stream, color: terminal.color ?? false });
    for (const event of writeExample(folder(), options)) view.event(event);
    view.close();
    return written;
  };

  it('is a line for each machine, redrawn in place, below what needs attention', () => {
    const lines = screenAfter(show({ troubled: true }, { isTTY: true, columns: 100 }));
    expect(lines[0]).toMatch(/^Run .*: LAB - not a sign-off$/);
    expect(lines.filter((line) => line.startsWith('[win7]'))).toEqual([
      '[win7] fail tls.client-enabled: TLS 1.2 is switched off for clients.',
    ]);
    expect(lines.slice(-4)).toEqual([
      expect.stringMatching(/^win7 +━{12} down +ran to its end +✓ 40 +✗ 1 +! 0 +1:26$/),
      expect.stringMatching(/^win8 +━{12} down +ran to its end +✓ 39 +✗ 0 +! 0 +1:37$/),
      expect.stringMatching(/^win81 +━{12} down +ran to its end +✓ 35 +✗ 0 +! 1 +1:48$/),
      '',
    ]);
  });

  it('never writes a machine line wider than the terminal', () => {
    for (const columns of [20, 40, 60, 80, 200]) {
      const lines = show({ troubled: true }, { isTTY: true, columns })
        .split(new RegExp(`${ESC}\\[\\d*[AJ]|[\\r\\n]`))
        .filter((line) => /^win\d/.test(line));
      expect(lines.length).toBeGreaterThan(300);
      expect(Math.max(...lines.map(cells)), `at ${columns} columns`).toBeLessThan(columns);
    }
  });

  it('is plain lines with the name of the machine where there is no terminal', () => {
    const written = show({ troubled: true }, { isTTY: false, columns: 80 });
    const lines = written.split('\n');
    expect(written).not.toContain(ESC);
    expect(lines).toContain('[win7] stage logon: logon');
    expect(lines).toContain('[win7] fail tls.client-enabled: TLS 1.2 is switched off for clients.');
    expect(lines).toContain('[win81] ran to its end');
    expect(written).not.toMatch(/timeline|readable/);
    expect(lines.filter((line) => line.startsWith('[win81] fault in stage audit (tenant)'))).toHaveLength(1);
    expect(lines.filter((line) => line !== '' && !/^(\[win\d+\]|Run )/.test(line))).toEqual([]);
  });

  it('calls waived what is waived, and does not keep it as a failure', () => {
    const plain = show({}, { isTTY: false, columns: 80 });
    expect(plain).toMatch(/\[win8\] waived logging\.machine-event: The Application log has no entry/);
    expect(plain).not.toMatch(/stage \w+ failed/);
    const lines = screenAfter(show({}, { isTTY: true, columns: 100 }));
    expect(lines.filter((line) => line.startsWith('[win8] fail'))).toEqual([]);
    expect(lines.at(-3)).toMatch(/^win8 .*✗ 0 /);
    expect(show({ waivers: 'none' }, { isTTY: false, columns: 80 })).toContain('[win8] fail logging.machine');
  });

  it('passes no escape sequence of hostile text on', () => {
    const written = show({ hostile: HOSTILE }, { isTTY: true, columns: 100, color: true });
    const sequences = written.split(ESC).slice(1);
    expect(sequences.filter((sequence) => !/^\[(\d+[mA]|J)/.test(sequence))).toEqual([]);
  });
});
