import { expect } from '@playwright/test';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tenantOnTheWire, UPN, type Answer, type TenantOnTheWire } from './testing/wire.ts';

const AUDITS = 'auditLogs/directoryAudits';
const REGISTRATION = 'reports/authenticationMethods/userRegistrationDetails';

describe('the administration of the lab tenant', () => {
  const HOST_START = Date.parse('2026-11-21T10:00:00.250Z');
  const clock = { at: HOST_START };
  let lab: TenantOnTheWire;
  beforeEach(async () => {
    clock.at = HOST_START;
    lab = await tenantOnTheWire({ now: () => clock.at });
  });
  afterEach(() => lab.close());

  const rowsOf = ({ body }: Answer) => body.value as Readonly<Record<string, string>>[];
  const seed = (...faults: object[]) => lab.admin('faults', faults);
  const seedOne = (kind: string, rest: object = {}) => seed({ path: '/v1.0/', times: 1, kind, ...rest });
  const reset = () =>
    lab.tenant.audits.add(
      { activity: 'reset', result: 'success', reason: 'r' },
      { correlationId: 'c0', ipAddress: '127.20.0.1', clientType: 'Web' },
      lab.account,
      lab.tenant.now(),
    );

  describe('throttling', () => {
    it('refuses the sixth request for audit logs and reports in 10 s, and no other', async () => {
      for (const path of [AUDITS, REGISTRATION, AUDITS, `${REGISTRATION}/${lab.account.id}`, AUDITS]) {
        expect(await lab.graph(path)).toMatchObject({ status: 200 });
      }
      const refused = await lab.graph(AUDITS);
      expect(refused).toMatchObject({ status: 429, body: { error: { code: 'TooManyRequests' } } });
      expect(refused.headers.get('retry-after')).toBeNull();
      expect(await lab.graph(`users/${UPN}`)).toMatchObject({ status: 200 });
      clock.at += 10_000;
      expect(await lab.graph(REGISTRATION)).toMatchObject({ status: 200 });
    });

    it('has a limit that can be set, and says when to come back if it is told to', async () => {
      const setTo = (retryAfter: string) =>
        lab.admin('tenant', { throttle: { requests: 1, windowMs: 3000, retryAfter } });
      expect(await setTo('seconds')).toMatchObject({
        status: 200,
        body: { throttle: { requests: 1, windowMs: 3000, retryAfter: 'seconds' } },
      });
      expect((await lab.graph(AUDITS)).status).toBe(200);
      expect((await lab.graph(AUDITS)).headers.get('retry-after')).toBe('3');
      await setTo('date');
      const dated = await lab.graph(AUDITS);
      expect(dated.headers.get('retry-after')).toBe('Sat, 21 Nov 2026 10:00:04 GMT');
      expect(dated.headers.get('date')).toBe('Sat, 21 Nov 2026 10:00:00 GMT');
    });
  });

  describe('the policy', () => {
    it('can switch password reset off for everybody, which Graph says of each user', async () => {
      const enabled = async () => (await lab.graph(`${REGISTRATION}/${lab.account.id}`)).body.isSsprEnabled;
      expect(await enabled()).toBe(true);
      expect((await lab.admin('tenant', { resetEnabled: false })).body).toMatchObject({
        resetEnabled: false,
      });
      expect(await enabled()).toBe(false);
    });

    it('knows nothing of trouble on the way to where a password is managed', async () => {
      await lab.admin(`users/${UPN}`, { standing: 'onPremisesUnreachable' });
      expect((await lab.graph(`${REGISTRATION}/${lab.account.id}`)).body.isSsprEnabled).toBe(true);
      await lab.admin(`users/${UPN}`, { standing: 'notMember' });
      expect((await lab.graph(`${REGISTRATION}/${lab.account.id}`)).body.isSsprEnabled).toBe(false);
    });
  });

  describe('audit log', () => {
    it('takes a fixed delay or a range, for rows from then on', async () => {
      expect((await lab.admin('tenant', { auditDelayMs: 5000 })).body).toMatchObject({ auditDelayMs: 5000 });
      reset();
      await lab.admin('tenant', { auditDelay: { minMs: 60_000, maxMs: 61_000 } });
      reset();
      clock.at += 5000;
      expect(rowsOf(await lab.graph(AUDITS))).toHaveLength(1);
      clock.at += 56_000;
      expect(rowsOf(await lab.graph(AUDITS))).toHaveLength(2);
      await lab.admin('tenant', { dropShare: 0.5, auditRules: [{ matches: '^Reset', delay: 'never' }] });
      reset();
      expect((await lab.admin('tenant')).body).toMatchObject({
        dropShare: 0.5,
        auditRules: [{ matches: '^Reset', delay: 'never' }],
      });
      clock.at += 90_000;
      expect(rowsOf(await lab.graph(AUDITS))).toHaveLength(2);
    });

    it('is full of other users when told to, in pages that break off in mid-attempt', async () => {
      const order = { rows: 50, spanSeconds: 600, users: 5, at: '2026-11-21T09:00:00Z' };
      expect(await lab.admin('noise', order)).toMatchObject({ status: 200, body: { rows: 50 } });
      await lab.admin('tenant', { pageSize: 20, duplicateShare: 0, pageOverlap: 1 });
      const ids: string[] = [];
      let next: string | undefined =
        `${AUDITS}?$top=100&$orderby=${encodeURIComponent('activityDateTime desc')}`;
      const ends: [string, string][] = [];
      while (next !== undefined) {
        const page: Answer = await lab.graph(next);
        const rows = rowsOf(page);
        ends.push([rows[0]!.id!, rows.at(-1)!.id!]);
        ids.push(...rows.map(({ id }) => id!));
        next = page.body['@odata.nextLink'] as string | undefined;
      }
      expect(ids).toHaveLength(52);
      expect(new Set(ids).size).toBe(50);
      expect(ends[1]![0]).toBe(ends[0]![1]);
      expect((await lab.admin('noise', undefined, 'DELETE')).body).toEqual({ rows: 0 });
      expect((await lab.admin('noise')).body).toEqual({ rows: 0 });
    });

    it('has the reset of somebody else', async () => {
      const order = { by: 'user', ip: '203.0.113.9', at: '2026-11-21T09:59:00Z' };
      expect(await lab.admin(`users/${UPN}/foreign-reset`, order)).toMatchObject({
        status: 200,
        body: { passwordChangedAt: '2026-11-21T09:59:00.000Z' },
      });
      const filter = encodeURIComponent(
        `initiatedBy/user/id eq '${lab.account.id}' and targetResources/any(t:t/id eq '${lab.account.id}')`,
      );
      expect(rowsOf(await lab.graph(`${AUDITS}?$filter=${filter}`))).toHaveLength(8);
    });

    it('says nothing of the ClientType when told so', async () => {
      reset();
      await lab.admin('tenant', { leaveOutClientType: true });
      reset();
      clock.at += 5000;
      const details = rowsOf(await lab.graph(AUDITS)).map((row) => JSON.stringify(row.additionalDetails));
      expect(details.filter((one) => one.includes('ClientType'))).toHaveLength(1);
      expect(details).toHaveLength(2);
    });
  });

  it('brings the mail with the code of another user', async () => {
    await lab.admin(`users/${UPN}/foreign-code`, { upn: 'somebody@contoso.example', code: '123456' });
    const [mail] = lab.tenant.mailboxes.messages(lab.account.alternateEmail) ?? [];
    expect(JSON.stringify(mail)).toMatch(/somebody@contoso\.example account.*Your code is: 123456/);
    expect(await lab.admin(`users/${UPN}/foreign-code`, { upn: UPN, code: '1' })).toMatchObject({
      status: 400,
    });
  });

  describe('queries', () => {
    for (const filter of [
      `initiatedBy/user/userPrincipalName eq '${UPN}'`,
      "startswith(activityDisplayName,'Reset')",
      "activityDateTime ge 2026-11-21T09:00:00Z and (id eq 'y' or correlationId eq 'c0')",
    ]) {
      it(`are answered: ${filter}`, async () => {
        reset();
        const answer = await lab.graph(`${AUDITS}?$filter=${encodeURIComponent(filter)}`);
        expect(rowsOf(answer)).toHaveLength(1);
      });
    }
    for (const filter of [
      "category eq 'UserManagement'",
      "result eq 'success'",
      'activityDateTime gt 2026-11-21T09:00:00Z',
      "startswith(correlationId,'c')",
      `targetResources/any(t:t/userPrincipalName eq '${UPN}')`,
      "not (id eq 'x')",
      "id in ('x')",
    ]) {
      it(`that Graph does not document are refused: ${filter}`, async () => {
        const answer = await lab.graph(`${AUDITS}?$filter=${encodeURIComponent(filter)}`);
        expect(answer).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
      });
    }
    it('sort by the instant of the activity only', async () => {
      expect(await lab.graph(`${AUDITS}?$orderby=result`)).toMatchObject({ status: 400 });
    });
  });

  describe('faults of the wire', () => {
    beforeEach(() => lab.admin('tenant', { throttle: { requests: 1000 } }));

    for (const [kind, rest, status, code] of [
      ['503', {}, 503, 'serviceNotAvailable'],
      ['429', {}, 429, 'TooManyRequests'],
      ['500', {}, 500, 'generalException'],
      ['401-expired', {}, 401, 'InvalidAuthenticationToken'],
      ['403', {}, 403, 'Authorization_RequestDenied'],
    ] as const) {
      it(`${kind}: once, in the words of Graph`, async () => {
        await seedOne(kind, rest);
        expect(await lab.graph(AUDITS)).toMatchObject({ status, body: { error: { code } } });
        expect(await lab.graph(AUDITS)).toMatchObject({ status: 200 });
      });
    }

    it('503 and 429 say when to come back if they are told to', async () => {
      await seed(
        { path: '/v1.0/', times: 1, kind: '503', retryAfterSeconds: 7 },
        { path: '/v1.0/', times: 1, kind: '429', retryAfterSeconds: 7, retryAfterAs: 'date' },
      );
      expect((await lab.graph(AUDITS)).headers.get('retry-after')).toBe('7');
      expect((await lab.graph(AUDITS)).headers.get('retry-after')).toBe('Sat, 21 Nov 2026 10:00:08 GMT');
    });

    it('broken-json: an answer that only claims to be JSON', async () => {
      await seedOne('broken-json');
      await expect(lab.graph(AUDITS)).rejects.toThrow(SyntaxError);
    });

    it("html: a proxy's page in place of the answer", async () => {
      await seedOne('html');
      const answer = await lab.graph(AUDITS);
      expect(answer.headers.get('content-type')).toContain('text/html');
      expect(answer.body.text).toContain('Access denied');
    });

    it('truncated: the body begins, and the connection breaks', async () => {
      await seedOne('truncated');
      const sent = await fetch(`${lab.base}/v1.0/organization`, {
        dispatcher: lab.dispatcher,
        headers: { authorization: `Bearer ${lab.tenant.issueToken()}` },
      } as unknown as RequestInit);
      expect(sent.status).toBe(200);
      await expect(sent.text()).rejects.toThrow('terminated');
    });

    it('reset: the connection breaks before anything is said', async () => {
      await seedOne('reset');
      await expect(lab.graph(AUDITS)).rejects.toThrow('fetch failed');
      expect(lab.wire.at(-1)).toMatchObject({ path: '/v1.0/auditLogs/directoryAudits', fault: 'reset' });
    });

    it('slow: the proper answer, later', async () => {
      await seedOne('slow', { ms: 1 });
      expect(await lab.graph(AUDITS)).toMatchObject({ status: 200 });
      await seedOne('slow', { ms: 3_600_000 });
      const slow = lab.graph(AUDITS).catch(() => 'given up');
      await expect.poll(async () => (await lab.admin('faults')).body).toEqual({ left: [] });
      expect(await Promise.race([slow, lab.graph('organization')])).toMatchObject({ status: 200 });
      await lab.close();
      expect(await slow).toBe('given up');
    });

    it('foreign-next-link and loop-next-link: pages that lead astray', async () => {
      await seed(
        { path: '/v1.0/', times: 1, kind: 'foreign-next-link' },
        { path: '/v1.0/', times: 1, kind: 'loop-next-link' },
      );
      const links = [await lab.graph(AUDITS), await lab.graph(AUDITS)].map(
        ({ body }) => body['@odata.nextLink'],
      );
      expect(links).toEqual([`https://elsewhere.example/v1.0/${AUDITS}`, `${lab.base}/v1.0/${AUDITS}`]);
    });

    it('empty-page: nothing on it, and the rows on the next', async () => {
      reset();
      await seed({ path: '/v1.0/', times: 2, kind: 'empty-page' });
      const pages: Answer[] = [await lab.graph(AUDITS)];
      while (pages.at(-1)!.body['@odata.nextLink'] !== undefined) {
        pages.push(await lab.graph(String(pages.at(-1)!.body['@odata.nextLink'])));
      }
      expect(pages.map((page) => rowsOf(page).length)).toEqual([0, 0, 1]);
      expect(new Set(pages.map(({ body }) => body['@odata.nextLink'])).size).toBe(3);
    });

    it('come in their order, to the requests that they concern, until they are used up', async () => {
      const seeded = [
        { path: 'directoryaudits.*top=1$', times: 1, kind: '500' },
        { path: '/v1.0/users', times: 2, kind: '403' },
        { path: '/v1.0/', times: 'always', kind: '503' },
      ];
      expect((await seed(...seeded)).body).toEqual({ left: seeded });
      const asked = [`users/${UPN}`, AUDITS, `${AUDITS}?$top=1`, `users/${UPN}`, `users/${UPN}`];
      const statuses: number[] = [];
      for (const path of asked) statuses.push((await lab.graph(path)).status);
      expect(statuses).toEqual([403, 503, 500, 403, 503]);
      expect((await lab.admin('faults')).body).toEqual({ left: [seeded[2]] });
      expect((await lab.admin('faults', undefined, 'DELETE')).body).toEqual({ left: [] });
      expect(await lab.graph(AUDITS)).toMatchObject({ status: 200 });
    });

    it('reach tokens, but never the administration', async () => {
      await seed({ path: '.', times: 'always', kind: '500' });
      expect(await lab.token({ client_secret: 'any' })).toMatchObject({ status: 500 });
      expect(await lab.admin('faults')).toMatchObject({ status: 200 });
      await seedOne('403');
      expect((await lab.admin('faults', undefined, 'DELETE')).status).toBe(200);
    });
  });

  describe('tokens and clock', () => {
    it('lets tokens end sooner, or all at once', async () => {
      const secret = lab.tenant.application.secret.reveal();
      await lab.admin('tenant', { tokenLifetime: 10 });
      const { body } = await lab.token({ client_secret: secret });
      expect(body.expires_in).toBe(10);
      const headers = { authorization: `Bearer ${String(body.access_token)}` };
      const ask = async () => (await lab.call('/v1.0/organization', { headers })).status;
      expect(await ask()).toBe(200);
      await lab.admin('tenant', { revokeTokens: true });
      expect(await ask()).toBe(401);
      expect((await lab.graph('organization')).status).toBe(200);
    });

    it('goes ahead or behind with everything that it dates', async () => {
      await lab.admin('tenant', { clockSkewMs: -3_600_000 });
      const secret = lab.tenant.application.secret.reveal();
      const { headers, body } = await lab.token({ client_secret: secret });
      expect(headers.get('date')).toBe('Sat, 21 Nov 2026 09:00:00 GMT');
      const claims = Buffer.from(String(body.access_token).split('.')[1]!, 'base64url').toString();
      expect(JSON.parse(claims)).toMatchObject({ iat: Math.floor(HOST_START / 1000) - 3600 });
      reset();
      await lab.admin(`users/${UPN}`, { password: 'Another-1' });
      expect(rowsOf(await lab.graph(AUDITS))[0]).toMatchObject({
        activityDateTime: '2026-11-21T09:00:00.2500000Z',
      });
      expect((await lab.graph(`users/${UPN}?$select=lastPasswordChangeDateTime`)).body).toMatchObject({
        lastPasswordChangeDateTime: '2026-11-21T09:00:00Z',
      });
      const authorization = `Bearer ${String(body.access_token)}`;
      await lab.admin('tenant', { clockSkewMs: 86_400_000 });
      expect(await lab.call('/v1.0/organization', { headers: { authorization } })).toMatchObject({
        status: 200,
      });
    });
  });

  it('passes text messages on to a webhook on loopback, and to nobody else', async () => {
    const taken: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => taken.push(chunk.toString()));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      for (const smsWebhook of ['https://elsewhere.example/', 'http://127.0.0.1.example/', 'file:///tmp/x']) {
        expect(await lab.admin('tenant', { smsWebhook })).toMatchObject({ status: 400 });
      }
      const smsWebhook = `http://127.0.0.1:${port}/texts`;
      expect(await lab.admin('tenant', { smsWebhook })).toMatchObject({ body: { smsWebhook } });
      const message = { to: lab.account.mobilePhone, text: 'code 1', at: '2026-11-21T10:00:00.000Z' };
      lab.tenant.texts.push(message);
      await expect.poll(() => taken.map((one) => JSON.parse(one) as unknown)).toEqual([message]);
      expect((await lab.admin(`users/${UPN}`)).body.texts).toEqual([message]);
      expect((await lab.admin('tenant', { smsWebhook: null })).body.smsWebhook).toBeNull();
    } finally {
      server.close();
    }
  });

  it('changes a user, what he has registered among it', async () => {
    const change = {
      mobilePhone: '+44 7700900123',
      methods: ['mobilePhone', 'securityQuestion'],
      securityQuestions: [{ question: 'First pet?', answer: 'Rex' }],
      block: true,
    };
    const { body } = await lab.admin(`users/${UPN}`, change);
    const { block: _block, ...rest } = change;
    expect(body).toMatchObject({ ...rest, blockedUntil: '2026-11-22T10:00:00.250Z' });
    const { body: unblocked } = await lab.admin(`users/${UPN}`, { unblock: true });
    expect(unblocked).toMatchObject({ ...rest, blockedUntil: null });
    expect((await lab.admin('users')).body).toEqual([unblocked]);
  });

  it('says what it found and what it expected', async () => {
    for (const [path, body, says] of [
      ['tenant', { auditDelayMs: -1 }, /auditDelayMs: .*>=0, found -1/],
      ['tenant', { auditDelay: { minMs: 2, maxMs: 1 } }, /auditDelay: expected minMs not above maxMs, found/],
      ['tenant', { auditDelayMs: 1, auditDelay: { minMs: 1, maxMs: 1 } }, /not both/],
      ['tenant', { auditDelai: 1 }, /"auditDelai"/],
      ['tenant', { auditRules: [{ matches: '/(', delay: 1 }] }, /expected a regular expression, found/],
      ['tenant', { auditDelayMs: 86_400_001 }, /auditDelayMs: .*<=86400000, found/],
      ['tenant', { methodsRequired: 3 }, /methodsRequired: expected 1 or 2, found 3/],
      ['noise', { rows: 1 }, /rows: .*>=2, found 1/],
      ['faults', [{ path: '(', times: 1, kind: '500' }], /0\.path: expected a path or a regular/],
      ['faults', [{ path: '/', times: 1, kind: 'sloow' }], /kind: .*expected.*found.*"sloow"/i],
      ['faults', [{ path: '/', times: 1, kind: 'slow' }], /0\.ms: .*found nothing/],
      // No timer of Node waits for so long: it would be no time at all.
      ['faults', [{ path: '/', times: 1, kind: 'slow', ms: 2 ** 31 }], /0\.ms: .*<=86400000/],
      [`users/${UPN}`, { methods: ['email', 'email'] }, /methods: expected each once/],
      [
        `users/${UPN}`,
        { securityQuestions: ['Rex', 'Tom'].map((answer) => ({ question: 'First pet?', answer })) },
        /securityQuestions: expected each once/,
      ],
      ['application', { certificates: ['x'] }, /certificates\.0: expected a certificate as PEM/],
      [`users/${UPN}/foreign-reset`, { ip: 'here' }, /ip: expected an IP address, found "here"/],
    ] as const) {
      const answer = await lab.admin(path, body);
      expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(says) } });
    }
    expect(await lab.admin('tenant', undefined, 'DELETE')).toMatchObject({ status: 405 });
    expect(await lab.admin('tenants')).toMatchObject({ status: 404 });
  });
});
