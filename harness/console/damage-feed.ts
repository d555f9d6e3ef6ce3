import type { Area } from '../core/journal.ts';
import type { Damage } from './console.ts';

/** More areas than this are told as the one that holds them all: a slow listener must not cost memory. */
const MOST_AREAS = 200;

/** What one listener of a console has not heard of yet. */
export class DamageFeed implements AsyncIterableIterator<Damage> {
  readonly #closed: () => void;
  #areas: Area[] = [];
  #version = 0;
  #over: Error | 'closed' | undefined;
  #wake: (() => void) | undefined;

  /** @param closed called when the listener stops listening */
  constructor(closed: () => void) {
    this.#closed = closed;
  }

  add({ areas, version }: Damage): void {
    this.#areas.push(...areas);
    if (this.#areas.length > MOST_AREAS) this.#areas = [hull(this.#areas)];
    this.#version = version;
    this.#wake?.();
  }

  end(over: Error | 'closed'): void {
    this.#over ??= over;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Damage, undefined>> {
    while (this.#areas.length === 0 && !this.#over) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#areas.length > 0) {
      const value = { areas: this.#areas, version: this.#version };
      this.#areas = [];
      return { done: false, value };
    }
    if (this.#over instanceof Error) throw this.#over;
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<Damage, undefined>> {
    this.#closed();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The smallest area that holds all of these. */
function hull(areas: readonly Area[]): Area {
  const x = Math.min(...areas.map((area) => area.x));
  const y = Math.min(...areas.map((area) => area.y));
  const right = Math.max(...areas.map((area) => area.x + area.width));
  const bottom = Math.max(...areas.map((area) => area.y + area.height));
  return { x, y, width: right - x, height: bottom - y };
}
