import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { FrameResult } from '../model.ts';
import { shrink } from './shrink.ts';

/** A picture of the film, ready for a page; or why it can't be shown. */
export type Picture =
  | { readonly state: 'shown'; readonly id: string; readonly url: string }
  | { readonly state: 'missing' | 'altered' };

/**
 * The pictures of these frames, by the file that each frame names. Frames with the same pixels share one picture, so
 * that a page holds it once. A file that is not what the journal says is not shown.
 */
export async function loadPictures(
  folder: string,
  frames: readonly FrameResult[],
): Promise<ReadonlyMap<string, Picture>> {
  const bySha = new Map<string, Picture>();
  const pictures = new Map<string, Picture>();
  for (const { file, sha256 } of frames) {
    const bytes = await readInside(folder, file);
    if (!bytes) {
      pictures.set(file, { state: 'missing' });
    } else if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      pictures.set(file, { state: 'altered' });
    } else {
      const picture = bySha.get(sha256) ?? shown(bytes, sha256);
      bySha.set(sha256, picture);
      pictures.set(file, picture);
    }
  }
  return pictures;
}

function shown(bytes: Buffer, sha256: string): Picture {
  const small = shrink(bytes);
  if (!small) return { state: 'missing' };
  return {
    state: 'shown',
    id: `picture-${sha256.slice(0, 16)}`,
    url: `data:image/png;base64,${small.toString('base64')}`,
  };
}

/** A journal names files below its folder only; what it says of others is not followed. */
async function readInside(folder: string, file: string): Promise<Buffer | undefined> {
  const path = resolve(folder, file);
  if (!path.startsWith(resolve(folder) + sep)) return undefined;
  return readFile(path).catch(() => undefined);
}
