import { NtlmRefusal } from './ntlm/messages.ts';
import { type NtlmSession, SIGNATURE_SIZE } from './ntlm/session.ts';

/*
 * SOAP sealed by NTLM, as it travels in an HTTP body (MS-WSMV 2.2.9.1.1.2): a part that says what was sealed and how
 * long it is, and a part with the length of the signature, the signature and the sealed bytes.
 */

const PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted';
const BOUNDARY = 'Encrypted Boundary';
const SEALED_TYPE = `multipart/encrypted;protocol="${PROTOCOL}";boundary="${BOUNDARY}"`;
const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';

export const isSealed = (contentType: string): boolean =>
  /^\s*multipart\/(x-multi-)?encrypted/i.test(contentType);

export interface Soap {
  readonly bytes: Buffer;
  readonly contentType: string;
}

/** @throws NtlmRefusal when it is not what it has to be */
export function unsealBody(session: NtlmSession, contentType: string, body: Buffer): Soap {
  if (!contentType.toLowerCase().includes(PROTOCOL.toLowerCase()))
    throw new NtlmRefusal('sealed by another protocol');
  const parts: Soap[] = [];
  // What was sealed may contain the boundary by chance: the parts are told apart by their lengths.
  for (let rest = body; ;) {
    const { head, size } = readHead(rest);
    const end = head.end + 4 + SIGNATURE_SIZE + size;
    if (rest.length < end || rest.readUInt32LE(head.end) !== SIGNATURE_SIZE)
      throw new NtlmRefusal('a sealed body is shorter than it says, or has another signature');
    const bytes = session.unseal({
      signature: rest.subarray(head.end + 4, head.end + 4 + SIGNATURE_SIZE),
      message: rest.subarray(head.end + 4 + SIGNATURE_SIZE, end),
    });
    parts.push({ bytes, contentType: head.original });
    rest = rest.subarray(end);
    const closing = /^-- ?Encrypted Boundary(--)?\r?\n?/.exec(rest.toString('latin1', 0, 40));
    if (!closing) throw new NtlmRefusal('a sealed body does not end where it says');
    if (closing[1] !== undefined || rest.length <= closing[0].length) break;
  }
  return {
    bytes: Buffer.concat(parts.map((part) => part.bytes)),
    contentType: parts[0]?.contentType ?? SOAP_TYPE,
  };
}

const HEAD =
  /^-- ?Encrypted Boundary\r?\n\s*Content-Type:[^\r\n]*\r?\n\s*OriginalContent:\s*type=([^\r\n]*?);\s*Length=(\d+)\s*\r?\n-- ?Encrypted Boundary\r?\n\s*Content-Type:\s*application\/octet-stream\r?\n/i;
const LONGEST_HEAD = 1024;

function readHead(body: Buffer): { head: { end: number; original: string }; size: number } {
  const match = HEAD.exec(body.toString('latin1', 0, LONGEST_HEAD));
  if (!match || body.length < match[0].length + 4)
    throw new NtlmRefusal('a sealed body has not the parts that it should have');
  return { head: { end: match[0].length, original: match[1] ?? '' }, size: Number(match[2]) };
}

export function sealBody(session: NtlmSession, soap: Buffer): Soap {
  const { signature, message } = session.seal(soap);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(signature.length);
  const head =
    `--${BOUNDARY}\r\n\tContent-Type: ${PROTOCOL}\r\n` +
    `\tOriginalContent: type=${SOAP_TYPE};Length=${soap.length}\r\n` +
    `--${BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n`;
  return {
    contentType: SEALED_TYPE,
    bytes: Buffer.concat([Buffer.from(head), size, signature, message, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}
