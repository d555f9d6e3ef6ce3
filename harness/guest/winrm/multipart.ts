import { MalformedAnswer } from './responses.ts';

const PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted';
const BOUNDARY = 'Encrypted Boundary';
const ORIGINAL = 'application/soap+xml;charset=UTF-8';

/** Source: MS-WSMV 2.2.9.1.1.1. */
export const SEALED_TYPE = `multipart/encrypted;protocol="${PROTOCOL}";boundary="${BOUNDARY}"`;

export const isSealedType = (contentType: string): boolean =>
  /^\s*multipart\/(x-multi-)?encrypted\s*;/i.test(contentType);

/**
 * A sealed message as the body of a request. Source: MS-WSMV 2.2.9.1.1.2.
 * @param sealed signature and sealed text
 * @param signatureBytes how much of it is the signature
 * @param originalBytes length of the text before it was sealed
 */
export function packSealed(sealed: Buffer, signatureBytes: number, originalBytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signatureBytes, 0);
  return Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\n` +
        `\tContent-Type: ${PROTOCOL}\r\n` +
        `\tOriginalContent: type=${ORIGINAL};Length=${originalBytes}\r\n` +
        `--${BOUNDARY}\r\n` +
        '\tContent-Type: application/octet-stream\r\n',
    ),
    length,
    sealed,
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}

/** Servers differ in blanks, tabs and, at the very end, in a line break. */
const HEAD = new RegExp(
  `^(?:\\r\\n)?--\\s*${BOUNDARY}\\r\\n` +
    `\\s*Content-Type:\\s*([^\\r\\n]+)\\r\\n` +
    `\\s*OriginalContent:\\s*type=[^\\r\\n]*?;\\s*Length=(\\d{1,9})\\s*\\r\\n` +
    `--\\s*${BOUNDARY}\\r\\n` +
    `\\s*Content-Type:\\s*application/octet-stream\\s*?\\r\\n`,
  'i',
);
const TAIL = new RegExp(`^(?:\\r\\n)?--\\s*${BOUNDARY}--\\s*$`, 'i');

/** The head is some lines of text; what is sealed begins far before this. */
const HEAD_BYTES = 2048;

/**
 * Signature and sealed text out of the body of an answer.
 * @throws MalformedAnswer
 */
export function unpackSealed(body: Buffer, signatureBytes: number): Buffer {
  const head = HEAD.exec(body.subarray(0, HEAD_BYTES).toString('latin1'));
  const [whole, protocol = '', length = ''] = head ?? [];
  if (whole === undefined) throw new MalformedAnswer('it is not a sealed message');
  if (protocol.trim().toLowerCase() !== PROTOCOL.toLowerCase())
    throw new MalformedAnswer(`it is sealed as ${protocol.trim().slice(0, 80)}, not as ${PROTOCOL}`);
  const start = whole.length + 4;
  const end = start + signatureBytes + Number(length);
  if (end > body.length) throw new MalformedAnswer('its sealed part is cut off');
  const found = body.readUInt32LE(whole.length);
  if (found !== signatureBytes)
    throw new MalformedAnswer(`its signature has ${found} bytes, that of NTLM has ${signatureBytes}`);
  if (!TAIL.test(body.subarray(end).toString('latin1')))
    throw new MalformedAnswer('its sealed part is longer than it says');
  return body.subarray(start, end);
}
