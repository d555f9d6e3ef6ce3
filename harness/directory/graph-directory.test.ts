import { expect } from '@playwright/test';
import nock from 'nock';
import { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';
import type { Directory, DirectoryAudit } from './directory.ts';
import { openDirectory } from './graph-directory.ts';

// nock takes over the network when it is imported; other tests need the real one.
nock.restore();

const LOGIN = 'https://login.test';
const GRAPH = 'https://graph.test';
const TENANT = '11111111-2222-4333-8444-555555555555';
const UPN = "o'neill@contoso.test";
const AUDITS = '/v1.0/auditLogs/directoryAudits';
const QUERY = {
  from: '2026-11-21T04:00:00Z',
  to: '2026-11-21T04:10:00Z',
  loggedByService: 'Self-service Password Management',
};

const deadline = (ms = 20_000): Deadline => Deadline.in(ms, 'asking the tenant');

const discovery = {
  issuer: `${LOGIN}/${TENANT}/v2.0`,
  authorization_endpoint: `${LOGIN}/${TENANT}/oauth2/v2.0/authorize`,
  token_endpoint: `${LOGIN}/${TENANT}/oauth2/v2.0/token`,
  jwks_uri: `${LOGIN}/keys`,
};
const token = { token_type: 'Bearer', expires_in: 3600, access_token: 'the-token' };

/** The token end point, for as many tokens as are asked for. */
function login(status = 200, body: nock.Body = token): void {
  nock(LOGIN)
    .persist()
    .get(/openid-configuration/)
    .reply(200, discovery);
  nock(LOGIN)
    .persist()
    .post(/\/token/)
    .reply(status, body);
}

const refused = (aadsts: number): nock.Body => ({
  error: 'invalid_client',
  error_description: `AADSTS${aadsts}: something. Trace ID: 1`,
  error_codes: [aadsts],
});

const row = (id: string, more: object = {}): object => ({
  id,
  activityDateTime: '2026-11-21T04:05:06.0363302Z',
  activityDisplayName: 'Reset password (self-service)',
  category: 'UserManagement',
  correlationId: 'c-1',
  loggedByService: 'Self-service Password Management',
  result: 'success',
  resultReason: 'Successfully completed reset.',
  initiatedBy: {
    app: null,
    user: { id: 'u', displayName: null, userPrincipalName: UPN, ipAddress: '203.0.113.7' },
  },
  targetResources: [{ id: 'u', displayName: null, userPrincipalName: UPN, modifiedProperties: [] }],
  additionalDetails: [
    { key: 'ClientType', value: 'Windows7LogonScreen' },
    { key: 'OnPremisesAgent', value: null },
  ],
  somethingNew: { of: 'tomorrow' },
  ...more,
});

describe('The directory', () => {
  const opened: Directory[] = [];

  before(() => nock.activate());
  beforeEach(() => nock.disableNetConnect());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((directory) => directory.close()));
    nock.cleanAll();
  });
  after(() => {
    nock.enableNetConnect();
    nock.restore();
  });

  function open(pace = { requests: 100, perMs: 1000 }): Directory {
    const directory = openDirectory({
      authority: LOGIN,
      graph: GRAPH,
      tenantId: TENANT,
      clientId: '99999999-2222-4333-8444-555555555555',
      credential: { kind: 'secret', secret: new Secret('opensesame~8Q') },
      pace,
      backOffMs: 1,
    });
    opened.push(directory);
    return directory;
  }

  async function audits(directory = open(), until = deadline()): Promise<DirectoryAudit[]> {
    const found: DirectoryAudit[] = [];
    for await (const one of directory.audits(QUERY, until)) found.push(one);
    return found;
  }

  describe('audits', () => {
    it('are asked for by time and service, and restated', async () => {
      login();
      const filter =
        'activityDateTime ge 2026-11-21T04:00:00Z and activityDateTime le 2026-11-21T04:10:00Z and ' +
        "loggedByService eq 'Self-service Password Management'";
      nock(GRAPH, { reqheaders: { authorization: 'Bearer the-token' } })
        .get(AUDITS)
        .query({ $filter: filter, $orderby: 'activityDateTime', $top: '1000' })
        .reply(200, { value: [row('a')] });
      expect(await audits()).toEqual([
        {
          id: 'a',
          activityDateTime: '2026-11-21T04:05:06.0363302Z',
          activityDisplayName: 'Reset password (self-service)',
          category: 'UserManagement',
          correlationId: 'c-1',
          loggedByService: 'Self-service Password Management',
          result: 'success',
          resultReason: 'Successfully completed reset.',
          initiatedBy: { userId: 'u', userPrincipalName: UPN, ipAddress: '203.0.113.7', app: '' },
          targets: [{ id: 'u', name: UPN }],
          additionalDetails: { ClientType: 'Windows7LogonScreen', OnPremisesAgent: '' },
        },
      ]);
    });

    it('may lack nearly everything', async () => {
      login();
      const bare = {
        initiatedBy: { app: { displayName: 'x' } },
        additionalDetails: null,
        targetResources: null,
        resultReason: null,
      };
      nock(GRAPH)
        .get(AUDITS)
        .query(true)
        .reply(200, { value: [row('a', bare)] });
      expect(await audits()).toMatchObject([
        {
          initiatedBy: { userId: '', userPrincipalName: '', ipAddress: '', app: 'x' },
          targets: [],
          additionalDetails: {},
          resultReason: '',
        },
      ]);
    });

    it('come page by page, as far as they are wanted', async () => {
      login();
      const page = (at: number): string => `${GRAPH}${AUDITS}?$skiptoken=${at}`;
      nock(GRAPH)
        .get(AUDITS)
        .query({ $skiptoken: '2' })
        .reply(200, { value: [row('c')] });
      nock(GRAPH)
        .get(AUDITS)
        .query({ $skiptoken: '1' })
        .reply(200, { value: [], '@odata.nextLink': page(2) });
      nock(GRAPH)
        .get(AUDITS)
        .query(({ $filter }) => $filter !== undefined)
        .twice()
        .reply(200, { value: [row('a'), row('b')], '@odata.nextLink': page(1) });
      expect((await audits()).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
      for await (const first of open().audits(QUERY, deadline())) {
        expect(first.id).toBe('a');
        break;
      }
      expect(nock.pendingMocks().filter((mock) => mock.includes(GRAPH))).toEqual([]);
    });

    it('never take the token to another origin', async () => {
      for (const link of [
        'https://graph.evil.test/v1.0/x',
        'http://graph.test/v1.0/x',
        'https://graph.test:8443/x',
        '/relative',
      ]) {
        login();
        nock(GRAPH)
          .get(AUDITS)
          .query(true)
          .reply(200, { value: [row('a')], '@odata.nextLink': link });
        await expect(audits(), link).rejects.toMatchObject({ code: 'tenant-answer-invalid' });
        nock.cleanAll();
      }
    });

    it('are waited for as long as Retry-After says', async () => {
      login();
      nock(GRAPH)
        .get(AUDITS)
        .query(true)
        .reply(429, { error: { code: 'TooManyRequests' } }, { 'retry-after': '1' });
      nock(GRAPH)
        .get(AUDITS)
        .query(true)
        .reply(200, { value: [row('a')] });
      const start = performance.now();
      expect(await audits()).toHaveLength(1);
      expect(performance.now() - start).toBeGreaterThan(990);
    });

    it('are asked for again when Graph is unwell and says nothing of how long', async () => {
      login();
      nock(GRAPH).get(AUDITS).query(true).reply(503, 'upstream is down');
      nock(GRAPH).get(AUDITS).query(true).reply(200, { value: [] });
      expect(await audits()).toEqual([]);
    });

    it('are given up at once when the wait is longer than the time that is left', async () => {
      login();
      nock(GRAPH).get(AUDITS).query(true).reply(429, '', { 'retry-after': '300' });
      await expect(audits(open(), deadline(5000))).rejects.toMatchObject({
        code: 'tenant-throttled',
        retryable: true,
      });
    });

    it('are given up when Graph stays unwell', async () => {
      login();
      nock(GRAPH).persist().get(AUDITS).query(true).reply(503, '', { 'retry-after': '0' });
      await expect(audits()).rejects.toMatchObject({ code: 'tenant-failed', retryable: true });
    });

    it('keep below the request limit', async () => {
      login();
      nock(GRAPH).persist().get(AUDITS).query(true).reply(200, { value: [] });
      const directory = open({ requests: 2, perMs: 400 });
      const start = performance.now();
      for (let n = 0; n < 5; n++) await audits(directory);
      expect(performance.now() - start).toBeGreaterThan(790);
    });

    const answers: Readonly<Record<string, readonly [status: number, body: nock.Body, code: string]>> = {
      'broken JSON': [200, '{"value": [', 'tenant-answer-invalid'],
      'a page of a proxy': [200, '<html>Please sign in</html>', 'tenant-answer-invalid'],
      'no list': [200, { value: 'none' }, 'tenant-answer-invalid'],
      'a row without an id': [200, { value: [row('a', { id: null })] }, 'tenant-answer-invalid'],
      'a refused token': [
        401,
        { error: { code: 'InvalidAuthenticationToken', message: 'expired' } },
        'tenant-token-rejected',
      ],
      'a missing permission': [
        403,
        { error: { code: 'Authorization_RequestDenied', message: 'no' } },
        'tenant-permission-missing',
      ],
      'a bad request': [400, { error: { code: 'BadRequest', message: 'filter' } }, 'tenant-query-refused'],
    };
    for (const [what, [status, body, code]] of Object.entries(answers)) {
      it(`give a clear error for ${what}`, async () => {
        login();
        nock(GRAPH).persist().get(AUDITS).query(true).reply(status, body);
        await expect(audits()).rejects.toMatchObject({ name: 'Fault', code });
      });
    }

    it('name the permission that is missing', async () => {
      login();
      nock(GRAPH).get(AUDITS).query(true).reply(403, {});
      await expect(audits()).rejects.toMatchObject({
        remedy: expect.stringContaining('AuditLog.Read.All and Directory.Read.All'),
      });
    });
  });

  describe('registration', () => {
    const path = '/v1.0/reports/authenticationMethods/userRegistrationDetails';
    const details = {
      id: 'u',
      userPrincipalName: UPN.toUpperCase(),
      isSsprRegistered: true,
      isSsprEnabled: true,
      isSsprCapable: true,
      methodsRegistered: ['email', 'mobilePhone'],
      lastUpdatedDateTime: '2026-11-21T00:00:00Z',
    };

    it('is asked for by name, of which only upper and lower case may differ', async () => {
      login();
      nock(GRAPH)
        .get(path)
        .query({ $filter: "userPrincipalName eq 'o''neill@contoso.test'" })
        .reply(200, { value: [{ ...details, userPrincipalName: 'someone@else' }, details] });
      expect(await open().registration(UPN, deadline())).toMatchObject({
        isSsprCapable: true,
        methodsRegistered: ['email', 'mobilePhone'],
      });
    });

    it('of an unknown user is an error, not "not registered"', async () => {
      login();
      nock(GRAPH).get(path).query(true).reply(200, { value: [] });
      await expect(open().registration(UPN, deadline())).rejects.toMatchObject({
        code: 'tenant-user-not-found',
      });
    });
  });

  describe('passwordChangedAt', () => {
    const path = "/v1.0/users/o'neill%40contoso.test";
    const select = { $select: 'userPrincipalName,lastPasswordChangeDateTime' };

    it('is a date', async () => {
      login();
      nock(GRAPH).get(path).query(select).reply(200, { lastPasswordChangeDateTime: '2026-11-21T04:05:07Z' });
      expect(await open().passwordChangedAt(UPN, deadline())).toEqual(new Date('2026-11-21T04:05:07Z'));
    });

    it('is an error when the tenant does not say, or does not know the user', async () => {
      login();
      nock(GRAPH).get(path).query(select).reply(200, { userPrincipalName: UPN });
      await expect(open().passwordChangedAt(UPN, deadline())).rejects.toMatchObject({
        code: 'tenant-answer-invalid',
      });
      nock(GRAPH)
        .get(path)
        .query(select)
        .reply(404, { error: { code: 'Request_ResourceNotFound', message: 'x' } });
      await expect(open().passwordChangedAt(UPN, deadline())).rejects.toMatchObject({
        code: 'tenant-user-not-found',
      });
    });
  });

  it('gives messages as text, newest first', async () => {
    login();
    const mail = (id: string, contentType: string, content: string): object => ({
      id,
      receivedDateTime: '2026-11-21T04:05:00Z',
      subject: 'Your code',
      from: { emailAddress: { address: 'msonlineservicesteam@microsoft.com' } },
      body: { contentType, content },
    });
    nock(GRAPH, { reqheaders: { prefer: 'outlook.body-content-type="text"' } })
      .get('/v1.0/users/codes%40contoso.test/messages')
      .query(
        ({ $filter, $orderby }) =>
          $filter === 'receivedDateTime ge 2026-11-21T04:00:00Z' && $orderby === 'receivedDateTime desc',
      )
      .reply(200, {
        value: [
          mail('2', 'text', 'Your code is 123456'),
          mail('1', 'html', '<style>p {color: red}</style><p>Your&nbsp;code is\n<b>654321</b></p>'),
        ],
      });
    expect(await open().messages('codes@contoso.test', '2026-11-21T04:00:00Z', deadline())).toEqual([
      {
        id: '2',
        receivedAt: '2026-11-21T04:05:00Z',
        from: 'msonlineservicesteam@microsoft.com',
        subject: 'Your code',
        text: 'Your code is 123456',
      },
      {
        id: '1',
        receivedAt: '2026-11-21T04:05:00Z',
        from: 'msonlineservicesteam@microsoft.com',
        subject: 'Your code',
        text: 'Your code is 654321',
      },
    ]);
  });

  describe('tokens', () => {
    const refusals = [
      [7000215, 'tenant-secret-wrong'],
      [7000222, 'tenant-secret-expired'],
      [700016, 'tenant-app-not-found'],
      [90002, 'tenant-not-found'],
      [53003, 'tenant-conditional-access'],
      [99999, 'tenant-refuses-token'],
    ] as const;
    for (const [aadsts, code] of refusals) {
      it(`refused with AADSTS${aadsts}: ${code}`, async () => {
        login(401, refused(aadsts));
        const asking = audits();
        await expect(asking).rejects.toMatchObject({ code });
        await expect(asking).rejects.toThrow(new RegExp(`AADSTS${aadsts}`));
      });
    }

    it('of a tenant that discovery does not know', async () => {
      nock(LOGIN)
        .persist()
        .get(/openid-configuration/)
        .reply(400, refused(90002));
      await expect(audits()).rejects.toMatchObject({ code: 'tenant-not-found' });
    });

    it('serve all requests until they end', async () => {
      nock(LOGIN)
        .get(/openid-configuration/)
        .reply(200, discovery);
      nock(LOGIN)
        .post(/\/token/)
        .once()
        .reply(200, token);
      nock(GRAPH).persist().get(AUDITS).query(true).reply(200, { value: [] });
      const directory = open();
      await audits(directory);
      expect(await audits(directory)).toEqual([]);
    });

    it('never show the client secret in an error', async () => {
      login(401, refused(7000215));
      const error = await audits().catch((thrown: unknown) => thrown);
      const seen = JSON.stringify(error) + String((error as Error).stack) + String((error as Error).cause);
      expect(seen).not.toMatch(/opensesame/);
    });

    it('cannot be asked for with a tenant id that is none', () => {
      const credential = { kind: 'secret', secret: new Secret('opensesame~8Q') } as const;
      const options = { authority: LOGIN, graph: GRAPH, clientId: 'c', credential };
      expect(() => openDirectory({ ...options, tenantId: 'no tenant!' })).toThrow(
        expect.objectContaining({ code: 'tenant-config', blame: 'config' }),
      );
    });
  });
});
