import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Secret } from '../../core/secret.ts';
import { createShell } from './requests.ts';
import { ANSWER, type ForeignOptions, type ForeignServer, startForeign } from './testing/foreign-server.ts';
import { readBody } from './responses.ts';
import { type Answer, Transport } from './transport.ts';

const soon = (): Deadline => Deadline.in(5000, 'testing');
const usual: Answer = { timedOut: false, body: readBody(ANSWER) };

describe('NTLM of the WinRM client, against gss-ntlmssp', () => {
  const opened: { server?: ForeignServer; transport?: Transport } = {};

  afterEach(async () => {
    opened.transport?.close();
    await opened.server?.close();
    delete opened.server;
    delete opened.transport;
  });

  const serve = async (options: Partial<ForeignOptions> = {}): Promise<ForeignServer> =>
    (opened.server = await startForeign({ users: ':vagrant:correct horse\n', ...options }));
  const connect = (server: ForeignServer, more: Partial<WinrmEndpoint> = {}): Transport =>
    (opened.transport = new Transport({
      url: `http://127.0.0.1:${server.port}/wsman`,
      user: 'vagrant',
      password: new Secret('correct horse'),
      authentication: 'ntlm',
      ...more,
    }));
  const send = (transport: Transport): Promise<Answer> => transport.send(createShell(), 'testing', soon());

  // What the server prints may arrive after its answer: these are polled.
  const requests = (server: ForeignServer): (string | undefined)[] =>
    server.events
      .filter(({ authorization }) => authorization !== undefined)
      .map(({ authorization, sealed, bytes }) =>
        [authorization, sealed ? 'sealed' : bytes === 0 ? 'empty' : 'plain'].join(' ').trim(),
      );
  const count = (server: ForeignServer, key: 'connected' | 'refused' | 'user'): number =>
    server.events.filter((event) => event[key] !== undefined).length;

  it('logs on with two requests, seals the first message and all after it, over one connection', async () => {
    const server = await serve();
    const transport = connect(server);
    for (let n = 0; n < 5; n++) await expect(send(transport)).resolves.toEqual(usual);
    await expect
      .poll(() => requests(server))
      .toEqual(['Negotiate empty', 'Negotiate sealed', 'sealed', 'sealed', 'sealed', 'sealed']);
    await expect.poll(() => count(server, 'connected')).toBe(1);
    expect(server.events.find(({ text }) => text !== undefined)?.text).toContain('WINRS_CODEPAGE');
  });

  it('seals requests that are sent at once in the order in which they go', async () => {
    const server = await serve();
    const transport = connect(server);
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(transport)));
    expect(answers).toEqual(Array.from({ length: 10 }, () => usual));
    await expect.poll(() => count(server, 'connected')).toBe(1);
  });

  const users: readonly (readonly [what: string, line: string, user: string, password: string])[] = [
    ['a name', ':vagrant:pw', 'vagrant', 'pw'],
    ['a name in other letters', ':Vagrant:pw', 'vAGRANT', 'pw'],
    ["a domain's name", 'CORP:anna:pw', 'CORP\\anna', 'pw'],
    ['a principal name', ':anna@corp.example:pw', 'anna@corp.example', 'pw'],
    ["the machine's own name", ':anna:pw', '.\\anna', 'pw'],
    ['an empty password', ':anna:', 'anna', ''],
    ['a password of all sorts', ':anna:pä ss"<&>密码🔑', 'anna', 'pä ss"<&>密码🔑'],
    ['a name of all sorts', ':Ärger密码:pw', 'ärger密码', 'pw'],
  ];
  for (const [what, line, user, password] of users) {
    it(`logs on with ${what}`, async () => {
      const server = await serve({ users: `${line}\n` });
      await expect(send(connect(server, { user, password: new Secret(password) }))).resolves.toEqual(usual);
    });
  }

  it('tries a wrong password once, and never again', async () => {
    const server = await serve();
    const transport = connect(server, { password: new Secret('wrong battery') });
    for (let n = 0; n < 3; n++)
      await expect(send(transport)).rejects.toMatchObject({ code: 'winrm-unauthorized', retryable: false });
    await expect.poll(() => count(server, 'refused')).toBe(1);
    await expect.poll(() => requests(server)).toEqual(['Negotiate empty', 'Negotiate sealed']);
  });

  it('proves that its first message arrived as it was sent (MIC)', async () => {
    const server = await serve({ mode: 'alter-first-message' });
    await expect(send(connect(server))).rejects.toMatchObject({ code: 'winrm-unauthorized' });
    await expect.poll(() => count(server, 'refused')).toBe(1);
  });

  it('uses NTLM where it may choose, and never falls back to Basic', async () => {
    const server = await serve();
    await expect(send(connect(server, { authentication: 'auto' }))).resolves.toEqual(usual);
    await expect.poll(() => requests(server)).toEqual(['Negotiate empty', 'Negotiate sealed']);
    opened.transport?.close();
    const wrong = connect(server, { authentication: 'auto', password: new Secret('wrong battery') });
    await expect(send(wrong)).rejects.toMatchObject({ code: 'winrm-unauthorized' });
    await expect.poll(() => requests(server).join()).not.toContain('Basic');
  });

  it('logs on to a server that offers NTLM by its own name only', async () => {
    const server = await serve({ scheme: 'NTLM' });
    await expect(send(connect(server))).resolves.toEqual(usual);
    await expect.poll(() => requests(server)).toEqual(['Negotiate empty', 'NTLM empty', 'NTLM sealed']);
  });

  it('logs on to a server that takes the logon for a request of its own', async () => {
    const server = await serve({ mode: 'separate-logon' });
    const transport = connect(server);
    await expect(send(transport)).resolves.toEqual(usual);
    await expect(send(transport)).resolves.toEqual(usual);
    await expect
      .poll(() => requests(server))
      .toEqual(['Negotiate empty', 'Negotiate sealed', 'sealed', 'sealed']);
  });

  it('logs on anew over each new connection', async () => {
    const server = await serve({ mode: 'close-each' });
    const transport = connect(server);
    for (let n = 0; n < 3; n++) await expect(send(transport)).resolves.toEqual(usual);
    await expect.poll(() => count(server, 'connected')).toBe(3);
    await expect
      .poll(() => requests(server))
      .toEqual(Array.from({ length: 3 }, () => ['Negotiate empty', 'Negotiate sealed']).flat());
  });

  it('logs on anew, and asks again, when the server has forgotten who it is', async () => {
    const server = await serve({ mode: 'forget' });
    const transport = connect(server);
    for (let n = 0; n < 2; n++) await expect(send(transport)).resolves.toEqual(usual);
    await expect.poll(() => count(server, 'user')).toBe(2);
    await expect.poll(() => count(server, 'connected')).toBe(2);
  });

  it('takes a status in the clear for what it is, and its text for nothing', async () => {
    const server = await serve({ mode: 'fault-in-clear' });
    const error = await send(connect(server)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'winrm-unreachable', retryable: true });
    expect(String(error)).not.toContain('grüße');
  });

  const dishonest: readonly (readonly [mode: string, code: string])[] = [
    ['answer-in-clear', 'winrm-not-sealed'],
    ['alter-answer', 'winrm-broken-seal'],
    ['repeat-answer', 'winrm-broken-seal'],
  ];
  for (const [mode, code] of dishonest) {
    it(`does not believe a server in between: ${mode}`, async () => {
      const server = await serve({ mode });
      const transport = connect(server);
      const sent = mode === 'repeat-answer' ? send(transport).then(() => send(transport)) : send(transport);
      await expect(sent).rejects.toMatchObject({ code, blame: 'network' });
    });
  }
});
