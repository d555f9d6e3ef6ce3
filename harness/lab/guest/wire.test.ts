import { connect } from 'node:net';
import { once } from 'node:events';
import { expect } from '@playwright/test';
import { FrameReader, Wire, encodeFrame, readWideStrings, wideStrings } from './wire.ts';

describe('the wire to the helpers', () => {
  it('cuts a stream into frames, even when it comes a byte at a time', () => {
    const reader = new FrameReader();
    const stream = Buffer.concat([
      encodeFrame('H', 7, wideStrings('token', 'nétsh')),
      encodeFrame('x', 4294967295, Buffer.alloc(0)),
    ]);
    const frames = [...stream].flatMap((byte) => reader.feed(Buffer.from([byte])));
    expect(frames.map(({ kind, id }) => [kind, id])).toEqual([
      ['H', 7],
      ['x', 4294967295],
    ]);
    expect(readWideStrings(frames[0]!.payload)).toEqual(['token', 'nétsh']);
  });

  it('hangs up on a stranger', async () => {
    const helpers: string[] = [];
    const wire = await Wire.open(({ hello }) => void helpers.push(hello.name));
    const stranger = connect(wire.port, '127.0.0.1');
    stranger.write(encodeFrame('H', 0, wideStrings('0'.repeat(32), 'netsh', 'C:\\', 'netsh')));
    await once(stranger, 'close');
    const friend = connect(wire.port, '127.0.0.1');
    friend.write(encodeFrame('H', 0, wideStrings(wire.token, 'netsh', 'C:\\', 'netsh')));
    while (helpers.length === 0) await new Promise(setImmediate);
    friend.destroy();
    wire.close();
    expect(helpers).toEqual(['netsh']);
  });
});
