import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import type { RunEvent } from '../core/journal.ts';
import { startMachineProcess } from './machine-process.ts';

const CODE = 'code-that-only-the-machine-knows';
const SECRET = new URL('../core/secret.ts', import.meta.url).href;

/** Dies with a secret in its last words, as soon as the program of the process listens for that. */
const DYING = `
import { Secret } from ${JSON.stringify(SECRET)};
const code = new Secret(${JSON.stringify(CODE)});
process.on('newListener', (event) => {
  if (event === 'uncaughtException') queueMicrotask(() => {
    throw Object.assign(new Error('x'.repeat(900) + code.reveal()), { typed: code.reveal() });
  });
});`;

describe('the process of a machine', function () {
  this.timeout(20_000);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-process-'));
  const { NODE_OPTIONS } = process.env;
  after(() => {
    if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = NODE_OPTIONS;
    rmSync(folder, { recursive: true, force: true });
  });

  async function eventsOf(configFile: string): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    const job = {
      machine: 'win7',
      configFile,
      runFolder: folder,
      packagePath: '',
      stages: [],
      asIs: true,
    };
    const ask = () => Promise.reject(new Error('nobody is asked'));
    await startMachineProcess(job, { onEvent: (event) => events.push(event), ask }).ended;
    return events;
  }

  it('ends with an error that says what is wrong', async () => {
    const [started, fault, ended] = await eventsOf(join(folder, 'nowhere.yaml'));
    expect(started).toMatchObject({ type: 'machine-started' });
    expect(fault).toMatchObject({ type: 'fault', code: 'config-missing' });
    expect(ended).toMatchObject({ type: 'machine-ended', how: 'completed' });
  });

  it('shows no secret in its last words when it dies, though the run does not know it', async () => {
    writeFileSync(join(folder, 'dying.mjs'), DYING);
    process.env.NODE_OPTIONS = `--import tsx --import ${join(folder, 'dying.mjs')}`;
    const events = await eventsOf(join(folder, 'nowhere.yaml'));
    expect(events).toMatchObject([
      { type: 'machine-started' },
      { type: 'fault', code: 'machine-process-died', message: expect.stringMatching(/typed: '\*\*\*'/) },
      { type: 'machine-ended', how: 'died' },
    ]);
    expect(JSON.stringify(events)).not.toContain(CODE);
  });
});
