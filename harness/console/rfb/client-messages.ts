import type { KeyEvent, PointerEvent } from '../console.ts';

/** 32 bits a pixel, depth 24, little-endian, red first: the bytes R, G, B, unused; as a Frame has them. */
export function setPixelFormat(): Buffer {
  const message = Buffer.alloc(20);
  message.set([32, 24, 0, 1], 4);
  for (const at of [8, 10, 12]) message.writeUInt16BE(255, at);
  message.set([0, 8, 16], 14);
  return message;
}

/** @param encodings in order of preference */
export function setEncodings(encodings: readonly number[]): Buffer {
  const message = Buffer.alloc(4 + 4 * encodings.length);
  message[0] = 2;
  message.writeUInt16BE(encodings.length, 2);
  encodings.forEach((encoding, i) => message.writeInt32BE(encoding, 4 + 4 * i));
  return message;
}

/** @param incremental whether only what changes from now on is wanted */
export function requestUpdate(width: number, height: number, incremental: boolean): Buffer {
  const message = Buffer.alloc(10);
  message[0] = 3;
  message[1] = incremental ? 1 : 0;
  message.writeUInt16BE(width, 6);
  message.writeUInt16BE(height, 8);
  return message;
}

export function key({ keysym, down }: KeyEvent): Buffer {
  const message = Buffer.alloc(8);
  message[0] = 4;
  message[1] = down ? 1 : 0;
  message.writeUInt32BE(keysym, 4);
  return message;
}

export function pointer({ x, y, buttons }: PointerEvent): Buffer {
  const message = Buffer.alloc(6);
  message[0] = 5;
  message[1] = buttons;
  message.writeUInt16BE(x, 2);
  message.writeUInt16BE(y, 4);
  return message;
}
