import { expect } from '@playwright/test';
import { Deadline, timedOut } from '../../core/deadline.ts';
import type { Channel, ExecResult } from '../channel.ts';
import { EMPTY } from './answer.ts';
import { probe, probeScript, readFacts } from './run.ts';

const said = (stdout: string, stderr = ''): ExecResult => ({ exitCode: 0, stdout, stderr, ms: 1 });

/** The least that the script can say: every part failed. */
const ALL_FAILED = JSON.stringify({
  schema: 1,
  failures: Object.fromEntries(Object.keys(EMPTY).map((part) => [part, 'broken'])),
});
const framed = (json: string): string => `noise\r\nSSPR-PROBE-BEGIN\r\n${json}\r\nSSPR-PROBE-END\r\n`;

describe('readFacts', () => {
  it('takes the line between the sentinels', () => {
    expect(readFacts(said(framed(ALL_FAILED)))).toMatchObject({ schema: 1, os: { build: 0 }, packages: [] });
  });

  it('does not believe a part that is missing without a reason', () => {
    const json = ALL_FAILED.replace('"packages":"broken",', '');
    expect(() => readFacts(said(framed(json)))).toThrow(/packages/);
  });

  it('does not believe a part of another shape', () => {
    const json = ALL_FAILED.replace('"packages":"broken",', '').replace(
      '{"schema":1',
      '{"schema":1,"packages":[{"kb":1}]',
    );
    expect(() => readFacts(said(framed(json)))).toThrow(
      expect.objectContaining({ code: 'probe-answer-invalid' }),
    );
  });

  it('lets other programs have their say before and after it', () => {
    const banner = 'Microsoft (R) Windows Script Host, Version 5.8\r\n\r\nActive code page: 65001\r\n\ufeff';
    expect(readFacts(said(`${banner}${framed(ALL_FAILED)}\r\nTerminé.`))).toMatchObject({ schema: 1 });
  });

  it('says that scripts ran', () =>
    expect(readFacts(said(framed(ALL_FAILED))).scriptHost).toEqual({ state: 'available' }));

  const broken: Readonly<Record<string, [ExecResult, string]>> = {
    'a script that died silently': [said(''), 'probe-failed'],
    'an error of cscript': [
      said('', 'C:\\x.js(1, 1) Microsoft JScript compilation error: Syntax error'),
      'probe-failed',
    ],
    'an answer without its last line': [said('SSPR-PROBE-BEGIN\r\n{"schema":1}\r\n'), 'probe-cut-off'],
    'an answer without its first lines': [said('{"schema":1}\r\nSSPR-PROBE-END\r\n'), 'probe-failed'],
    'nothing but its first line': [said('SSPR-PROBE-BEGIN'), 'probe-cut-off'],
    'a line cut short': [said(framed('{"schema":1,')), 'probe-cut-off'],
    'another document': [said(framed('[]')), 'probe-answer-invalid'],
  };
  for (const [what, [result, code]] of Object.entries(broken)) {
    it(`is not taken in by ${what}`, () =>
      expect(() => readFacts(result)).toThrow(expect.objectContaining({ code })));
  }
});

describe('probe', () => {
  /** What a machine does with a line; `there` are the files that were put there. */
  type Answer = (line: string, there: ReadonlySet<string>) => ExecResult;

  const nothing = said('');
  const failed: ExecResult = { exitCode: 1, stdout: '', stderr: '脚本无法运行。\r\n', ms: 1 };

  /** Whether a line runs this script, which is not there. */
  const lacks = (line: string, there: ReadonlySet<string>): boolean =>
    [...line.matchAll(/if not exist "([^"]+\.js)"/g)].some(([, path = '']) => !there.has(path));

  function machine(
    answer: Answer,
    options: { readonly scanner?: boolean } = {},
  ): Channel & { readonly lines: string[]; readonly files: string[] } {
    const lines: string[] = [];
    const files: string[] = [];
    return {
      lines,
      files,
      exec({ line }) {
        lines.push(line);
        const there = new Set(options.scanner ? [] : files);
        return Promise.resolve(lacks(line, there) ? said('SSPR-SCRIPT-MISSING\r\n') : answer(line, there));
      },
      put(_file, path) {
        files.push(path);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }

  const runs: Answer = (line) =>
    said(line.includes('sspr-script-host') ? 'SSPR-SCRIPTS-RUN\r\n' : framed(ALL_FAILED));
  const deadline = (): Deadline => Deadline.in(5000, 'probing');

  it('puts the script there once, then needs one round trip', async () => {
    const guest = machine(runs);
    await probe(guest, { urls: ['https://portal.test/a?b=c&d=e'] }, deadline());
    await probe(guest, { urls: [] }, deadline());
    expect(guest.files).toEqual([(await probeScript()).path]);
    expect(guest.lines).toHaveLength(3);
    expect(guest.lines[0]).toContain(' 10 "https://portal.test/a?b=c&d=e"');
  });

  it('passes on no URL that cmd.exe would change', async () => {
    for (const url of ['https://x.test/%41', 'https://x.test/" & del *', 'x y', 'portal']) {
      await expect(probe(machine(runs), { urls: [url] }, deadline())).rejects.toMatchObject({
        code: 'probe-url',
      });
    }
  });

  it('tells the script on which way to connect, and passes on no way that cmd.exe would change', async () => {
    const guest = machine(runs);
    await probe(guest, { urls: [{ route: 'p.test:8080', url: 'https://portal.test/' }] }, deadline());
    expect(guest.lines[0]).toContain(' 10 "p.test:8080 https://portal.test/"');
    for (const route of ['p" & del *', '%p%', 'p q', '']) {
      const urls = [{ route, url: 'https://portal.test/' }];
      await expect(probe(machine(runs), { urls }, deadline())).rejects.toMatchObject({ code: 'probe-url' });
    }
  });

  it('has the 64-bit cscript run it, also from a 32-bit shell', async () => {
    const guest = machine(runs);
    await probe(guest, { urls: [] }, deadline());
    expect(guest.lines[0]).toMatch(
      /^\(cd \/d "%SystemRoot%\\Sysnative" 2>nul \|\| cd \/d "%SystemRoot%\\System32"\) & /,
    );
  });

  it('names a scanner that takes the script away', async () => {
    const guest = machine(runs, { scanner: true });
    await expect(probe(guest, { urls: [] }, deadline())).rejects.toMatchObject({
      code: 'probe-removed',
      blame: 'machine',
      remedy: expect.stringContaining('antivirus'),
    });
    expect(guest.files).toHaveLength(1);
  });

  it('names a scanner that takes the script away while it is started', async () => {
    const guest = machine((line) => (line.includes('sspr-script-host') ? runs(line, new Set()) : nothing));
    const { exec } = guest;
    guest.exec = async (command, limit) => {
      const result = await exec(command, limit);
      if (command.line.includes('cscript //nologo') && guest.files.length === 1) guest.files.pop();
      return result;
    };
    await expect(probe(guest, { urls: [] }, deadline())).rejects.toMatchObject({ code: 'probe-removed' });
  });

  it('takes a script that fails where others run for its own fault', async () => {
    const guest = machine((line) => (line.includes('sspr-script-host') ? runs(line, new Set()) : failed));
    await expect(probe(guest, { urls: [] }, deadline())).rejects.toMatchObject({
      code: 'probe-failed',
      message: expect.stringContaining('exit code 1'),
    });
  });

  it('lets the time that ran out be known as such', async () => {
    const guest = machine(runs);
    guest.exec = () => Promise.reject(timedOut('probing', 5000, 'nothing'));
    await expect(probe(guest, { urls: [] }, deadline())).rejects.toMatchObject({
      code: 'timed-out',
      retryable: true,
    });
  });

  describe('on a machine that runs no scripts', () => {
    const SETTINGS = /reg query "(HKEY_\w+)\\Software\\Microsoft\\Windows Script Host\\Settings"/i;
    const gone: Answer = (line) => {
      if (line.includes('echo SSPR-CSCRIPT-GONE')) return said('SSPR-CSCRIPT-GONE\r\n');
      return failed;
    };
    const disabledIn =
      (root: string, printed: string): Answer =>
      (line) => {
        const key = SETTINGS.exec(line)?.[1];
        if (key === root)
          return said(
            `\r\n${key}\\Software\\Microsoft\\Windows Script Host\\Settings\r\n    Enabled    ${printed}\r\n\r\n`,
          );
        return line.includes('echo SSPR-CSCRIPT-GONE') ? nothing : failed;
      };
    const blocked: Answer = (line) => (line.includes('echo SSPR-CSCRIPT-GONE') ? nothing : failed);

    const rows: readonly (readonly [string, Answer, object])[] = [
      ['without cscript.exe', gone, { state: 'missing', setting: '' }],
      [
        'disabled for the machine',
        disabledIn('HKEY_LOCAL_MACHINE', 'REG_DWORD    0x0'),
        {
          state: 'disabled',
          setting:
            'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings Enabled = REG_DWORD 0x0',
        },
      ],
      [
        'disabled for the account, as a text',
        disabledIn('HKEY_CURRENT_USER', 'REG_SZ    0'),
        {
          state: 'disabled',
          setting: expect.stringMatching(/^HKEY_CURRENT_USER.* Enabled = REG_SZ 0$/),
        },
      ],
      [
        'enabled, and blocked by something else',
        disabledIn('HKEY_LOCAL_MACHINE', 'REG_DWORD    0x1'),
        { state: 'blocked' },
      ],
      ['blocked by a policy', blocked, { state: 'blocked', setting: '' }],
    ];
    for (const [what, answer, scriptHost] of rows) {
      it(`${what}: says so, and never takes what it could not read for absent`, async () => {
        const facts = await probe(machine(answer), { urls: ['https://portal.test/'] }, deadline());
        expect(facts.scriptHost).toMatchObject({ ...scriptHost, exitCode: 1, message: '脚本无法运行。' });
        expect(facts.tls.enabled.state).toBe('unreadable');
        expect(facts.proxy.winHttpSettings.state).toBe('unreadable');
        expect(facts.verboseLogging.state).toBe('unreadable');
        expect(facts.failures.connections).toContain('Windows Script Host');
        const failures =
          'clock connections credentialProviders environment hotFixes os packages products providerFilters rebootPending';
        expect(Object.keys(facts.failures).sort()).toEqual(failures.split(' '));
      });
    }
  });
});
