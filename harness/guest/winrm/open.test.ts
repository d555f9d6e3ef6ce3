import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret, redact } from '../../core/secret.ts';
import type { Channel } from '../channel.ts';
import { openWinrm } from './open.ts';
import {
  type Script,
  type ScriptedServer,
  SHELL_ID,
  answer,
  receivedXml,
  soap,
  startScripted,
  wmiFault,
  wsmanFault,
} from './scripted-server.ts';

const soon = (ms = 5000): Deadline => Deadline.in(ms, 'testing');

/** Half an answer, then nothing. */
const cut = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('<s:Envelope>', () => response.destroy());
};

describe('WinRM client', () => {
  const opened: { server?: ScriptedServer; channel?: Channel } = {};

  afterEach(async () => {
    await opened.channel?.close();
    await opened.server?.close();
    delete opened.channel;
    delete opened.server;
  });

  const serve = async (script: Script = {}): Promise<ScriptedServer> =>
    (opened.server = await startScripted(script));
  const open = async (server: ScriptedServer, deadline = soon()): Promise<Channel> =>
    (opened.channel = await openWinrm(
      { url: server.url, user: 'vagrant', password: new Secret('correct horse') },
      deadline,
    ));

  it('runs commands in one shell over one connection, and closes the shell', async () => {
    const server = await serve();
    const channel = await open(server);
    await channel.exec({ line: 'ver' }, soon());
    await channel.exec({ line: 'hostname' }, soon());
    await channel.close();
    expect(server.asked).toEqual([
      'Create',
      'Command',
      'Receive',
      'Signal',
      'Command',
      'Receive',
      'Signal',
      'Delete',
    ]);
    expect(server.connections()).toBe(1);
    expect(server.envelopes[1]).toContain(`<w:Selector Name="ShellId">${SHELL_ID}</w:Selector>`);
    expect(server.envelopes[0]).toContain('<w:Option Name="WINRS_CODEPAGE">65001</w:Option>');
  });

  it('joins characters that are split over pieces and answers', async () => {
    const text = Buffer.from('pässword – 密码 🔑\r\n');
    const bytes = [...text].map((byte) => Uint8Array.of(byte));
    const server = await serve({
      Receive: (response, nth) => {
        const last = nth === bytes.length - 1;
        answer(
          receivedXml({
            stdout: [bytes[nth]!],
            stderr: last ? [text] : [],
            ...(last ? { exitCode: 3010 } : {}),
          }),
        )(response);
      },
    });
    const result = await (await open(server)).exec({ line: 'echo' }, soon());
    expect(result).toMatchObject({ exitCode: 3010, stdout: text.toString(), stderr: text.toString() });
  });

  it('asks again when the operation timed out without output', async () => {
    const timedOut = answer(wsmanFault('2150858793', 'TimedOut', 'cannot complete in time'), 500);
    const server = await serve({
      Receive: (response, nth) => (nth < 3 ? timedOut : answer(receivedXml({ exitCode: 5 })))(response),
    });
    await expect((await open(server)).exec({ line: 'msiexec' }, soon())).resolves.toMatchObject({
      exitCode: 5,
    });
  });

  it('puts in a secret only when it sends the line', async () => {
    const server = await serve();
    const password = new Secret('Tr0ub4dor & 3');
    await (await open(server)).exec({ line: 'net user anna "{0}" {x}', secrets: [password] }, soon());
    expect(server.envelopes[1]).toContain('net user anna &#34;Tr0ub4dor &#38; 3&#34; {x}');
    expect(redact('the password is Tr0ub4dor & 3')).toBe('the password is ***');
  });

  it('refuses a line that cmd.exe would cut, before anything is sent', async () => {
    const server = await serve();
    const channel = await open(server);
    await channel.exec({ line: 'x'.repeat(8191) }, soon());
    await expect(channel.exec({ line: 'x'.repeat(8192) }, soon())).rejects.toMatchObject({
      code: 'command-not-runnable',
    });
    await expect(channel.exec({ line: 'one\ntwo' }, soon())).rejects.toMatchObject({
      code: 'command-not-runnable',
    });
    await expect(
      channel.exec({ line: '{1}', secrets: [new Secret('only one')] }, soon()),
    ).rejects.toMatchObject({
      code: 'command-not-runnable',
    });
    expect(server.asked.filter((action) => action === 'Command')).toHaveLength(1);
  });

  it('ends a command whose time is up, and says what it printed last', async () => {
    const server = await serve({
      Receive: (response, nth) => {
        if (nth === 0) answer(receivedXml({ stdout: [Buffer.from('Installing part 7')] }))(response);
        // Held until the client gives up.
      },
    });
    const running = (await open(server)).exec({ line: 'setup.exe' }, Deadline.in(300, 'installing'));
    await expect(running).rejects.toMatchObject({ code: 'timed-out' });
    await expect(running).rejects.toThrow(
      /while installing; .*"setup.exe" was still running.*Installing part 7/,
    );
    expect(server.asked.at(-1)).toBe('Signal');
  });

  it('stops when it is cancelled', async () => {
    const abort = new AbortController();
    const server = await serve({ Receive: () => abort.abort() });
    const running = (await open(server)).exec({ line: 'x' }, Deadline.in(60_000, 'running', abort.signal));
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
  });

  describe('says what is wrong:', () => {
    const faults: readonly (readonly [
      what: string,
      action: string,
      Script[string],
      code: string,
      retryable: boolean,
    ])[] = [
      ['wrong password', 'Create', answer('', 401), 'winrm-unauthorized', false],
      ['another server', 'Create', answer('<html><body>hello</body></html>'), 'winrm-protocol', false],
      ['not XML', 'Create', answer('\0\x01garbage <<<'), 'winrm-protocol', false],
      ['nothing', 'Create', answer(''), 'winrm-protocol', false],
      ['not found', 'Create', answer('', 404), 'winrm-protocol', false],
      ['500 without fault', 'Create', answer(soap(''), 500), 'winrm-protocol', false],
      ['connection cut', 'Create', (response) => response.destroy(), 'winrm-unreachable', true],
      ['cut in the middle', 'Create', cut, 'winrm-unreachable', true],
      ['quota, as WMI error', 'Create', answer(wmiFault('2150859173', 'shells'), 500), 'winrm-quota', true],
      ['quota, by subcode', 'Create', answer(wmiFault('', 'too many'), 500), 'winrm-quota', true],
      [
        'access denied',
        'Create',
        answer(wsmanFault('5', 'AccessDenied', 'denied'), 500),
        'winrm-access-denied',
        false,
      ],
      ['unknown', 'Create', answer(wsmanFault('42', 'Strange', 'strange'), 500), 'winrm-fault', false],
      [
        'shell gone',
        'Command',
        answer(wsmanFault('2150858843', 'InvalidSelectors', 'not found'), 500),
        'winrm-shell-gone',
        true,
      ],
      [
        'profile unloaded',
        'Receive',
        answer(wsmanFault('2147943418', 'x', 'registry'), 500),
        'winrm-shell-gone',
        true,
      ],
      ['no exit code', 'Receive', answer(receivedXml({ exitCode: NaN })), 'winrm-protocol', false],
    ];
    for (const [what, action, respond, code, retryable] of faults) {
      it(what, async () => {
        const server = await serve({ [action]: respond });
        const running = open(server).then((channel) => channel.exec({ line: 'x' }, soon()));
        await expect(running).rejects.toMatchObject({ name: 'Fault', code, retryable });
      });
    }

    it('nobody listens', async () => {
      const server = await startScripted();
      await server.close();
      await expect(open(server)).rejects.toMatchObject({ code: 'winrm-unreachable', retryable: true });
    });

    it('somebody listens and never answers', async () => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/wsman`;
      const opening = openWinrm({ url, user: 'u', password: new Secret('p') }, soon(200));
      await expect(opening).rejects.toMatchObject({ code: 'timed-out', retryable: true });
      silent.close();
    });

    it('an address that is none', async () => {
      for (const url of ['win7', 'ftp://win7/wsman', '']) {
        const opening = openWinrm({ url, user: 'u', password: new Secret('p') }, soon());
        await expect(opening).rejects.toMatchObject({ code: 'winrm-url', blame: 'config' });
      }
    });
  });

  it('takes no harm from an entity bomb', async () => {
    const bomb = `<!DOCTYPE b [<!ENTITY a "${'x'.repeat(1000)}">${Array.from({ length: 20 }, (_, n) => `<!ENTITY a${n} "${`&a${n - 1};`.repeat(10)}">`).join('')}]>`;
    const server = await serve({ Create: answer(bomb + soap('&a19;')) });
    await expect(open(server)).rejects.toMatchObject({ code: 'winrm-protocol' });
  });

  it('takes no harm from an answer without end', async () => {
    let sent = 0;
    const server = await serve({
      Create: (response) => {
        const more = (): void => {
          if (response.destroyed) return;
          sent += 65_536;
          response.write(' '.repeat(65_536), () => setImmediate(more));
        };
        more();
      },
    });
    await expect(open(server)).rejects.toMatchObject({ code: 'winrm-protocol' });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('never shows the password in an error', async () => {
    const server = await serve({ Create: answer('', 401) });
    const error = await open(server).catch((thrown: unknown) => thrown as Error);
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toMatch(
      /correct horse|Y29ycmVjdCBob3JzZQ/,
    );
  });
});
