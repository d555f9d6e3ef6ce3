import { Deadline } from '../../core/deadline.ts';
import { Fault, toFault } from '../../core/errors.ts';
import {
  CARET,
  type Console,
  type Damage,
  type Frame,
  type KeyEvent,
  type PointerEvent,
} from '../console.ts';
import { DamageFeed } from '../damage-feed.ts';
import { closedConsole } from '../faults.ts';
import { changedAreas } from './changed-areas.ts';
import type { Hypervisor, Pixels } from './hypervisor.ts';
import { Rhythm } from './rhythm.ts';

/** Longest that one call to a hypervisor may take, in milliseconds; long texts take longer. */
const CALL_MS = 15_000;
const EVENT_MS = 200;
/** So many looks in a row may find no picture: a change of the resolution takes a second or two. */
const MOST_BLIND = 10;
/**
 * A console over a hypervisor that must be asked for each picture: asks often while something happens and less often while
 * nothing does, and tells what changed. Keys and clicks go before pictures; one call is in flight at a time.
 */
export class PolledConsole implements Console {
  readonly #hypervisor: Hypervisor;
  readonly #feeds = new Set<DamageFeed>();
  readonly #ending = new AbortController();
  #frame: Frame;
  #over: Fault | 'closed' | undefined;
  #shut: Promise<void> | undefined;
  /** Resolves when the last call that was asked for is over. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #rhythm: Rhythm;
  #lookTook: number;
  #wake: (() => void) | undefined;

  private constructor(hypervisor: Hypervisor, first: Pixels, took: number) {
    this.#hypervisor = hypervisor;
    this.#frame = { ...first, version: 1 };
    this.#lookTook = took;
    this.#rhythm = new Rhythm(hypervisor.pace, performance.now());
    void this.#watch();
  }

  /**
   * Waits for the first picture. The hypervisor is closed when there is none.
   * @throws what `look` throws; a lack of pictures only when time is up
   */
  static async open(hypervisor: Hypervisor, deadline: Deadline): Promise<PolledConsole> {
    try {
      for (;;) {
        const began = performance.now();
        const first = await seen(hypervisor, deadline);
        if (!(first instanceof Fault)) return new PolledConsole(hypervisor, first, performance.now() - began);
        if (deadline.remaining() <= hypervisor.pace.slowest) throw first;
        await deadline.sleep(hypervisor.pace.slowest);
      }
    } catch (error) {
      await hypervisor.close();
      throw error;
    }
  }

  /** An answer to a key or click may show so much later than it is drawn. */
  get lag(): number {
    return this.#hypervisor.pace.fastest + this.#lookTook;
  }

  frames(): AsyncIterable<Damage> {
    const feed = new DamageFeed(() => this.#feeds.delete(feed));
    this.#feeds.add(feed);
    if (this.#over) feed.end(this.#over);
    return feed;
  }

  frame(): Frame {
    this.#check();
    return this.#frame;
  }

  keys(events: readonly KeyEvent[]): Promise<void> {
    return this.#act('pressing keys', (deadline) => this.#hypervisor.keys(events, deadline), events.length);
  }

  pointer({ x, y, buttons }: PointerEvent): Promise<void> {
    const inside = (value: number, size: number): number =>
      Math.max(0, Math.min(size - 1, Math.round(value)));
    return this.#act('moving the pointer', (deadline) => {
      const { width, height } = this.#frame;
      return this.#hypervisor.pointer({ x: inside(x, width), y: inside(y, height), buttons }, deadline);
    });
  }

  close(): Promise<void> {
    return this.#end('closed');
  }

  async #watch(): Promise<void> {
    for (let blind = 0; ;) {
      await this.#due();
      if (this.#over) return;
      try {
        const sight = await this.#inTurn('taking a picture of the console', (deadline) =>
          this.#look(deadline),
        );
        if (!(sight instanceof Fault)) {
          blind = 0;
          this.#show(sight);
        } else if (++blind > MOST_BLIND) throw sight;
        else this.#rhythm.looked(performance.now(), false);
      } catch (error) {
        void this.#end(toFault(error));
        return;
      }
    }
  }

  /** Resolves when it is time for the next look, or when there will be none. */
  async #due(): Promise<void> {
    while (!this.#over) {
      const left = this.#rhythm.due - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #show(picture: Pixels): void {
    const areas = changedAreas(this.#frame, picture);
    this.#rhythm.looked(
      performance.now(),
      areas.some(({ width, height }) => width * height > CARET),
    );
    if (areas.length === 0) return;
    this.#frame = { ...picture, version: this.#frame.version + 1 };
    for (const feed of this.#feeds) feed.add({ areas, version: this.#frame.version });
  }

  async #act(doing: string, action: (deadline: Deadline) => Promise<void>, events = 1): Promise<void> {
    const acted = (): void => {
      this.#rhythm.acted(performance.now());
      this.#wake?.();
    };
    acted();
    await this.#inTurn(doing, action, CALL_MS + events * EVENT_MS);
    acted();
  }

  async #inTurn<T>(doing: string, call: (deadline: Deadline) => Promise<T>, ms = CALL_MS): Promise<T> {
    this.#check();
    const turn = this.#last.then(async () => {
      this.#check();
      try {
        return await call(Deadline.in(ms, doing, this.#ending.signal));
      } catch (error) {
        // Interrupted by the end of the console: say that it is over.
        this.#check();
        throw error;
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #look(deadline: Deadline): Promise<Pixels | Fault> {
    const began = performance.now();
    const sight = await seen(this.#hypervisor, deadline);
    this.#lookTook = Math.max(performance.now() - began, this.#lookTook * 0.9);
    return sight;
  }

  #check(): void {
    if (this.#over) throw this.#over === 'closed' ? closedConsole(this.#hypervisor.where) : this.#over;
  }

  #end(why: Fault | 'closed'): Promise<void> {
    this.#over ??= why;
    this.#ending.abort();
    this.#wake?.();
    for (const feed of this.#feeds) feed.end(this.#over);
    this.#shut ??= this.#last.then(() => this.#hypervisor.close());
    return this.#shut;
  }
}

/** A picture, or the Fault that says why there is none for the moment. */
async function seen(hypervisor: Hypervisor, deadline: Deadline): Promise<Pixels | Fault> {
  try {
    return await hypervisor.look(deadline);
  } catch (error) {
    if (error instanceof Fault && error.code === 'console-no-picture') return error;
    throw error;
  }
}
