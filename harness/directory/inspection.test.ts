import { expect } from '@playwright/test';
import nock from 'nock';
import { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';
import { type Inspection, openInspection } from './inspection.ts';
import { readToken } from './token.ts';

// nock takes over the network when it is imported; other tests need the real one.
nock.restore();

const LOGIN = 'https://login.test';
const GRAPH = 'https://graph.test';
const TENANT = '11111111-2222-4333-8444-555555555555';
const UPN = 'anna@contoso.test';

const deadline = (): Deadline => Deadline.in(5000, 'looking');
const jwt = (claims: object): string => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

describe('The inspection of a tenant', () => {
  let inspection: Inspection;

  before(() => nock.activate());
  beforeEach(() => {
    nock.disableNetConnect();
    nock(LOGIN)
      .persist()
      .get(/openid-configuration/)
      .reply(200, {
        issuer: `${LOGIN}/${TENANT}/v2.0`,
        authorization_endpoint: `${LOGIN}/authorize`,
        token_endpoint: `${LOGIN}/token`,
        jwks_uri: `${LOGIN}/keys`,
      });
    nock(LOGIN)
      .persist()
      .post(/\/token/)
      .reply(200, { token_type: 'Bearer', expires_in: 3600, access_token: jwt({ roles: ['Mail.Read'] }) });
    inspection = openInspection({
      authority: LOGIN,
      graph: GRAPH,
      tenantId: TENANT,
      clientId: '99999999-2222-4333-8444-555555555555',
      credential: { kind: 'secret', secret: new Secret('opensesame~8Q') },
    });
  });
  afterEach(async () => {
    await inspection.close();
    nock.cleanAll();
  });
  after(() => {
    nock.enableNetConnect();
    nock.restore();
  });

  it('reads what the token says of itself, which may be nothing', async () => {
    expect(await inspection.token(deadline())).toEqual({ permissions: ['Mail.Read'] });
    expect(readToken(jwt({ aud: 'x' }))).toEqual({ permissions: [] });
    for (const opaque of ['', 'opaque', 'a.b.c', jwt({ roles: 'x' })])
      expect(readToken(opaque)).toEqual({ permissions: undefined });
  });

  it('knows a subscription by the plans that are ready', async () => {
    const plan = (servicePlanName: string, provisioningStatus: string) => ({
      servicePlanName,
      provisioningStatus,
      servicePlanId: 'p',
    });
    nock(GRAPH)
      .get('/v1.0/subscribedSkus')
      .reply(200, {
        value: [
          {
            skuPartNumber: 'EMS',
            capabilityStatus: 'Warning',
            consumedUnits: 1,
            servicePlans: [plan('AAD_PREMIUM', 'Success'), plan('INTUNE_A', 'PendingActivation')],
          },
        ],
      });
    expect(await inspection.subscriptions(deadline())).toEqual([
      { name: 'EMS', status: 'Warning', plans: ['AAD_PREMIUM'] },
    ]);
  });

  it('tells directory roles from groups, page by page, also when it may not read their names', async () => {
    const member = (type: string, displayName: string | null) => ({
      '@odata.type': `#microsoft.graph.${type}`,
      id: 'i',
      displayName,
    });
    nock(GRAPH)
      .get(`/v1.0/users/${encodeURIComponent(UPN)}`)
      .query(true)
      .reply(200, { id: 'u', accountEnabled: false });
    const path = `/v1.0/users/${encodeURIComponent(UPN)}/transitiveMemberOf`;
    nock(GRAPH)
      .get(path)
      .reply(200, {
        value: [member('group', 'Everybody'), member('directoryRole', 'Global Reader')],
        '@odata.nextLink': `${GRAPH}${path}?$skiptoken=2`,
      });
    nock(GRAPH)
      .get(path)
      .query({ $skiptoken: '2' })
      .reply(200, { value: [member('directoryRole', null)] });
    expect(await inspection.account(UPN, deadline())).toEqual({
      id: 'u',
      enabled: false,
      roles: ['Global Reader', 'a role without a name'],
    });
  });

  it('says of a tenant without premium licence that the licence is missing, not a permission', async () => {
    nock(GRAPH)
      .get('/v1.0/auditLogs/directoryAudits')
      .query(true)
      .reply(403, {
        error: {
          code: 'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
          message: "Neither tenant is B2C or tenant doesn't have premium license",
        },
      });
    const query = { from: '2026-11-21T04:00:00Z', to: '2026-11-21T04:10:00Z', loggedByService: 'x' };
    const audits = inspection.audits(query, deadline())[Symbol.asyncIterator]();
    await expect(audits.next()).rejects.toMatchObject({ code: 'tenant-licence-missing', blame: 'tenant' });
  });

  it('knows whether the reset service has written anything in 30 days, with one request', async () => {
    for (const value of [[{ id: 'a' }], []]) {
      nock(GRAPH)
        .get('/v1.0/auditLogs/directoryAudits')
        .query(
          ({ $filter, $top }) =>
            $top === '1' &&
            /^activityDateTime ge \S+Z and loggedByService eq 'Self-service Password Management'$/.test(
              String($filter),
            ),
        )
        .reply(200, { value });
      expect(await inspection.reporting(deadline())).toBe(value.length > 0);
    }
  });
});
