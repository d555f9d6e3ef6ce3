import { ClientSecretCredential } from '@azure/identity';
import { expect } from '@playwright/test';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { Agent } from 'undici';
import { Secret } from '../../core/secret.ts';
import { issueServerIdentity } from '../network/authority.ts';
import { DOMAIN_CONTROLLER } from './oauth.ts';
import { PORTAL_PATH } from './portal.ts';
import { PORTAL_HOST, serveTenant, TENANT_HOSTS, type TenantServer, type WireRecord } from './server.ts';
import { Tenant } from './tenant.ts';

const ADMIN = new Secret('admin-token-of-the-test');
const START = Date.parse('2026-11-21T10:00:00.250Z');
const UPN = 'anna@contoso.example';
const MAILBOX = 'anna.private@contoso.example';
const ATTEMPT = { correlationId: 'c0', ipAddress: '127.20.0.1', clientType: 'Windows7LogonScreen' };

describe('the tenant on the wire', () => {
  const identity = issueServerIdentity(TENANT_HOSTS);
  const dispatcher = new Agent({ connect: { ca: identity.authority } });
  const wire: WireRecord[] = [];
  let clock = START;
  let tenant: Tenant;
  let server: TenantServer;
  let base: string;

  beforeEach(async () => {
    clock = START;
    wire.length = 0;
    tenant = new Tenant({
      organization: 'Contoso',
      domain: 'contoso.example',
      users: [{ displayName: 'Anna Example', upn: UPN, mailbox: MAILBOX }],
      auditDelayMs: 5000,
      tokenLifetime: 60,
      now: () => clock,
    });
    server = await serveTenant({
      tenant,
      ...identity,
      adminToken: ADMIN,
      port: 0,
      onRequest: (record) => wire.push(record),
    });
    base = `https://localhost:${server.port}`;
  });
  afterEach(() => server.close());
  after(() => dispatcher.close());

  interface Answer {
    readonly status: number;
    readonly headers: Headers;
    readonly body: Readonly<Record<string, unknown>>;
  }

  async function call(path: string, init: RequestInit = {}): Promise<Answer> {
    // @types/node knows the dispatcher of an older undici only.
    const options = { ...init, dispatcher } as unknown as RequestInit;
    const response = await fetch(path.startsWith('https:') ? path : base + path, options);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : { text }) as never,
    };
  }

  const credentials = () => ({
    grant_type: 'client_credentials',
    client_id: tenant.application.id,
    client_secret: tenant.application.secret.reveal(),
    scope: 'https://graph.microsoft.com/.default',
  });
  const token = (form: Record<string, string>, named: string = tenant.id) =>
    call(`/${named}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
  const graph = (path: string, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${tenant.issueToken()}`;
    return call(path.startsWith('https:') ? path : `/v1.0/${path}`, {
      headers: { authorization, ...headers },
    });
  };
  const admin = (path: string, body: unknown, given = ADMIN.reveal()) =>
    call(`/lab/admin/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${given}` },
      body: JSON.stringify(body),
    });

  describe('OAuth', () => {
    const identityClient = (secret: string) =>
      new ClientSecretCredential(tenant.id, tenant.application.id, secret, {
        authorityHost: base,
        disableInstanceDiscovery: true,
        tlsOptions: { ca: identity.authority },
      });

    it('gives @azure/identity a token that opens Graph, and tells it when the secret is wrong', async () => {
      const good = identityClient(tenant.application.secret.reveal());
      const { token: accessToken } = await good.getToken('https://graph.microsoft.com/.default');
      const answer = await call('/v1.0/organization', {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      expect(answer.body).toMatchObject({ value: [{ displayName: 'Contoso', id: tenant.id }] });
      await expect(identityClient('wrong').getToken('https://graph.microsoft.com/.default')).rejects.toThrow(
        /AADSTS7000215/,
      );
    });

    it('signs its tokens, which name tenant, application and permissions', async () => {
      const { body } = await token(credentials());
      const [header, claims, signature] = String(body.access_token).split('.');
      const read = (part?: string) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as object;
      expect(read(claims)).toMatchObject({
        aud: 'https://graph.microsoft.com',
        tid: tenant.id,
        appid: tenant.application.id,
        roles: [
          'AuditLog.Read.All',
          'Directory.Read.All',
          'User.Read.All',
          'Mail.Read',
          'Organization.Read.All',
        ],
        exp: Math.floor(START / 1000) + 60,
      });
      const configuration = await call(`/${tenant.id}/v2.0/.well-known/openid-configuration`);
      const { body: published } = await call(String(configuration.body.jwks_uri));
      const [key] = published.keys as (JsonWebKey & { kid: string })[];
      expect(read(header)).toMatchObject({ alg: 'RS256', kid: key!.kid });
      const publicKey = createPublicKey({ key: key!, format: 'jwk' });
      const signed = Buffer.from(`${header}.${claims}`);
      expect(verify('sha256', signed, publicKey, Buffer.from(signature!, 'base64url'))).toBe(true);
    });

    it('dates its answers by its own clock', async () => {
      clock += 600_000;
      const answer = await call(`/${tenant.id}/v2.0/.well-known/openid-configuration`);
      expect(answer.headers.get('date')).toBe('Sat, 21 Nov 2026 10:10:00 GMT');
    });

    it('refuses in the codes of Azure AD', async () => {
      for (const [change, named, status, code] of [
        [{}, 'somewhere.example', 400, 90002],
        [{ client_id: 'nobody' }, undefined, 400, 700016],
        [{ client_secret: 'wrong' }, undefined, 401, 7000215],
        [{ grant_type: 'password' }, undefined, 400, 70003],
        [{ scope: 'Mail.Read' }, undefined, 400, 1002012],
      ] as const) {
        const answer = await token({ ...credentials(), ...change }, named);
        expect(answer).toMatchObject({ status, body: { error_codes: [code] } });
        expect(answer.body).toHaveProperty('error_description', expect.stringContaining(`AADSTS${code}: `));
      }
      const { client_secret: _none, ...without } = credentials();
      expect(await token(without)).toMatchObject({ status: 401, body: { error_codes: [7000218] } });
    });

    it("checks a user's password for the lab's machines only", async () => {
      const account = tenant.accounts[0]!;
      const form = (password: string, client = DOMAIN_CONTROLLER) => ({
        grant_type: 'password',
        client_id: client,
        username: UPN,
        password,
        scope: 'openid',
      });
      const accepted = await token(form(account.password.reveal()));
      expect(accepted).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
      const opened = await call('/v1.0/users', {
        headers: { authorization: `Bearer ${String(accepted.body.access_token)}` },
      });
      expect(opened.status).toBe(401);
      expect(await token(form('wrong'))).toMatchObject({ status: 400, body: { error_codes: [50126] } });
      expect(await token({ ...form('x'), username: 'zed' })).toMatchObject({
        body: { error_codes: [50034] },
      });
      const other = await token(form(account.password.reveal(), tenant.application.id));
      expect(other).toMatchObject({ status: 400, body: { error_codes: [70003] } });
    });
  });

  describe('Graph', () => {
    it('wants a token that is known, fresh and has the permissions', async () => {
      const path = '/v1.0/auditLogs/directoryAudits';
      const refused = { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } };
      expect(await call(path)).toMatchObject(refused);
      const authorization = `Bearer ${tenant.issueToken()}`;
      expect(await call(path, { headers: { authorization } })).toMatchObject({ status: 200 });
      clock += 60_000;
      expect(await call(path, { headers: { authorization } })).toMatchObject(refused);

      await admin('tenant', { permissions: ['AuditLog.Read.All'] });
      for (const [resource, code] of [
        ['auditLogs/directoryAudits', 'Authentication_MSGraphPermissionMissing'],
        [`users/${UPN}`, 'Authorization_RequestDenied'],
        [`users/${MAILBOX}/messages`, 'ErrorAccessDenied'],
      ]) {
        expect(await graph(resource!)).toMatchObject({ status: 403, body: { error: { code } } });
      }
      expect(await graph('reports/authenticationMethods/userRegistrationDetails')).toMatchObject({
        status: 200,
      });
    });

    it('shows an audit entry only after the delay', async () => {
      const account = tenant.accounts[0]!;
      tenant.audits.add({ activity: 'reset', result: 'success', reason: 'r' }, ATTEMPT, account, clock);
      clock += 4999;
      expect((await graph('auditLogs/directoryAudits')).body.value).toEqual([]);
      clock += 1;
      const answer = await graph('auditLogs/directoryAudits');
      expect(answer.body.value).toEqual([
        expect.objectContaining({
          id: expect.stringMatching(/^SSPR_c0_[A-Z0-9]{5}_\d{8}$/),
          activityDateTime: '2026-11-21T10:00:00.2500000Z',
          activityDisplayName: 'Reset password (self-service)',
          loggedByService: 'Self-service Password Management',
          category: 'UserManagement',
          operationType: 'Update',
          correlationId: 'c0',
          initiatedBy: {
            app: null,
            user: expect.objectContaining({ userPrincipalName: UPN, ipAddress: '127.20.0.1' }) as object,
          },
          targetResources: [
            expect.objectContaining({ id: account.id, type: 'User', userPrincipalName: UPN }),
          ],
          additionalDetails: expect.arrayContaining([{ key: 'ClientType', value: 'Windows7LogonScreen' }]),
        }),
      ]);
    });

    it('pages by nextLink, and a new entry does not shift the pages', async () => {
      const log = (reason: string) =>
        tenant.audits.add(
          { activity: 'progress', result: 'success', reason },
          ATTEMPT,
          tenant.accounts[0]!,
          clock++,
        );
      for (let n = 0; n < 5; n++) log(`r${n}`);
      clock += 5000;
      const filter = encodeURIComponent("startswith(activityDisplayName,'Self-service')");
      let next: string | undefined =
        `auditLogs/directoryAudits?$filter=${filter}&$orderby=activityDateTime desc&$top=2`;
      const seen: string[] = [];
      while (next !== undefined) {
        const { body }: Answer = await graph(next);
        seen.push(...(body.value as { resultReason: string }[]).map(({ resultReason }) => resultReason));
        next = body['@odata.nextLink'] as string | undefined;
        log('late');
        clock += 6000;
      }
      expect(seen).toEqual(['r4', 'r3', 'r2', 'r1', 'r0']);
    });

    it('says what is wrong with a query', async () => {
      for (const query of ['$filter=result eq', '$filter=reslt eq 1', '$top=1001', '$skiptoken=zz']) {
        const answer = await graph(`auditLogs/directoryAudits?${encodeURI(query)}`);
        expect(answer).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
      }
      expect(await graph('groups')).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
    });

    it('tells when the password was changed only if asked for it', async () => {
      const plain = await graph(`users/${UPN}`);
      expect(plain.body).toMatchObject({ userPrincipalName: UPN, displayName: 'Anna Example' });
      expect(plain.body).not.toHaveProperty('lastPasswordChangeDateTime');
      const asked = await graph(`users/${UPN.toUpperCase()}?$select=id,lastPasswordChangeDateTime`);
      expect(asked.body).toMatchObject({
        id: tenant.accounts[0]!.id,
        lastPasswordChangeDateTime: '2026-10-22T10:00:00Z',
      });
      const missing = { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } };
      expect(await graph('users/nobody@contoso.example')).toMatchObject(missing);
    });

    it('describes the registration as policy and methods have it', async () => {
      const { id } = tenant.accounts[0]!;
      const path = 'reports/authenticationMethods/userRegistrationDetails';
      expect((await graph(`${path}/${id}`)).body).toMatchObject({
        userPrincipalName: UPN,
        isSsprCapable: true,
        methodsRegistered: ['email', 'mobilePhone'],
      });
      expect(await admin(`users/${UPN}`, { methods: [], standing: 'notEnabled' })).toMatchObject({
        status: 200,
      });
      const filter = encodeURIComponent(`userPrincipalName eq '${UPN}'`);
      expect((await graph(`${path}?$filter=${filter}`)).body.value).toEqual([
        expect.objectContaining({ isSsprRegistered: false, isSsprEnabled: false, isSsprCapable: false }),
      ]);
    });

    it('names subscriptions with their plans, and gives no reports to a tenant without premium', async () => {
      const plans = async () =>
        ((await graph('subscribedSkus')).body.value as { servicePlans: { servicePlanName: string }[] }[])
          .flatMap(({ servicePlans }) => servicePlans)
          .map(({ servicePlanName }) => servicePlanName);
      expect(await plans()).toContain('AAD_PREMIUM');
      expect(await admin('tenant', { subscriptions: ['STANDARDPACK'] })).toMatchObject({ status: 200 });
      expect(await plans()).toEqual(['EXCHANGE_S_STANDARD']);
      for (const resource of [
        'auditLogs/directoryAudits',
        'reports/authenticationMethods/userRegistrationDetails',
      ]) {
        expect(await graph(resource)).toMatchObject({
          status: 403,
          body: { error: { code: 'Authentication_RequestFromNonPremiumTenantOrB2CTenant' } },
        });
      }
      expect(await graph(`subscribedSkus?$filter=${encodeURIComponent("skuId eq 'x'")}`)).toMatchObject({
        status: 400,
      });
    });

    it('tells administrators by their directory roles', async () => {
      const types = async () =>
        ((await graph(`users/${UPN}/transitiveMemberOf`)).body.value as Record<string, string>[]).map(
          (one) => `${one['@odata.type']} ${one.displayName}`,
        );
      expect(await types()).toEqual(['#microsoft.graph.group All of Contoso']);
      await admin(`users/${UPN}`, { directoryRoles: ['Helpdesk Administrator'] });
      expect(await types()).toContain('#microsoft.graph.directoryRole Helpdesk Administrator');
      const details = await graph('reports/authenticationMethods/userRegistrationDetails');
      expect(details.body.value).toEqual([expect.objectContaining({ isAdmin: true })]);
    });

    it('reads a mailbox, as HTML or as text', async () => {
      tenant.mailboxes.deliver('Contoso', { to: MAILBOX, subject: 'Old', lines: ['o'] }, clock - 60_000);
      tenant.mailboxes.deliver('Contoso', { to: MAILBOX, subject: 'New', lines: ['a < b', 'c'] }, clock);
      const query = `$filter=${encodeURIComponent('receivedDateTime ge 2026-11-21T10:00:00Z')}&$orderby=receivedDateTime desc`;
      const html = await graph(`users/${MAILBOX}/messages?${query}`);
      expect(html.body.value).toEqual([
        expect.objectContaining({
          subject: 'New',
          from: {
            emailAddress: expect.objectContaining({
              address: 'msonlineservicesteam@microsoftonline.com',
            }) as object,
          },
          body: { contentType: 'html', content: expect.stringContaining('<p>a &lt; b</p>') },
        }),
      ]);
      const text = await graph(`users/${MAILBOX}/messages?$top=1&$select=body`, {
        prefer: 'outlook.body-content-type="text"',
      });
      expect(text.body.value).toEqual([{ body: { contentType: 'text', content: 'a < b\r\nc' } }]);
      expect(await graph('users/nobody@contoso.example/messages')).toMatchObject({ status: 404 });
    });
  });

  describe('administration', () => {
    it('wants its token and only known changes', async () => {
      expect(await admin(`users/${UPN}`, { standing: 'notEnabled' }, 'guess')).toMatchObject({ status: 401 });
      expect(tenant.accounts[0]!.standing).toBe('enabled');
      const misspelt = await admin(`users/${UPN}`, { standign: 'notEnabled' });
      expect(misspelt).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('standign') },
      });
      expect(await admin('users/nobody', {})).toMatchObject({ status: 404 });
    });

    it('lifts a block', async () => {
      Object.assign(tenant.accounts[0]!, { wrongCodes: 2, blockedUntil: clock + 1000 });
      const answer = await admin(`users/${UPN}`, { unblock: true });
      expect(answer.body).toMatchObject({ blockedUntil: null, wrongCodes: 0 });
    });
  });

  describe('names', () => {
    /** A GET for a name of the internet, sent to the tenant's port on loopback. */
    const get = (host: string, options: { servername?: string; maxVersion?: 'TLSv1.1' } = {}) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const request = httpsRequest(
          {
            host: '127.0.0.1',
            port: server.port,
            path: `${PORTAL_PATH}?clienttype=X`,
            headers: { host },
            servername: host,
            ca: identity.authority,
            ...(options.maxVersion ? { minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
            ...options,
          },
          (response) => {
            let body = '';
            response.on('data', (chunk: Buffer) => (body += chunk.toString()));
            response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
          },
        );
        request.on('error', reject);
        request.end();
      });

    it('answers each as itself, and nobody for a name that the handshake was not for', async () => {
      expect((await get(PORTAL_HOST)).body).toContain('Get back into your account');
      expect(await get('ocsp.digicert.com')).toEqual({ status: 200, body: 'ok' });
      expect((await get('localhost')).status).toBe(404);
      expect((await get('localhost', { servername: PORTAL_HOST })).status).toBe(421);
      expect(wire.map(({ host, protocol, status }) => ({ host, protocol, status }))).toContainEqual({
        host: PORTAL_HOST,
        protocol: 'TLSv1.3',
        status: 200,
      });
    });

    it('speaks nothing older than TLS 1.2', async () => {
      await expect(get(PORTAL_HOST, { maxVersion: 'TLSv1.1' })).rejects.toThrow(/protocol version/);
    });
  });

  it('refuses a body that nobody would send', async () => {
    const body = 'x'.repeat(100_000);
    const answer = await call(`/${tenant.id}/oauth2/v2.0/token`, { method: 'POST', body });
    expect(answer.status).toBe(413);
  });

  it('says so when its port is taken', async () => {
    const second = serveTenant({ tenant, ...identity, adminToken: ADMIN, port: server.port });
    await expect(second).rejects.toMatchObject({ code: 'port-in-use', blame: 'config' });
  });
});
