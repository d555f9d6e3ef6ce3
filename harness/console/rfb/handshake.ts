import type { Secret } from '../../core/secret.ts';
import type { ByteReader } from './byte-reader.ts';
import { notVnc, refused, remoteDesktop, unauthorized, unknownSecurity } from './faults.ts';
import { answerChallenge } from './vnc-auth.ts';

const NONE = 1;
const VNC_AUTH = 2;
/** First byte of the packets of RDP (TPKT, RFC 1006). */
export const TPKT = 3;

const LONGEST_REASON = 4096;
const LONGEST_NAME = 65_536;

export interface Wire {
  readonly from: ByteReader;
  readonly send: (bytes: Buffer) => void;
  /** The server's address, for errors. */
  readonly where: string;
}

export interface Welcome {
  readonly width: number;
  readonly height: number;
  readonly name: string;
}

/**
 * Greets, proves the password and asks for a shared session (RFC 6143, 7.1 to 7.3), in the server's version of the
 * protocol: 3.3, 3.7 or 3.8.
 * @throws Fault `vnc-unauthorized`, `vnc-refused`, `vnc-security-unsupported`, `rdp-not-a-console` or `vnc-unreachable`
 */
export async function shakeHands(wire: Wire, password: Secret): Promise<Welcome> {
  const version = await agreeVersion(wire);
  const security = version === 3 ? await wire.from.u32() : await chooseSecurity(wire);
  if (security === 0) throw rejection(wire.where, await reason(wire));
  if (security === VNC_AUTH) wire.send(answerChallenge(password.reveal(), await wire.from.bytes(16)));
  else if (security !== NONE) throw unknownSecurity(wire.where, [security]);
  if (security === VNC_AUTH || version === 8) await checkResult(wire, version);
  wire.send(Buffer.from([1]));
  return readWelcome(wire);
}

async function agreeVersion({ from, send, where }: Wire): Promise<3 | 7 | 8> {
  const first = await from.bytes(1);
  if (first[0] === TPKT) throw remoteDesktop(where);
  if (first[0] !== 'R'.charCodeAt(0)) throw notVnc(where, first.toString('latin1'));
  const greeting = Buffer.concat([first, await from.bytes(11)]).toString('latin1');
  const minor = /^RFB 003\.(\d{3})\n$/.exec(greeting)?.[1];
  if (minor === undefined) throw notVnc(where, greeting);
  // Numbers other than these three have been seen in the wild; the protocol says to take them for the next lower one.
  const version = Number(minor) >= 8 ? 8 : Number(minor) === 7 ? 7 : 3;
  send(Buffer.from(`RFB 003.00${version}\n`));
  return version;
}

async function chooseSecurity(wire: Wire): Promise<number> {
  const offered = [...(await wire.from.bytes(await wire.from.u8()))];
  if (offered.length === 0) return 0;
  const chosen = [VNC_AUTH, NONE].find((type) => offered.includes(type));
  if (chosen === undefined) throw unknownSecurity(wire.where, offered);
  wire.send(Buffer.from([chosen]));
  return chosen;
}

async function checkResult(wire: Wire, version: 3 | 7 | 8): Promise<void> {
  if ((await wire.from.u32()) === 0) return;
  throw unauthorized(wire.where, version === 8 ? await reason(wire) : '');
}

async function reason({ from }: Wire): Promise<string> {
  const length = await from.u32();
  return (await from.bytes(Math.min(length, LONGEST_REASON))).toString('utf8');
}

/** Servers that have seen wrong passwords say so in place of an offer. */
const rejection = (where: string, why: string): Error =>
  /authentication|password/i.test(why) && !/too many/i.test(why)
    ? unauthorized(where, why)
    : refused(where, why);

async function readWelcome({ from }: Wire): Promise<Welcome> {
  const init = await from.bytes(24);
  const length = init.readUInt32BE(20);
  const name = await from.bytes(Math.min(length, LONGEST_NAME));
  await from.skip(length - name.length);
  return { width: init.readUInt16BE(0), height: init.readUInt16BE(2), name: name.toString('utf8') };
}
