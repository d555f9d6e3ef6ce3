import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { smsWebhookSource } from './sms-webhook.ts';
import { freePort } from './testing/dovecot.ts';
import type { CodeWatch } from './verification.ts';

const ANNA = 'anna@contoso.example';
const TOKEN = 'tok/en ä+1';
const PATH = `/sms/${encodeURIComponent(TOKEN)}`;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const soon = () => Deadline.in(5000, 'waiting for the code');
const sms = (code: string): string => `Use verification code ${code} for Contoso password reset`;

describe('smsWebhookSource', () => {
  let port = 0;
  const watches: CodeWatch[] = [];

  const watch = async (text = 'message.text', listen = `127.0.0.1:${port}`): Promise<CodeWatch> => {
    const begun = await smsWebhookSource(
      { by: 'smsWebhook', phone: '+1 4255550100', listen, token: new Secret(TOKEN), text },
      ANNA,
    ).watch(soon());
    watches.push(begun);
    return begun;
  };

  const post = async (
    body: string,
    { path = PATH, headers = JSON_TYPE, method = 'POST' } = {},
  ): Promise<number> => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }).end(body);
    const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };

  before(async () => {
    port = await freePort();
  });

  afterEach(() => Promise.all(watches.splice(0).map((begun) => begun.close())));

  it('takes the code that is posted as JSON', async () => {
    const begun = await watch();
    expect(await post(JSON.stringify({ message: { text: sms('33000001') } }))).toBe(204);
    expect((await begun.next(soon())).reveal()).toBe('33000001');
  });

  it('takes the code that is posted as a form, while it waits', async () => {
    const waiting = (await watch('Body')).next(soon());
    const body = new URLSearchParams({ From: '+4670000000', Body: sms('33000002') }).toString();
    expect(await post(body, { headers: FORM_TYPE })).toBe(204);
    expect((await waiting).reveal()).toBe('33000002');
  });

  it('does not take a message twice that the gateway posts again, not even in the next watch', async () => {
    const body = JSON.stringify({ message: { text: sms('33000003') } });
    const begun = await watch();
    await post(body);
    await begun.next(soon());
    await begun.close();
    const next = await watch();
    await post(body);
    await expect(next.next(Deadline.in(100, 'waiting'))).rejects.toMatchObject({
      code: 'code-not-received',
      message: expect.stringContaining('1 with a code that was used before'),
    });
  });

  it('refuses what the gateway does not send', async () => {
    const begun = await watch();
    const good = JSON.stringify({ message: { text: sms('33000004') } });
    const refusals: readonly (readonly [number, string, Parameters<typeof post>[1]])[] = [
      [404, good, { path: '/sms/wrong' }],
      [404, good, { path: '/' }],
      [404, good, { path: `${PATH}/more` }],
      [404, good, { path: '/sms/%E0%A4%A' }],
      [405, good, { method: 'PUT' }],
      [415, good, { headers: { 'content-type': 'text/plain' } }],
      [415, good, { headers: { 'content-type': 'constructor' } }],
      [400, '{', {}],
      [422, '{"text": "elsewhere"}', {}],
      [422, '{"message": {"text": 5}}', {}],
      [422, 'null', {}],
      [413, JSON.stringify({ message: { text: 'x'.repeat(70_000) } }), {}],
    ];
    for (const [status, body, options] of refusals) expect(await post(body, options)).toBe(status);
    await expect(begun.next(Deadline.in(100, 'waiting'))).rejects.toMatchObject({
      code: 'code-not-received',
      message: `No verification code arrived in the text messages posted to 127.0.0.1:${port} within 0 s (no new message)`,
    });
  });

  it('ends a body that does not', async () => {
    await watch();
    const endless = request({ host: '127.0.0.1', port, path: PATH, method: 'POST', headers: JSON_TYPE });
    const ended = once(endless, 'close').catch(() => []);
    endless.on('error', () => undefined);
    const timer = setInterval(() => endless.write('x'.repeat(30_000)), 5);
    await ended;
    clearInterval(timer);
    expect(endless.destroyed).toBe(true);
  });

  it('keeps no more than it has to', async () => {
    const begun = await watch();
    const body = JSON.stringify({ message: { text: 'Hello' } });
    const answers = new Set<number>();
    for (let posts = 0; posts < 101; posts++) answers.add(await post(body));
    expect(answers).toEqual(new Set([204, 429]));
    await expect(begun.next(Deadline.in(100, 'waiting'))).rejects.toMatchObject({
      message: expect.stringContaining('100 without a code'),
    });
  });

  it('says that the port is taken, and has it again when the other lets go', async () => {
    const other = await watch();
    await expect(watch()).rejects.toMatchObject({
      code: 'sms-port-taken',
      blame: 'config',
      message: `Cannot listen for text messages at 127.0.0.1:${port}: the port is taken`,
    });
    await other.close();
    await other.close();
    await expect(watch()).resolves.toBeDefined();
  });

  it('says that an address cannot be listened to', async () => {
    for (const listen of ['127.0.0.1:65536', '127.0.0.256:80'])
      await expect(watch('text', listen)).rejects.toMatchObject({
        code: 'sms-not-listening',
        blame: 'config',
      });
  });

  it('listens on the loopback of IPv6 as well', async function () {
    const probe = createServer().listen(0, '::1');
    try {
      await once(probe, 'listening');
    } catch {
      console.log('      skipped: this host has no ::1');
      this.skip();
    }
    probe.close();
    await expect(watch('text', `[::1]:${port}`)).resolves.toBeDefined();
  });
});
