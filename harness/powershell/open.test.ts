import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Deadline } from '../core/deadline.ts';
import { describe as told, Fault } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { Secret } from '../core/secret.ts';
import { errorRecord } from './errors.ts';
import { openPowerShell } from './open.ts';
import type { PowerShell, Script } from './powershell.ts';

const FAKE = fileURLToPath(new URL('fake-powershell.mjs', import.meta.url));
const script = (text: string): Script => ({ doing: `doing ${text}`, text });
const soon = (ms = 10_000): Deadline => Deadline.in(ms, 'a test');

/** The Fault that a promise ends with. */
async function fault(work: Promise<unknown>): Promise<Fault> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

/** Not one that has ended and only waits for somebody to take note. */
const running = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
};

describe('openPowerShell', () => {
  let folder: string;
  let executable: string;
  const opened: PowerShell[] = [];
  const open = (settings: Readonly<Record<string, string>> = {}): PowerShell => {
    const shell = openPowerShell({ executable, environment: { PATH: process.env.PATH, ...settings } });
    opened.push(shell);
    return shell;
  };

  before(function () {
    if (process.platform === 'win32') {
      console.log(
        '      skipped: the stand-in for PowerShell is a script with #!, which Windows does not start',
      );
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'sspr-powershell-'));
    executable = join(folder, 'fake pwsh');
    writeFileSync(executable, `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' "$@"\n`);
    chmodSync(executable, 0o755);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((shell) => shell.close()));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  describe('data', () => {
    it('goes there and comes back as it is', async () => {
      const shell = open();
      const data = {
        quotes: `' " \u2018 \u2019 \u201c \u201d \` $(Get-Date) \${env:PATH} $x @( ; | & # <# #> -- \\ %PATH% \r\n\t`,
        words: ['重设密码', 'Réinitialiser', '🔑👩‍💻', '\u0001\u001b\u007f\u0085\u2028', ''],
        dates: ['2026-11-21T04:05:06Z', '/Date(0)/', '=x'],
        numbers: [0, -1, 1.5, 2 ** 40],
        truth: [true, false, null],
        nested: { one: [[1], []], empty: {} },
      };
      expect(await shell.run(script('echo'), data, soon())).toEqual(data);
    });

    it('of any shape does so', async () => {
      const shell = open();
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), async (data) => {
          const plain: unknown = JSON.parse(JSON.stringify(data));
          expect(await shell.run(script('echo'), plain, soon())).toEqual(plain);
        }),
        { numRuns: 50 },
      );
    });

    it('may be as large as a file', async () => {
      const data = { file: 'ü$('.repeat(1_700_000) };
      const back = (await open().run(script('echo'), data, soon())) as typeof data;
      expect(back.file.length).toBe(5_100_000);
      expect(back.file === data.file).toBe(true);
    });

    it('takes bytes as Base64, dates as ISO 8601, nothing as null, and never a Secret by mistake', async () => {
      const shell = open();
      const data = {
        bytes: new Uint8Array([1, 2, 255]),
        at: new Date(0),
        secret: new Secret('Not-for-you-1'),
      };
      expect(await shell.run(script('echo'), data, soon())).toEqual({
        bytes: 'AQL/',
        at: '1970-01-01T00:00:00.000Z',
        secret: '***',
      });
      expect(await shell.run(script('echo'), undefined, soon())).toBeNull();
    });

    it('comes back from a shell that ends its lines as Windows does', async () => {
      expect(await open({ FAKE_NEWLINE: 'crlf' }).run(script('echo'), ['a'], soon())).toEqual(['a']);
    });
  });

  it('passes over what else is printed, also on the standard error', async () => {
    const shell = open({ FAKE_BANNER: 'Welcome!\nSSPR-HELLO \n#ready' });
    expect(await shell.run(script('noise'), 1, soon())).toBe('heard');
    // More than a pipe holds: it must be read although nobody asks for it.
    expect(await shell.run(script('noise'), 20_000, soon())).toBe('heard');
    expect(await shell.run(script('echo'), 'still here', soon())).toBe('still here');
  });

  it('starts one process with nothing of the call in its arguments, and keeps it', async () => {
    const shell = open();
    expect(await shell.run(script('arguments'), 'a secret', soon())).toEqual([
      '-NoLogo',
      '-NoProfile',
      '-NonInteractive',
      '-ExecutionPolicy',
      'RemoteSigned',
      '-NoExit',
      '-Command',
      '-',
    ]);
    const [first, second] = [
      await shell.run(script('pid'), 0, soon()),
      await shell.run(script('pid'), 0, soon()),
    ];
    expect(second).toBe(first);
  });

  it('keeps the module path of another PowerShell away from it', async () => {
    const shell = open({ PSModulePath: '/modules/of/another', OTHER: 'kept' });
    expect(await shell.run(script('environment'), 'PSModulePath', soon())).toBeNull();
    expect(await shell.run(script('environment'), 'OTHER', soon())).toBe('kept');
  });

  it('lets calls wait for each other', async () => {
    const shell = open();
    const answers = Promise.all([1, 2, 3, 4, 5].map((n) => shell.run(script('echo'), n, soon())));
    expect(await answers).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives up waiting for another call in time, without disturbing it', async () => {
    const shell = open();
    const slow = fault(shell.run(script('hang'), null, soon(600)));
    const hasty = await fault(shell.run(script('echo'), 1, soon(100)));
    const patient = shell.run(script('echo'), 2, soon());
    expect(hasty.code).toBe('timed-out');
    expect((await slow).message).toContain('doing hang');
    expect(await patient).toBe(2);
  });

  describe('an error of the script', () => {
    it('is a Fault with what decides, and the shell goes on', async () => {
      const shell = open();
      const first = await shell.run(script('pid'), 0, soon());
      const error = await fault(shell.run(script('throw'), "L'accès est refusé.", soon()));
      expect(error).toMatchObject({ code: 'powershell-failed', blame: 'machine' });
      expect(error.message).toBe(
        "PowerShell failed while doing throw: L'accès est refusé. (Some,Id, OpenError, line 3)",
      );
      expect(errorRecord(error)).toMatchObject({ id: 'Some,Id', category: 'OpenError', number: -5 });
      expect(await shell.run(script('pid'), 0, soon())).toBe(first);
    });

    it('shows no secret that the shell was about to say when it ended', async () => {
      const secret = new Secret('Half-a-secret-is-one-too');
      const error = await fault(open().run(script('babble'), `${secret.reveal()}${'x'.repeat(290)}`, soon()));
      expect(error.message).toContain('***xxx');
      expect(error.message).not.toContain('one-too');
    });

    it('shows no secret', async () => {
      const secret = new Secret('Tr0ub4dor&3-shell');
      const error = await fault(open().run(script('throw'), `bad password ${secret.reveal()}`, soon()));
      expect(told(error)).toContain('bad password ***');
      expect(JSON.stringify([told(error), errorRecord(error)])).not.toContain('Tr0ub4dor');
    });
  });

  describe('a shell that misbehaves is thrown away', () => {
    const WAYS: readonly (readonly [string, unknown, RegExp])[] = [
      ['exit', 3, /it ended with exit code 3/],
      ['exit', 0, /it ended with exit code 0/],
      ['vanish', null, /it was ended by SIGKILL/],
      ['garbage', null, /there is no answer in its output/],
      ['half', null, /its answer is not whole/],
      ['half-exit', null, /it ended with exit code 0/],
      ['shapeless', null, /its answer is of another shape/],
      ['not-json', null, /its answer is not JSON/],
      ['other-call', null, /there is no answer/],
      ['flood', null, /it printed more than 128 MB/],
    ];
    for (const [way, data, why] of WAYS) {
      it(`${way} ${JSON.stringify(data)}`, async () => {
        const shell = open();
        const first = await shell.run(script('pid'), 0, soon());
        const error = await fault(shell.run(script(way), data, soon()));
        expect(error).toMatchObject({ code: 'powershell-protocol', retryable: true });
        expect(error.message).toMatch(why);
        const second = await shell.run(script('pid'), 0, soon());
        expect(second).not.toBe(first);
        expect(running(Number(first))).toBe(false);
      });
    }

    it('when it never answers, with its children', async () => {
      const shell = open();
      const error = await fault(shell.run(script('child'), null, soon(1500)));
      expect(error).toMatchObject({ code: 'timed-out' });
      const child = Number(/child (\d+)/.exec(error.message)?.[1]);
      expect(child).toBeGreaterThan(1);
      await poll(
        () =>
          Promise.resolve(running(child) ? { done: false, seen: 'running' } : { done: true, value: true }),
        { deadline: soon(), everyMs: 20 },
      );
      expect(await shell.run(script('echo'), 'again', soon())).toBe('again');
    });

    it('when the run is interrupted', async () => {
      const shell = open();
      const first = await shell.run(script('pid'), 0, soon());
      const abort = new AbortController();
      const work = fault(shell.run(script('hang'), 0, Deadline.in(10_000, 'a test', abort.signal)));
      setTimeout(() => abort.abort(), 50);
      expect(await work).toMatchObject({ code: 'interrupted' });
      expect(running(Number(first))).toBe(false);
    });

    it('when it ended between two calls', async () => {
      const shell = open();
      const first = Number(await shell.run(script('pid'), 0, soon()));
      process.kill(first, 'SIGKILL');
      await poll(
        () =>
          Promise.resolve(running(first) ? { done: false, seen: 'running' } : { done: true, value: true }),
        { deadline: soon(), everyMs: 10 },
      );
      const error = await shell.run(script('echo'), 1, soon()).catch((thrown: unknown) => thrown);
      // Either it was noticed in time, or the call says so and the next one works.
      if (error !== 1) expect(error).toMatchObject({ code: 'powershell-protocol', retryable: true });
      expect(await shell.run(script('echo'), 2, soon())).toBe(2);
    });
  });

  describe('a shell that cannot be used', () => {
    it('because it is not there', async () => {
      const places = ['/nowhere/pwsh', 'no-such-pwsh', tmpdir(), FAKE, 'a\0b'];
      for (const place of places) {
        const shell = openPowerShell({ executable: place, environment: { PATH: folder } });
        expect(await fault(shell.run(script('echo'), 1, soon()))).toMatchObject({
          code: 'powershell-missing',
          blame: 'config',
        });
        await shell.close();
      }
    });

    it('because the system cannot start it', async () => {
      const broken = join(folder, 'broken');
      writeFileSync(broken, '#!/nowhere/interpreter\n', { mode: 0o755 });
      const shell = openPowerShell({ executable: broken, environment: {} });
      expect(await fault(shell.run(script('echo'), 1, soon()))).toMatchObject({ code: 'powershell-missing' });
      expect(await fault(shell.run(script('echo'), 1, soon()))).toMatchObject({ code: 'powershell-missing' });
      await shell.close();
    });

    const UNFIT: readonly (readonly [string, Readonly<Record<string, string>>, string, RegExp])[] = [
      ['too old', { FAKE_VERSION: '2.0' }, 'powershell-unsuitable', /version 2.0, needed is 5.1/],
      ['5.0', { FAKE_VERSION: '5.0.10586.117' }, 'powershell-unsuitable', /version 5.0/],
      ['restricted', { FAKE_MODE: 'ConstrainedLanguage' }, 'powershell-unsuitable', /ConstrainedLanguage/],
      ['one that ends at once', { FAKE_START: 'exit' }, 'powershell-protocol', /exit code 7/],
      ['silent', { FAKE_START: 'silent' }, 'timed-out', /doing echo/],
      ['an echo', { FAKE_START: 'echo' }, 'timed-out', /doing echo/],
      ['one that blocks scripts', { FAKE_START: 'blocked' }, 'powershell-protocol', /malicious content/],
    ];
    for (const [name, settings, code, message] of UNFIT) {
      it(`because it is ${name}`, async () => {
        const deadline = soon(code === 'timed-out' ? 500 : undefined);
        const error = await fault(open(settings).run(script('echo'), 1, deadline));
        expect(error).toMatchObject({ code });
        expect(error.message).toMatch(message);
      });
    }

    for (const version of ['5.1.14409.1018', '7.4.1', '7.5.0-preview.3', '10.0.0']) {
      it(`but ${version} can`, async () => {
        expect(await open({ FAKE_VERSION: version }).run(script('echo'), 1, soon())).toBe(1);
      });
    }
  });

  describe('chooses', () => {
    const CHOICES = [
      ['what is asked for', 'asked', { SSPR_POWERSHELL: 'ours', NODE_POWERSHELL: 'theirs' }],
      ['SSPR_POWERSHELL', undefined, { SSPR_POWERSHELL: 'asked', NODE_POWERSHELL: 'theirs' }],
      ['NODE_POWERSHELL', undefined, { SSPR_POWERSHELL: '', NODE_POWERSHELL: 'asked' }],
    ] as const;
    for (const [name, asked, environment] of CHOICES) {
      it(name, async () => {
        process.env.NODE_POWERSHELL = '/of/the/library';
        try {
          const error = await fault(
            openPowerShell({ executable: asked, environment }).run(script('x'), 0, soon()),
          );
          expect(error.message).toContain('cannot be started: asked: it is not on the PATH');
          expect(await open().run(script('echo'), 1, soon())).toBe(1);
        } finally {
          delete process.env.NODE_POWERSHELL;
        }
      });
    }
  });

  it('can be closed twice, and before it was used', async () => {
    const shell = open();
    await shell.close();
    const pid = Number(await shell.run(script('pid'), 0, soon()));
    await shell.close();
    await shell.close();
    expect(running(pid)).toBe(false);
  });
});
