/** A file of an archive. Folders are made as they are needed. */
export interface Entry {
  /** Without a leading slash: `bin/sh`. */
  readonly path: string;
  readonly content: Buffer;
  readonly kind: 'file' | 'program' | 'link';
}

const MODES = { folder: 0o040755, file: 0o100644, program: 0o100755, link: 0o120777 } as const;

/**
 * A cpio archive as the kernel unpacks it into its first root file system.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst of Linux, format "newc".
 */
export function cpio(entries: readonly Entry[]): Buffer {
  const records: Buffer[] = [];
  const folders = new Set<string>();
  let inode = 0;
  const add = (path: string, mode: number, content: Buffer): void => {
    records.push(record(path, ++inode, mode, content));
  };
  for (const { path, kind, content } of entries) {
    for (const folder of parents(path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      add(folder, MODES.folder, Buffer.alloc(0));
    }
    add(path, MODES[kind], content);
  }
  records.push(record('TRAILER!!!', 0, 0, Buffer.alloc(0)));
  return Buffer.concat(records);
}

/** `a/b/c` -> `a`, `a/b` */
const parents = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join('/'));

/** Header, name and content, each padded to a multiple of four bytes. */
function record(path: string, inode: number, mode: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`);
  const owner = 0;
  const links = 1;
  const time = 0;
  const device = [0, 0, 0, 0];
  const unused = 0;
  const fields = [inode, mode, owner, owner, links, time, content.length, ...device, name.length, unused];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
