import { expect } from '@playwright/test';
import { X509Certificate } from 'node:crypto';
import { issueServerIdentity } from '../network/authority.ts';
import type { HandshakeRecord } from '../network/handshakes.ts';
import { handshakeEvents, type HandshakeLogging } from './handshake-events.ts';
import { rootName } from './trusted-roots.ts';

const { authority, chain } = issueServerIdentity(['portal.example']);
/** The certificates of a chain do not begin in the same second. */
const HOUR_MS = 3600_000;
const HANDSHAKE: HandshakeRecord = {
  at: new Date(Date.parse(new X509Certificate(authority).validFrom) + HOUR_MS).toISOString(),
  random: '00',
  server: 'portal.example',
  protocol: 'TLS 1.2',
  cipherSuite: 0xc028,
  exchangeBits: 256,
  chain,
};
const LOGGING: HandshakeLogging = {
  schannel: 7,
  capi2: true,
  roots: [rootName(new X509Certificate(authority))],
  namesServer: true,
};

describe('what Windows logs of a handshake', () => {
  it('depends on what it is told to log', () => {
    const ids = (logging: Partial<HandshakeLogging>) =>
      handshakeEvents(HANDSHAKE, { ...LOGGING, ...logging }).map(({ log, id }) => `${log} ${id}`);
    expect(ids({})).toEqual(['System 36880', 'Microsoft-Windows-CAPI2/Operational 11']);
    expect(ids({ schannel: 3 })).toEqual(['Microsoft-Windows-CAPI2/Operational 11']);
    expect(ids({ capi2: false })).toEqual(['System 36880']);
  });

  it('names the server from Windows 8 on only', () => {
    const [older] = handshakeEvents(HANDSHAKE, { ...LOGGING, namesServer: false });
    const [newer] = handshakeEvents(HANDSHAKE, LOGGING);
    expect(older?.data).toContain("<Data Name='CipherSuite'>0xC028</Data>");
    expect(older?.data).not.toContain('portal.example');
    expect(newer?.data).toContain("<Data Name='TargetName'>portal.example</Data>");
  });

  it('says what is wrong with the chain', () => {
    const chainOf = (handshake: Partial<HandshakeRecord>, logging: Partial<HandshakeLogging> = {}) =>
      handshakeEvents({ ...HANDSHAKE, ...handshake }, { ...LOGGING, ...logging, schannel: 0 })[0];
    expect(chainOf({})).toMatchObject({ level: 'Information' });
    expect(chainOf({})?.data).toContain('<Result value="0"/>');
    const untrusted = chainOf({}, { roots: [] });
    expect(untrusted).toMatchObject({ level: 'Error' });
    expect(untrusted?.data).toContain('<ErrorStatus value="20"/>');
    expect(untrusted?.data).toContain('<Result value="800B0109"/>');
    const late = chainOf({ at: '2099-01-01T00:00:00.000Z' });
    expect(late?.data).toContain('<ErrorStatus value="1"/>');
    expect(late?.data).toContain('<Result value="800B0101"/>');
  });
});
