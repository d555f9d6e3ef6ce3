interface Waiting {
  readonly count: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Turns chunks of any size into reads of exact sizes, whole numbers being big-endian. One reader at a time. */
export class ByteReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #waiting: Waiting | undefined;
  #end: Error | undefined;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const waiting = this.#waiting;
    if (!waiting || this.#length < waiting.count) return;
    this.#waiting = undefined;
    waiting.resolve(this.#take(waiting.count));
  }

  /** No more bytes will come: reads that can't be satisfied reject with this. The first call counts. */
  end(error: Error): void {
    this.#end ??= error;
    this.#waiting?.reject(this.#end);
    this.#waiting = undefined;
  }

  bytes(count: number): Promise<Buffer> {
    if (this.#length >= count) return Promise.resolve(this.#take(count));
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting = { count, resolve, reject };
    });
  }

  async u8(): Promise<number> {
    return (await this.bytes(1)).readUInt8();
  }

  async u32(): Promise<number> {
    return (await this.bytes(4)).readUInt32BE();
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) left -= (await this.bytes(Math.min(left, 65_536))).length;
  }

  #take(count: number): Buffer {
    this.#length -= count;
    const [first] = this.#chunks;
    if (first && first.length > count) {
      this.#chunks[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const taken: Buffer[] = [];
    for (let missing = count; missing > 0;) {
      const chunk = this.#chunks.shift() ?? Buffer.alloc(0);
      if (chunk.length > missing) this.#chunks.unshift(chunk.subarray(missing));
      taken.push(chunk.subarray(0, missing));
      missing -= Math.min(missing, chunk.length);
    }
    return taken.length === 1 ? (taken[0] ?? Buffer.alloc(0)) : Buffer.concat(taken, count);
  }
}
