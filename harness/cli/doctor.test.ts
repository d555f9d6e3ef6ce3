import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { type LabState, ROOT } from '../config/lab-state.ts';
import { EXAMPLE_CONFIG } from '../config/example.ts';
import { EXIT_CODE } from '../core/exit-code.ts';

/* `sspr doctor` as a process, with real Vagrant; its pieces are tested beside them. */

const SSPR = join(ROOT, 'harness/cli/sspr.js');

describe('sspr doctor', function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-doctor-'));
  const lab = join(folder, 'lab');
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    SSPR_LAB_FOLDER: lab,
    VAGRANT_DOTFILE_PATH: join(folder, 'vagrant'),
    NO_COLOR: '1',
  };
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function sspr(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    // Whoever has an sspr.yaml does not want it to be looked at by a test.
    const config = args.includes('--config') ? [] : ['--config', 'lab'];
    const child = spawn(process.execPath, [SSPR, ...args, ...config], {
      env: { ...environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** Names of the lines in that state. */
  const lines = (output: string, state: string): string[] =>
    output.split('\n').flatMap((line) => {
      const [, found, what] = /^ {2}(\S+) +(\S.{0,18}\S) {2,}\S/.exec(line) ?? [];
      return found === state && what !== undefined ? [what.trim()] : [];
    });

  describe('on the lab', () => {
    before(async () => {
      mkdirSync(join(ROOT, '.lab/cache'), { recursive: true });
      mkdirSync(lab);
      symlinkSync(join(ROOT, '.lab/cache'), join(lab, 'cache'));
      const { code, output } = await sspr(['up', 'win7']);
      expect(code, output).toBe(EXIT_CODE.compliant);
    });
    after(async () => {
      const { code, output } = await sspr(['down']);
      expect(code, output).toBe(EXIT_CODE.compliant);
    });

    it('goes on to its end when nobody reads along any more', async () => {
      const child = spawn(process.execPath, [SSPR, 'doctor', '--config', 'lab'], {
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
      child.stdout.destroy();
      const [code] = (await once(child, 'close')) as [number | null];
      expect(complaint).toBe('');
      expect(code).toBe(EXIT_CODE.compliant);
    });

    it('finds all well when it is up', async () => {
      const { code, output } = await sspr(['doctor']);
      expect(code, output).toBe(EXIT_CODE.compliant);
      for (const state of ['PROBLEM', 'UNKNOWN', '-']) expect(lines(output, state), output).toEqual([]);
      expect(lines(output, 'ok')).toEqual(
        expect.arrayContaining([
          'Vagrant',
          'package',
          'licence',
          'registration',
          'WinRM',
          'Windows',
          'console',
        ]),
      );
      expect(output).toMatch(/\nwin7\n/);
      expect(output.trimEnd().endsWith('no problems'), output).toBe(true);
      for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    });

    it('finds a wrong client secret and a wrong VNC password, each in one line, and the rest all the same', async () => {
      const state = JSON.parse(readFileSync(join(lab, 'run/lab.json'), 'utf8')) as LabState;
      const guest = join(folder, 'vagrant/machines/win7/lab/guest.json');
      const [secret, told] = [readFileSync(state.clientSecretFile), readFileSync(guest, 'utf8')];
      const wrong = JSON.parse(told) as { vnc: { password: string } };
      wrong.vnc.password = 'wrong';
      try {
        writeFileSync(state.clientSecretFile, 'wrong-secret');
        writeFileSync(guest, JSON.stringify(wrong), { mode: 0o600 });
        const { code, output } = await sspr(['doctor']);
        expect(code, output).toBe(EXIT_CODE.badUsage);
        expect(lines(output, 'PROBLEM'), output).toEqual(['token', 'console']);
        expect(lines(output, 'UNKNOWN'), output).toEqual([]);
        expect(lines(output, 'ok')).toEqual(expect.arrayContaining(['WinRM', 'WinRM settings', 'clock']));
        expect(output).not.toContain('wrong-secret');
      } finally {
        writeFileSync(state.clientSecretFile, secret);
        writeFileSync(guest, told, { mode: 0o600 });
      }
    });
  });

  it('on a host that has a provider and a box, and nothing else yet, finds just that', async () => {
    const programs = join(folder, 'programs');
    const home = join(folder, 'vagrant-home');
    mkdirSync(programs);
    // VirtualBox cannot run here; Vagrant and its box are real.
    writeFileSync(join(programs, 'VBoxManage'), '#!/bin/sh\necho 7.0.26r168464\n');
    chmodSync(join(programs, 'VBoxManage'), 0o755);
    writeFileSync(join(folder, 'metadata.json'), '{"provider":"virtualbox"}');
    execFileSync('tar', ['czf', 'seven.box', 'metadata.json'], { cwd: folder });
    const real = {
      VAGRANT_HOME: home,
      PATH: `${programs}:${process.env.PATH ?? ''}`,
      SSPR_BOX_WIN7: 'seven',
    };
    execFileSync('vagrant', ['box', 'add', 'seven', join(folder, 'seven.box')], {
      cwd: folder,
      env: { ...environment, ...real },
      stdio: 'pipe',
    });
    const config = join(folder, 'sspr.yaml');
    writeFileSync(config, EXAMPLE_CONFIG);
    const { code, output } = await sspr(['doctor', '--config', config], { ...real, SSPR_CLIENT_SECRET: '' });
    expect(code, output).toBe(EXIT_CODE.badUsage);
    expect(lines(output, 'ok')).toEqual(expect.arrayContaining(['VirtualBox', 'box of win7']));
    // How much memory is free is a matter of this host.
    const problems = lines(output, 'PROBLEM').filter((what) => what !== 'memory');
    expect(problems).toEqual(['box of win8', 'box of win81', 'package', 'settings']);
    expect(output).toContain('Set SSPR_CLIENT_SECRET and run it again.');
    expect(output).toMatch(
      /account sspr-test-1@contoso\.example\n +- +account +waits for the tenant's settings/,
    );
    expect(output.replace(/\s+/g, ' ')).toContain(
      `not running: not checked; npx sspr up win7 --config ${config}`,
    );
  });

  it('ends as interrupted when it is, whatever the programs say that were asked', async () => {
    const config = join(folder, 'interrupted.yaml');
    writeFileSync(config, EXAMPLE_CONFIG);
    const child = spawn(process.execPath, [SSPR, 'doctor', '--config', config], {
      env: { ...environment, SSPR_CLIENT_SECRET: '' },
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // The whole group, as a terminal does.
    child.stdout.once('data', () => process.kill(-(child.pid ?? 0), 'SIGINT'));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(EXIT_CODE.interrupted);
  });
});
