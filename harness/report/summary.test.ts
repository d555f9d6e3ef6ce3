import { expect } from '@playwright/test';
import { cells, cut, fit, wantsColor, wrap } from './ansi.ts';
import { EXAMPLE_CATALOGUE } from './example/catalogue.ts';
import { HOSTILE, testFolder } from './example/folder.ts';
import { TROUBLED_WAIVERS, writeExample, type ExampleOptions } from './example/journal.ts';
import { fold } from './results.ts';
import { renderSummary } from './summary.ts';

describe('summary at the end of a run', () => {
  const folder = testFolder();
  const render = (options: ExampleOptions, columns = 100, color = false): string =>
    renderSummary(fold(writeExample(folder(), options), EXAMPLE_CATALOGUE), {
      color,
      columns,
      reportPath: 'test-results/r/report.html',
    });

  it('has a row for each control with a word for each machine', () => {
    const text = render({ troubled: true });
    expect(text).toMatch(/TLS 1\.2 is switched on for clients in the registry +✗ fail +✓ pass +✓ pass/);
    expect(text).toMatch(/The tenant has recorded the reset +✓ pass +✓ pass +! not checked/);
    expect(text.match(/[✓✗!–~·] (pass|fail|not checked|skipped|waived|n\/a)/g)).toHaveLength(3 * 41);
  });

  it('says what is not met and what could not be checked, each with what to do', () => {
    const text = render({ troubled: true });
    expect(text).toMatch(
      /Not met\n {2}✗ win7 \(required\) tls\.client-enabled\n +TLS 1\.2 is switched off.*\n +Expected: .*\n +Observed: Enabled = 0\n +To do: Create/,
    );
    expect(text).toMatch(
      /Could not be checked\n {2}! win81 \(required\) 4 controls\n[^]*To do: Grant AuditLog/,
    );
    expect(text).toContain('Flaky: fail, then pass');
  });

  it('ends with verdicts, exit code, the lab notice and the path of the report', () => {
    const text = render({ troubled: true });
    expect(text).toMatch(/win7 +Not compliant +40 of 41 passed, 1 failed, 1 min 26 s\n/);
    expect(text).toMatch(
      /Not compliant, exit code 1, [^]*LAB - not a sign-off[^]*Report: test-results\/r\/report\.html\n$/,
    );
    expect(render({ lab: false })).not.toContain('LAB');
    expect(render({ cut: 'died' })).toMatch(/win8 +Could not check .*its process died/);
  });

  it('says for each machine what the tenant wrote down, and how soon that could be read', () => {
    expect(render({ unrecorded: true })).toContain(
      [
        'Written down by the tenant',
        '  ✓ win7   Matched. The entry of the reset was readable at most 4.2 s after it was written.',
        '  ✓ win8   Matched. The entry of the reset was readable at most 4.2 s after it was written.',
        '  ✗ win81  Missing. No delay could be measured.\n',
      ].join('\n'),
    );
    expect(render({ troubled: true })).not.toMatch(/win81 .*(readable|delay)/);
    expect(render({ withoutTimelines: true })).not.toContain('Written down');
  });

  it('shows each waiver with its owner and its reason, and says what is wrong with it and what to do', () => {
    const text = render({ troubled: true, waivers: TROUBLED_WAIVERS });
    expect(text).toMatch(/TLS 1\.2 is switched on for clients in the registry +~ waived +✓ pass +✓ pass/);
    expect(text).toMatch(
      /Waivers\n {2}~ win8 logging\.machine-event \(in force, and needed\)\n +Quality, Anna Berg accepts it until 2027-03-31 on win8: This version/,
    );
    expect(text).toMatch(
      /~ logging\.machine-event \(expired\)\n +Quality, Anna Berg accepted it until 2026-10-31 on [^~]*Expired: Not in force since 2026-11-01: [^~]*To do: Remove it, or/,
    );
    expect(text).toContain('Could not check, exit code 3, 2 waived, ');
    expect(render({ waivers: 'none' })).not.toMatch(/waive/i);
  });

  it('keeps within the width of the terminal, with symbols and a legend where words have no room', () => {
    for (const columns of [50, 72, 100, 160]) {
      const lines = render({ troubled: true }, columns).split('\n');
      const table = lines.slice(0, lines.indexOf('Not met'));
      const tenant = lines.slice(lines.indexOf('Written down by the tenant')).slice(0, 3);
      expect(tenant).toHaveLength(3);
      expect(Math.max(...[...table, ...tenant].map(cells)), `at ${columns} columns`).toBeLessThanOrEqual(
        columns,
      );
    }
    expect(render({ troubled: true }, 50)).toContain('\n✓ pass, ✗ fail, ! not checked,');
  });

  it('has no escape sequence without colour, and none of hostile text with it', () => {
    expect(render({ hostile: HOSTILE })).not.toContain('\u001b');
    const sequences = render({ hostile: HOSTILE }, 100, true).split('\u001b').slice(1);
    expect(sequences.length).toBeGreaterThan(100);
    expect(sequences.filter((sequence) => !/^\[\d+m/.test(sequence))).toEqual([]);
  });
});

describe('text in the cells of a terminal', () => {
  it('counts wide characters twice, and cuts and fills to the cell', () => {
    expect([cells('abc'), cells('漢字'), cells('e\u0301'), cells('🙂')]).toEqual([3, 4, 1, 2]);
    expect([cut('abcdef', 4), cut('漢字漢字', 4), fit('ab', 4), cut('abc', 0)]).toEqual([
      'abc…',
      '漢…',
      'ab  ',
      '',
    ]);
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  });

  it('is coloured on a terminal only, and not with NO_COLOR', () => {
    expect(wantsColor({ isTTY: true }, {})).toBe(true);
    expect(wantsColor({}, {})).toBe(false);
    expect(wantsColor({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  });
});
