import type { Area } from '../../core/journal.ts';
import type { ByteReader } from './byte-reader.ts';
import type { Canvas } from './canvas.ts';
import { copyRect } from './encodings/copy-rect.ts';
import { cursor } from './encodings/cursor.ts';
import { desktopSize } from './encodings/desktop-size.ts';
import type { Encoding } from './encodings/encoding.ts';
import { lastRect } from './encodings/last-rect.ts';
import { raw } from './encodings/raw.ts';
import { zrle } from './encodings/zrle.ts';
import { garbled } from './faults.ts';

/**
 * The encodings of one connection, in order of preference. Packing costs both ends more time than a local wire does,
 * so only a remote console is asked to pack.
 */
export const encodings = (local: boolean): readonly Encoding[] => [
  ...(local ? [raw, copyRect, zrle()] : [zrle(), copyRect, raw]),
  desktopSize,
  lastRect,
  cursor,
];

const [UPDATE, COLOUR_MAP, BELL, CUT_TEXT] = [0, 1, 2, 3];

/**
 * Reads one message of the server (RFC 6143, 7.6) and paints what it brings.
 * @returns the areas of an update, or undefined when it was a message of another kind
 */
export async function readMessage(
  from: ByteReader,
  onto: Canvas,
  known: readonly Encoding[],
): Promise<readonly Area[] | undefined> {
  const type = await from.u8();
  switch (type) {
    case UPDATE:
      return readUpdate(from, onto, known);
    case COLOUR_MAP:
      await from.skip((await from.bytes(5)).readUInt16BE(3) * 6);
      return undefined;
    case BELL:
      return undefined;
    case CUT_TEXT:
      await from.skip((await from.bytes(7)).readUInt32BE(3));
      return undefined;
    default:
      throw garbled(`a message of the unknown type ${type}`);
  }
}

async function readUpdate(
  from: ByteReader,
  onto: Canvas,
  known: readonly Encoding[],
): Promise<readonly Area[]> {
  const count = (await from.bytes(3)).readUInt16BE(1);
  const changed: Area[] = [];
  for (let i = 0; i < count; i++) {
    const head = await from.bytes(12);
    const [x, y, width, height] = [0, 2, 4, 6].map((at) => head.readUInt16BE(at)) as [
      number,
      number,
      number,
      number,
    ];
    const id = head.readInt32BE(8);
    const encoding = known.find((one) => one.id === id);
    if (!encoding) throw garbled(`a rectangle in the encoding ${id}, which was not asked for`);
    const area = await encoding.read({ x, y, width, height }, from, onto);
    if (area === 'last') break;
    if (area) changed.push(area);
  }
  return changed;
}
