import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Secret, redact } from '../../core/secret.ts';
import type { Channel } from '../channel.ts';
import { openWinrm } from './open.ts';
import { Shell } from './shell.ts';
import { Transport } from './transport.ts';
import {
  type Script,
  type ScriptedServer,
  SHELL_ID,
  answer,
  createdShell,
  dribble,
  receivedXml,
  soap,
  startScripted,
  wmiFault,
  wsmanFault,
} from './scripted-server.ts';

const soon = (ms = 5000): Deadline => Deadline.in(ms, 'testing');

const commandStarted = soap('<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>');

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

  it('runs commands in one shell over one connection, and closes the shell with the last of them', async () => {
    const server = await serve();
    const channel = await open(server);
    await channel.exec({ line: 'ver' }, soon());
    await channel.exec({ line: 'hostname' }, soon());
    await channel.close();
    expect(server.asked).toEqual(['Create', 'Command', 'Receive', 'Signal', 'Command', 'Receive', 'Delete']);
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

  it('reads 10 MB from envelopes as large as Windows 7 sends them, byte for byte', async () => {
    const text = randomBytes(5 * 1024 * 1024).toString('hex');
    const bytes = Buffer.from(text);
    const size = 110_000;
    const server = await serve({
      Receive: (response, nth) => {
        const last = (nth + 1) * size >= bytes.length;
        const stdout = [bytes.subarray(nth * size, (nth + 1) * size)];
        answer(receivedXml({ stdout, ...(last ? { exitCode: 0 } : {}) }))(response);
      },
    });
    const { stdout } = await (await open(server)).exec({ line: 'type big.txt' }, soon(20_000));
    expect(stdout.length).toBe(text.length);
    expect(stdout === text).toBe(true);
  });

  it('refuses output without end', async () => {
    const server = await serve({ Receive: answer(receivedXml({ stdout: [Buffer.alloc(100_000)] })) });
    const transport = new Transport({
      url: server.url,
      user: 'vagrant',
      password: new Secret('correct horse'),
    });
    const shell = await Shell.open(transport, soon(), 1024 * 1024);
    await expect(shell.run({ line: 'yes', shown: 'yes' }, soon())).rejects.toMatchObject({
      code: 'command-too-much-output',
      message: 'A command printed more than 1 MB: yes',
    });
    await shell.close();
    expect(server.asked.slice(-2)).toEqual(['Signal', 'Delete']);
  });

  it('keeps a connection longer than the request that made it had time', async () => {
    const server = await serve({
      Create: (response) => {
        response.setHeader('connection', 'close');
        answer(createdShell)(response);
      },
      Receive: (response, nth) =>
        void setTimeout(() => answer(receivedXml({ exitCode: 0 }))(response), nth * 1500),
    });
    const channel = await open(server);
    await channel.exec({ line: 'one' }, soon(1000));
    await expect(channel.exec({ line: 'two' }, soon())).resolves.toMatchObject({ exitCode: 0 });
    expect(server.connections()).toBe(2);
  });

  it('reads answers that arrive one byte at a time', async () => {
    const server = await serve({
      Receive: answer(
        receivedXml({ stdout: [Buffer.from('pässword')], stderr: [Buffer.from('密码')], exitCode: 7 }),
      ),
    });
    const slow = await dribble(server.url);
    try {
      const result = await (await open({ ...server, url: slow.url })).exec({ line: 'x' }, soon());
      expect(result).toMatchObject({ exitCode: 7, stdout: 'pässword', stderr: '密码' });
    } finally {
      await slow.close();
    }
  });

  describe('output in the OEM code page', () => {
    const asking = 'reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage /v OEMCP';
    const oem = Buffer.from([0x47, 0x72, 0x94, 0xe1, 0x65]); // Größe

    const machine = (registry: string): Script => {
      let line = '';
      return {
        Command: (response, _, xml) => {
          line = /<rsp:Command>(.*)<\/rsp:Command>/.exec(xml)?.[1] ?? '';
          answer(commandStarted)(response);
        },
        Receive: (response) => {
          const stdout = [line === asking ? Buffer.from(registry) : oem];
          answer(receivedXml({ stdout, exitCode: 0 }))(response);
        },
      };
    };
    const questions = (server: ScriptedServer): number =>
      server.envelopes.filter((xml) => xml.includes(asking)).length;

    it('is read as what it is; the machine is asked once which one it has', async () => {
      const server = await serve(machine('\r\n    OEMCP    REG_SZ    850\r\n'));
      const channel = await open(server);
      for (let n = 0; n < 2; n++) {
        expect((await channel.exec({ line: 'net user' }, soon())).stdout).toBe('Größe');
      }
      expect(questions(server)).toBe(1);
    });

    it('is kept where the machine does not tell', async () => {
      const server = await serve(machine('ERROR: not found'));
      expect((await (await open(server)).exec({ line: 'net user' }, soon())).stdout).toBe('Gr\ufffd\ufffde');
    });
  });

  describe('keeps to the time limit of its caller', () => {
    /** Rejects with the code, long before anything is given up that is only cleaned up. */
    const inTime = async (running: Promise<unknown>, code: string): Promise<void> => {
      const start = performance.now();
      await expect(running).rejects.toMatchObject({ code });
      expect(performance.now() - start).toBeLessThan(2500);
    };
    const silent = (): void => undefined;
    // Nobody is there any more whom a channel that is closed could wait for.
    afterEach(async () => {
      await opened.server?.close();
      delete opened.server;
    });

    it('when the machine is gone in the middle of a command', async () => {
      const server = await serve({ Receive: silent, Signal: silent });
      const channel = await open(server);
      await inTime(channel.exec({ line: 'setup.exe' }, Deadline.in(200, 'installing')), 'timed-out');
      await expect.poll(() => server.asked.at(-1)).toBe('Signal');
      await inTime(channel.exec({ line: 'ver' }, Deadline.in(200, 'asking')), 'timed-out');
    });

    it('when the caller cancels, and the machine is gone', async () => {
      const abort = new AbortController();
      const server = await serve({ Receive: () => abort.abort(), Signal: silent });
      const channel = await open(server);
      const limit = Deadline.in(60_000, 'installing', abort.signal);
      await inTime(channel.exec({ line: 'setup.exe' }, limit), 'interrupted');
    });

    it('when the machine is gone after a command', async () => {
      const server = await serve({ Signal: silent });
      const channel = await open(server);
      await channel.exec({ line: 'ver' }, soon());
      await inTime(channel.exec({ line: 'ver' }, Deadline.in(200, 'asking')), 'timed-out');
    });
  });

  it('lets go of a machine that never answers, soon after the caller cancels', async () => {
    const abort = new AbortController();
    const server = await serve({ Create: () => abort.abort() });
    const opening = open(server, Deadline.in(60_000, 'opening', abort.signal));
    await expect(opening).rejects.toMatchObject({ code: 'interrupted' });
    await expect.poll(() => server.open(), { timeout: 8000, intervals: [100] }).toBe(0);
  });

  describe('leaves no shell behind', () => {
    it('when it is closed in the middle of a command, which ends with it', async () => {
      const server = await serve({ Receive: () => undefined });
      const channel = await open(server);
      const running = channel.exec({ line: 'setup.exe' }, Deadline.in(60_000, 'installing'));
      const ended = expect(running).rejects.toMatchObject({ name: 'Fault', code: 'winrm-unreachable' });
      await expect.poll(() => server.asked.at(-1)).toBe('Receive');
      await channel.close();
      await ended;
      expect(server.asked).toContain('Delete');
      await expect.poll(() => server.open()).toBe(0);
    });

    it('nor a piece of a file, when it is closed after the time for that file was up', async () => {
      const server = await serve({
        Receive: (response, nth) => {
          if (nth > 0) setTimeout(() => answer(receivedXml({ exitCode: 0 }))(response), 200);
        },
      });
      const channel = await open(server);
      const putting = channel.put(Buffer.from('x'), 'C:\\x.txt', soon(200));
      await expect(putting).rejects.toMatchObject({ code: 'timed-out' });
      await channel.close();
      const last = ['Receive', 'Signal', 'Command', 'Receive', 'Delete'];
      expect(server.asked).toEqual(['Create', 'Command', ...last]);
      expect(server.envelopes[4]).toContain('del /f /q');
    });

    it('when a second one comes too late', async () => {
      const gone = answer(wsmanFault('2150858843', 'InvalidSelectors', 'not found'), 500);
      const server = await serve({
        Command: gone,
        Create: (response, nth) =>
          void setTimeout(() => answer(createdShell.replace(SHELL_ID, `SHELL-${nth}`))(response), nth * 400),
      });
      const channel = await open(server);
      await expect(channel.exec({ line: 'ver' }, soon(200))).rejects.toMatchObject({ code: 'timed-out' });
      await channel.close();
      await expect
        .poll(
          () => server.envelopes.filter((xml) => xml.includes('/Delete<') && xml.includes('SHELL-1')).length,
        )
        .toBe(1);
    });

    /** A machine that makes a shell, but answers late. */
    const lateAnswer = (ms: number): Script => ({
      Create: (response) => void setTimeout(() => answer(createdShell)(response), ms),
    });
    const gone = (server: ScriptedServer) =>
      expect.poll(() => server.asked, { timeout: 4000, intervals: [20] }).toEqual(['Create', 'Delete']);

    it('when its answer comes too late', async () => {
      const server = await serve(lateAnswer(400));
      await expect(open(server, soon(150))).rejects.toMatchObject({ code: 'timed-out' });
      await gone(server);
      expect(server.envelopes[1]).toContain(SHELL_ID);
    });

    it('when the caller cancels before its answer comes', async () => {
      const abort = new AbortController();
      const server = await serve(lateAnswer(300));
      setTimeout(() => abort.abort(), 100);
      const opening = open(server, Deadline.in(60_000, 'opening', abort.signal));
      await expect(opening).rejects.toMatchObject({ code: 'interrupted' });
      await gone(server);
    });
  });

  it('makes a new shell when the machine has closed the idle one', async () => {
    const gone = answer(wsmanFault('2150858843', 'InvalidSelectors', 'not found'), 500);
    const server = await serve({
      Command: (response, nth) => (nth === 1 ? gone : answer(commandStarted))(response),
    });
    const channel = await open(server);
    await channel.exec({ line: 'ver' }, soon());
    await expect(channel.exec({ line: 'ver' }, soon())).resolves.toMatchObject({ exitCode: 0 });
    expect(server.asked.slice(4)).toEqual(['Command', 'Delete', 'Create', 'Command', 'Receive']);
  });

  it('does not start a command again that may have been started', async () => {
    const aborted = answer(wsmanFault('995', 'InternalError', 'aborted'), 500);
    const server = await serve({ Command: aborted });
    await expect((await open(server)).exec({ line: 'ver' }, soon())).rejects.toMatchObject({
      code: 'winrm-shell-gone',
    });
    expect(server.asked).toEqual(['Create', 'Command']);
  });

  it('makes a new shell when the old one has used up its operations', async () => {
    const wornOut = answer(wmiFault('2150859174', 'too many concurrent operations'), 500);
    const server = await serve({
      Command: (response, nth) => (nth === 2 ? wornOut : answer(commandStarted))(response),
    });
    const channel = await open(server);
    for (let n = 0; n < 3; n++) await channel.exec({ line: 'ver' }, soon());
    const [each, last] = [
      ['Command', 'Receive', 'Signal'],
      ['Command', 'Receive'],
    ];
    expect(server.asked).toEqual(['Create', ...each, ...each, 'Command', 'Delete', 'Create', ...last]);
  });

  it('does not try for ever when a new shell allows no operation', async () => {
    const wornOut = answer(wmiFault('2150859174', 'too many concurrent operations'), 500);
    const server = await serve({ Command: wornOut });
    await expect((await open(server)).exec({ line: 'ver' }, soon())).rejects.toMatchObject({
      setting: 'MaxConcurrentOperationsPerUser',
    });
    expect(server.asked).toEqual(['Create', 'Command']);
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

  for (const action of ['Create', 'Command']) {
    it(`takes a machine that is too slow for ${action} for one to be tried again`, async () => {
      const timedOut = answer(wsmanFault('2150858793', 'TimedOut', 'cannot complete in time'), 500);
      const server = await serve({ [action]: timedOut });
      const running = open(server).then((channel) => channel.exec({ line: 'ver' }, soon()));
      await expect(running).rejects.toMatchObject({
        code: 'winrm-operation-timed-out',
        blame: 'machine',
        retryable: true,
      });
      expect(server.asked.filter((asked) => asked === action)).toHaveLength(1);
    });
  }

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
    for (const line of ['one\ntwo', 'one\rtwo', 'nul\0', 'escape\x1b[2J', 'half a pair \ud83d']) {
      await expect(channel.exec({ line }, soon()), JSON.stringify(line)).rejects.toMatchObject({
        code: 'command-not-runnable',
      });
    }
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
    await expect.poll(() => server.asked.at(-1)).toBe('Signal');
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

  it('takes no harm from an answer of 1 GB', async () => {
    const server = await serve({
      Create: (response) => void response.writeHead(200, { 'content-length': 2 ** 30 }).write('<s:Envelope>'),
    });
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
