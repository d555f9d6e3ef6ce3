import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Deadline } from '../core/deadline.ts';
import { NOTHING_YET, nextTurn, Pace, paceFile, type PaceState } from './pace.ts';

const LIMIT = { requests: 5, perMs: 600 };
const CHILD = fileURLToPath(new URL('testing/pace-child.ts', import.meta.url));

const deadline = (ms = 15_000): Deadline => Deadline.in(ms, 'waiting for a turn');

/** No more than allowed in any stretch of time, by the instants at which requests were started. */
function expectWithin(starts: readonly number[], { requests, perMs } = LIMIT): void {
  const sorted = starts.toSorted((a, b) => a - b);
  for (const [at, start] of sorted.entries())
    expect((sorted[at + requests] ?? Infinity) - start).toBeGreaterThanOrEqual(perMs);
}

describe('The pace of requests', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-pace-'));
    file = paceFile(folder, 'tenant', 'app');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A process that starts so many requests, one after the other, and prints when. */
  function start(turns: number): { readonly kill: () => void; readonly starts: Promise<number[]> } {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', CHILD, file, JSON.stringify(LIMIT), String(turns)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const output = text(child.stdout);
    const starts = once(child, 'exit').then(async () =>
      (await output).split('\n').filter(Boolean).map(Number),
    );
    return { kill: () => child.kill('SIGKILL'), starts };
  }

  it('is one for several processes at once, and each of them comes to its turn', async () => {
    const own = new Pace(LIMIT, file);
    const children = [start(6), start(6), start(6)];
    const starts: number[] = [];
    for (let turn = 0; turn < 6; turn++) starts.push(await own.turn(deadline()));
    const theirs = await Promise.all(children.map((child) => child.starts));
    expect(theirs.map((some) => some.length)).toEqual([6, 6, 6]);
    expectWithin([...starts, ...theirs.flat()]);
    expect(readdirSync(folder)).toEqual([file.slice(folder.length + 1)]);
  });

  it('goes on when a process is killed in the queue', async () => {
    const doomed = start(1000);
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    const own = new Pace(LIMIT, file);
    const starts = [await own.turn(deadline())];
    doomed.kill();
    for (let turn = 0; turn < 5; turn++) starts.push(await own.turn(deadline()));
    expectWithin([...starts, ...(await doomed.starts)]);
  });

  it('assumes the worst of a file that nobody can read, and mends it', async () => {
    for (const broken of ['', '{"starts": [1, 2', '{"starts": "none"}', '[]']) {
      writeFileSync(file, broken);
      const before = Date.now();
      const small = { requests: 2, perMs: 60 };
      expect(await new Pace(small, file).turn(deadline())).toBeGreaterThanOrEqual(before + small.perMs);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ waiting: [] });
    }
  });

  it('says which file cannot be written', async () => {
    mkdirSync(`${file}.new`);
    await expect(new Pace(LIMIT, file).turn(deadline())).rejects.toMatchObject({
      code: 'tenant-pace-folder',
      message: expect.stringContaining(file),
    });
  });

  it('ends with the time of whoever waits', async () => {
    const pace = new Pace({ requests: 1, perMs: 60_000 }, file);
    await pace.turn(deadline());
    await expect(pace.turn(deadline(50))).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('is another one for another app or tenant, whose names the file does not tell', () => {
    const names = [paceFile('', 't', 'a'), paceFile('', 't', 'b'), paceFile('', 'u', 'a')];
    expect(new Set(names).size).toBe(3);
    expect(paceFile('', 'TENANT', 'App')).toBe(paceFile('', 'tenant', 'app'));
    expect(paceFile('', 'contoso', 'app')).not.toContain('contoso');
  });

  it('keeps the limit, whoever looks when, and however often the clock is set back', () => {
    const limit = { requests: 3, perMs: 100 };
    const step = fc.record({
      who: fc.integer({ min: 0, max: 4 }),
      later: fc.integer({ min: 0, max: 60 }),
      setBack: fc.constantFrom(0, 0, 0, 0, 50, 100_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let state: PaceState = NOTHING_YET;
        let real = 0;
        let wrong = 1_000_000;
        const starts: number[] = [];
        for (const { who, later, setBack } of steps) {
          real += later;
          wrong += later - setBack;
          const looked = nextTurn(state, String(who), wrong, limit);
          ({ state } = looked);
          if (looked.waitMs === 0) starts.push(real);
        }
        expectWithin(starts, limit);
      }),
    );
  });

  it('lets nobody pass who came later, and drops who does not come back', () => {
    const limit = { requests: 1, perMs: 100 };
    let { state } = nextTurn(NOTHING_YET, 'first', 0, limit);
    for (const [ticket, now] of [
      ['second', 10],
      ['third', 20],
    ] as const) {
      const looked = nextTurn(state, ticket, now, limit);
      expect(looked.waitMs).toBeGreaterThan(0);
      ({ state } = looked);
    }
    expect(nextTurn(state, 'third', 150, limit).waitMs).toBeGreaterThan(0);
    expect(nextTurn(state, 'second', 150, limit).waitMs).toBe(0);
    expect(nextTurn(state, 'third', 5000, limit).waitMs).toBe(0);
  });
});
