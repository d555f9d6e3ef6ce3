import type { NtlmSession } from './session.ts';
import { NtlmRefusal } from './messages.ts';

/*
 * SPNEGO (RFC 4178, MS-SPNG), in which clients on Windows wrap their NTLM messages; others send them bare. Both are
 * answered in kind. Of all mechanisms only NTLM is spoken here.
 */

const INIT = 0x60;
const RESPONSE = 0xa1;
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const OBJECT_ID = 0x06;
const ENUMERATED = 0x0a;
const context = (number: number): number => 0xa0 + number;

/** 1.3.6.1.4.1.311.2.2.10 */
const NTLM = Buffer.from('2b06010401823702020a', 'hex');
const ACCEPT_COMPLETED = 0;
const ACCEPT_INCOMPLETE = 1;

/** One negotiation on one connection. */
export class Negotiation {
  /** The list of mechanisms as the client has sent it: what its integrity code is over. */
  #mechanisms: Buffer | undefined;

  /** The NTLM message in a token; undefined when the client has to choose NTLM first. @throws NtlmRefusal */
  unwrap(token: Buffer): { message: Buffer | undefined; code: Buffer | undefined } {
    if (token[0] === INIT) return this.#open(token);
    if (token[0] !== RESPONSE) return { message: token, code: undefined };
    if (this.#mechanisms === undefined) throw new NtlmRefusal('SPNEGO goes on without a beginning');
    const fields = childrenOf(only(childrenOf(only(readAll(token), RESPONSE)), SEQUENCE));
    return { message: octets(fields, 2), code: octets(fields, 3) };
  }

  /** What carries a CHALLENGE to the client, or tells it to start with NTLM. */
  proceed(challenge: Buffer | undefined): Buffer {
    if (this.#mechanisms === undefined) return challenge ?? Buffer.alloc(0);
    return response(ACCEPT_INCOMPLETE, [
      node(context(1), node(OBJECT_ID, NTLM)),
      ...(challenge ? [node(context(2), node(OCTETS, challenge))] : []),
    ]);
  }

  /**
   * The last word to a client that is admitted; undefined for one that talks bare NTLM.
   * @param code the client's integrity code over the mechanisms, which is answered with one
   * @throws NtlmRefusal when it is wrong
   */
  finish(session: NtlmSession, code: Buffer | undefined): Buffer | undefined {
    if (this.#mechanisms === undefined) return undefined;
    if (code === undefined) return response(ACCEPT_COMPLETED, []);
    session.checkCode(this.#mechanisms, code);
    return response(ACCEPT_COMPLETED, [node(context(3), node(OCTETS, session.code(this.#mechanisms)))]);
  }

  #open(token: Buffer): { message: Buffer | undefined; code: undefined } {
    const outer = childrenOf(only(readAll(token), INIT));
    const fields = childrenOf(only(childrenOf(only(outer, context(0))), SEQUENCE));
    const list = only(childrenOf(only(fields, context(0))), SEQUENCE);
    this.#mechanisms = list.whole;
    const offered = childrenOf(list).map(({ content }) => content);
    if (!offered.some((id) => id.equals(NTLM))) throw new NtlmRefusal('the client offers no NTLM');
    // The token that comes along is for the first mechanism.
    const message = offered[0]?.equals(NTLM) ? octets(fields, 2) : undefined;
    return { message, code: undefined };
  }
}

interface DerNode {
  readonly tag: number;
  readonly content: Buffer;
  /** With its head. */
  readonly whole: Buffer;
}

function readAll(bytes: Buffer): DerNode[] {
  const nodes: DerNode[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const tag = bytes[at++] ?? 0;
    let size = bytes[at++] ?? 0;
    if (size >= 0x80) {
      const digits = size & 0x7f;
      if (digits === 0 || digits > 4 || at + digits > bytes.length) throw new NtlmRefusal('not SPNEGO');
      size = bytes.readUIntBE(at, digits);
      at += digits;
    }
    if (at + size > bytes.length) throw new NtlmRefusal('SPNEGO token is cut short');
    nodes.push({ tag, content: bytes.subarray(at, at + size), whole: bytes.subarray(start, at + size) });
    at += size;
  }
  return nodes;
}

const childrenOf = ({ content }: DerNode): DerNode[] => readAll(content);

function only(nodes: readonly DerNode[], tag: number): DerNode {
  const found = nodes.find((candidate) => candidate.tag === tag);
  if (!found) throw new NtlmRefusal('SPNEGO token without a part that it must have');
  return found;
}

function octets(fields: readonly DerNode[], number: number): Buffer | undefined {
  const field = fields.find(({ tag }) => tag === context(number));
  return field && only(childrenOf(field), OCTETS).content;
}

const response = (state: number, fields: readonly Buffer[]): Buffer =>
  node(RESPONSE, node(SEQUENCE, node(context(0), node(ENUMERATED, Buffer.of(state))), ...fields));

function node(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}
