import { expect } from '@playwright/test';
import { constants, createDeflate } from 'node:zlib';
import { setImmediate as turn } from 'node:timers/promises';
import { ByteReader } from './byte-reader.ts';
import { Canvas } from './canvas.ts';
import { encodings, readMessage } from './server-messages.ts';

const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];
const WHITE = [255, 255, 255];

const u16 = (value: number): number[] => [value >> 8, value & 255];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const rectangle = (
  x: number,
  y: number,
  width: number,
  height: number,
  encoding: number,
  body: number[] = [],
) => [...[x, y, width, height].flatMap(u16), ...u32(encoding >>> 0), ...body];
const update = (count: number, ...rectangles: number[][]): number[] => [
  0,
  0,
  ...u16(count),
  ...rectangles.flat(),
];
const raw = (...pixels: number[][]): number[] => pixels.flatMap((pixel) => [...pixel, 77]);

/** One deflate stream for a connection, flushed after each rectangle, as servers have it. */
function packer(): (bytes: number[]) => Promise<number[]> {
  const deflate = createDeflate();
  return async (bytes) => {
    deflate.write(Buffer.from(bytes));
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    const packed: number[] = [];
    // It may come in pieces.
    for (let piece = deflate.read() as Buffer | null; piece; piece = deflate.read() as Buffer | null)
      packed.push(...piece);
    return [...u32(packed.length), ...packed];
  };
}

/** Hears messages, one byte at a time. */
async function hear(canvas: Canvas, ...messages: number[][]) {
  const from = new ByteReader();
  const known = encodings(false);
  const heard = (async () => {
    const all = [];
    for (const _ of messages) all.push(await readMessage(from, canvas, known));
    return all;
  })();
  heard.catch(() => undefined);
  for (const byte of messages.flat()) {
    from.push(Buffer.from([byte]));
    await turn();
  }
  from.end(new Error('no more bytes'));
  return heard;
}

function canvasOf(width: number, height: number): Canvas {
  const canvas = new Canvas();
  canvas.resize(width, height);
  return canvas;
}

const pixel = (canvas: Canvas, x: number, y: number): number[] => [
  ...canvas.data.subarray((y * canvas.width + x) * 4, (y * canvas.width + x) * 4 + 4),
];
const row = (canvas: Canvas, y: number): number[][] =>
  Array.from({ length: canvas.width }, (_, x) => pixel(canvas, x, y).slice(0, 3));

describe('Messages of a VNC server, one byte at a time', () => {
  it('paints raw pixels, and copies them even onto themselves', async () => {
    const canvas = canvasOf(3, 2);
    await hear(
      canvas,
      update(1, rectangle(0, 0, 3, 1, 0, raw(RED, GREEN, BLUE))),
      update(
        2,
        rectangle(0, 1, 3, 1, 1, [...u16(0), ...u16(0)]),
        rectangle(1, 0, 2, 1, 1, [...u16(0), ...u16(0)]),
      ),
    );
    expect(row(canvas, 0)).toEqual([RED, RED, GREEN]);
    expect(row(canvas, 1)).toEqual([RED, GREEN, BLUE]);
    expect(pixel(canvas, 0, 0)[3]).toBe(255);
  });

  it('unpacks every kind of ZRLE tile through one stream', async () => {
    const canvas = canvasOf(66, 3);
    const pack = packer();
    const tile = async (x: number, y: number, width: number, height: number, ...body: number[]) =>
      update(1, rectangle(x, y, width, height, 16, await pack(body)));
    const runOf64 = 64 * 3 - 1;
    await hear(
      canvas,
      await tile(0, 0, 2, 1, 0, ...RED, ...GREEN),
      await tile(2, 0, 2, 1, 1, ...BLUE),
      // Two colours, a bit a pixel; each row begins with a new byte.
      await tile(4, 0, 3, 2, 2, ...RED, ...BLUE, 0b01000000, 0b10100000),
      // Three colours, two bits a pixel.
      await tile(7, 0, 3, 1, 3, ...RED, ...GREEN, ...BLUE, 0b00011000),
      await tile(10, 0, 3, 1, 128, ...GREEN, 0, ...WHITE, 1),
      await tile(13, 0, 3, 1, 130, ...RED, ...BLUE, 0, 129, 1),
    );
    expect(row(canvas, 0).slice(0, 16)).toEqual(
      [
        [RED, GREEN],
        [BLUE, BLUE],
        [RED, BLUE, RED],
        [RED, GREEN, BLUE],
        [GREEN, WHITE, WHITE],
        [RED, BLUE, BLUE],
      ].flat(),
    );
    expect(row(canvas, 1).slice(4, 7)).toEqual([BLUE, RED, BLUE]);
    // Two tiles in a row, the first by one run that goes over all its rows.
    await hear(
      canvas,
      update(1, rectangle(0, 0, 66, 3, 16, await packer()([128, ...GREEN, runOf64, 1, ...WHITE]))),
    );
    expect(pixel(canvas, 63, 2)).toEqual([...GREEN, 255]);
    expect(pixel(canvas, 64, 0)).toEqual([...WHITE, 255]);
  });

  it('takes a new size, leaves the pointer away and stops at the last rectangle', async () => {
    const canvas = canvasOf(2, 2);
    const [areas] = await hear(
      canvas,
      update(
        0xffff,
        rectangle(0, 0, 4, 1, -223),
        rectangle(0, 0, 9, 1, -239, [...Array<number>(36).fill(9), 1, 1]),
        rectangle(3, 0, 1, 1, 0, raw(BLUE)),
        rectangle(0, 0, 0, 0, -224),
      ),
    );
    expect(areas).toEqual([
      { x: 0, y: 0, width: 4, height: 1 },
      { x: 3, y: 0, width: 1, height: 1 },
    ]);
    expect(row(canvas, 0)).toEqual([[0, 0, 0], [0, 0, 0], [0, 0, 0], BLUE]);
  });

  it('passes over colour maps, bells and texts of the clipboard', async () => {
    const [map, bell, text, painted] = await hear(
      canvasOf(1, 1),
      [1, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6],
      [2],
      [3, 0, 0, 0, ...u32(4), 65, 66, 67, 68],
      update(1, rectangle(0, 0, 1, 1, 0, raw(RED))),
    );
    expect([map, bell, text]).toEqual([undefined, undefined, undefined]);
    expect(painted).toHaveLength(1);
  });

  const broken: [string, () => Promise<number[]> | number[]][] = [
    ['an unknown message', () => [99]],
    ['an encoding that was not asked for', () => update(1, rectangle(0, 0, 1, 1, 7))],
    ['a rectangle outside the screen', () => update(1, rectangle(1, 1, 4, 4, 0))],
    ['a source outside the screen', () => update(1, rectangle(0, 0, 2, 2, 1, [...u16(3), ...u16(3)]))],
    ['a screen beyond all measure', () => update(1, rectangle(0, 0, 60_000, 60_000, -223))],
    ['an endless packed rectangle', () => update(1, rectangle(0, 0, 1, 1, 16, u32(0x7fffffff)))],
    ['a broken stream', () => update(1, rectangle(0, 0, 1, 1, 16, [...u32(4), 1, 2, 3, 4]))],
    ['a rectangle that is a bomb', async () => bomb()],
    [
      'a run beyond its tile',
      async () => update(1, rectangle(0, 0, 1, 1, 16, await packer()([128, 1, 2, 3, 200]))),
    ],
    ['too few pixels', async () => update(1, rectangle(0, 0, 4, 4, 16, await packer()([0, 1, 2, 3])))],
    [
      'a colour that the palette has not',
      async () => update(1, rectangle(0, 0, 1, 1, 16, await packer()([130, 1, 2, 3, 4, 5, 6, 5]))),
    ],
    ['an unknown tile', async () => update(1, rectangle(0, 0, 1, 1, 16, await packer()([17, 0])))],
  ];
  const bomb = async () =>
    update(1, rectangle(0, 0, 1, 1, 16, await packer()(Array<number>(200_000).fill(0))));
  for (const [what, message] of broken) {
    it(`refuses ${what}`, async () => {
      await expect(hear(canvasOf(4, 4), await message())).rejects.toMatchObject({ code: 'vnc-garbled' });
    });
  }
});
