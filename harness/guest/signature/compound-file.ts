/** Not a compound file, or one that contradicts itself. The message says where. */
export class MalformedFile extends Error {}

/** A file within the file. */
export interface Stream extends Entry {
  readonly kind: 'stream';
  readonly content: Buffer;
}

/** A folder within the file; the root is one too. */
export interface Storage extends Entry {
  readonly kind: 'storage';
  readonly clsid: Buffer;
  readonly children: readonly (Stream | Storage)[];
}

/** What the directory says of a stream or storage, as it is written there. */
interface Entry {
  /** UTF-16LE, without the zero at its end. MSI packs the names of its tables into code points of its own. */
  readonly name: Buffer;
  readonly stateBits: Buffer;
  /** FILETIMEs */
  readonly created: Buffer;
  readonly modified: Buffer;
}

/** First bytes of every compound file. */
export const COMPOUND_FILE_MAGIC = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** Sector numbers from here on have special meanings. */
const LAST_SECTOR = 0xfffffffa;
const END_OF_CHAIN = 0xfffffffe;
const NO_ENTRY = 0xffffffff;

const HEADER = 512;
const MINI_SECTOR = 64;
const ENTRY = 128;
/** Streams shorter than this are in the mini stream. */
const MINI_CUTOFF = 4096;

const TYPE = { storage: 1, stream: 2, root: 5 };

/**
 * Reads an OLE compound file, the form that every MSI has. Source: [MS-CFB].
 * Every number in it is checked before it is followed: no loops, nothing beyond the end.
 * @throws MalformedFile
 */
export function readCompoundFile(file: Buffer): Storage {
  if (file.length < HEADER || !file.subarray(0, 8).equals(COMPOUND_FILE_MAGIC)) {
    throw new MalformedFile('it does not begin as a compound file does');
  }
  const [major, shift] = [file.readUInt16LE(0x1a), file.readUInt16LE(0x1e)];
  if (!(major === 3 && shift === 9) && !(major === 4 && shift === 12)) {
    throw new MalformedFile(`version ${major} with sectors of 2^${shift} bytes`);
  }
  if (file.readUInt16LE(0x20) !== 6 || file.readUInt32LE(0x38) !== MINI_CUTOFF) {
    throw new MalformedFile('mini sectors of an unknown size');
  }
  const sectors = new Sectors(file, 2 ** shift);
  const directory = sectors.chain(file.readUInt32LE(0x30), 'the directory');
  return new Directory(directory, sectors, major).root();
}

/** The file cut into sectors, and the table that chains them. */
class Sectors {
  readonly #next: readonly number[];
  readonly #miniNext: readonly number[];

  constructor(
    readonly file: Buffer,
    readonly size: number,
  ) {
    this.#next = numbers(Buffer.concat(this.#tableSectors().map((sector) => this.#sector(sector))));
    const mini = file.readUInt32LE(0x3c);
    this.#miniNext = mini >= LAST_SECTOR ? [] : numbers(this.chain(mini, 'the mini table'));
  }

  /** All sectors of a chain, one after the other. */
  chain(first: number, what: string): Buffer {
    return Buffer.concat(follow(this.#next, first, what).map((sector) => this.#sector(sector)));
  }

  miniChain(miniStream: Buffer, first: number, what: string): Buffer {
    const pieces = follow(this.#miniNext, first, what).map((sector) => {
      const piece = miniStream.subarray(sector * MINI_SECTOR, (sector + 1) * MINI_SECTOR);
      if (piece.length === 0) throw new MalformedFile(`${what} lies beyond the mini stream`);
      return piece;
    });
    return Buffer.concat(pieces);
  }

  /** The header is in place of the first sector. The last sector of a file may be cut short. */
  #sector(number: number): Buffer {
    const start = (number + 1) * this.size;
    if (number >= LAST_SECTOR || start >= this.file.length) {
      throw new MalformedFile(`sector ${number} lies beyond the end: the file is cut short`);
    }
    return this.file.subarray(start, start + this.size);
  }

  /** The sectors that hold the table: 109 are named in the header, the others in a list of sectors. */
  #tableSectors(): number[] {
    const wanted = this.file.readUInt32LE(0x2c);
    if (wanted > this.file.length / this.size) throw new MalformedFile('a table larger than the file');
    const found = numbers(this.file.subarray(0x4c, HEADER));
    for (let list = this.file.readUInt32LE(0x44); found.length < wanted;) {
      const entries = numbers(this.#sector(list));
      list = entries.pop() ?? END_OF_CHAIN;
      found.push(...entries);
    }
    return found.slice(0, wanted);
  }
}

const numbers = (bytes: Buffer): number[] =>
  Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readUInt32LE(index * 4));

function follow(next: readonly number[], first: number, what: string): number[] {
  const chain: number[] = [];
  for (let at = first; at !== END_OF_CHAIN;) {
    const following = next[at];
    if (following === undefined)
      throw new MalformedFile(`${what} goes on in sector ${at}, which is not there`);
    if (chain.length > next.length) throw new MalformedFile(`${what} goes round in circles`);
    chain.push(at);
    at = following;
  }
  return chain;
}

/** The entries of the directory, which form a tree of storages, each with a tree of its children. */
class Directory {
  readonly #seen = new Set<number>();
  readonly #miniStream: Buffer;

  constructor(
    readonly bytes: Buffer,
    readonly sectors: Sectors,
    readonly major: number,
  ) {
    if (bytes.length < ENTRY || bytes[0x42] !== TYPE.root)
      throw new MalformedFile('the directory has no root');
    const start = bytes.readUInt32LE(0x74);
    this.#miniStream = start >= LAST_SECTOR ? Buffer.alloc(0) : sectors.chain(start, 'the mini stream');
  }

  root(): Storage {
    return this.#storage(this.#take(0));
  }

  #storage(entry: Buffer): Storage {
    return {
      kind: 'storage',
      ...common(entry),
      clsid: entry.subarray(0x50, 0x60),
      children: this.#siblings(entry.readUInt32LE(0x4c)),
    };
  }

  /** In no particular order. Walked without recursion: the tree of a hostile file may be a list of a million. */
  #siblings(first: number): (Stream | Storage)[] {
    const found: (Stream | Storage)[] = [];
    const open = [first];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === NO_ENTRY) continue;
      const entry = this.#take(id);
      open.push(entry.readUInt32LE(0x44), entry.readUInt32LE(0x48));
      if (entry[0x42] === TYPE.stream) found.push(this.#stream(entry));
      else if (entry[0x42] === TYPE.storage) found.push(this.#storage(entry));
      else throw new MalformedFile(`entry ${id} of the directory is of an unknown type`);
    }
    return found;
  }

  #stream(entry: Buffer): Stream {
    const { name } = common(entry);
    const what = `the stream ${JSON.stringify(name.toString('utf16le'))}`;
    // Version 3 may leave rubbish in the upper half of the size.
    const size = entry.readUInt32LE(0x78) + (this.major === 3 ? 0 : entry.readUInt32LE(0x7c) * 2 ** 32);
    if (size > this.sectors.file.length) throw new MalformedFile(`${what} is larger than the file`);
    const first = entry.readUInt32LE(0x74);
    const whole =
      size === 0
        ? Buffer.alloc(0)
        : size < MINI_CUTOFF
          ? this.sectors.miniChain(this.#miniStream, first, what)
          : this.sectors.chain(first, what);
    if (whole.length < size) throw new MalformedFile(`${what} is cut short`);
    return { kind: 'stream', ...common(entry), content: whole.subarray(0, size) };
  }

  /** Each entry has one place in the tree. */
  #take(id: number): Buffer {
    const entry = this.bytes.subarray(id * ENTRY, (id + 1) * ENTRY);
    if (entry.length < ENTRY) throw new MalformedFile(`entry ${id} of the directory is not there`);
    if (this.#seen.has(id)) throw new MalformedFile(`entry ${id} of the directory has two places`);
    this.#seen.add(id);
    return entry;
  }
}

function common(entry: Buffer): Entry {
  const length = entry.readUInt16LE(0x40);
  if (length < 2 || length > 64) throw new MalformedFile(`a name of ${length} bytes`);
  return {
    name: entry.subarray(0, length - 2),
    stateBits: entry.subarray(0x60, 0x64),
    created: entry.subarray(0x64, 0x6c),
    modified: entry.subarray(0x6c, 0x74),
  };
}
