import { createHash, type Hash } from 'node:crypto';
import type { Storage, Stream } from './compound-file.ts';

/** Where an MSI keeps its signature. Its own digest leaves both out. */
export const SIGNATURE_STREAM = '\u0005DigitalSignature';
/** Digest of names, sizes and times, where the package was signed with them. */
export const METADATA_STREAM = '\u0005MsiDigitalSignatureEx';

/**
 * The digest of an MSI that its Authenticode signature signs: the content of all streams of a storage in the order of
 * their names as bytes, storages among them in the same way, then the storage's class id. When the package is signed
 * with its metadata, that digest comes first.
 * Source: Microsoft describes Authenticode of PE files only; this is as signtool and osslsigncode do it with packages, and
 * the tests hold it against the latter.
 * @param algorithm as node:crypto calls it
 */
export function msiDigest(root: Storage, algorithm: string): Buffer {
  const hash = createHash(algorithm);
  if (findStream(root, METADATA_STREAM)) {
    const metadata = createHash(algorithm);
    addMetadata(metadata, root, true);
    hash.update(metadata.digest());
  }
  addContent(hash, root, true);
  return hash.digest();
}

/** The stream of that name right below the root. */
export const findStream = (root: Storage, name: string): Stream | undefined =>
  root.children.find((child): child is Stream => child.kind === 'stream' && isNamed(child, name));

function addContent(hash: Hash, storage: Storage, isRoot: boolean): void {
  for (const child of signedChildren(storage, isRoot)) {
    if (child.kind === 'stream') hash.update(child.content);
    else addContent(hash, child, false);
  }
  hash.update(storage.clsid);
}

function addMetadata(hash: Hash, entry: Storage | Stream, isRoot: boolean): void {
  if (!isRoot) hash.update(entry.name);
  hash.update(entry.kind === 'storage' ? entry.clsid : uint32(entry.content.length));
  hash.update(entry.stateBits);
  if (!isRoot) hash.update(entry.created).update(entry.modified);
  if (entry.kind === 'storage') {
    for (const child of signedChildren(entry, isRoot)) addMetadata(hash, child, false);
  }
}

const signedChildren = (storage: Storage, isRoot: boolean): (Storage | Stream)[] =>
  storage.children
    .filter((child) => !isRoot || !(isNamed(child, SIGNATURE_STREAM) || isNamed(child, METADATA_STREAM)))
    .sort((a, b) => Buffer.compare(a.name, b.name));

const isNamed = ({ name }: Storage | Stream, wanted: string): boolean =>
  name.equals(Buffer.from(wanted, 'utf16le'));

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
