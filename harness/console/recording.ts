import { utcNow } from '../core/clock.ts';
import { toPng } from './png.ts';
import type { Film, Step } from './screen.ts';

/** A recorded step with its picture, ready to be kept. */
export interface Picture extends Omit<Step, 'frame'> {
  /** When the step was recorded, ISO 8601 UTC. */
  readonly at: string;
  readonly png: Buffer;
  readonly width: number;
  readonly height: number;
}

/** Turns steps into pictures, in their order, beside the work: a step is not held up by the packing of its picture. */
export class Recording implements Film {
  readonly #keep: (picture: Picture) => void;
  #last: Promise<void> = Promise.resolve();
  #packed: { readonly version: number; readonly png: Buffer } | undefined;
  /** What was seen already on the picture of this version: to see it twice tells nothing new. */
  #sightings = { version: -1, captions: new Set<string>() };

  /** @param keep called for each picture, in order */
  constructor(keep: (picture: Picture) => void) {
    this.#keep = keep;
  }

  record({ frame, ...step }: Step): void {
    if (step.action === undefined && this.#seenBefore(frame.version, step.caption)) return;
    const at = utcNow();
    this.#last = this.#last.then(async () => {
      if (this.#packed?.version !== frame.version)
        this.#packed = { version: frame.version, png: await toPng(frame) };
      this.#keep({ ...step, at, png: this.#packed.png, width: frame.width, height: frame.height });
    });
    // Whoever flushes hears of it; until then it is nobody's unhandled rejection.
    this.#last.catch(() => undefined);
  }

  #seenBefore(version: number, caption: string): boolean {
    if (this.#sightings.version !== version) this.#sightings = { version, captions: new Set() };
    const before = this.#sightings.captions.has(caption);
    this.#sightings.captions.add(caption);
    return before;
  }

  /** @throws what `keep` threw */
  flush(): Promise<void> {
    return this.#last;
  }
}
