import { readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Wine never runs the copy of a built-in program that lies in a prefix: it reads the header and then loads its own.
 * So such a copy can be a small stand-in that keeps the header and the resources that programs ask for (versions,
 * strings). This takes a prefix from 700 MB to 26 MB, and a clone of it from seconds to a tenth of one.
 */

const SIGNATURE = 'Wine placeholder DLL\0';
const PE32_PLUS = 0x20b;
const RESOURCE_DIRECTORY = 2;
const PAGE = 0x1000;
const FILE_ALIGNMENT = 0x200;
/** mov eax,1; ret 12: an entry point that says yes to everything. */
const ENTRY_CODE = Buffer.from([0xb8, 1, 0, 0, 0, 0xc2, 0x0c, 0]);

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

interface Section {
  readonly name: string;
  readonly virtualSize: number;
  readonly address: number;
  readonly data: Buffer;
  readonly flags: number;
}

/** The stand-in for a 64-bit PE file, or undefined when the file is none or has an unusual shape. */
export function placeholder(file: Buffer): Buffer | undefined {
  if (file.length < 0x40 || file.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const header = file.readUInt32LE(0x3c);
  if (file.toString('latin1', header, header + 4) !== 'PE\0\0') return undefined;
  const sectionCount = file.readUInt16LE(header + 6);
  const optionalSize = file.readUInt16LE(header + 20);
  const optional = Buffer.from(file.subarray(header + 24, header + 24 + optionalSize));
  if (optional.readUInt16LE(0) !== PE32_PLUS) return undefined;

  const resources = resourceSection(file, header + 24 + optionalSize, sectionCount, optional);
  if (resources && resources.address < 2 * PAGE) return undefined;
  const text: Section = {
    name: '.text',
    // Image addresses must have no gap: the code section reaches up to the resources.
    virtualSize: resources ? resources.address - PAGE : FILE_ALIGNMENT,
    address: PAGE,
    data: Buffer.concat([ENTRY_CODE, Buffer.alloc(FILE_ALIGNMENT - ENTRY_CODE.length)]),
    flags: 0x60000020,
  };
  const sections = resources ? [text, resources] : [text];

  const newHeader = roundUp(0x40 + SIGNATURE.length, 16);
  const headerSize = roundUp(newHeader + 24 + optionalSize + 40 * sections.length, FILE_ALIGNMENT);
  const imageSize = resources ? roundUp(resources.address + resources.virtualSize, PAGE) : 2 * PAGE;
  rewriteOptionalHeader(optional, { headerSize, imageSize, resources });

  const dos = Buffer.alloc(newHeader);
  file.copy(dos, 0, 0, 0x40);
  dos.writeUInt32LE(newHeader, 0x3c);
  dos.write(SIGNATURE, 0x40, 'latin1');
  const coff = Buffer.from(file.subarray(header, header + 24));
  coff.writeUInt16LE(sections.length, 6);
  coff.fill(0, 12, 20); // no symbols
  const head = Buffer.concat([dos, coff, optional, sectionTable(sections, headerSize)]);
  return Buffer.concat([pad(head, headerSize), ...sections.map((section) => padded(section.data))]);
}

function resourceSection(
  file: Buffer,
  tableAt: number,
  count: number,
  optional: Buffer,
): Section | undefined {
  const directory = optional.readUInt32LE(112 + 8 * RESOURCE_DIRECTORY);
  if (directory === 0) return undefined;
  for (let i = 0; i < count; i++) {
    const at = tableAt + 40 * i;
    const virtualSize = file.readUInt32LE(at + 8);
    const address = file.readUInt32LE(at + 12);
    const rawSize = file.readUInt32LE(at + 16);
    const rawAt = file.readUInt32LE(at + 20);
    if (directory < address || directory >= address + Math.max(virtualSize, rawSize)) continue;
    const raw = file.subarray(rawAt, rawAt + Math.min(rawSize, Math.max(virtualSize, 1)));
    const data = keepResources(raw, address);
    return { name: '.rsrc', virtualSize: data.length, address, data, flags: 0x40000040 };
  }
  return undefined;
}

function rewriteOptionalHeader(
  optional: Buffer,
  to: { headerSize: number; imageSize: number; resources: Section | undefined },
): void {
  optional.writeUInt32LE(FILE_ALIGNMENT, 4); // size of code
  optional.fill(0, 8, 16);
  optional.writeUInt32LE(PAGE, 16); // entry point
  optional.writeUInt32LE(PAGE, 32);
  optional.writeUInt32LE(FILE_ALIGNMENT, 36);
  optional.writeUInt32LE(to.imageSize, 56);
  optional.writeUInt32LE(to.headerSize, 60);
  optional.writeUInt32LE(0, 64); // checksum
  const directories = optional.readUInt32LE(108);
  for (let i = 0; i < directories; i++) {
    if (i === RESOURCE_DIRECTORY && to.resources)
      optional.writeUInt32LE(to.resources.data.length, 112 + 8 * i + 4);
    else optional.fill(0, 112 + 8 * i, 120 + 8 * i);
  }
}

function sectionTable(sections: readonly Section[], firstAt: number): Buffer {
  let rawAt = firstAt;
  return Buffer.concat(
    sections.map((section) => {
      const row = Buffer.alloc(40);
      row.write(section.name, 0, 'latin1');
      row.writeUInt32LE(section.virtualSize, 8);
      row.writeUInt32LE(section.address, 12);
      row.writeUInt32LE(roundUp(section.data.length, FILE_ALIGNMENT), 16);
      row.writeUInt32LE(rawAt, 20);
      row.writeUInt32LE(section.flags, 36);
      rawAt += roundUp(section.data.length, FILE_ALIGNMENT);
      return row;
    }),
  );
}

const pad = (data: Buffer, size: number): Buffer => Buffer.concat([data, Buffer.alloc(size - data.length)]);
const padded = (data: Buffer): Buffer => pad(data, roundUp(data.length, FILE_ALIGNMENT));

/* ---- resources: a tree of directories (type, name, language) whose leaves point to the data ---- */

type Key = number | Buffer;
interface Leaf {
  readonly codePage: number;
  readonly data: Buffer;
}
type Tree = (readonly [Key, Tree | Leaf])[];

/** Cursors, bitmaps, icons, menus, dialogs, accelerators, their groups, animations, HTML, manifests: pictures only. */
const DROPPED_TYPES = new Set([1, 2, 3, 4, 5, 9, 12, 14, 21, 22, 23, 24]);
const DROPPED_NAMES = new Set(['WINE_DATA_FILE', 'PNG', 'BINDATA']);
const HIGH_BIT = 0x80000000;

/** A resource section without the pictures, at the same address. */
function keepResources(section: Buffer, address: number): Buffer {
  const tree = readTree(section, address, 0).filter(([key]) =>
    typeof key === 'number' ? !DROPPED_TYPES.has(key) : !DROPPED_NAMES.has(key.toString('utf16le', 2)),
  );
  return writeTree(tree, address);
}

function readTree(section: Buffer, address: number, at: number): Tree {
  const count = section.readUInt16LE(at + 12) + section.readUInt16LE(at + 14);
  return Array.from({ length: count }, (_, i) => {
    const name = section.readUInt32LE(at + 16 + 8 * i);
    const target = section.readUInt32LE(at + 20 + 8 * i);
    const nameAt = name & ~HIGH_BIT;
    const key =
      name >= HIGH_BIT ? section.subarray(nameAt, nameAt + 2 + 2 * section.readUInt16LE(nameAt)) : name;
    const child = target >= HIGH_BIT ? readTree(section, address, target & ~HIGH_BIT) : readLeaf(target);
    return [key, child] as const;
  });

  function readLeaf(leafAt: number): Leaf {
    const dataAt = section.readUInt32LE(leafAt) - address;
    return {
      data: section.subarray(dataAt, dataAt + section.readUInt32LE(leafAt + 4)),
      codePage: section.readUInt32LE(leafAt + 8),
    };
  }
}

/** Directories first, then the entries of the leaves, then the names, then the data. */
function writeTree(tree: Tree, address: number): Buffer {
  const leaves = leavesOf(tree);
  const names = namesOf(tree);
  const directorySize = sizeOf(tree);
  const namesAt = directorySize + 16 * leaves.length;
  const namesSize = names.reduce((sum, name) => sum + name.length, 0);
  const dataAt = roundUp(namesAt + namesSize, 8);
  const out = Buffer.alloc(dataAt + leaves.reduce((sum, leaf) => sum + roundUp(leaf.data.length, 8), 0));

  const nameOffsets = new Map<string, number>();
  let at = namesAt;
  for (const name of names) {
    nameOffsets.set(name.toString('latin1'), at);
    at += name.copy(out, at);
  }
  at = dataAt;
  leaves.forEach((leaf, i) => {
    const entry = directorySize + 16 * i;
    out.writeUInt32LE(address + at, entry);
    out.writeUInt32LE(leaf.data.length, entry + 4);
    out.writeUInt32LE(leaf.codePage, entry + 8);
    leaf.data.copy(out, at);
    at += roundUp(leaf.data.length, 8);
  });

  let free = 0;
  let nextLeaf = 0;
  writeDirectory(tree);
  return out;

  function writeDirectory(directory: Tree): number {
    const start = free;
    free += 16 + 8 * directory.length;
    const named = directory.filter(([key]) => typeof key !== 'number').length;
    out.writeUInt16LE(named, start + 12);
    out.writeUInt16LE(directory.length - named, start + 14);
    directory.forEach(([key, child], i) => {
      const id =
        typeof key === 'number' ? key : ((nameOffsets.get(key.toString('latin1')) ?? 0) | HIGH_BIT) >>> 0;
      const target = Array.isArray(child)
        ? (writeDirectory(child) | HIGH_BIT) >>> 0
        : directorySize + 16 * nextLeaf++;
      out.writeUInt32LE(id, start + 16 + 8 * i);
      out.writeUInt32LE(target, start + 20 + 8 * i);
    });
    return start;
  }
}

const leavesOf = (tree: Tree): Leaf[] =>
  tree.flatMap(([, child]) => (Array.isArray(child) ? leavesOf(child) : [child]));

const sizeOf = (tree: Tree): number =>
  tree.reduce((sum, [, child]) => sum + 8 + (Array.isArray(child) ? sizeOf(child) : 0), 16);

function namesOf(tree: Tree): Buffer[] {
  const found = new Map<string, Buffer>();
  collect(tree);
  return [...found.values()];

  function collect(directory: Tree): void {
    for (const [key, child] of directory) {
      if (typeof key !== 'number') found.set(key.toString('latin1'), key);
      if (Array.isArray(child)) collect(child);
    }
  }
}

/**
 * Replaces every copy of a Wine built-in below a folder by its stand-in.
 * @param builtins Wine's own folder of 64-bit Windows files; it is only read
 * @returns how many files were replaced
 */
export function slimDown(folder: string, builtins: string): number {
  const originals = new Set(readdirSync(builtins));
  let replaced = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !originals.has(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const file = readFileSync(path);
    if (!file.equals(readFileSync(join(builtins, entry.name)))) continue;
    const small = placeholder(file);
    if (!small || small.length >= file.length) continue;
    const { atime, mtime } = statSync(path);
    writeFileSync(path, small);
    utimesSync(path, atime, mtime);
    replaced++;
  }
  return replaced;
}
