import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node';
import { Client, GraphError, PageIterator, type PageCollection } from '@microsoft/microsoft-graph-client';
import { expect } from '@playwright/test';
import { generateKeyPairSync } from 'node:crypto';
import { type Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import type { WireRecord } from './server.ts';
import { makeCertificate } from './testing/certificate.ts';
import { jwt } from './testing/jwt.ts';
import { tenantOnTheWire, UPN, type TenantOnTheWire } from './testing/wire.ts';

/** Microsoft's own clients, which know nothing of the lab, are content with it. */
describe("the lab's tenant and Microsoft's clients", () => {
  let lab: TenantOnTheWire;
  let usual: Dispatcher;
  const wire: WireRecord[] = [];
  /** The lab's time passes only when somebody has been throttled, and when a test says so. */
  const clock = { start: 0, ahead: 0 };
  const now = () => clock.start + clock.ahead + 1001 * wire.filter(({ status }) => status === 429).length;
  before(async () => {
    // Not when the file is read: other tests may take minutes until this one runs.
    clock.start = Date.now() - 60_000;
    lab = await tenantOnTheWire({ now, wire });
    usual = getGlobalDispatcher();
    // The one thing that they must be told: whom to trust.
    setGlobalDispatcher(lab.dispatcher);
  });
  after(async () => {
    setGlobalDispatcher(usual);
    await lab.close();
  });

  const SCOPES = ['https://graph.microsoft.com/.default'];
  const msal = (credential: Partial<NodeAuthOptions>) =>
    new ConfidentialClientApplication({
      auth: {
        clientId: lab.tenant.application.id,
        authority: `${lab.base}/${lab.tenant.id}`,
        knownAuthorities: [new URL(lab.base).host],
        ...credential,
      },
    });
  const tokenBy = async (credential: Partial<NodeAuthOptions>): Promise<string> =>
    (await msal(credential).acquireTokenByClientCredential({ scopes: SCOPES }))?.accessToken ?? '';
  const opens = async (token: string) =>
    (await lab.call('/v1.0/organization', { headers: { authorization: `Bearer ${token}` } })).status === 200;

  describe('@azure/msal-node', () => {
    it('gets a token by a secret, and is told when it is wrong or has expired', async () => {
      const clientSecret = lab.tenant.application.secret.reveal();
      expect(await opens(await tokenBy({ clientSecret }))).toBe(true);
      await expect(tokenBy({ clientSecret: 'wrong' })).rejects.toMatchObject({ errorNo: 7000215 });
      await lab.admin('application', { secretExpired: true });
      await expect(tokenBy({ clientSecret })).rejects.toMatchObject({ errorNo: 7000222 });
      await lab.admin('application', { secretExpired: false });
    });

    it('gets a token by a certificate that is registered', async () => {
      const { pem, keyPem: privateKey, certificate } = makeCertificate('stranger');
      const thumbprintSha256 = certificate.fingerprint256.replaceAll(':', '');
      const clientCertificate = { privateKey, thumbprintSha256 };
      await expect(tokenBy({ clientCertificate })).rejects.toMatchObject({ errorNo: 700027 });
      await lab.admin('application', { certificates: [pem] });
      expect(await opens(await tokenBy({ clientCertificate }))).toBe(true);
    });

    it('gets a token by the word of a federated issuer', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const [issuer, subject] = ['https://token.actions.example', 'repo:contoso/sspr:ref:refs/heads/main'];
      const exp = Math.floor(Date.now() / 1000) + 600;
      const claims = { iss: issuer, sub: subject, aud: 'api://AzureADTokenExchange', exp };
      const clientAssertion = jwt({ alg: 'RS256' }, claims, privateKey);
      await expect(tokenBy({ clientAssertion })).rejects.toMatchObject({ errorNo: 700211 });
      const keys = [publicKey.export({ format: 'jwk' })];
      await lab.admin('application', { federated: [{ issuer, subject, keys }] });
      expect(await opens(await tokenBy({ clientAssertion }))).toBe(true);
    });
  });

  describe('@microsoft/microsoft-graph-client', () => {
    const graph = () =>
      Client.init({
        baseUrl: lab.base,
        customHosts: new Set(['localhost']),
        authProvider: (done) => done(null, lab.tenant.issueToken()),
      });
    const audits = () => graph().api('/auditLogs/directoryAudits');
    it('iterates over all pages of thousands of rows of other users', async () => {
      const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
      await lab.admin('noise', { rows: 2500, spanSeconds: 600, users: 200, at: hourAgo });
      const first = (await audits().top(1000).get()) as PageCollection;
      const ids = new Set<string>();
      let count = 0;
      const iterator = new PageIterator(graph(), first, (row: { id: string }) => {
        ids.add(row.id);
        count += 1;
        return true;
      });
      await iterator.iterate();
      expect(iterator.isComplete()).toBe(true);
      expect([count, ids.size]).toEqual([2500, 2500]);
      await lab.admin('noise', undefined, 'DELETE');
    });

    it('comes back by itself when it is throttled, and after a fault that says when', async () => {
      clock.ahead = 60_000;
      wire.length = 0;
      await lab.admin('tenant', { throttle: { windowMs: 1000, retryAfter: 'seconds' } });
      for (let times = 0; times < 6; times++) await audits().top(1).get();
      await lab.admin('faults', [
        { path: '/v1.0/users', times: 1, kind: '503', retryAfterSeconds: 1 },
        { path: '/v1.0/users', times: 1, kind: '429', retryAfterSeconds: 1, retryAfterAs: 'date' },
      ]);
      expect(await graph().api(`/users/${UPN}`).get()).toMatchObject({ userPrincipalName: UPN });
      const statuses = (part: string) =>
        wire.filter(({ path }) => path.startsWith(part)).map(({ status }) => status);
      expect(statuses('/v1.0/auditLogs')).toEqual([200, 200, 200, 200, 200, 429, 200]);
      expect(statuses('/v1.0/users')).toEqual([503, 429, 200]);
    });

    it('reads what is wrong out of a refusal', async () => {
      const refused = audits().filter("category eq 'UserManagement'").get() as Promise<unknown>;
      await expect(refused).rejects.toBeInstanceOf(GraphError);
      await expect(refused).rejects.toMatchObject({ statusCode: 400, code: 'BadRequest' });
    });
  });
});
