import { expect } from '@playwright/test';
import { generateKeyPairSync } from 'node:crypto';
import { makeCertificate } from './testing/certificate.ts';
import { jwt } from './testing/jwt.ts';
import { tenantOnTheWire, type TenantOnTheWire } from './testing/wire.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const SECONDS = NOW / 1000;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

describe('how an application proves who it is', () => {
  const own = makeCertificate('registered');
  const other = makeCertificate('other');
  const hex = (fingerprint: string) =>
    Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
  const x5t = hex(own.certificate.fingerprint);
  const x5t256 = hex(own.certificate.fingerprint256);
  const clock = { at: NOW };
  let lab: TenantOnTheWire;
  before(async () => {
    lab = await tenantOnTheWire({ now: () => clock.at });
  });
  afterEach(() => (clock.at = NOW));
  after(() => lab.close());

  const present = (assertion: string, type = ASSERTION_TYPE) =>
    lab.token({ client_assertion: assertion, client_assertion_type: type });
  const granted = { status: 200, body: { token_type: 'Bearer' } };
  const refused = (code: number) => ({ status: code === 50027 ? 400 : 401, body: { error_codes: [code] } });

  it('by its secret, as long as that has not expired', async () => {
    const client_secret = lab.tenant.application.secret.reveal();
    expect(await lab.token({ client_secret })).toMatchObject(granted);
    expect((await lab.admin('application', { secretExpired: true })).body).toMatchObject({
      secretExpired: true,
    });
    expect(await lab.token({ client_secret })).toMatchObject(refused(7000222));
    expect(await lab.token({ client_secret: 'wrong' })).toMatchObject(refused(7000215));
    await lab.admin('application', { secretExpired: false });
    expect(await lab.token({ client_secret })).toMatchObject(granted);
  });

  describe('by a certificate', () => {
    before(() => lab.admin('application', { certificates: [own.pem] }));

    const claims = (change: object = {}) => ({
      iss: lab.tenant.application.id,
      sub: lab.tenant.application.id,
      aud: `${lab.base}/${lab.tenant.id}/oauth2/v2.0/token`,
      nbf: SECONDS,
      exp: SECONDS + 600,
      ...change,
    });

    it('PS256 with x5t#S256, or RS256 with x5t', async () => {
      expect((await lab.admin('application')).body).toMatchObject({
        certificates: [{ subject: 'CN=registered', sha256: own.certificate.fingerprint256 }],
      });
      for (const header of [
        { alg: 'PS256', 'x5t#S256': x5t256 },
        { alg: 'RS256', x5t },
        { alg: 'PS256', x5t },
      ]) {
        expect(await present(jwt(header, claims(), own.key))).toMatchObject(granted);
      }
    });

    it('but not when anything of it is wrong', async () => {
      const good = { alg: 'PS256', 'x5t#S256': x5t256 };
      const foreign = { alg: 'PS256', 'x5t#S256': hex(other.certificate.fingerprint256) };
      for (const [assertion, code] of [
        [jwt(foreign, claims(), other.key), 700027],
        [jwt(good, claims(), other.key), 700027],
        [jwt({ alg: 'RS256' }, claims(), own.key), 700027],
        [jwt({ ...good, alg: 'none' }, claims(), own.key), 700027],
        [jwt(good, claims({ aud: 'https://elsewhere.example/token' }), own.key), 700023],
        [jwt(good, claims({ exp: SECONDS - 301 }), own.key), 700024],
        [jwt(good, claims({ nbf: SECONDS + 301 }), own.key), 700024],
        [jwt(good, { ...claims(), exp: undefined }, own.key), 50027],
        ['no.token', 50027],
        ['a.b.c.d', 50027],
      ] as const) {
        expect(await present(assertion)).toMatchObject(refused(code));
      }
      expect(await present('x', 'other')).toMatchObject({ status: 400, body: { error_codes: [900144] } });
    });

    it('which is refused when the clocks differ too much, or the certificate is out of date', async () => {
      const assertion = jwt({ alg: 'PS256', 'x5t#S256': x5t256 }, claims(), own.key);
      await lab.admin('tenant', { clockSkewMs: -290_000 });
      expect(await present(assertion)).toMatchObject(granted);
      await lab.admin('tenant', { clockSkewMs: -310_000 });
      expect(await present(assertion)).toMatchObject(refused(700024));
      await lab.admin('tenant', { clockSkewMs: 30 * 86_400_000 });
      expect(await present(assertion)).toMatchObject(refused(700027));
      await lab.admin('tenant', { clockSkewMs: 0 });
    });
  });

  describe('by the word of somebody whom the tenant trusts', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const issuer = 'https://token.actions.example';
    const subject = 'repo:contoso/sspr:ref:refs/heads/main';
    before(() =>
      lab.admin('application', {
        federated: [{ issuer, subject, keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] }],
      }),
    );
    const claims = { iss: issuer, sub: subject, aud: 'api://AzureADTokenExchange', exp: SECONDS + 600 };
    const header = { alg: 'RS256', kid: 'k1' };

    it('whose issuer, subject and audience are registered', async () => {
      expect((await lab.admin('application')).body.federated).toEqual([
        { issuer, subject, audience: 'api://AzureADTokenExchange', keys: ['k1'] },
      ]);
      expect(await present(jwt(header, claims, privateKey))).toMatchObject(granted);
    });

    it('but of nobody else', async () => {
      for (const [head, change, key, code] of [
        [header, { iss: 'https://other.example' }, privateKey, 700211],
        [header, { sub: 'repo:contoso/sspr:pull_request' }, privateKey, 700213],
        [header, { aud: 'api://other' }, privateKey, 700212],
        [header, {}, other.key, 50013],
        [{ ...header, kid: 'k2' }, {}, privateKey, 50013],
        [header, { exp: SECONDS - 301 }, privateKey, 700024],
      ] as const) {
        expect(await present(jwt(head, { ...claims, ...change }, key))).toMatchObject(refused(code));
      }
    });
  });
});
