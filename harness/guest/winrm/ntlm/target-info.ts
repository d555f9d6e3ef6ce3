import { MalformedMessage } from './malformed-message.ts';

/** Kinds of attributes of the target. Source: MS-NLMP 2.2.2.1. */
export const ATTRIBUTE = { end: 0, flags: 6, timestamp: 7, channelBindings: 10 } as const;

/** In the attribute `flags`: the message carries a MIC. */
const MIC_PROVIDED = 2;

export interface Attribute {
  readonly id: number;
  readonly value: Buffer;
}

/** @throws MalformedMessage when the list is cut off, or does not end with its mark */
export function decodeTargetInfo(bytes: Buffer): Attribute[] {
  const attributes: Attribute[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at);
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    if (id === ATTRIBUTE.end) return attributes;
    if (end > bytes.length) throw new MalformedMessage(`attribute ${id} of the target is cut off`);
    attributes.push({ id, value: bytes.subarray(at + 4, end) });
    at = end;
  }
  throw new MalformedMessage('the attributes of the target have no end');
}

export function encodeTargetInfo(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat([...attributes, { id: ATTRIBUTE.end, value: Buffer.alloc(0) }].map(encodeAttribute));
}

/**
 * When the challenge was made, as a Windows file time, by the clock of the other side: with it our answer is in time
 * whatever our clock says. Undefined when the challenge does not say.
 */
export function timestampOf(attributes: readonly Attribute[]): Buffer | undefined {
  const value = attributes.find(({ id }) => id === ATTRIBUTE.timestamp)?.value;
  if (value !== undefined && value.length !== 8)
    throw new MalformedMessage(`the time of the challenge has ${value.length} bytes, not 8`);
  return value;
}

/**
 * The attributes as we send them back. Source: MS-NLMP 3.1.5.1.2.
 * @param channelBinding 16 bytes, where there is a TLS channel to bind to. Left out otherwise: Windows takes zeros for
 *   a wrong binding rather than for none.
 */
export function answeredAttributes(
  challenged: readonly Attribute[],
  { mic, channelBinding }: { readonly mic: boolean; readonly channelBinding?: Buffer | undefined },
): Attribute[] {
  const kept = challenged.filter(({ id }) => id !== ATTRIBUTE.flags && id !== ATTRIBUTE.channelBindings);
  const flags = flagsOf(challenged) | (mic ? MIC_PROVIDED : 0);
  return [
    ...kept,
    ...(flags === 0 ? [] : [{ id: ATTRIBUTE.flags, value: uint32(flags) }]),
    ...(channelBinding === undefined ? [] : [{ id: ATTRIBUTE.channelBindings, value: channelBinding }]),
  ];
}

function flagsOf(attributes: readonly Attribute[]): number {
  const value = attributes.find(({ id }) => id === ATTRIBUTE.flags)?.value;
  if (value === undefined) return 0;
  if (value.length !== 4)
    throw new MalformedMessage(`the flags of the target have ${value.length} bytes, not 4`);
  // Whether a MIC follows is ours to say.
  return (value.readUInt32LE(0) & ~MIC_PROVIDED) >>> 0;
}

function encodeAttribute({ id, value }: Attribute): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number, 0);
  return bytes;
}
