import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@playwright/test';
import {
  PASSWORD,
  type TestServer,
  type TestServerOptions,
  USER,
  openTestServer,
  runGssapi,
  runPywinrm,
} from './winrm-testing.ts';

const SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell';
const TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer';
const CONFIG = 'http://schemas.microsoft.com/wbem/wsman/1/config';
const BASIC = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;

const envelope = (action: string, header = '', body = '', resource = `${SHELL}/cmd`): string =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ` +
  `xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="${SHELL}"><s:Header><a:Action>${action}</a:Action>` +
  `<a:MessageID>uuid:1</a:MessageID><w:ResourceURI>${resource}</w:ResourceURI>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;

const IDENTIFY =
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>';

const code = (xml: string): number =>
  Number(/ Code="(\d+)"/.exec(xml)?.[1] ?? /error_Code[^>]*>(\d+)/.exec(xml)?.[1]);

describe('the WinRM server', function () {
  this.timeout(30_000);
  const open: TestServer[] = [];
  let lab: TestServer;

  async function start(options?: TestServerOptions): Promise<TestServer> {
    const opened = await openTestServer(options);
    open.push(opened);
    return opened;
  }

  before(async () => {
    lab = await start();
  });

  after(async () => {
    await Promise.all(open.map(({ server }) => server.close()));
    const left = open.flatMap(({ commands }) => commands).filter(({ exitCode }) => exitCode === undefined);
    await Promise.all(left.map(({ exited }) => exited));
  });

  async function post(
    { url }: TestServer,
    body: string | Buffer,
    headers: Record<string, string> = { Authorization: BASIC },
  ): Promise<{ status: number; text: string; headers: Headers }> {
    const answer = await fetch(url, { method: 'POST', headers, body });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }

  async function createShell(server: TestServer, extra = ''): Promise<string> {
    const { text } = await post(server, envelope(`${TRANSFER}/Create`, extra));
    return /ShellId">([^<]+)/.exec(text)?.[1] ?? text;
  }

  const inShell = (id: string): string =>
    `<w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet>`;

  async function run(server: TestServer, shell: string, line: string): Promise<string> {
    const escaped = line.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const body = `<rsp:CommandLine><rsp:Command>${escaped}</rsp:Command></rsp:CommandLine>`;
    const { text } = await post(server, envelope(`${SHELL}/Command`, inShell(shell), body));
    return /CommandId>([^<]+)/.exec(text)?.[1] ?? text;
  }

  const receive = (shell: string, command: string, header = ''): string =>
    envelope(
      `${SHELL}/Receive`,
      inShell(shell) + header,
      `<rsp:Receive><rsp:DesiredStream CommandId="${command}">stdout stderr</rsp:DesiredStream></rsp:Receive>`,
    );

  const send = (shell: string, command: string, bytes: Buffer, end = false): string =>
    envelope(
      `${SHELL}/Send`,
      inShell(shell) + '<w:OperationTimeout>PT1S</w:OperationTimeout>',
      `<rsp:Send><rsp:Stream Name="stdin" CommandId="${command}"${end ? ' End="true"' : ''}>${bytes.toString('base64')}</rsp:Stream></rsp:Send>`,
    );

  describe('lets in', () => {
    const ways: [name: string, options: string][] = [
      ['pywinrm with Basic', "transport='basic'"],
      ['pywinrm with NTLM, sealing as it likes', "transport='ntlm'"],
      ['pywinrm with NTLM, always sealing', "transport='ntlm', message_encryption='always'"],
      ['pywinrm with NTLM, never sealing', "transport='ntlm', message_encryption='never'"],
    ];
    for (const [name, options] of ways) {
      it(name, async () => {
        const { stdout, stderr } = await runPywinrm(
          lab,
          options,
          `for line in ('echo one', 'echo two 1>&2; exit 3', 'seq 1 60000'):
    r = s.run_cmd(line)
    print(r.status_code, len(r.std_out), r.std_out[-6:], r.std_err)
`,
        );
        expect(stderr).toBe('');
        expect(stdout.split('\n')).toEqual([
          String.raw`0 4 b'one\n' b''`,
          String.raw`3 0 b'' b'two\n'`,
          String.raw`0 348894 b'60000\n' b''`,
          '',
        ]);
      });
    }

    for (const mechanism of ['ntlm', 'spnego'] as const) {
      it(`gss-ntlmssp, sealing, ${mechanism === 'ntlm' ? 'bare' : 'in SPNEGO'}`, async () => {
        const { stdout, stderr } = await runGssapi(lab, mechanism, IDENTIFY);
        expect(stderr).toBe('');
        expect(stdout).toMatch(/^200 True\n200 <.*OS: 6\.1\.7601.*\n200 <.*OS: 6\.1\.7601.*\n$/);
        const wrong = await runGssapi(lab, mechanism, IDENTIFY, 'wrong');
        expect(wrong.stdout).not.toContain('200');
      });
    }

    it('an account with the machine before it', async () => {
      const user = 'WIN7-LAB\\vagrant';
      for (const transport of ['basic', 'ntlm']) {
        const { stdout } = await runPywinrm(
          { ...lab, user },
          `transport='${transport}'`,
          "print(s.run_cmd('echo in').std_out)",
        );
        expect(stdout).toContain('in');
      }
    });
  });

  describe('keeps out', () => {
    it('wrong passwords and unknown users', async () => {
      for (const transport of ['basic', 'ntlm']) {
        for (const wrong of [{ password: 'wrong' }, { user: 'other' }]) {
          const { stderr } = await runPywinrm(
            { ...lab, ...wrong },
            `transport='${transport}'`,
            "s.run_cmd('echo in')",
          );
          expect(stderr).toContain('InvalidCredentialsError');
        }
      }
      expect(lab.lines).toContain('WinRM refuses a client: wrong password');
    });

    it('whoever says nothing of himself, and names what it takes', async () => {
      const { status, headers, text } = await post(lab, envelope(`${TRANSFER}/Create`), {});
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Negotiate, Basic realm="WSMAN"');
      expect(headers.get('server')).toBe('Microsoft-HTTPAPI/2.0');
      expect(text).toBe('');
    });

    it('Basic where it is turned off, and plain messages where they are', async () => {
      const strict = await start({ changes: { service: { basic: false, allowUnencrypted: false } } });
      const basic = await post(strict, envelope(`${TRANSFER}/Create`));
      expect(basic.status).toBe(401);
      expect(basic.headers.get('www-authenticate')).toBe('Negotiate');
      const plain = await runPywinrm(
        strict,
        "transport='ntlm', message_encryption='never'",
        "s.run_cmd('echo in')",
      );
      expect(plain.stderr).toContain('Bad HTTP response returned from server. Code 500');
      const sealed = await runPywinrm(strict, "transport='ntlm'", "print(s.run_cmd('echo in').std_out)");
      expect(sealed.stdout).toContain('in');
    });

    it('a scheme of the name NTLM, and garbage', async () => {
      for (const header of [
        'NTLM TlRMTVNTUAABAAAA',
        'Negotiate',
        'Negotiate !!!!',
        'Negotiate TlRMTVNTUAADAAAA',
        'Basic',
        'x',
      ])
        expect((await post(lab, '', { Authorization: header })).status, header).toBe(401);
    });

    it('a sealed message that was changed, left out or sent again', async () => {
      for (const how of ['changed', 'left out', 'sent again']) {
        const { stdout, stderr } = await runPywinrm(
          lab,
          "transport='ntlm'",
          `s.run_cmd('echo in')
transport = s.protocol.transport
session = transport.session
if '${how}' == 'left out':
    transport.encryption.prepare_encrypted_request(session, s.url, b'<lost/>')
request = transport.encryption.prepare_encrypted_request(session, s.url, b'<x/>')
body, headers = request.body, request.headers
if '${how}' == 'changed':
    body = body[:-40] + bytes([body[-40] ^ 1]) + body[-39:]
if '${how}' == 'sent again':
    print(session.post(s.url, data=body, headers=headers, auth=lambda r: r).status_code)
print(session.post(s.url, data=body, headers=headers, auth=lambda r: r).status_code)
`,
        );
        expect(stderr).toBe('');
        expect(stdout, how).toBe(how === 'sent again' ? '500\n401\n' : '401\n');
      }
    });
  });

  describe('says what it is', () => {
    it('to strangers without its version, to others with it', async () => {
      const anonymous = await post(lab, IDENTIFY, { WSMANIDENTIFY: 'unauthenticated' });
      expect(anonymous.status).toBe(200);
      expect(anonymous.text).toContain(
        '<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 2.0</wsmid:ProductVersion>',
      );
      expect((await post(lab, IDENTIFY, {})).status).toBe(401);
      expect(
        (await post(lab, envelope(`${TRANSFER}/Create`), { WSMANIDENTIFY: 'unauthenticated' })).status,
      ).toBe(401);
      expect((await post(lab, IDENTIFY)).text).toContain('OS: 6.1.7601 SP: 1.0 Stack: 2.0');
      const win81 = await start({ profile: 'win81' });
      expect((await post(win81, IDENTIFY)).text).toContain('OS: 6.3.9600 SP: 0.0 Stack: 3.0');
    });

    it('by its configuration, whole and in parts', async () => {
      const get = (uri: string): Promise<{ status: number; text: string }> =>
        post(lab, envelope(`${TRANSFER}/Get`, '', '', uri));
      const { text } = await get(CONFIG);
      for (const element of [
        '<cfg:MaxEnvelopeSizekb>150</cfg:MaxEnvelopeSizekb>',
        '<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms>',
        '<cfg:AllowUnencrypted>true</cfg:AllowUnencrypted><cfg:Auth><cfg:Basic>true</cfg:Basic>',
        '<cfg:CbtHardeningLevel>Relaxed</cfg:CbtHardeningLevel>',
        '<cfg:IdleTimeout>180000</cfg:IdleTimeout>',
        '<cfg:MaxShellsPerUser>5</cfg:MaxShellsPerUser></cfg:Winrs></cfg:Config>',
      ])
        expect(text).toContain(element);
      expect((await get(`${CONFIG}/winrs`)).text).toMatch(/<s:Body><cfg:Winrs xmlns:cfg/);
      const missing = await get(`${CONFIG}/nothing`);
      expect([missing.status, code(missing.text)]).toEqual([500, 2150858752]);
    });
  });

  describe('keeps the quotas of Windows 7', () => {
    it('five shells', async () => {
      const server = await start();
      for (let i = 0; i < 5; i++) expect(await createShell(server)).toMatch(/^[0-9A-F-]{36}$/);
      const sixth = await createShell(server);
      expect(code(sixth)).toBe(2150859173);
      expect(sixth).toContain('w:QuotaLimit');
      expect(sixth).toContain('a maximum number of 5 concurrent shells, which has been exceeded');
    });

    it('fifteen processes in a shell', async () => {
      const server = await start();
      const shell = await createShell(server);
      for (let i = 0; i < 15; i++)
        expect(await run(server, shell, 'exec sleep 60')).toMatch(/^[0-9A-F-]{36}$/);
      expect(code(await run(server, shell, 'true'))).toBe(2147944216);
      const { status } = await post(server, envelope(`${TRANSFER}/Delete`, inShell(shell)));
      expect(status).toBe(200);
      await Promise.all(server.commands.map(({ exited }) => exited));
    });

    it('operations, as a WSManFault on Windows 7 and as a CIM error later', async () => {
      for (const [profile, detail] of [
        ['win7', '<f:WSManFault'],
        ['win81', '<p:MSFT_WmiError'],
      ] as const) {
        const server = await start({ profile, changes: { service: { maxConcurrentOperationsPerUser: 2 } } });
        const shell = await createShell(server);
        await run(server, shell, 'true');
        await run(server, shell, 'true');
        const third = await run(server, shell, 'true');
        expect(code(third)).toBe(2150859174);
        expect(third).toContain(detail);
        expect(third).toContain('a maximum number of 2 concurrent operations');
      }
    });

    it('150 KiB in a request, and as the client says in an answer', async () => {
      const shell = await createShell(lab);
      const padding = (size: number): string => {
        const bare = envelope(`${TRANSFER}/Delete`, inShell(shell), '<!---->');
        return bare.replace('<!---->', `<!--${'x'.repeat(size - bare.length)}-->`);
      };
      expect((await post(lab, padding(153_601))).status).toBe(413);
      const command = await run(lab, shell, 'head -c 300000 /dev/zero');
      for (const [asked, most] of [
        [undefined, 153_600],
        [1_000_000, 153_600],
        [8192, 8192],
      ] as const) {
        const header = asked === undefined ? '' : `<w:MaxEnvelopeSize>${asked}</w:MaxEnvelopeSize>`;
        const { text } = await post(lab, receive(shell, command, header));
        expect(text.length).toBeLessThanOrEqual(most);
        if (text.includes('/Running')) expect(text.length).toBeGreaterThan(most / 100);
      }
      const small = await post(lab, receive(shell, command, '<w:MaxEnvelopeSize>8191</w:MaxEnvelopeSize>'));
      expect(code(small.text)).toBe(2150858878);
      expect((await post(lab, padding(153_600))).status).toBe(200);
    });

    it('a time-out that is never longer than the server has it', async () => {
      const server = await start({ changes: { maxTimeoutMs: 50 } });
      const shell = await createShell(server);
      const command = await run(server, shell, 'exec sleep 60');
      const { status, text } = await post(
        server,
        receive(shell, command, '<w:OperationTimeout>PT9999S</w:OperationTimeout>'),
      );
      expect([status, code(text)]).toEqual([500, 2150858793]);
      await post(server, envelope(`${TRANSFER}/Delete`, inShell(shell)));
    });

    it('shells that nobody asks for any more', async () => {
      const server = await start({ changes: { winrs: { idleTimeoutMs: 100 } } });
      const shell = await createShell(server);
      const command = await run(server, shell, 'exec sleep 60');
      // A request that waits longer than that keeps it alive.
      const waiting = await post(
        server,
        receive(shell, command, '<w:OperationTimeout>PT0.3S</w:OperationTimeout>'),
      );
      expect(code(waiting.text)).toBe(2150858793);
      await server.commands[0]?.exited;
      expect(server.commands[0]?.forgotten).toBe(true);
      expect(code((await post(server, receive(shell, command))).text)).toBe(2150858843);
    });
  });

  describe('carries streams', () => {
    it('ten megabytes of output', async () => {
      const { stdout, stderr } = await runPywinrm(
        lab,
        "transport='basic'",
        `import hashlib
r = s.run_cmd('head -c 10000000 /dev/zero | tr "\\\\0" x')
print(len(r.std_out), hashlib.sha256(r.std_out).hexdigest())
`,
      );
      expect(stderr).toBe('');
      expect(stdout.trim()).toBe(
        `10000000 ${createHash('sha256').update('x'.repeat(10_000_000)).digest('hex')}`,
      );
    });

    it('input in large pieces, to its end', async () => {
      const shell = await createShell(lab);
      const command = await run(lab, shell, 'sha256sum');
      const piece = Buffer.alloc(110_000, 'stdin ');
      const hash = createHash('sha256');
      for (let i = 0; i < 20; i++) {
        expect((await post(lab, send(shell, command, piece, i === 19))).status).toBe(200);
        hash.update(piece);
      }
      const { text } = await post(lab, receive(shell, command));
      const printed = Buffer.from(/stdout"[^>]*>([^<]+)/.exec(text)?.[1] ?? '', 'base64').toString();
      expect(printed).toContain(hash.digest('hex'));
      await post(lab, envelope(`${TRANSFER}/Delete`, inShell(shell)));
    });

    it('no more input than a command takes', async () => {
      const shell = await createShell(lab);
      const command = await run(lab, shell, 'exec sleep 60');
      const piece = Buffer.alloc(100_000);
      const codes = [];
      for (let i = 0; i < 4; i++) codes.push(code((await post(lab, send(shell, command, piece))).text));
      expect(codes).toContain(2150858793);
      await post(lab, envelope(`${TRANSFER}/Delete`, inShell(shell)));
    });

    it('what was printed while the client was away', async () => {
      const shell = await createShell(lab);
      const command = await run(lab, shell, 'read x; echo $x');
      const leaving = new AbortController();
      const lost = fetch(lab.url, {
        method: 'POST',
        headers: { Authorization: BASIC },
        body: receive(shell, command),
        signal: leaving.signal,
      }).catch(() => 'left');
      await delay(50);
      leaving.abort();
      expect(await lost).toBe('left');
      await delay(50); // the server has to notice
      await post(lab, send(shell, command, Buffer.from('still here\n')));
      const { text } = await post(lab, receive(shell, command));
      expect(text).toContain(Buffer.from('still here\n').toString('base64'));
      await post(lab, envelope(`${TRANSFER}/Delete`, inShell(shell)));
    });

    it('an end to whoever waits for a command that is taken away', async () => {
      const shell = await createShell(lab);
      const command = await run(lab, shell, 'exec sleep 60');
      const waiting = post(lab, receive(shell, command));
      await delay(50);
      const signal = `<rsp:Signal CommandId="${command}"><rsp:Code>${SHELL}/signal/terminate</rsp:Code></rsp:Signal>`;
      await post(lab, envelope(`${SHELL}/Signal`, inShell(shell), signal));
      expect(code((await waiting).text)).toBe(995);
      await post(lab, envelope(`${TRANSFER}/Delete`, inShell(shell)));
    });
  });

  describe('stands', () => {
    const head = (length: number): string =>
      `POST /wsman HTTP/1.1\r\nHost: guest\r\nAuthorization: ${BASIC}\r\nContent-Length: ${length}\r\n\r\n`;

    async function talk(bytes: (socket: Socket) => Promise<void> | void): Promise<string> {
      const socket = connect(lab.server.port, '127.0.0.1');
      const heard: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await bytes(socket);
      await closed;
      return Buffer.concat(heard).toString();
    }

    it('a request that comes one byte at a time', async () => {
      const message = Buffer.from(
        head(IDENTIFY.length).replace('Host', 'Connection: close\r\nHost') + IDENTIFY,
      );
      const answer = await talk(async (socket) => {
        socket.setNoDelay(true);
        for (const byte of message) {
          socket.write(Buffer.of(byte));
          await new Promise(setImmediate);
        }
      });
      expect(answer).toContain('HTTP/1.1 200');
      expect(answer).toContain('OS: 6.1.7601');
    });

    it('a gigabyte that is announced, and one that is not', async () => {
      expect(await talk((socket) => void socket.write(head(1 << 30)))).toContain('HTTP/1.1 413');
      const chunked = head(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked');
      const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1 << 20), Buffer.from('\r\n')]);
      let sent = 0;
      await talk(async (socket) => {
        socket.write(chunked);
        while (!socket.destroyed && sent < 1024) {
          sent++;
          if (socket.write(piece)) continue;
          await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(
            () => 'the server is gone',
          );
        }
      });
      expect(sent).toBeLessThan(100);
    });

    it('garbage in place of HTTP, of SOAP and of sealed parts', async () => {
      expect(await talk((socket) => void socket.write('\x16\x03\x01\r\n\r\n'))).toContain('400 Bad Request');
      const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>';
      const nested = '<a>'.repeat(20_000);
      for (const body of [
        '',
        'x',
        '<a',
        bomb,
        nested,
        envelope('nothing', '<w:MaxEnvelopeSize>x</w:MaxEnvelopeSize>'),
      ]) {
        const { status, text } = await post(lab, body);
        expect([status, / Code="\d+"/.test(text)], body.slice(0, 40)).toEqual([500, true]);
      }
      const sealed = {
        Authorization: BASIC,
        'Content-Type': 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"',
      };
      expect((await post(lab, '--Encrypted Boundary', sealed)).status).toBe(401);
    });

    it('a hundred connections that do nothing', async () => {
      const sockets = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = connect(lab.server.port, '127.0.0.1');
          await once(socket, 'connect');
          return socket;
        }),
      );
      expect((await post(lab, IDENTIFY)).status).toBe(200);
      for (const socket of sockets) socket.destroy();
    });

    it('other paths and methods', async () => {
      const other = await fetch(lab.url.replace('/wsman', '/other'), { method: 'POST', body: 'x' });
      const get = await fetch(lab.url, { headers: { Authorization: BASIC } });
      expect([other.status, get.status]).toEqual([404, 405]);
    });
  });
});
