import type { ShellCommand } from './commands.ts';
import { decodeOem } from './oem.ts';

const UTF_8 = 65001;
/** Every byte of the OEM code page in UTF-8. */
const AS_UTF_8 = Array.from({ length: 256 }, (_, byte) => Buffer.from(decodeOem(Uint8Array.of(byte))));

export interface Output {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** What is kept of a command's output; the rest stays on the disk until this has been fetched. */
const ENOUGH = 1 << 20;

/** What a command has printed and no client has fetched yet, in the code page of its shell. */
export class PendingOutput {
  #stdout: Buffer = Buffer.alloc(0);
  #stderr: Buffer = Buffer.alloc(0);
  /** Whether there may be more on the disk. */
  #behind = true;

  constructor(
    private readonly command: ShellCommand,
    private readonly codePage: number,
  ) {}

  /** Takes in what was printed since. @returns whether there is anything */
  refresh(): boolean {
    this.#behind = this.size >= ENOUGH;
    if (this.#behind) return true;
    const { stdout, stderr } = this.command.read();
    this.#stdout = this.#append(this.#stdout, stdout);
    this.#stderr = this.#append(this.#stderr, stderr);
    return this.size > 0;
  }

  /** At most so many bytes. A character of several bytes may be cut in two, as Windows does it. */
  take(most: number): Output {
    const stdout = this.#stdout.subarray(0, most);
    const stderr = this.#stderr.subarray(0, most - stdout.length);
    this.#stdout = this.#stdout.subarray(stdout.length);
    this.#stderr = this.#stderr.subarray(stderr.length);
    return { stdout, stderr };
  }

  /** Bytes at hand. */
  get size(): number {
    return this.#stdout.length + this.#stderr.length;
  }

  /** Whether everything that was printed before the last refresh has been taken. */
  get empty(): boolean {
    return !this.#behind && this.size === 0;
  }

  #append(before: Buffer, printed: Buffer): Buffer {
    if (printed.length === 0) return before;
    const fresh = this.codePage === UTF_8 ? oemToUtf8(printed) : printed;
    return before.length === 0 ? fresh : Buffer.concat([before, fresh]);
  }
}

function oemToUtf8(bytes: Buffer): Buffer {
  if (bytes.every((byte) => byte < 0x80)) return bytes;
  let size = 0;
  for (const byte of bytes) size += AS_UTF_8[byte]?.length ?? 0;
  const text = Buffer.allocUnsafe(size);
  let at = 0;
  for (const byte of bytes) at += AS_UTF_8[byte]?.copy(text, at) ?? 0;
  return text;
}
