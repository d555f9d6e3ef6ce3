import { expect } from '@playwright/test';
import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { issueServerIdentity } from './authority.ts';

describe('the certificates of the lab', () => {
  it('name the hosts, are issued by an authority of their own, and leave no key behind', () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('sspr-lab-ca-'));
    const { authority, chain, key } = issueServerIdentity(['localhost', 'portal.example']);
    const [leaf, issuer] = chain
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .map((pem) => new X509Certificate(pem));
    const ca = new X509Certificate(authority);
    expect(issuer!.fingerprint256).toBe(ca.fingerprint256);
    expect(leaf!.verify(ca.publicKey) && leaf!.checkIssued(ca)).toBe(true);
    expect([ca.ca, leaf!.ca]).toEqual([true, false]);
    expect(leaf!.checkHost('portal.example')).toBe('portal.example');
    expect(leaf!.checkHost('other.example')).toBeUndefined();
    expect(leaf!.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    expect(String(key)).toBe('***');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('sspr-lab-ca-'))).toEqual(before);
  });

  it('are new each time', () => {
    const [one, two] = [issueServerIdentity(['localhost']), issueServerIdentity(['localhost'])];
    expect(one.authority).not.toBe(two.authority);
  });
});
