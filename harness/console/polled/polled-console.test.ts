import { expect } from '@playwright/test';
import { setTimeout as delay } from 'node:timers/promises';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import type { PointerEvent } from '../console.ts';
import { machineDown, noPicture } from '../faults.ts';
import type { Hypervisor, Pixels } from './hypervisor.ts';
import { PolledConsole } from './polled-console.ts';

const picture = (shade: number, width = 200, height = 100): Pixels => ({
  width,
  height,
  data: Buffer.alloc(width * height * 4, shade),
});

/** A hypervisor of a few lines, which notes what it is asked. */
class Notes implements Hypervisor {
  readonly where = "the test's machine";
  readonly pace = { fastest: 10, slowest: 120 };
  looks = 0;
  readonly acts: unknown[] = [];
  /** Calls in flight, and the most there ever were. */
  inFlight = 0;
  most = 0;
  closed = 0;
  show: () => Pixels | Promise<Pixels> = () => picture(1);

  look(): Promise<Pixels> {
    this.looks++;
    return this.#call(this.show);
  }
  keys(events: unknown): Promise<void> {
    return this.#call(() => void this.acts.push(events));
  }
  pointer(event: PointerEvent): Promise<void> {
    return this.#call(() => void this.acts.push(event));
  }
  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  async #call<T>(what: () => T | Promise<T>): Promise<T> {
    this.most = Math.max(this.most, ++this.inFlight);
    await delay(3);
    try {
      return await what();
    } finally {
      this.inFlight--;
    }
  }
}

const soon = (ms = 5000): Deadline => Deadline.in(ms, 'testing a polled console');

describe('A polled console', () => {
  let machine: Notes;
  let console: PolledConsole | undefined;
  beforeEach(() => (machine = new Notes()));
  afterEach(() => console?.close());

  const open = async (): Promise<PolledConsole> => (console = await PolledConsole.open(machine, soon()));

  it('tells of a caret, as small as it is', async () => {
    let blink = 0;
    machine.show = () => {
      const seen = picture(1);
      for (let y = 10; y < 30; y++) seen.data[(y * 200 + 5) * 4] = blink;
      blink ^= 255;
      return seen;
    };
    await open();
    expect(await console!.frames()[Symbol.asyncIterator]().next()).toEqual({
      done: false,
      value: { areas: [{ x: 5, y: 10, width: 1, height: 20 }], version: 2 },
    });
  });

  it('makes one call at a time, and still looks while keys are being pressed without end', async () => {
    await open();
    const enough = machine.looks + 3;
    while (machine.looks < enough)
      await Promise.all([
        console!.keys([{ keysym: 0x61, down: true }]),
        console!.pointer({ x: 1, y: 1, buttons: 0 }),
      ]);
    expect(machine.most).toBe(1);
  });

  it('keeps the order of keys and clicks', async () => {
    await open();
    const asked = Array.from({ length: 5 }, (_, i) => ({ x: i, y: 2, buttons: 0 }));
    await Promise.all(asked.map((event) => console!.pointer(event)));
    expect(machine.acts).toEqual(asked);
  });

  it('keeps the pointer on the screen', async () => {
    await open();
    await console!.pointer({ x: -5, y: 1000, buttons: 1 });
    expect(machine.acts).toEqual([{ x: 0, y: 99, buttons: 1 }]);
  });

  it('follows a change of the size', async () => {
    await open();
    const frames = console!.frames()[Symbol.asyncIterator]();
    machine.show = () => picture(1, 80, 60);
    expect((await frames.next()).value).toMatchObject({ areas: [{ x: 0, y: 0, width: 80, height: 60 }] });
    expect(console!.frame()).toMatchObject({ width: 80, height: 60 });
  });

  it('waits for its first picture, as long as it may', async () => {
    let blind = 3;
    machine.show = () => {
      if (blind-- > 0) throw noPicture(machine.where, 'not yet');
      return picture(9);
    };
    expect((await open()).frame().data[0]).toBe(9);

    const blinded = new Notes();
    blinded.show = () => {
      throw noPicture(blinded.where, 'never');
    };
    await expect(PolledConsole.open(blinded, soon(300))).rejects.toMatchObject({
      code: 'console-no-picture',
    });
    expect(blinded.closed).toBe(1);
  });

  it('survives some looks without a picture, but not a lack of pictures', async () => {
    await open();
    let blind = 5;
    machine.show = () => {
      if (blind-- > 0) throw noPicture(machine.where, 'changing its size');
      return picture(2);
    };
    await expect.poll(() => console!.frame().data[0]).toBe(2);
    machine.show = () => {
      throw noPicture(machine.where, 'asleep');
    };
    const end = console!.frames()[Symbol.asyncIterator]().next();
    await expect(end).rejects.toMatchObject({ code: 'console-no-picture' });
    expect(machine.closed).toBe(1);
  });

  it('ends with what ended it, for everybody', async () => {
    await open();
    const waiting = console!.frames()[Symbol.asyncIterator]().next();
    waiting.catch(() => undefined);
    machine.show = () => {
      throw machineDown(machine.where, 'off');
    };
    await expect(waiting).rejects.toMatchObject({ code: 'machine-down' });
    const later = console!.frames()[Symbol.asyncIterator]().next();
    await expect(later).rejects.toMatchObject({ code: 'machine-down' });
    await console!.close();
    expect(machine.closed).toBe(1);
  });

  it('calls what is no Fault a bug of ours', async () => {
    await open();
    machine.show = () => {
      throw new TypeError('undefined is not a function');
    };
    await expect(console!.frames()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'unexpected',
      blame: 'harness',
    });
  });

  it('is not ended by a click that fails', async () => {
    await open();
    machine.pointer = () =>
      Promise.reject(new Fault('no mouse', { code: 'console-no-pointer', blame: 'config', remedy: 'x' }));
    await expect(console!.pointer({ x: 1, y: 1, buttons: 0 })).rejects.toMatchObject({
      code: 'console-no-pointer',
    });
    expect(console!.frame().width).toBe(200);
    await console!.keys([]);
  });

  it('interrupts a call in flight when it is closed, and waits for its end', async () => {
    await open();
    let ended = false;
    machine.keys = async (_events: unknown, deadline?: Deadline) => {
      await deadline?.sleep(60_000).finally(() => (ended = true));
    };
    const pressing = console!.keys([{ keysym: 0x61, down: true }]);
    pressing.catch(() => undefined);
    await delay(30);
    await console!.close();
    expect(ended).toBe(true);
    expect(machine.closed).toBe(1);
    await expect(pressing).rejects.toMatchObject({ code: 'console-closed' });
  });
});
