import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { Channel, ExecResult } from '../channel.ts';
import { buildProbe } from './build.ts';
import { probe, readFacts, scriptPath } from './run.ts';

const said = (stdout: string, stderr = ''): ExecResult => ({ exitCode: 0, stdout, stderr, ms: 1 });

/** The least that the script can say: every part failed. */
const ALL_FAILED = JSON.stringify({
  schema: 1,
  failures: Object.fromEntries(
    'os clock tls connections proxy packages rebootPending credentialProviders products verboseLogging userAccountControl'
      .split(' ')
      .map((part) => [part, 'broken']),
  ),
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

  const broken: Readonly<Record<string, ExecResult>> = {
    'a script that died silently': said(''),
    'a script that died in the middle': said('SSPR-PROBE-BEGIN\r\n{"schema":1}\r\n'),
    'an answer cut short': said(framed('{"schema":1,')),
    'an error of cscript': said('', 'C:\\x.js(1, 1) Microsoft JScript compilation error: Syntax error'),
  };
  for (const [what, result] of Object.entries(broken)) {
    it(`is not taken in by ${what}`, () =>
      expect(() => readFacts(result)).toThrow(
        expect.objectContaining({ code: 'probe-failed', retryable: true }),
      ));
  }
});

describe('probe', () => {
  /** A machine that runs the script once it has been put there. */
  function machine(): Channel & {
    readonly lines: string[];
    readonly put: Channel['put'];
    readonly files: string[];
  } {
    const lines: string[] = [];
    const files: string[] = [];
    return {
      lines,
      files,
      exec({ line }) {
        lines.push(line);
        return Promise.resolve(said(files.length > 0 ? framed(ALL_FAILED) : 'SSPR-PROBE-MISSING\r\n'));
      },
      put(_file, path) {
        files.push(path);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }

  const deadline = (): Deadline => Deadline.in(5000, 'probing');

  it('puts the script there once, then needs one round trip', async () => {
    const guest = machine();
    await probe(guest, { urls: ['https://portal.test/a?b=c&d=e'] }, deadline());
    await probe(guest, { urls: [] }, deadline());
    expect(guest.files).toEqual([scriptPath(await buildProbe())]);
    expect(guest.lines).toHaveLength(3);
    expect(guest.lines[0]).toContain(' 10 "https://portal.test/a?b=c&d=e"');
  });

  it('passes on no URL that cmd.exe would change', async () => {
    for (const url of ['https://x.test/%41', 'https://x.test/" & del *', 'x y', 'portal']) {
      await expect(probe(machine(), { urls: [url] }, deadline())).rejects.toMatchObject({
        code: 'probe-url',
      });
    }
  });
});
