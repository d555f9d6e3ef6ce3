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
import { NOTHING_YET, nextTurn, Pace, paceFile, type PaceState, withAnswer } from './pace.ts';

const LIMIT = { requests: 5, perMs: 600 };
const CHILD = fileURLToPath(new URL('testing/pace-child.ts', import.meta.url));

const deadline = (ms = 15_000): Deadline => Deadline.in(ms, 'waiting for a turn');

/** No more than allowed in any stretch of time, by the instants at which requests arrived. */
function expectWithin(arrivals: readonly number[], { requests, perMs } = LIMIT): void {
  const sorted = arrivals.toSorted((a, b) => a - b);
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

  /** A process that starts so many requests, one after the other, and prints when they arrive. */
  function start(turns: number): { readonly kill: () => void; readonly arrivals: Promise<number[]> } {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', CHILD, file, JSON.stringify(LIMIT), String(turns), String(LIMIT.perMs / 4)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const output = text(child.stdout);
    const arrivals = once(child, 'exit').then(async () =>
      (await output).split('\n').filter(Boolean).map(Number),
    );
    return { kill: () => child.kill('SIGKILL'), arrivals };
  }

  /** Requests that arrive and are answered at once. */
  async function arrive(pace: Pace, times: number): Promise<number[]> {
    const arrivals: number[] = [];
    for (let turn = 0; turn < times; turn++) {
      const answered = await pace.turn(deadline());
      arrivals.push(Date.now());
      await answered();
    }
    return arrivals;
  }

  it('is one for several processes at once, whatever the way to the tenant takes', async () => {
    const children = [start(5), start(5), start(5)];
    const own = await arrive(new Pace(LIMIT, file), 5);
    const theirs = await Promise.all(children.map((child) => child.arrivals));
    expect(theirs.map((some) => some.length)).toEqual([5, 5, 5]);
    expectWithin([...own, ...theirs.flat()]);
    expect(readdirSync(folder)).toEqual([file.slice(folder.length + 1)]);
  });

  it('goes on when a process is killed in the queue', async () => {
    const doomed = start(1000);
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    const own = new Pace(LIMIT, file);
    const arrivals = await arrive(own, 1);
    doomed.kill();
    arrivals.push(...(await arrive(own, 5)));
    expectWithin([...arrivals, ...(await doomed.arrivals)]);
  });

  it('assumes the worst of a file that nobody can read, and mends it', async () => {
    for (const broken of ['', '{"starts": [1, 2', '{"starts": "none"}', '[]']) {
      writeFileSync(file, broken);
      const before = Date.now();
      const small = { requests: 2, perMs: 60 };
      const [arrival] = await arrive(new Pace(small, file), 1);
      expect(arrival).toBeGreaterThanOrEqual(before + small.perMs);
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

  it('keeps the limit for what arrives, whoever looks when, and however often the clock is set back', () => {
    const limit = { requests: 3, perMs: 100 };
    const step = fc.record({
      later: fc.integer({ min: 0, max: 60 }),
      setBack: fc.constantFrom(0, 0, 0, 0, 50, 100_000),
      does: fc.constantFrom('looks', 'looks', 'looks', 'arrives', 'is answered'),
      /** Who looks, or which of the requests on their way. */
      which: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        let state: PaceState = NOTHING_YET;
        let [real, wrong, started] = [0, 1_000_000, 0];
        const waiting = new Map<number, string>();
        const onTheWay: { readonly ticket: string; arrived: boolean }[] = [];
        const arrivals: number[] = [];
        for (const { later, setBack, does, which } of steps) {
          real += later;
          wrong += later - setBack;
          if (does === 'looks') {
            const ticket = waiting.get(which) ?? `${which}, ${++started}`;
            waiting.set(which, ticket);
            const looked = nextTurn(state, ticket, wrong, limit);
            ({ state } = looked);
            if (looked.waitMs > 0) continue;
            waiting.delete(which);
            onTheWay.push({ ticket, arrived: false });
            continue;
          }
          const request = onTheWay[which % onTheWay.length];
          if (request === undefined) continue;
          if (!request.arrived) arrivals.push(real);
          request.arrived = true;
          if (does === 'arrives') continue;
          onTheWay.splice(onTheWay.indexOf(request), 1);
          state = withAnswer(state, request.ticket, wrong);
        }
        expectWithin(arrivals, limit);
      }),
    );
  });

  it('forgets a request whose process is gone, but not soon', () => {
    const limit = { requests: 1, perMs: 100 };
    const { state } = nextTurn(NOTHING_YET, 'killed', 0, limit);
    expect(nextTurn(state, 'next', 30_000, limit).waitMs).toBeGreaterThan(0);
    expect(nextTurn(state, 'next', 70_000, limit).waitMs).toBe(0);
  });

  it('lets nobody pass who came later, and drops who does not come back', () => {
    const limit = { requests: 1, perMs: 100 };
    let state = withAnswer(nextTurn(NOTHING_YET, 'first', 0, limit).state, 'first', 0);
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
