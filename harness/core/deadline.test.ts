import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from '@playwright/test';
import { Deadline } from './deadline.ts';
import { poll } from './poll.ts';

describe('Deadline and poll', () => {
  it('gives up with what was last seen', async () => {
    let looks = 0;
    const waiting = poll(() => Promise.resolve({ done: false, seen: `look ${++looks}` }), {
      deadline: Deadline.in(60, 'waiting for a sign'),
      everyMs: 10,
    });
    await expect(waiting).rejects.toMatchObject({ code: 'timed-out', retryable: true });
    await expect(waiting).rejects.toThrow(/while waiting for a sign; last seen: look \d+/);
  });

  it('returns the value of the look that is done', async () => {
    let looks = 0;
    const value = await poll(
      () => Promise.resolve(++looks < 3 ? { done: false, seen: 'no' } : { done: true, value: looks }),
      { deadline: Deadline.in(5000, 'counting'), everyMs: 1 },
    );
    expect(value).toBe(3);
  });

  it('is cancelled by its signal, also in the middle of a sleep', async () => {
    const abort = new AbortController();
    const deadline = Deadline.in(60_000, 'sleeping', abort.signal).within(30_000, 'sleeping inside');
    setTimeout(() => abort.abort(), 10);
    await expect(deadline.sleep(20_000)).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('never grants more time inside than is left outside', () => {
    expect(Deadline.in(50, 'outer').within(9000, 'inner').remaining()).toBeLessThanOrEqual(50);
  });

  it('has time of its own anew, but is cancelled all the same', () => {
    const abort = new AbortController();
    const later = Deadline.in(0, 'over', abort.signal).anew(5000, 'putting things right');
    expect(() => later.check()).not.toThrow();
    abort.abort();
    expect(() => later.check()).toThrow('Interrupted while putting things right');
  });

  it('has a signal that fires, whatever the garbage collector does meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const fired = once(Deadline.in(100, 'waiting', new AbortController().signal).signal(), 'abort');
    // One that does not fire would let the test end early: its timer does not keep the process alive.
    const alive = setInterval(collectGarbage, 10);
    await fired.finally(() => clearInterval(alive));
  });
});
