import { expect } from '@playwright/test';
import fc from 'fast-check';
import { Downgrade, answerChallenge } from './answer-challenge.ts';
import { FLAG, OUR_FLAGS, missingFlags } from './flags.ts';
import { readIdentity } from './identity.ts';
import { MalformedMessage } from './malformed-message.ts';
import { decodeChallenge, encodeNegotiate } from './messages.ts';
import { BrokenSeal, Sealing } from './sealing.ts';
import {
  ATTRIBUTE,
  type Attribute,
  answeredAttributes,
  decodeTargetInfo,
  encodeTargetInfo,
} from './target-info.ts';

const name = (text: string): Buffer => Buffer.from(text, 'utf16le');
const TIME = Buffer.from('0102030405060708', 'hex');

/** A challenge as a Windows machine sends it. */
function challengeOf(
  attributes: readonly Attribute[],
  { flags = (OUR_FLAGS | FLAG.targetInfo) >>> 0, target = 'WIN7' } = {},
): Buffer {
  const head = Buffer.alloc(56);
  const [targetName, info] = [name(target), encodeTargetInfo(attributes)];
  head.write('NTLMSSP\0', 'latin1');
  head.writeUInt32LE(2, 8);
  head.writeUInt16LE(targetName.length, 12);
  head.writeUInt16LE(targetName.length, 14);
  head.writeUInt32LE(56, 16);
  head.writeUInt32LE(flags, 20);
  head.set(Buffer.from('0123456789abcdef', 'hex'), 24);
  head.writeUInt16LE(info.length, 40);
  head.writeUInt16LE(info.length, 42);
  head.writeUInt32LE(56 + targetName.length, 44);
  return Buffer.concat([head, targetName, info]);
}

const usual = challengeOf([
  { id: 2, value: name('WIN7') },
  { id: 1, value: name('WIN7') },
  { id: ATTRIBUTE.timestamp, value: TIME },
]);

const answer = (challenge: Buffer, more: { sealing?: boolean; channelBinding?: Buffer } = {}): Buffer =>
  answerChallenge(challenge, {
    identity: { user: 'vagrant', domain: '' },
    password: 'vagrant',
    negotiate: encodeNegotiate(),
    sealing: true,
    ...more,
  }).authenticate;

/** A field of the third message, by the place of its length. */
const field = (message: Buffer, at: number): Buffer => {
  const start = message.readUInt32LE(at + 4);
  return message.subarray(start, start + message.readUInt16LE(at));
};

/** The attributes that the proof was made over. */
const proven = (message: Buffer): Attribute[] => decodeTargetInfo(field(message, 20).subarray(44));

describe('NTLM challenge', () => {
  it('is read', () => {
    const { serverChallenge, targetInfo } = decodeChallenge(usual);
    expect(serverChallenge.toString('hex')).toBe('0123456789abcdef');
    expect(targetInfo.map(({ id }) => id)).toEqual([2, 1, 7]);
  });

  it('is read as pywinrm 0.3.0 got it from another server', () => {
    const captured =
      'TlRMTVNTUAACAAAACAAIADgAAAA1goriFGl/ZROmW90AAAAAAAAAABwAHABAAAAABgGxHQAAAA9XAEkATgA3AAIACABXAEkATgA3AAEACABXAEkATgA3AAAAAAA=';
    const { flags, targetInfo } = decodeChallenge(Buffer.from(captured, 'base64'));
    expect(missingFlags(flags, true)).toBe('');
    expect(targetInfo.map(({ value }) => value.toString('utf16le'))).toEqual(['WIN7', 'WIN7']);
  });

  const damages: readonly (readonly [what: string, bytes: Buffer])[] = [
    ['empty', Buffer.alloc(0)],
    ['cut off in its head', usual.subarray(0, 40)],
    ['cut off in its attributes', usual.subarray(0, usual.length - 6)],
    ['of another protocol', Buffer.from('oYIBCzCCAQegAwoBAaEMBgorBgEEAYI3AgIK', 'base64')],
    ['another message', patched(usual, (bytes) => bytes.writeUInt32LE(3, 8))],
    ['pointing outside itself', patched(usual, (bytes) => bytes.writeUInt32LE(0xffff_fff0, 44))],
    ['without a target', challengeOf([], { flags: (OUR_FLAGS & ~FLAG.targetInfo) >>> 0 })],
    ['with an empty target', patched(usual, (bytes) => bytes.writeUInt16LE(0, 40))],
    [
      'without an end of its attributes',
      patched(usual, (bytes) => bytes.writeUInt16LE(bytes.readUInt16LE(40) - 4, 40)),
    ],
    ['with an attribute that is too long', patched(usual, (bytes) => bytes.writeUInt16LE(0xffff, 66))],
    ['with a time of 4 bytes', challengeOf([{ id: ATTRIBUTE.timestamp, value: Buffer.alloc(4) }])],
    ['with flags of 2 bytes', challengeOf([{ id: ATTRIBUTE.flags, value: Buffer.alloc(2) }])],
  ];
  for (const [what, bytes] of damages) {
    it(`is refused when it is ${what}`, () => {
      expect(() => answer(bytes)).toThrow(MalformedMessage);
    });
  }

  it('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, marked) => {
        const message = Buffer.from(bytes);
        if (marked) usual.copy(message, 0, 0, 24);
        readOrRefused(message);
      }),
      { numRuns: 3000 },
    );
  });

  it('is read or refused, also when a good one is damaged anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(usual.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(usual.length),
        (changes, length) => {
          const message = Buffer.from(usual.subarray(0, length));
          for (const [at, byte] of changes) if (at < message.length) message[at] = byte;
          readOrRefused(message);
        },
      ),
      { numRuns: 3000 },
    );
  });

  const weaker = [
    [FLAG.seal, 'sealing'],
    [FLAG.sign, 'signing'],
    [FLAG.bits128, '128-bit keys'],
    [FLAG.extendedSessionSecurity, 'extended session security'],
    [FLAG.unicode, 'texts in UTF-16'],
  ] as const;
  for (const [flag, what] of weaker) {
    it(`is refused without ${what}`, () => {
      const weak = challengeOf(decodeChallenge(usual).targetInfo, { flags: (OUR_FLAGS & ~flag) >>> 0 });
      const refusal = caught(() => answer(weak));
      expect(refusal).toBeInstanceOf(Downgrade);
      expect((refusal as Error).message).toBe(what);
    });
  }

  it('may come without sealing where TLS encrypts', () => {
    const flags = (OUR_FLAGS & ~FLAG.seal & ~FLAG.sign) >>> 0;
    const plain = challengeOf(decodeChallenge(usual).targetInfo, { flags });
    expect(() => answer(plain, { sealing: false })).not.toThrow();
  });
});

describe('NTLM answer', () => {
  it("takes the challenge's time, sends no LM response then, and says that a MIC follows", () => {
    const message = answer(usual);
    expect(field(message, 20).subarray(24, 32)).toEqual(TIME);
    expect(field(message, 12)).toEqual(Buffer.alloc(24));
    expect(message.subarray(72, 88)).not.toEqual(Buffer.alloc(16));
    expect(
      proven(message)
        .find(({ id }) => id === ATTRIBUTE.flags)
        ?.value.readUInt32LE(),
    ).toBe(2);
  });

  it('takes our time when the challenge has none, and leaves the MIC out', () => {
    const before = Date.now();
    const message = answer(challengeOf([{ id: 2, value: name('WIN7') }]));
    const time = field(message, 20).subarray(24, 32).readBigUInt64LE() / 10_000n - 11_644_473_600_000n;
    expect(Number(time)).toBeGreaterThanOrEqual(before);
    expect(Number(time)).toBeLessThanOrEqual(Date.now());
    expect(field(message, 12)).not.toEqual(Buffer.alloc(24));
    expect(message.subarray(72, 88)).toEqual(Buffer.alloc(16));
    expect(proven(message).map(({ id }) => id)).toEqual([2]);
  });

  it('carries the channel binding in the proof, and none where there is no channel', () => {
    const channelBinding = Buffer.alloc(16, 7);
    const bound = proven(answer(usual, { channelBinding }));
    expect(bound.find(({ id }) => id === ATTRIBUTE.channelBindings)?.value).toEqual(channelBinding);
    expect(proven(answer(usual)).some(({ id }) => id === ATTRIBUTE.channelBindings)).toBe(false);
  });

  it('keeps what the server says of itself, but not its words on binding and MIC', () => {
    const attributes = answeredAttributes(
      [
        { id: 9, value: name('x') },
        { id: ATTRIBUTE.flags, value: Buffer.from([3, 0, 0, 0]) },
        { id: ATTRIBUTE.channelBindings, value: Buffer.alloc(16, 1) },
      ],
      { mic: false },
    );
    expect(attributes).toEqual([
      { id: 9, value: name('x') },
      { id: ATTRIBUTE.flags, value: Buffer.from([1, 0, 0, 0]) },
    ]);
  });

  it('names user and domain as they were given', () => {
    const names = {
      vagrant: { user: 'vagrant', domain: '' },
      'CORP\\anna': { user: 'anna', domain: 'CORP' },
      '.\\vagrant': { user: 'vagrant', domain: '' },
      'anna@corp.example': { user: 'anna@corp.example', domain: '' },
      'CORP\\a\\b': { user: 'a\\b', domain: 'CORP' },
      '': { user: '', domain: '' },
    };
    for (const [given, identity] of Object.entries(names)) expect(readIdentity(given)).toEqual(identity);
  });

  it('says nothing of the user in its first message', () => {
    expect(encodeNegotiate().toString('base64')).toBe(
      'TlRMTVNTUAABAAAANYKI4gAAAAAoAAAAAAAAACgAAAAGAbEdAAAADw==',
    );
  });
});

describe('NTLM attributes', () => {
  it('come back as they were written', () => {
    const attribute = fc.record({
      id: fc.integer({ min: 1, max: 0xffff }),
      value: fc.uint8Array().map(Buffer.from),
    });
    fc.assert(
      fc.property(fc.array(attribute), (attributes) => {
        expect(decodeTargetInfo(encodeTargetInfo(attributes))).toEqual(attributes);
      }),
      { numRuns: 200 },
    );
  });
});

describe('NTLM sealing', () => {
  const key = Buffer.alloc(16, 0x55);
  const serverSide = (): Sealing => new Sealing(key, true, 'server-to-client');
  const fromServer = (plain: string, before = 0): Buffer => {
    const server = serverSide();
    for (let n = 0; n < before; n++) server.seal(Buffer.from('earlier'));
    return server.seal(Buffer.from(plain));
  };

  it('opens what the other side has sealed, in order', () => {
    const client = new Sealing(key, true);
    const server = serverSide();
    for (const text of ['first', '', 'third – 密码'])
      expect(client.open(server.seal(Buffer.from(text))).toString()).toBe(text);
  });

  const wrong: readonly (readonly [string, Buffer])[] = [
    ['altered text', patched(fromServer('text'), (bytes) => (bytes[17] = (bytes[17] ?? 0) ^ 1))],
    ['altered checksum', patched(fromServer('text'), (bytes) => (bytes[5] = (bytes[5] ?? 0) ^ 1))],
    ['another version', patched(fromServer('text'), (bytes) => bytes.writeUInt32LE(2, 0))],
    ['another number', patched(fromServer('text'), (bytes) => bytes.writeUInt32LE(7, 12))],
    ['a message left out', fromServer('text', 1)],
    ['our own message sent back', new Sealing(key, true).seal(Buffer.from('text'))],
    ['half a signature', fromServer('text').subarray(0, 9)],
  ];
  for (const [what, message] of wrong) {
    it(`notices ${what}`, () => {
      expect(() => new Sealing(key, true).open(message)).toThrow(BrokenSeal);
    });
  }

  it('notices a message that comes twice', () => {
    const client = new Sealing(key, true);
    const message = fromServer('text');
    client.open(message);
    expect(() => client.open(message)).toThrow(BrokenSeal);
  });
});

function readOrRefused(message: Buffer): void {
  const thrown = caught(() => answer(message));
  expect(thrown === undefined || thrown instanceof MalformedMessage || thrown instanceof Downgrade).toBe(
    true,
  );
}

function caught(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

function patched(message: Buffer, change: (bytes: Buffer) => unknown): Buffer {
  const copy = Buffer.from(message);
  change(copy);
  return copy;
}
