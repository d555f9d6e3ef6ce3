import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { ROOT } from '../config/lab-state.ts';
import { EXIT_CODE } from '../core/exit-code.ts';
import type { Proof } from './proof.ts';

const SSPR = join(ROOT, 'harness/cli/sspr.js');

/* A sample of the whole proof, as people run it: one machine, two faults that one fault-free run serves. */
describe('sspr prove', function () {
  this.timeout(240_000);
  const results = mkdtempSync(join(tmpdir(), 'sspr-prove-test-'));
  after(() => rmSync(results, { recursive: true, force: true }));

  async function sspr(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [SSPR, 'prove', ...args], {
      env: { ...process.env, SSPR_RESULTS_FOLDER: results, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }

  it('seeds faults, has each caught by the control that names it, and keeps the reports', async () => {
    const { code, out, err } = await sspr(
      '--json',
      '--jobs',
      '1',
      '--only',
      'restart-pending',
      '--only',
      'verbose-logging-left-on',
    );
    expect(code, err + out).toBe(EXIT_CODE.compliant);
    const { faults, baselines } = JSON.parse(out) as Proof;
    expect(faults).toMatchObject([
      {
        id: 'restart-pending',
        result: 'proven',
        findings: [{ kind: 'caught', control: 'prerequisites.no-restart-pending', was: 'pass', is: 'fail' }],
      },
      { id: 'verbose-logging-left-on', result: 'proven' },
    ]);
    expect(baselines).toMatchObject([
      { result: 'proven', findings: [], serves: ['restart-pending', 'verbose-logging-left-on'] },
    ]);

    const [name = ''] = readdirSync(results);
    expect(name).toMatch(/^prove-\d{8}T\d{6}Z$/);
    for (const { report } of [...faults, ...baselines])
      expect(existsSync(join(results, name, report ?? 'none'))).toBe(true);
    expect(readFileSync(join(results, name, 'prove.html'), 'utf8')).toContain('restart-pending');
  });

  it('starts nothing when a fault is asked for that is not there', async () => {
    const { code, err } = await sspr('--only', 'restart-pendin');
    expect(code).toBe(EXIT_CODE.badUsage);
    expect(err).toMatch(/^error: Found the fault "restart-pendin"; expected one of: restart-pending, /);
  });
});
