/** What a live view writes to. */
interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const USUAL_COLUMNS = 80;

/** A stream that can be held back while something else has the screen: what is written meanwhile follows afterwards. */
export class HeldStream implements Output {
  #held: string[] | undefined;

  /** @param screen where it is written to in the end */
  constructor(readonly screen: Output) {}

  get isTTY(): boolean {
    return this.screen.isTTY === true;
  }

  get columns(): number {
    // Some terminals say 0.
    const { columns = 0 } = this.screen;
    return columns > 0 ? columns : USUAL_COLUMNS;
  }

  write(text: string): void {
    if (this.#held) this.#held.push(text);
    else this.screen.write(text);
  }

  /** The work finds the cursor where the last text ended, and has to leave it there. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#held = [];
    try {
      return await work();
    } finally {
      const held = this.#held;
      this.#held = undefined;
      if (held.length > 0) this.screen.write(held.join(''));
    }
  }
}
