import { expect } from '@playwright/test';
import { timedOut } from '../../core/deadline.ts';
import { type Blame, Fault } from '../../core/errors.ts';
import { EXIT_CODE } from '../../core/exit-code.ts';
import { Secret } from '../../core/secret.ts';
import { cells } from '../../report/ansi.ts';
import { examine, findingOf, once, problem } from './finding.ts';
import { exitCodeOf, printFinding, printSummary } from './print.ts';

const fault = (blame: Blame, more: { retryable?: boolean; code?: string; message?: string } = {}): Fault =>
  new Fault(more.message ?? 'it is so', { code: more.code ?? 'some-code', blame, remedy: 'Do it.', ...more });

describe('a finding of the doctor', () => {
  it('is a problem when it is known how things are, and unknown when nobody could find out', () => {
    for (const [error, state] of [
      [fault('config'), 'problem'],
      [fault('machine'), 'problem'],
      [fault('machine', { retryable: true }), 'problem'],
      [fault('tenant'), 'problem'],
      [fault('tenant', { retryable: true }), 'unknown'],
      [fault('network'), 'unknown'],
      [fault('harness'), 'unknown'],
      [timedOut('looking', 1000), 'unknown'],
      [new Error('a bug'), 'unknown'],
    ] as const) {
      expect(findingOf(error)).toMatchObject({ state, remedy: expect.stringMatching(/./) });
    }
  });

  it('is none when somebody interrupts', async () => {
    const look = () => Promise.reject(fault('harness', { code: 'interrupted' }));
    await expect(examine({ what: 'x', look })).rejects.toMatchObject({ code: 'interrupted' });
    await expect(once('x', look).needed()).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('shows no secret', () => {
    new Secret('open-sesame-47');
    expect(findingOf(fault('config', { message: 'refused: open-sesame-47' })).says).toBe('refused: ***');
  });

  it('names its cause, once', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:1');
    const make = (message: string) =>
      findingOf(new Fault(message, { code: 'c', blame: 'machine', remedy: 'r', cause })).says;
    expect(make('Nobody answers')).toBe('Nobody answers: connect ECONNREFUSED 127.0.0.1:1');
    expect(make('Nobody: connect ECONNREFUSED 127.0.0.1:1')).toBe('Nobody: connect ECONNREFUSED 127.0.0.1:1');
  });

  it('is found out once, and shows once', async () => {
    let asked = 0;
    const token = once('the token', (): string => {
      asked++;
      throw fault('config');
    });
    const lines = [
      { what: 'a', look: () => token.needed() },
      { what: 'token', look: () => token.own() },
      { what: 'b', look: async () => `x${await token.needed()}` },
    ];
    const found = await Promise.all(lines.map(examine));
    expect(found.map(({ state }) => state)).toEqual(['later', 'problem', 'later']);
    expect(found[2]).toEqual({ state: 'later', says: 'waits for the token' });
    expect(asked).toBe(1);
  });
});

describe('the doctor prints', () => {
  const finding = problem(
    'MaxShellsPerUser is 1, a run needs 2, and this sentence goes on until it needs a second line',
    'On the machine, as administrator: winrm set winrm/config/winrs @{MaxShellsPerUser="5"}',
  );

  it('three columns that fit into 80, with the remedy beneath', () => {
    const text = printFinding('WinRM settings', finding, { columns: 80, color: false });
    expect(text).toBe(`  PROBLEM  WinRM settings      MaxShellsPerUser is 1, a run needs 2, and this
                               sentence goes on until it needs a second line
                               > On the machine, as administrator: winrm set
                                 winrm/config/winrs @{MaxShellsPerUser="5"}
`);
    for (const line of text.split('\n')) expect(cells(line)).toBeLessThanOrEqual(80);
  });

  it('colour only when it is wanted', () => {
    expect(printFinding('x', finding, { columns: 80, color: true })).toContain(
      '\u001b[31mPROBLEM  \u001b[0m',
    );
    expect(printFinding('x', finding, { columns: 80, color: false })).not.toContain('\u001b');
  });

  it('a last line that counts', () => {
    const plain = { columns: 80, color: false };
    expect(printSummary(['ok', 'note'], plain)).toBe('\nno problems\n');
    expect(printSummary(['problem', 'later', 'later', 'unknown'], plain)).toBe(
      '\n1 problem, 1 could not be checked, 2 not looked at yet\n',
    );
  });

  it('and ends with the exit code that says what to do', () => {
    expect(exitCodeOf(['ok', 'note', 'later'])).toBe(EXIT_CODE.compliant);
    expect(exitCodeOf(['ok', 'unknown', 'later'])).toBe(EXIT_CODE.couldNotCheck);
    expect(exitCodeOf(['unknown', 'problem'])).toBe(EXIT_CODE.badUsage);
  });
});
