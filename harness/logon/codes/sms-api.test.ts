import { once } from 'node:events';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { type SmsApiSettings, smsApiSource } from './sms-api.ts';
import { type Identity, issue } from './testing/certificates.ts';
import { freePort } from './testing/dovecot.ts';
import type { CodeWatch } from './verification.ts';

const ANNA = 'anna@contoso.example';
const AUTHORIZATION = 'Bearer sms-provider-key';
const soon = () => Deadline.in(8000, 'waiting for the code');
const sms = (code: string): string => `Use verification code ${code} for Contoso password reset`;

interface Entry {
  readonly sid: string;
  readonly body: string;
  readonly sent: string | number;
}

describe('smsApiSource', () => {
  let identity: Identity;
  let server: Server;
  let url = '';
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const watches: CodeWatch[] = [];

  const source = (changes: Partial<SmsApiSettings> = {}) =>
    smsApiSource(
      {
        by: 'smsApi',
        phone: '+1 4255550100',
        url,
        authorization: new Secret(AUTHORIZATION),
        messages: 'data.messages',
        id: 'sid',
        text: 'body',
        at: 'sent',
        ca: identity.ca,
        ...changes,
      },
      ANNA,
    );

  const watch = async (changes: Partial<SmsApiSettings> = {}): Promise<CodeWatch> => {
    const begun = await source(changes).watch(soon());
    watches.push(begun);
    return begun;
  };

  const list =
    (entries: readonly Entry[]) =>
    (_: IncomingMessage, response: ServerResponse): void => {
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ data: { messages: entries } }));
    };

  /** One answer after the other; the last one stays. */
  const inTurn = (...answers: (typeof answer)[]): void => {
    let turn = 0;
    answer = (request, response) => answers[Math.min(turn++, answers.length - 1)]?.(request, response);
  };

  const refuse =
    (status: number, body = '') =>
    (_: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    };

  // So that an instant without a zone is told from one of this host.
  const zone = process.env.TZ;

  before(async () => {
    process.env.TZ = 'Asia/Tokyo';
    identity = issue();
    server = createServer(identity, (request, response) => {
      if (request.headers.authorization === AUTHORIZATION) answer(request, response);
      else refuse(401)(request, response);
    });
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://localhost:${(server.address() as AddressInfo).port}/messages?to=%2B14255550100`;
  });

  afterEach(() => Promise.all(watches.splice(0).map((begun) => begun.close())));

  after(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
    server.closeAllConnections();
    server.close();
  });

  const now = (ageMs = 0): string => new Date(Date.now() - ageMs).toISOString();

  it('takes the code that comes after the watch began, over https with an authority of its own', async () => {
    const old = { sid: '1', body: sms('34000001'), sent: now() };
    inTurn(list([old]), list([old]), list([old, { sid: '2', body: sms('34000002'), sent: now() }]));
    const begun = await watch();
    expect((await begun.next(soon())).reveal()).toBe('34000002');
  });

  it('understands the ways to write an instant; without a zone it is UTC, wherever this host is', async () => {
    const ways: readonly ((date: Date) => string | number)[] = [
      (date) => date.getTime(),
      (date) => Math.floor(date.getTime() / 1000),
      (date) => String(date.getTime() / 1000),
      (date) => date.toUTCString(),
      (date) => date.toISOString().replace('Z', '+00:00'),
      (date) => date.toISOString().replace('T', ' ').slice(0, 19),
    ];
    for (const [index, way] of ways.entries()) {
      const code = String(34_000_010 + index);
      const stale = { sid: 'a', body: sms('34000003'), sent: way(new Date(Date.now() - 60_000)) };
      const fresh = { sid: 'b', body: sms(code), sent: way(new Date()) };
      inTurn(list([]), list([]), list([stale, fresh]));
      expect((await (await watch()).next(soon())).reveal()).toBe(code);
    }
  }).timeout(10_000);

  it("goes by the provider's clock", async () => {
    const hourMs = 3_600_000;
    const late = (entries: readonly Entry[]) => (request: IncomingMessage, response: ServerResponse) => {
      response.setHeader('date', new Date(Date.now() - hourMs).toUTCString());
      list(entries)(request, response);
    };
    inTurn(
      late([]),
      late([]),
      late([
        { sid: '1', body: sms('34000020'), sent: now(hourMs + 60_000) },
        { sid: '2', body: sms('34000021'), sent: now(hourMs) },
      ]),
    );
    expect((await (await watch()).next(soon())).reveal()).toBe('34000021');
  });

  it('waits through errors that pass', async () => {
    const fresh = { sid: '1', body: sms('34000030'), sent: now() };
    inTurn(list([]), list([]), refuse(503), refuse(429), (request) => request.destroy(), list([fresh]));
    expect((await (await watch()).next(soon())).reveal()).toBe('34000030');
  });

  const REFUSALS: readonly (readonly [number, string, boolean])[] = [
    [401, 'sms-api-refused', false],
    [403, 'sms-api-refused', false],
    [404, 'sms-api-address', false],
    [418, 'sms-api-failed', false],
    [429, 'sms-api-throttled', true],
    [500, 'sms-api-failed', true],
  ];
  for (const [status, code, retryable] of REFUSALS) {
    it(`says what HTTP ${status} means`, async () => {
      answer = refuse(status, `<h1>${sms('34000040')}</h1>`);
      await expect(watch()).rejects.toMatchObject({
        code,
        retryable,
        message: `The provider of text messages ${new URL(url).host} answers HTTP ${status}`,
      });
    });
  }

  it('does not follow to another address, which would get the password', async () => {
    const asked: string[] = [];
    answer = (request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' }).end();
    };
    await expect(watch()).rejects.toMatchObject({
      code: 'sms-api-address',
      message: expect.stringContaining('forwards elsewhere'),
    });
    expect(asked).toEqual(['/messages?to=%2B14255550100']);
  });

  const ANSWERS: Readonly<Record<string, readonly [body: string, says: string]>> = {
    'HTML in place of JSON': ['<html>', 'expected JSON, found HTML'],
    'something else in place of JSON': ['sorry', 'expected JSON, found something else'],
    'no list': [
      '{"messages": []}',
      'expected a list at the key path data.messages, found nothing (there are: messages)',
    ],
    'no text': [
      '{"data": {"messages": [{"sid": 1, "text": "34000050", "sent": 1}]}}',
      'expected a value at the key path body of a message, found nothing (there are: sid, text, sent)',
    ],
    'no instant': [
      '{"data": {"messages": [{"sid": 1, "body": "x", "sent": "today"}]}}',
      'expected a value at the key path sent of a message, found a string (there are: sid, body, sent)',
    ],
    'a list of nothing': ['{"data": {"messages": [null]}}', 'found nothing'],
  };
  for (const [what, [body, says]] of Object.entries(ANSWERS)) {
    it(`says that there is ${what}`, async () => {
      answer = (_, response) => response.end(body);
      const error: unknown = await watch().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'sms-api-answer', message: expect.stringContaining(says) });
      expect(String(error)).not.toContain('34000050');
    });
  }

  it('says that the certificate is not trusted, that nobody listens, and that the way can be overheard', async () => {
    await expect(watch({ ca: issue().ca })).rejects.toMatchObject({
      code: 'sms-api-tls',
      remedy: expect.stringContaining('certificateAuthority'),
    });
    await expect(watch({ url: `https://localhost:${await freePort()}/` })).rejects.toMatchObject({
      code: 'sms-api-unreachable',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(watch({ url: 'http://sms.example/' })).rejects.toMatchObject({
      code: 'sms-api-not-confidential',
    });
  });

  it('ends in time, and when it is interrupted', async () => {
    answer = () => undefined;
    await expect(source().watch(Deadline.in(100, 'looking'))).rejects.toMatchObject({ code: 'timed-out' });
    const abort = new AbortController();
    const watching = source().watch(Deadline.in(8000, 'looking', abort.signal));
    setTimeout(() => abort.abort(), 50);
    await expect(watching).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('takes plain HTTP of this host', async () => {
    const plain = createPlain(list([])).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const begun = await watch({ url: `http://127.0.0.1:${(plain.address() as AddressInfo).port}/` });
    await expect(begun.next(Deadline.in(50, 'waiting'))).rejects.toMatchObject({ code: 'code-not-received' });
    plain.closeAllConnections();
    plain.close();
  });
});
