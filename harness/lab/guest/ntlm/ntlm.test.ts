import { createHmac } from 'node:crypto';
import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Rc4, md4 } from '../../../core/legacy-crypto.ts';
import { NtlmHandshake, type NtlmServer } from './acceptor.ts';
import { NtlmRefusal, readPairs } from './messages.ts';
import { NtlmSession } from './session.ts';
import { Negotiation } from './spnego.ts';

/* The example of MS-NLMP 4.2.1 and 4.2.4: NTLMv2 with key exchange and extended session security. */
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
const FLAGS = 0xe28a8233;
const SESSION_KEY = Buffer.alloc(16, 0x55);
const TARGET_INFO = hex('02000c0044006f006d00610069006e00 01000c005300650072007600650072000000 0000');
const PROOF = hex('68cd0ab851e51c96aabc927bebef6a1c');
const ENCRYPTED_KEY = hex('c5dad2544fc9799094ce1ce90bc9d03e');
const PLAINTEXT = Buffer.from('Plaintext', 'utf16le');
const SEALED = {
  message: hex('54e50165bf1936dc996020c1811b0f06fb5f'),
  signature: hex('010000007fb38ec5c55d497600000000'),
};

const NEGOTIATE = Buffer.concat([
  Buffer.from('NTLMSSP\0'),
  hex('01000000'),
  hex('338208e2'),
  Buffer.alloc(24),
]);

const server: NtlmServer = {
  computerName: 'WIN7-LAB',
  version: [6, 1, 7601],
  account: { user: 'User', password: 'Password' },
  newChallenge: () => hex('0123456789abcdef'),
};

const response = (targetInfo: Buffer): Buffer =>
  Buffer.concat([
    hex('0101000000000000 0000000000000000'),
    Buffer.alloc(8, 0xaa),
    Buffer.alloc(4),
    targetInfo,
    Buffer.alloc(4),
  ]);

/** An AUTHENTICATE message with room for an integrity code. */
function authenticate(
  changes: { user?: string; domain?: string; proof?: Buffer; info?: Buffer } = {},
): Buffer {
  const { user = 'User', domain = 'Domain', proof = PROOF, info = TARGET_INFO } = changes;
  const fields = [
    Buffer.alloc(24),
    Buffer.concat([proof, response(info)]),
    Buffer.from(domain, 'utf16le'),
    Buffer.from(user, 'utf16le'),
    Buffer.from('COMPUTER', 'utf16le'),
    ENCRYPTED_KEY,
  ];
  const head = Buffer.alloc(88);
  head.write('NTLMSSP\0', 'latin1');
  head.writeUInt32LE(3, 8);
  let at = head.length;
  fields.forEach((field, index) => {
    head.writeUInt16LE(field.length, 12 + index * 8);
    head.writeUInt16LE(field.length, 14 + index * 8);
    head.writeUInt32LE(at, 16 + index * 8);
    at += field.length;
  });
  head.writeUInt32LE(FLAGS, 60);
  return Buffer.concat([head, ...fields]);
}

describe('NTLM, as a server', () => {
  it('accepts the example of the specification, and reads what its client has sealed', () => {
    const session = new NtlmHandshake(server, NEGOTIATE).accept(authenticate());
    expect(session).toMatchObject({ user: 'User', seals: true });
    expect(session.unseal(SEALED)).toEqual(PLAINTEXT);
  });

  it('challenges with its name, the time and what the client may have', () => {
    const { challenge } = new NtlmHandshake({ ...server, newChallenge: () => Buffer.alloc(8, 7) }, NEGOTIATE);
    expect(challenge.readUInt32LE(8)).toBe(2);
    expect(challenge.readUInt32LE(20)).toBe(0xe28a8235);
    expect(challenge.subarray(24, 32)).toEqual(Buffer.alloc(8, 7));
    const pairs = readPairs(challenge.subarray(challenge.readUInt32LE(44)));
    expect([...pairs.keys()]).toEqual([2, 1, 4, 3, 7]);
    expect(pairs.get(1)?.toString('utf16le')).toBe('WIN7-LAB');
    const ticks = pairs.get(7)?.readBigUInt64LE() ?? 0n;
    const time = Number(ticks / 10_000n) - 11_644_473_600_000;
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
  });

  const refusals: [why: string, message: () => Buffer, reason: RegExp][] = [
    ['another password', () => authenticate({ proof: Buffer.alloc(16) }), /wrong password/],
    ['another user', () => authenticate({ user: 'Other' }), /unknown user/],
    ['a domain that was not hashed', () => authenticate({ domain: 'Other' }), /wrong password/],
    [
      'an integrity code that is wrong',
      () => {
        const info = Buffer.concat([hex('0600040002000000'), TARGET_INFO]);
        return authenticate({ info, proof: proofOver(response(info)) });
      },
      /integrity/,
    ],
    ['a response of NTLMv1', () => authenticate().fill(24, 20, 21).fill(0, 21, 22), /not an NTLMv2/],
    ['fields beyond the end', () => authenticate().subarray(0, 100), /beyond its end/],
    ['a message cut short', () => authenticate().subarray(0, 40), /too short/],
  ];
  for (const [why, message, reason] of refusals) {
    it(`refuses ${why}`, () => {
      const handshake = new NtlmHandshake(server, NEGOTIATE);
      expect(() => handshake.accept(message())).toThrow(reason);
    });
  }

  it('accepts an integrity code over the three messages', () => {
    const handshake = new NtlmHandshake(server, NEGOTIATE);
    const info = Buffer.concat([hex('0600040002000000'), TARGET_INFO]);
    const proof = proofOver(response(info));
    const message = authenticate({ info, proof });
    const sessionKey = new Rc4(hmac(responseKey(), proof)).update(ENCRYPTED_KEY);
    hmac(sessionKey, NEGOTIATE, handshake.challenge, message).copy(message, 72);
    expect(handshake.accept(message).user).toBe('User');
  });

  it('takes one answer to a challenge only', () => {
    const handshake = new NtlmHandshake(server, NEGOTIATE);
    handshake.accept(authenticate());
    expect(() => handshake.accept(authenticate())).toThrow(/answered before/);
  });

  it('refuses whatever bytes with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 200 }), (noise, at) => {
        const message = authenticate();
        Buffer.from(noise).copy(message, at);
        if (noise.length === 0 || message.equals(authenticate())) return;
        try {
          new NtlmHandshake(server, NEGOTIATE).accept(message);
        } catch (error) {
          expect(error).toBeInstanceOf(NtlmRefusal);
        }
      }),
    );
  });
});

describe('SPNEGO', () => {
  const offer = (...mechanisms: Buffer[]): Buffer => {
    const fields = node(0xa0, node(0x30, ...mechanisms.map((id) => node(0x06, id))));
    const init = node(0xa0, node(0x30, fields, node(0xa2, node(0x04, NEGOTIATE))));
    return node(0x60, node(0x06, hex('2b0601050502')), init);
  };
  const NTLM = hex('2b06010401823702020a');
  const KERBEROS = hex('2a864886f712010202');

  it('brings the message of a client that starts with NTLM', () => {
    expect(new Negotiation().unwrap(offer(NTLM)).message).toEqual(NEGOTIATE);
  });

  it('asks for NTLM when the client has started with another', () => {
    const negotiation = new Negotiation();
    expect(negotiation.unwrap(offer(KERBEROS, NTLM)).message).toBeUndefined();
    expect(negotiation.proceed(undefined)).toEqual(hex('a1153013a0030a0101a10c060a2b06010401823702020a'));
  });

  it('refuses a client without NTLM, and one that has not begun', () => {
    expect(() => new Negotiation().unwrap(offer(KERBEROS))).toThrow(/offers no NTLM/);
    expect(() => new Negotiation().unwrap(hex('a1023000'))).toThrow(/without a beginning/);
  });

  it('refuses whatever bytes with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 60 }), (noise, at) => {
        const token = offer(KERBEROS, NTLM);
        Buffer.from(noise).copy(token, at);
        try {
          new Negotiation().unwrap(token);
          new Negotiation().unwrap(Buffer.concat([hex('a1'), noise]));
        } catch (error) {
          expect(error).toBeInstanceOf(NtlmRefusal);
        }
      }),
    );
  });
});

describe('sealed messages', () => {
  it('come in the order in which they were sealed, unchanged, and once', () => {
    const fresh = (): NtlmSession => new NtlmSession('User', SESSION_KEY, FLAGS);
    const changedBytes = Buffer.from(SEALED.message).fill(0, 3, 4);
    expect(() => fresh().unseal({ ...SEALED, message: changedBytes })).toThrow(NtlmRefusal);
    const session = fresh();
    session.unseal(SEALED);
    expect(() => session.unseal(SEALED)).toThrow(NtlmRefusal);
    expect(() => fresh().unseal({ ...SEALED, signature: Buffer.alloc(16) })).toThrow(NtlmRefusal);
  });
});

/** What the specification's client would have proven over that response. */
const proofOver = (blob: Buffer): Buffer => hmac(responseKey(), hex('0123456789abcdef'), blob);

const responseKey = (): Buffer =>
  hmac(md4(Buffer.from('Password', 'utf16le')), Buffer.from('USERDomain', 'utf16le'));

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  const mac = createHmac('md5', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

const node = (tag: number, ...contents: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag, content.length), content]);
};
