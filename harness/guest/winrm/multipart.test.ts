import { expect } from '@playwright/test';
import fc from 'fast-check';
import { isSealedType, packSealed, SEALED_TYPE, unpackSealed } from './multipart.ts';
import { MalformedAnswer } from './responses.ts';

const SIGNATURE = Buffer.alloc(16, 7);
const sealed = (text: Buffer): Buffer => Buffer.concat([SIGNATURE, text]);
const text = Buffer.from('sealed text\r\n--Encrypted Boundary--\r\nand more of it');
const packed = packSealed(sealed(text), 16, text.length);

/** The same message as others write it. */
const rewritten = (change: (message: string) => string): Buffer =>
  Buffer.from(change(packed.toString('latin1')), 'latin1');

describe('sealed messages', () => {
  it('are packed as pywinrm packs them', () => {
    const head = packed.subarray(
      0,
      packed.length - sealed(text).length - '--Encrypted Boundary--\r\n'.length,
    );
    expect(head.toString('latin1')).toBe(
      '--Encrypted Boundary\r\n' +
        '\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n' +
        `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${text.length}\r\n` +
        '--Encrypted Boundary\r\n' +
        '\tContent-Type: application/octet-stream\r\n' +
        '\x10\0\0\0',
    );
    expect(isSealedType(SEALED_TYPE)).toBe(true);
    expect(isSealedType('application/soap+xml;charset=UTF-8')).toBe(false);
  });

  /** Only the lines of the form are written otherwise, never what is sealed. */
  const forms: readonly (readonly [string, (head: string, tail: string) => readonly [string, string]])[] = [
    ['as we write them', (head, tail) => [head, tail]],
    ['without tabs', (head, tail) => [head.replaceAll('\t', ''), tail]],
    [
      'with a blank before the boundary',
      (head, tail) => [head.replaceAll('--E', '-- E'), tail.replace('--E', '-- E')],
    ],
    ['without the last line break', (head, tail) => [head, tail.trimEnd()]],
    ['with a line break before the end', (head, tail) => [head, `\r\n${tail}`]],
  ];
  for (const [what, write] of forms) {
    it(`are unpacked ${what}, also when they hold the boundary`, () => {
      const message = packed.toString('latin1');
      const [start, end] = [message.indexOf('\x10\0\0\0'), message.lastIndexOf('--Encrypted')];
      const [head, tail] = write(message.slice(0, start), message.slice(end));
      const written = Buffer.from(head + message.slice(start, end) + tail, 'latin1');
      expect(unpackSealed(written, 16)).toEqual(sealed(text));
    });
  }

  const broken: readonly (readonly [string, Buffer])[] = [
    ['empty', Buffer.alloc(0)],
    ['plain', Buffer.from('<s:Envelope/>')],
    ['cut off', packed.subarray(0, packed.length - 40)],
    ['cut off in the head', packed.subarray(0, 100)],
    ['longer than they say', rewritten((message) => message.replace(/Length=\d+/, 'Length=3'))],
    ['shorter than they say', rewritten((message) => message.replace(/Length=\d+/, 'Length=999999999'))],
    ['without a length', rewritten((message) => message.replace(/;Length=\d+/, ''))],
    ['of another protocol', rewritten((message) => message.replace('SPNEGO', 'CredSSP'))],
    ['with a signature of 60 bytes', rewritten((message) => message.replace('\x10\0\0\0', '\x3c\0\0\0'))],
  ];
  for (const [what, message] of broken) {
    it(`are refused when they are ${what}`, () => {
      expect(() => unpackSealed(message, 16)).toThrow(MalformedAnswer);
    });
  }

  it('come back as they were, whatever is in them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const message = packSealed(sealed(Buffer.from(bytes)), 16, bytes.length);
        expect(unpackSealed(message, 16).equals(sealed(Buffer.from(bytes)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are unpacked or refused, when they are damaged anywhere', () => {
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(255), fc.nat(packed.length), (at, byte, length) => {
        const message = Buffer.from(packed.subarray(0, length));
        if (at < length) message[at] = byte;
        try {
          expect(unpackSealed(message, 16)).toHaveLength(16 + text.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedAnswer);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
