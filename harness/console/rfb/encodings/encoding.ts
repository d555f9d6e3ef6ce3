import type { Area } from '../../../core/journal.ts';
import type { ByteReader } from '../byte-reader.ts';
import type { Canvas } from '../canvas.ts';

/** How the contents of one rectangle of an update are told. RFC 6143, 7.7 and 7.8. */
export interface Encoding {
  readonly id: number;
  /** Reads one rectangle and paints it. @returns what has changed on the canvas, or `last` when none follows */
  read(area: Area, from: ByteReader, onto: Canvas): Promise<Area | undefined | 'last'>;
}
