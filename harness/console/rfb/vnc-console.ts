import type { Area } from '../../core/journal.ts';
import type { Console, Damage, Frame, KeyEvent, PointerEvent } from '../console.ts';
import { Canvas } from './canvas.ts';
import { key, pointer, requestUpdate, setEncodings, setPixelFormat } from './client-messages.ts';
import { DamageFeed } from '../damage-feed.ts';
import type { Encoding } from './encodings/encoding.ts';
import { closed } from './faults.ts';
import type { Welcome, Wire } from './handshake.ts';
import { readMessage } from './server-messages.ts';

/** A console over an RFB connection whose handshake is done. */
export class VncConsole implements Console {
  readonly #wire: Wire;
  readonly #hangUp: () => void;
  readonly #encodings: readonly Encoding[];
  readonly #canvas = new Canvas();
  readonly #feeds = new Set<DamageFeed>();
  #version = 0;
  #copy: Frame | undefined;
  /** Set when it is over: the Fault that ended it, or `closed` when we did. */
  #over: Error | 'closed' | undefined;

  constructor(wire: Wire, hangUp: () => void, { width, height }: Welcome, encodings: readonly Encoding[]) {
    this.#wire = wire;
    this.#hangUp = hangUp;
    this.#encodings = encodings;
    this.#canvas.resize(width, height);
  }

  /** Asks for the screen, and from then on for what changes. Resolves when the first picture is there. */
  async start(): Promise<this> {
    const { send } = this.#wire;
    send(setPixelFormat());
    send(setEncodings(this.#encodings.map(({ id }) => id)));
    send(requestUpdate(this.#canvas.width, this.#canvas.height, false));
    try {
      while (this.#version === 0) await this.#hear();
    } catch (error) {
      throw this.#end(error);
    }
    void this.#listen();
    return this;
  }

  frames(): AsyncIterable<Damage> {
    const feed = new DamageFeed(() => this.#feeds.delete(feed));
    this.#feeds.add(feed);
    if (this.#over) feed.end(this.#over);
    return feed;
  }

  frame(): Frame {
    this.#check();
    const { width, height, data } = this.#canvas;
    if (this.#copy?.version !== this.#version)
      this.#copy = { width, height, data: Buffer.from(data), version: this.#version };
    return this.#copy;
  }

  keys(events: readonly KeyEvent[]): Promise<void> {
    return this.#send(events.map(key));
  }

  pointer(event: PointerEvent): Promise<void> {
    const { width, height } = this.#canvas;
    const inside = (value: number, size: number): number =>
      Math.max(0, Math.min(size - 1, Math.round(value)));
    return this.#send([pointer({ ...event, x: inside(event.x, width), y: inside(event.y, height) })]);
  }

  close(): Promise<void> {
    this.#end('closed');
    return Promise.resolve();
  }

  async #listen(): Promise<void> {
    try {
      while (!this.#over) await this.#hear();
    } catch (error) {
      this.#end(error);
    }
  }

  async #hear(): Promise<void> {
    const areas = await readMessage(this.#wire.from, this.#canvas, this.#encodings);
    if (!areas) return;
    this.#wire.send(requestUpdate(this.#canvas.width, this.#canvas.height, true));
    const visible = areas.filter(({ width, height }: Area) => width > 0 && height > 0);
    if (visible.length === 0) return;
    this.#version++;
    for (const feed of this.#feeds) feed.add({ areas: visible, version: this.#version });
  }

  // An async function, so that what is wrong comes as a rejection.
  // eslint-disable-next-line @typescript-eslint/require-await
  async #send(messages: readonly Buffer[]): Promise<void> {
    this.#check();
    this.#wire.send(Buffer.concat(messages));
  }

  #check(): void {
    if (this.#over) throw this.#over === 'closed' ? closed(this.#wire.where) : this.#over;
  }

  #end(why: unknown): unknown {
    this.#over ??= why === 'closed' || why instanceof Error ? why : closed(this.#wire.where, why);
    this.#hangUp();
    for (const feed of this.#feeds) feed.end(this.#over);
    return this.#over;
  }
}
