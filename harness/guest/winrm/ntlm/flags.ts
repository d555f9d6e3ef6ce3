/** Bits of NegotiateFlags that we ask for or look at. Source: MS-NLMP 2.2.2.5. */
export const FLAG = {
  unicode: 0x00000001,
  requestTarget: 0x00000004,
  sign: 0x00000010,
  seal: 0x00000020,
  ntlm: 0x00000200,
  alwaysSign: 0x00008000,
  extendedSessionSecurity: 0x00080000,
  targetInfo: 0x00800000,
  version: 0x02000000,
  bits128: 0x20000000,
  keyExchange: 0x40000000,
  bits56: 0x80000000,
} as const;

const joined = (...flags: readonly number[]): number => flags.reduce((all, flag) => (all | flag) >>> 0, 0);

export const hasFlag = (flags: number, flag: number): boolean => (flags & flag) !== 0;

/** What we ask for: signing and sealing with 128 bits, a session key of our own making, texts in UTF-16. */
export const OUR_FLAGS = joined(
  FLAG.unicode,
  FLAG.requestTarget,
  FLAG.sign,
  FLAG.seal,
  FLAG.ntlm,
  FLAG.alwaysSign,
  FLAG.extendedSessionSecurity,
  FLAG.targetInfo,
  FLAG.version,
  FLAG.bits128,
  FLAG.keyExchange,
  FLAG.bits56,
);

/** Without these an answer could be read or altered by others. `sealing`: needed where nothing else encrypts. */
const NEEDED = [
  { flag: FLAG.unicode, what: 'texts in UTF-16', when: 'always' },
  { flag: FLAG.extendedSessionSecurity, what: 'extended session security', when: 'always' },
  { flag: FLAG.bits128, what: '128-bit keys', when: 'always' },
  { flag: FLAG.sign, what: 'signing', when: 'sealing' },
  { flag: FLAG.seal, what: 'sealing', when: 'sealing' },
] as const;

/** What the other side did not agree to, as words: `128-bit keys, sealing`. Empty when all is well. */
export const missingFlags = (flags: number, sealing: boolean): string =>
  NEEDED.filter(({ flag, when }) => !hasFlag(flags, flag) && (sealing || when === 'always'))
    .map(({ what }) => what)
    .join(', ');
