import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Channel, ExecResult } from '../channel.ts';
import { openWinrm } from './open.ts';
import { type Uploader, putFile, readCertutilHash } from './put.ts';
import { type ScriptedServer, answer, receivedXml, startScripted, wsmanFault } from './scripted-server.ts';

type Machine = Pick<Channel, 'exec'> & { readonly files: Map<string, Buffer>; readonly lines: string[] };

/** Programs that copy a pipe, and what they make of it. */
type Readers = Readonly<Record<string, (input: Buffer) => Buffer>>;

const same = (bytes: Buffer): Buffer => bytes;

/** A machine that has these readers, besides the commands below. */
function withPipe(guest: Machine, readers: Readers): Machine & Required<Uploader> {
  return {
    ...guest,
    feed(line, input): Promise<ExecResult> {
      guest.lines.push(line);
      const [, program = '', path] = /^(.*?)(?: > "(.+)")?$/.exec(line) ?? [];
      const reader = readers[program];
      if (!reader) return Promise.resolve({ exitCode: 9009, stdout: '', stderr: 'not recognized', ms: 0 });
      const output = reader(Buffer.from(input));
      if (path !== undefined) guest.files.set(path, output);
      return Promise.resolve({
        exitCode: 0,
        stdout: path === undefined ? output.toString() : '',
        stderr: '',
        ms: 0,
      });
    },
  };
}

/** A machine that knows the few commands which putting a file takes. */
function machine(damage: (bytes: Buffer) => Buffer = same): Machine {
  const files = new Map<string, Buffer>();
  const lines: string[] = [];
  const keep = (path: string, bytes: Buffer): string => {
    files.set(path, bytes);
    return '';
  };
  const file = (path: string): Buffer => files.get(path) ?? Buffer.alloc(0);
  const commands: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
    [/^> "(.+)" echo (.*)$/, (path, text) => keep(path, Buffer.from(`${text}\r\n`))],
    [
      /^>> "(.+)" echo (.*)$/,
      (path, text) => keep(path, Buffer.concat([file(path), Buffer.from(`${text}\r\n`)])),
    ],
    [/^type nul> "(.+)"$/, (path) => keep(path, Buffer.alloc(0))],
    [
      /^certutil -f -decode "(.+)" "(.+)"$/,
      (from, to) => {
        const base64 = file(from)
          .toString()
          .replace(/-----.*-----|\s/g, '');
        files.set(to, damage(Buffer.from(base64, 'base64')));
        return 'CertUtil: -decode command completed successfully.';
      },
    ],
    [
      /^certutil -hashfile "(.+)" SHA256$/,
      (path) => {
        const digest = createHash('sha256').update(file(path)).digest('hex').replace(/..\B/g, '$& ');
        return `SHA256 hash of file ${path}:\r\n${digest}\r\nCertUtil: done.\r\n`;
      },
    ],
    [
      /^move \/y "(.+)" "(.+)"$/,
      (from, to) => {
        files.set(to, file(from));
        files.delete(from);
        return '        1 file(s) moved.';
      },
    ],
    [
      /^del \/f \/q "(.+)" "(.+)" 2>nul$/,
      (...paths) => {
        for (const path of paths) files.delete(path);
        return '';
      },
    ],
  ];
  return {
    files,
    lines,
    exec({ line }): Promise<ExecResult> {
      lines.push(line);
      for (const [pattern, run] of commands) {
        const groups = pattern.exec(line)?.slice(1);
        if (groups) return Promise.resolve({ exitCode: 0, stdout: run(...groups), stderr: '', ms: 0 });
      }
      return Promise.resolve({ exitCode: 1, stdout: '', stderr: `unknown: ${line}`, ms: 0 });
    },
  };
}

const soon = (): Deadline => Deadline.in(5000, 'putting a file');
const PATH = 'C:\\Windows\\Temp\\a file.msi';

describe('putFile', () => {
  for (const bytes of [0, 1, 2, 3, 5699, 5700, 5701, 100_000]) {
    it(`puts ${bytes} bytes, leaves nothing else, and keeps to the length of a line`, async () => {
      const content = randomBytes(bytes);
      const guest = machine();
      await putFile(guest, content, PATH, soon());
      expect([...guest.files.keys()]).toEqual([PATH]);
      expect(guest.files.get(PATH)).toEqual(content);
      expect(Math.max(...guest.lines.map((line) => line.length))).toBeLessThanOrEqual(8191);
    });
  }

  it('notices a file that arrived damaged, and cleans up', async () => {
    const guest = machine((bytes) => bytes.subarray(1));
    await expect(putFile(guest, Buffer.from('content'), PATH, soon())).rejects.toMatchObject({
      code: 'put-failed',
      retryable: true,
    });
    expect(guest.files.size).toBe(0);
  });

  it('keeps the old file when the new one does not arrive', async () => {
    const guest = machine((bytes) => bytes.subarray(1));
    guest.files.set(PATH, Buffer.from('old'));
    await expect(putFile(guest, Buffer.from('new'), PATH, soon())).rejects.toThrow(/SHA-256/);
    expect(guest.files.get(PATH)?.toString()).toBe('old');
  });

  for (const [code, isCancelled] of [
    ['timed-out', false],
    ['interrupted', true],
  ] as const) {
    it(`leaves nothing behind when it is ${code} on its way`, async () => {
      const guest = machine();
      const abort = new AbortController();
      const slow: Uploader = {
        async exec(command, limit) {
          const isCut = guest.lines.length === 3 && !limit.what.includes('cleaning');
          if (isCut && isCancelled) abort.abort();
          if (isCut) await new Promise((resolve) => setTimeout(resolve, limit.remaining()));
          limit.check();
          return guest.exec(command, limit);
        },
      };
      const limit = Deadline.in(200, 'putting a file', abort.signal);
      await expect(putFile(slow, randomBytes(20_000), PATH, limit)).rejects.toMatchObject({ code });
      expect(guest.lines.some((line) => line.includes('echo'))).toBe(true);
      await expect.poll(() => [...guest.files.keys()]).toEqual([]);
    });
  }

  it('refuses a path that cmd.exe would read otherwise', async () => {
    for (const path of [
      'file.msi',
      'C:file',
      '\\\\server\\share\\x',
      'C:\\%TEMP%\\x',
      'C:\\a"b',
      'C:\\a & b',
      'C:\\a\nb',
    ]) {
      const guest = machine();
      await expect(putFile(guest, Buffer.from('x'), path, soon())).rejects.toMatchObject({
        code: 'put-path',
      });
      expect(guest.lines).toEqual([]);
    }
  });
});

describe('putFile through a pipe', () => {
  const content = randomBytes(60_000);
  const echoes = (guest: Machine): number => guest.lines.filter((line) => line.includes(' echo ')).length;

  it('takes findstr, and no command carries the file', async () => {
    const guest = withPipe(machine(), { 'findstr "^"': same, 'find " "': same });
    await putFile(guest, content, PATH, soon());
    expect([...guest.files.entries()]).toEqual([[PATH, content]]);
    expect(guest.lines.map((line) => line.replace(/ .*/, ''))).toEqual([
      'findstr',
      'findstr',
      'certutil',
      'certutil',
      'move',
      'del',
    ]);
  });

  it('takes find where findstr prints something else', async () => {
    const onlyWithBlank = (input: Buffer): Buffer =>
      Buffer.from(
        input
          .toString()
          .split(/(?<=\n)/)
          .filter((line) => line.includes(' '))
          .join(''),
      );
    const guest = withPipe(machine(), { 'findstr "^"': () => Buffer.alloc(0), 'find " "': onlyWithBlank });
    await putFile(guest, content, PATH, soon());
    expect(guest.files.get(PATH)).toEqual(content);
    expect(echoes(guest)).toBe(0);
  });

  it('falls back to commands where no program copies the pipe', async () => {
    const guest = withPipe(machine(), {});
    await putFile(guest, content, PATH, soon());
    expect([...guest.files.entries()]).toEqual([[PATH, content]]);
    expect(echoes(guest)).toBeGreaterThan(content.length / 7600);
  });

  it('falls back to commands where the pipe loses something of a long text', async () => {
    const guest = withPipe(machine(), { 'findstr "^"': (input) => input.subarray(0, 50_000) });
    await putFile(guest, content, PATH, soon());
    expect([...guest.files.entries()]).toEqual([[PATH, content]]);
    expect(echoes(guest)).toBeGreaterThan(0);
  });

  it('falls back to commands where the machine refuses input', async () => {
    const refuse = (): never => {
      throw new Fault('no Send here', { code: 'winrm-fault', blame: 'machine', remedy: '' });
    };
    const guest = withPipe(machine(), { 'findstr "^"': refuse, 'find " "': refuse });
    await putFile(guest, content, PATH, soon());
    expect(guest.files.get(PATH)).toEqual(content);
  });

  it('does not try other ways when the machine is gone', async () => {
    for (const code of ['winrm-unreachable', 'winrm-shell-gone', 'interrupted']) {
      const guest = withPipe(machine(), {
        'findstr "^"': () => {
          throw new Fault('gone', { code, blame: 'machine', remedy: '' });
        },
      });
      await expect(putFile(guest, content, PATH, soon())).rejects.toMatchObject({ code });
      expect(guest.lines.map((line) => line.replace(/ .*/, ''))).toEqual(['findstr', 'del']);
    }
  });

  it('is not asked for by a small file', async () => {
    const guest = withPipe(machine(), { 'findstr "^"': same });
    await putFile(guest, content.subarray(0, 20_000), PATH, soon());
    expect(guest.lines.some((line) => line.startsWith('findstr'))).toBe(false);
  });
});

describe('putFile over the wire', () => {
  let server: ScriptedServer | undefined;
  afterEach(() => server?.close());

  const lineOf = (xml: string): string =>
    unescapeXml(/<rsp:Command>(.*)<\/rsp:Command>/.exec(xml)?.[1] ?? '');
  const inputOf = (xml: string): Buffer =>
    Buffer.from(/<rsp:Stream[^>]*>([^<]*)/.exec(xml)?.[1] ?? '', 'base64');

  /** A machine of which findstr and certutil do what they should. */
  async function serve(onSend = answer('<s:Envelope xmlns:s="s"><s:Body/></s:Envelope>')): Promise<void> {
    let line = '';
    let input: Buffer[] = [];
    let received = Buffer.alloc(0);
    const outputs: Readonly<Record<string, () => string>> = {
      findstr: () => (line.includes('>') ? keep() : Buffer.concat(input).toString()),
      certutil: () =>
        line.includes('-hashfile')
          ? `SHA256 hash:\r\n${createHash('sha256').update(Buffer.from(bare(), 'base64')).digest('hex')}\r\n`
          : '',
    };
    const keep = (): string => {
      received = Buffer.concat(input);
      return '';
    };
    const bare = (): string => received.toString().replace(/-----.*-----|\s/g, '');
    server = await startScripted({
      Command: (response, _, xml) => {
        line = lineOf(xml);
        input = [];
        const echoed = /echo (.*)$/.exec(line)?.[1];
        if (echoed !== undefined) {
          received = Buffer.concat([
            line.startsWith('> ') ? Buffer.alloc(0) : received,
            Buffer.from(`${echoed}\r\n`),
          ]);
        }
        answer(started)(response);
      },
      Send: (response, _, xml) => {
        input.push(inputOf(xml));
        onSend(response);
      },
      Receive: (response) => {
        const output = outputs[line.replace(/ .*/, '')]?.() ?? '';
        answer(receivedXml({ stdout: [Buffer.from(output)], exitCode: 0 }))(response);
      },
    });
  }

  const put = async (file: Uint8Array): Promise<readonly string[]> => {
    const channel = await openWinrm(
      { url: server!.url, user: 'u', password: new Secret('correct horse') },
      soon(),
    );
    await channel.put(file, PATH, soon());
    await channel.close();
    return server!.envelopes;
  };

  it('sends 3 MB in a few envelopes that Windows 7 takes, through a pipe that it closes', async () => {
    await serve();
    const envelopes = await put(randomBytes(3_000_000));
    const sends = envelopes.filter((xml) => xml.includes('<rsp:Send>'));
    expect(sends.length).toBeLessThan(45);
    expect(Math.max(...envelopes.map((xml) => Buffer.byteLength(xml)))).toBeLessThanOrEqual(153_600 - 4096);
    expect(sends.filter((xml) => xml.includes(' End="true"'))).toHaveLength(2);
    expect(sends.at(-1)).toContain(' End="true"');
    expect(envelopes.filter((xml) => xml.includes('WINRS_CONSOLEMODE_STDIN">FALSE<'))).toHaveLength(2);
  });

  it('also arrives where the machine knows no Send', async () => {
    await serve(answer(wsmanFault('2150858752', 'ActionNotSupported', 'unknown'), 500));
    const envelopes = await put(randomBytes(30_000));
    expect(envelopes.filter((xml) => lineOf(xml).includes(' echo ')).length).toBeGreaterThan(5);
  });
});

const unescapeXml = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

const started =
  '<s:Envelope xmlns:s="s"><s:Body><CommandResponse><CommandId>C</CommandId></CommandResponse></s:Body></s:Envelope>';

describe('readCertutilHash', () => {
  const hash = createHash('sha256').update('x').digest('hex');
  const outputs = {
    'Windows 7 and 8': `SHA256 hash of file C:\\x:\r\n${hash.replace(/..\B/g, '$& ')}\r\nCertUtil: ok\r\n`,
    'Windows 10': `SHA256 hash of C:\\x:\r\n${hash}\r\nCertUtil: -hashfile command completed successfully.\r\n`,
    'another language': `SHA256-Hash der Datei C:\\x:\r\n${hash.toUpperCase()}\r\nCertUtil: erfolgreich\r\n`,
  };
  for (const [name, output] of Object.entries(outputs)) {
    it(`reads what ${name} prints`, () => expect(readCertutilHash(output)).toBe(hash));
  }
  it('finds none in an error', () =>
    expect(readCertutilHash('CertUtil: -hashfile command FAILED: 0x80070002')).toBeUndefined());
});
