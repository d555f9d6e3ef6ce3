import { once } from 'node:events';
import { type AddressInfo, createServer as createPlain, type Server } from 'node:net';
import { createServer } from 'node:tls';
import { expect } from '@playwright/test';
import { ImapFlow } from 'imapflow';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { type ImapSettings, imapSource } from './imap.ts';
import { type Identity, issue } from './testing/certificates.ts';
import {
  type Dovecot,
  dovecotMissing,
  freePort,
  PASSWORD,
  type Relay,
  startDovecot,
  startRelay,
  USER,
} from './testing/dovecot.ts';
import type { CodeWatch } from './verification.ts';

const ANNA = 'anna@contoso.example';
const soon = () => Deadline.in(9000, 'waiting for the code');

interface Mail {
  readonly code: string;
  readonly upn?: string;
  readonly date?: Date;
  /** Headers of the content, an empty line, the content. */
  readonly content?: string;
}

const sentence = (code: string, upn = ANNA): string =>
  `Thanks for verifying your ${upn} account!\r\nYour code is: ${code}`;

const mail = ({ code, upn, date = new Date(), content }: Mail): string =>
  [
    'From: Microsoft on behalf of Contoso <msonlineservicesteam@microsoftonline.com>',
    `To: ${USER}`,
    'Subject: Your Contoso account email verification code',
    `Date: ${date.toUTCString()}`,
    'MIME-Version: 1.0',
    content ?? `Content-Type: text/plain\r\n\r\n${sentence(code, upn)}`,
    '',
  ].join('\r\n');

describe('imapSource', () => {
  let identity: Identity;
  let dovecot: Dovecot;
  let relay: Relay;
  const watches: CodeWatch[] = [];

  const settings = (changes: Partial<ImapSettings> = {}): ImapSettings => ({
    by: 'imap',
    host: 'localhost',
    port: dovecot.tlsPort,
    security: 'tls',
    user: USER,
    password: new Secret(PASSWORD),
    folder: 'INBOX',
    ca: identity.ca,
    ...changes,
  });

  const watch = async (changes: Partial<ImapSettings> = {}): Promise<CodeWatch> => {
    const begun = await imapSource(settings(changes), {}, ANNA).watch(soon());
    watches.push(begun);
    return begun;
  };

  before(async function () {
    const missing = dovecotMissing();
    if (missing !== undefined) {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
    identity = issue();
    dovecot = await startDovecot(identity);
    relay = await startRelay(dovecot.tlsPort);
  });

  afterEach(() => Promise.all(watches.splice(0).map((begun) => begun.close())));

  after(async () => {
    if (dovecotMissing() !== undefined) return;
    await relay.close();
    await dovecot.stop();
  });

  it('takes the code that comes while it waits, over TLS, and leaves every message as it was', async () => {
    dovecot.deliver(mail({ code: '32000001' }));
    const waiting = (await watch()).next(soon());
    dovecot.deliver(mail({ code: '32000002' }));
    expect((await waiting).reveal()).toBe('32000002');
    expect(dovecot.files().filter((name) => !name.startsWith('new/'))).toEqual([]);
  });

  it('takes it over STARTTLS, when it came before it was waited for', async () => {
    const begun = await watch({ security: 'starttls', port: dovecot.plainPort });
    dovecot.deliver(mail({ code: '32000003' }));
    expect((await begun.next(soon())).reveal()).toBe('32000003');
  });

  it('leaves what is dated before the request or meant for another user, and says so', async () => {
    const begun = await watch();
    const hourAgo = new Date(Date.now() - 3_600_000);
    dovecot.deliver(mail({ code: '32000004', date: hourAgo }));
    dovecot.deliver(mail({ code: '32000005', upn: 'bert@contoso.example' }));
    await append(mail({ code: '32000006' }), hourAgo);
    await expect(begun.next(Deadline.in(700, 'waiting'))).rejects.toMatchObject({
      code: 'code-not-received',
      blame: 'tenant',
      message: expect.stringMatching(/2 dated before the request/),
    });
    dovecot.deliver(mail({ code: '32000007' }));
    expect((await begun.next(soon())).reveal()).toBe('32000007');
  });

  const html = `<html><head><style>p { margin: 111111px }</style></head><body><p>Thanks for verifying your ${ANNA} account!</p><p>Your code is:&nbsp;<b>CODE</b></p></body></html>`;
  const CONTENTS: Readonly<Record<string, (code: string) => string>> = {
    'HTML in Base64': (code) =>
      `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(html.replace('CODE', code)).toString('base64').replace(/.{76}/g, '$&\r\n')}`,
    'quoted-printable, with the code across two lines': (code) =>
      `Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nVotre code de v=E9rification est=A0: ${code.slice(0, 3)}=\r\n${code.slice(3)}\r\n`,
    'several parts, the readable one last': (code) =>
      `Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nYour program does not show HTML.\r\n--x\r\nContent-Type: text/html\r\n\r\n${html.replace('CODE', code)}\r\n--x--\r\n`,
    'several parts with a picture': (code) =>
      `Content-Type: multipart/related; boundary=y\r\n\r\n--y\r\nContent-Type: text/html\r\n\r\n${html.replace('CODE', code)}\r\n--y\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(200)}\r\n--y--\r\n`,
    'another script': (code) =>
      `Content-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.concat([Buffer.from('b4fac2ebceaaa3ba', 'hex'), Buffer.from(code)]).toString('base64')}`,
  };
  it(`reads ${Object.keys(CONTENTS).join('; ')}`, async () => {
    const begun = await watch();
    for (const [index, make] of Object.values(CONTENTS).entries()) {
      const code = String(32_000_010 + index);
      dovecot.deliver(mail({ code, content: make(code) }));
      expect((await begun.next(soon())).reveal()).toBe(code);
    }
  });

  it('does not lose a code that comes while the connection is gone', async () => {
    const begun = await watch({ port: relay.port });
    const waiting = begun.next(soon());
    relay.cut(true);
    dovecot.deliver(mail({ code: '32000020' }));
    setTimeout(() => relay.cut(false), 200);
    expect((await waiting).reveal()).toBe('32000020');
  });

  it('says what stayed in the way until the end', async () => {
    const begun = await watch({ port: relay.port });
    relay.cut(true);
    await expect(begun.next(Deadline.in(600, 'waiting'))).rejects.toMatchObject({
      code: 'mailbox-unreachable',
      retryable: true,
    });
    relay.cut(false);
  });

  it('ends when it is interrupted', async () => {
    const abort = new AbortController();
    const waiting = (await watch()).next(Deadline.in(9000, 'waiting', abort.signal));
    setTimeout(() => abort.abort(), 100);
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('ends when it is closed, and does not connect again', async () => {
    const begun = await watch({ port: relay.port });
    const waiting = begun.next(soon());
    relay.cut(true);
    await begun.close();
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    relay.cut(false);
  });

  it('says that the sign-in is refused, without the password', async () => {
    const password = 'Wrong-Battery-8';
    for (const way of [{}, { security: 'starttls', port: dovecot.plainPort } as const]) {
      const error: unknown = await watch({ ...way, password: new Secret(password) }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        code: 'mailbox-login-refused',
        blame: 'config',
        retryable: false,
        message: `The mail server localhost:${way.port ?? dovecot.tlsPort} refuses the sign-in of ${USER}: Authentication failed.`,
      });
      expect(everythingIn(error)).not.toContain(password);
      expect(everythingIn(error)).not.toContain(Buffer.from(`\0${USER}\0${password}`).toString('base64'));
    }
  });

  it('says that the folder is missing', async () => {
    await expect(watch({ folder: 'Codes' })).rejects.toMatchObject({
      code: 'mailbox-folder-missing',
      message: expect.stringMatching(/has no folder Codes/),
    });
  });

  it('says why a certificate is not trusted', async () => {
    const [other, expired, elsewhere] = [issue(), issue(undefined, -1), issue('DNS:mail.example')];
    for (const [shown, ca, cause, remedy] of [
      [other, identity.ca, /self-signed|unable to/i, /certificateAuthority/],
      [expired, expired.ca, /CERT_HAS_EXPIRED/, /renewed/],
      [elsewhere, elsewhere.ca, /ERR_TLS_CERT_ALTNAME_INVALID/, /Name the host/],
    ] as const) {
      const server = createServer({ cert: shown.cert, key: shown.key });
      const port = await listen(server);
      await expect(watch({ port, ca })).rejects.toMatchObject({
        code: 'mailbox-tls',
        message: expect.stringMatching(cause),
        remedy: expect.stringMatching(remedy),
      });
      server.close();
    }
    await expect(
      watch({ security: 'starttls', port: dovecot.plainPort, ca: other.ca }),
    ).rejects.toMatchObject({ code: 'mailbox-tls', remedy: expect.stringMatching(/certificateAuthority/) });
  });

  it('tells a server nothing that does not encrypt', async () => {
    for (const greeting of ['OK', 'PREAUTH']) {
      let heard = '';
      const server = createPlain((socket) => {
        socket.write(`* ${greeting} [CAPABILITY IMAP4rev1 AUTH=PLAIN] welcome\r\n`);
        socket.setEncoding('utf8').on('data', (line: string) => {
          heard += line;
          socket.write(`${line.split(' ')[0]} OK done\r\n`);
        });
      });
      const port = await listen(server);
      await expect(watch({ security: 'starttls', port })).rejects.toMatchObject({ code: 'mailbox-tls' });
      server.close();
      expect(heard).not.toMatch(/LOGIN|AUTHENTICATE|EXAMINE/);
    }
  });

  it('says that TLS begins otherwise on this port', async () => {
    await expect(watch({ port: dovecot.plainPort })).rejects.toMatchObject({ code: 'mailbox-tls' });
  });

  it('says that nothing listens', async () => {
    await expect(watch({ port: await freePort() })).rejects.toMatchObject({
      code: 'mailbox-unreachable',
      blame: 'network',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  /** As another program would, which copies old mail into the folder. */
  async function append(message: string, date: Date): Promise<void> {
    const client = new ImapFlow({
      host: 'localhost',
      port: dovecot.tlsPort,
      secure: true,
      tls: { ca: identity.ca },
      auth: { user: USER, pass: PASSWORD },
      logger: false,
    });
    await client.connect();
    await client.append('INBOX', message, [], date);
    client.close();
  }
});

async function listen(server: Server): Promise<number> {
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** All that a log could show of an error. */
function everythingIn(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    parts.push(at.message, at.stack ?? '', JSON.stringify(at, Object.getOwnPropertyNames(at)));
  return parts.join('\n');
}
