import { expect } from '@playwright/test';
import { withoutLastRect } from './vnc-relay.ts';

const hex = (...parts: string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
const VERSION_8 = Buffer.from('RFB 003.008\n').toString('hex');
const VERSION_3 = Buffer.from('RFB 003.003\n').toString('hex');
const ANSWER = '02'.repeat(16);
/** Raw, LastRect, Cursor. */
const ENCODINGS = '02 00 0003 00000000 ffffff20 ffffff11';
const KEPT = '02 00 0002 00000000 ffffff11';
/** Pixel format, update request, key, pointer, cut text, fence, QEMU key, desktop size. */
const OTHERS = [
  '00 000000' + '11'.repeat(16),
  '03 01 0000 0000 0400 0300',
  '04 01 0000 00000041',
  '05 01 0010 0020',
  '06 000000 00000003 616263',
  'f8 000000 00000001 02 aabb',
  'ff 00 0001 00000041 0000001e',
  'fb 00 0400 0300 01 00' + '22'.repeat(16),
].join('');

describe('The relay before the VNC server', () => {
  for (const [version, client, expected] of [
    ['3.8', hex(VERSION_8, '02', ANSWER, '01'), hex(VERSION_8, '02', ANSWER, '01')],
    ['3.3', hex(VERSION_3, ANSWER, '01'), hex(VERSION_3, ANSWER, '01')],
  ] as const) {
    it(`takes LastRect out of a client's encodings and nothing else, byte by byte (${version})`, () => {
      const sent = Buffer.concat([client, hex(OTHERS, ENCODINGS, OTHERS, ENCODINGS)]);
      const filter = withoutLastRect();
      const got = Buffer.concat([...sent].map((byte) => filter(Buffer.from([byte]))));
      expect(got.toString('hex')).toBe(
        Buffer.concat([expected, hex(OTHERS, KEPT, OTHERS, KEPT)]).toString('hex'),
      );
      expect(withoutLastRect()(sent)).toEqual(got);
    });
  }

  it('passes each part of the handshake at once: the server answers it', () => {
    const filter = withoutLastRect();
    for (const part of [VERSION_8, '02', ANSWER, '01']) expect(filter(hex(part))).toEqual(hex(part));
  });

  it('passes everything after a message that it doesn\u2019t know', () => {
    const filter = withoutLastRect();
    filter(hex(VERSION_8, '02', ANSWER, '01'));
    expect(filter(hex('77 1234'))).toEqual(hex('77 1234'));
  });
});
