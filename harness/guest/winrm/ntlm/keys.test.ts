import { expect } from '@playwright/test';
import { Rc4 } from '../../../core/legacy-crypto.ts';
import { prove, responseKey, sessionKey } from './keys.ts';
import { Sealing } from './sealing.ts';
import { encodeTargetInfo } from './target-info.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The values that all examples share. Source: MS-NLMP 4.2.1 and 4.2.4. */
const serverChallenge = hex('0123456789abcdef');
const clientChallenge = Buffer.alloc(8, 0xaa);
const randomSessionKey = Buffer.alloc(16, 0x55);
const targetInfo = encodeTargetInfo([
  { id: 2, value: Buffer.from('Domain', 'utf16le') },
  { id: 1, value: Buffer.from('Server', 'utf16le') },
]);

describe('NTLMv2 by the examples of MS-NLMP 4.2.4', () => {
  const key = responseKey('User', 'Domain', 'Password');
  const proof = prove({
    responseKey: key,
    serverChallenge,
    clientChallenge,
    time: Buffer.alloc(8),
    targetInfo,
  });

  it('makes NTOWFv2 of the password (4.2.4.1.1)', () => {
    expect(key.toString('hex')).toBe('0c868a403bfd7a93a3001ef22ef02e3f');
  });

  it('makes the session base key (4.2.4.1.2)', () => {
    expect(proof.sessionBaseKey.toString('hex')).toBe('8de40ccadbc14a82f15cb0ad0de95ca3');
  });

  it('makes the responses (4.2.4.2.1, 4.2.4.2.2)', () => {
    expect(proof.lmResponse.toString('hex')).toBe('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa');
    expect(proof.ntResponse.subarray(0, 16).toString('hex')).toBe('68cd0ab851e51c96aabc927bebef6a1c');
  });

  it('encrypts the session key (4.2.4.2.3)', () => {
    expect(new Rc4(proof.sessionBaseKey).update(randomSessionKey).toString('hex')).toBe(
      'c5dad2544fc9799094ce1ce90bc9d03e',
    );
  });

  it('makes the keys for signing and sealing (4.2.4.4)', () => {
    expect(sessionKey(randomSessionKey, 'client-to-server', 'signing').toString('hex')).toBe(
      '4788dc861b4782f35d43fd98fe1a2d39',
    );
    expect(sessionKey(randomSessionKey, 'client-to-server', 'sealing').toString('hex')).toBe(
      '59f600973cc4960a25480a7c196e4c58',
    );
  });

  it('seals a message (4.2.4.4, GSS_WrapEx)', () => {
    const sealed = new Sealing(randomSessionKey, true).seal(Buffer.from('Plaintext', 'utf16le'));
    expect(sealed.toString('hex')).toBe(
      '010000007fb38ec5c55d497600000000' + '54e50165bf1936dc996020c1811b0f06fb5f',
    );
  });
});

describe('NTLMv2 keys', () => {
  it('raise the user name as Windows does, and leave the domain alone', () => {
    expect(responseKey('uSER', 'Domain', 'Password')).toEqual(responseKey('User', 'Domain', 'Password'));
    expect(responseKey('User', 'DOMAIN', 'Password')).not.toEqual(responseKey('User', 'Domain', 'Password'));
    // One unit for one unit: not "SS".
    expect(responseKey('straße', '', 'x')).not.toEqual(responseKey('STRASSE', '', 'x'));
    expect(responseKey('ärger', '', 'x')).toEqual(responseKey('ÄRGER', '', 'x'));
  });
});
