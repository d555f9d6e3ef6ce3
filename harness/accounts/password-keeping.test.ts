import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Fault } from '../core/errors.ts';
import { poll } from '../core/poll.ts';
import { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';
import { openKeeping, type PasswordEntry } from './password-keeping.ts';

const PASSWORD = 'kept#Secret+4711';
const entry = (state: PasswordEntry['state'] = 'trying'): PasswordEntry => ({
  upn: 'anna@contoso.example',
  password: new Secret(PASSWORD),
  state,
  at: '2026-05-04T12:00:00.000Z',
});
const line = (state: PasswordEntry['state'] = 'trying') => ({ ...entry(state), password: PASSWORD });

async function faultOf(work: () => Promise<void>): Promise<Fault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('the password was kept');
}

describe('keeping new passwords', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sspr-keeping-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('in memory leaves them to the run', async () => {
    await expect(openKeeping({ keep: 'memory' }).keep(entry())).resolves.toBeUndefined();
  });

  describe('in a file', () => {
    const path = (): string => join(folder, 'passwords.jsonl');
    const open = () => openKeeping({ keep: 'file', path: path() });
    const lines = (): unknown[] =>
      readFileSync(path(), 'utf8')
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as unknown);

    it('adds a line each time, to what earlier runs have left', async () => {
      await open().keep(entry());
      const keeping = open();
      await keeping.keep(entry('trying'));
      await keeping.keep(entry('set'));
      expect(lines()).toEqual([line(), line('trying'), line('set')]);
      expect(statSync(path()).mode & 0o777).toBe(0o600);
    });

    it('makes one that only its owner can read, whatever the umask', async () => {
      const umask = process.umask(0);
      try {
        await open().keep(entry());
      } finally {
        process.umask(umask);
      }
      expect(statSync(path()).mode & 0o777).toBe(0o600);
    });

    for (const [name, prepare, found] of [
      ['others can read', () => writeFileSync(path(), '', { mode: 0o644 }), /its mode is 644, expected 600/],
      ['is a link', () => symlinkSync('real', path()), /is a link, a folder/],
      ['is a folder', () => mkdirSync(path()), /is a link, a folder/],
      ['lies in no folder', () => rmSync(folder, { recursive: true }), /ENOENT/],
    ] as const) {
      it(`refuses one that ${name}, before anything is tried`, () => {
        prepare();
        expect(open).toThrow(found);
        expect(existsSync(join(folder, 'real'))).toBe(false);
        mkdirSync(folder, { recursive: true });
      });
    }

    it('refuses one that has become readable for others since', async () => {
      const keeping = open();
      chmodSync(path(), 0o640);
      const fault = await faultOf(() => keeping.keep(entry()));
      expect(fault).toMatchObject({ code: 'password-not-kept', blame: 'config' });
      expect(readFileSync(path(), 'utf8')).toBe('');
    });
  });

  describe('by a command', () => {
    /** A command of our own; `arguments` of the script are its argv. */
    const open = (script: string, ms?: number) =>
      openKeeping({ keep: 'command', command: [process.execPath, '-e', script, 'contoso'] }, ms);

    it('gives it JSON on its standard input, and shows the password nowhere else', async () => {
      const seen = join(folder, 'seen.json');
      const script = `const fs = require('node:fs');
        const seen = { input: fs.readFileSync(0, 'utf8'), argv: process.argv, env: process.env };
        fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify(seen));`;
      await open(script).keep(entry('set'));
      const { input, ...rest } = JSON.parse(readFileSync(seen, 'utf8')) as { input: string; argv: string[] };
      expect(JSON.parse(input)).toEqual(line('set'));
      expect(rest.argv).toContain('contoso');
      expect(JSON.stringify(rest)).not.toContain(PASSWORD);
    });

    it('takes no part of it for a shell', async () => {
      const made = join(folder, 'made');
      const keeping = openKeeping({
        keep: 'command',
        command: ['/bin/cat', `$(touch ${made})`, `; touch ${made}`],
      });
      expect((await faultOf(() => keeping.keep(entry()))).message).toContain('exit code 1');
      expect(existsSync(made)).toBe(false);
    });

    it('takes a command that reads nothing, and one that leaves somebody behind, by their exit codes', async () => {
      await open('process.exit(0)').keep(entry());
      const leaving = `require('node:child_process').spawn('sleep', ['2'], { stdio: ['ignore', 'ignore', 'inherit'] }).unref()`;
      await open(leaving).keep(entry());
    });

    for (const [name, script, found] of [
      [
        'fails',
        `process.stdin.on('data', (d) => { console.error('no to ' + d); process.exitCode = 3 })`,
        /exit code 3: no to .*"password":"\*\*\*"/,
      ],
      ['is killed', `process.kill(process.pid, 'SIGKILL')`, /ended with SIGKILL/],
    ] as const) {
      it(`says so when it ${name}, without the password`, async () => {
        const fault = await faultOf(() => open(script).keep(entry()));
        expect(fault).toMatchObject({ code: 'password-not-kept', blame: 'config' });
        expect(fault.message).toMatch(found);
        expect(fault.message).not.toContain(PASSWORD);
      });
    }

    it('says so when there is no such command', async () => {
      const keeping = openKeeping({ keep: 'command', command: [join(folder, 'nothing')] });
      const fault = await faultOf(() => keeping.keep(entry()));
      expect(fault.code).toBe('password-not-kept');
      expect(fault.message).toMatch(/cannot be started .*ENOENT/);
    });

    it('does not wait for ever, and leaves nothing running', async () => {
      const pidFile = join(folder, 'pid');
      const script = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
      const fault = await faultOf(() => open(script, 700).keep(entry()));
      expect(fault.message).toMatch(/was not done after 0\.7 s/);
      const pid = Number(readFileSync(pidFile, 'utf8'));
      const gone = (): boolean => {
        try {
          return !process.kill(pid, 0);
        } catch {
          return true;
        }
      };
      await poll(
        () => Promise.resolve(gone() ? { done: true, value: true } : { done: false, seen: `${pid} runs` }),
        { deadline: Deadline.in(5000, 'waiting for the command to be gone'), everyMs: 20 },
      );
    });
  });
});
