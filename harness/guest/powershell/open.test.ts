import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { describe as told, Fault } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { failed } from '../../powershell/errors.ts';
import type { PowerShell, Script } from '../../powershell/powershell.ts';
import { openPowerShellChannel } from './open.ts';

const PASSWORD = 'P4ssw0rd-for-"remoting"`$(x)';
const ENDPOINT: WinrmEndpoint = {
  url: 'http://win7.contoso.test:5985/wsman',
  user: 'CONTOSO\\admin',
  password: new Secret(PASSWORD),
  authentication: 'negotiate',
};
const PATH = 'C:\\Windows\\Temp\\a file.msi';
const soon = (ms = 20_000): Deadline => Deadline.in(ms, 'a test');
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

interface Call {
  readonly script: Script;
  readonly data: {
    readonly block: string;
    readonly call: Readonly<Record<string, string | number>>;
  } & Record<string, unknown>;
}

/** Stands in for PowerShell and the machine behind it: answers what the scripts would return. */
class Machine implements PowerShell {
  readonly calls: Call[] = [];
  readonly files = new Map<string, Buffer>();
  closed = 0;
  /** What the machine's cmd.exe says to a line that is none of those for files. */
  says: (line: string, limit: number) => readonly string[] = () => ['x:0'];
  /** What a script comes to instead of its answer. */
  instead: (doing: string) => unknown = () => undefined;
  damage: (file: Buffer) => Buffer = (file) => file;

  run(script: Script, data: unknown): Promise<unknown> {
    this.calls.push({ script, data: data as Call['data'] });
    const other = this.instead(script.doing);
    if (other instanceof Error) return Promise.reject(other);
    if (other !== undefined) return Promise.resolve(other);
    if (data === null || !('block' in (data as object))) return Promise.resolve({ opened: true });
    return Promise.resolve({ session: true, texts: this.#block(data as Call['data']) });
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  #block({ block, call }: Call['data']): readonly string[] {
    if (block.includes('cmd.exe')) return this.#cmd(String(call.line), Number(call.timeLimit));
    const before = this.files.get(String(call.path)) ?? Buffer.alloc(0);
    const piece = Buffer.from(String(call.base64), 'base64');
    const whole = Buffer.concat([before.subarray(0, Number(call.offset)), piece]);
    this.files.set(String(call.path), whole);
    return [`n:${whole.length}`];
  }

  #cmd(line: string, limit: number): readonly string[] {
    const [, from = '', to = ''] = /^\w+ .*?"(.*?)"(?: "(.*)")?/.exec(line) ?? [];
    const file = this.damage(this.files.get(from) ?? Buffer.alloc(0));
    if (line.startsWith('certutil')) {
      const hash = createHash('sha256').update(file).digest('hex').replace(/..\B/g, '$& ');
      return [`o:${base64(`SHA256 hash of file ${from}:\r\n${hash}\r\nCertUtil: ok\r\n`)}`, 'x:0'];
    }
    if (line.startsWith('move')) this.files.set(to, file);
    if (line.startsWith('move') || line.startsWith('del')) this.files.delete(from);
    return this.says(line, limit);
  }
}

async function fault(work: Promise<unknown>): Promise<Fault> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

const said = (id: string, number: number | null = null): Fault =>
  failed('a script', { message: 'Das geht nicht.', id, category: 'OpenError', number, line: 1 });

describe('The PowerShell channel', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  const open = (endpoint: Partial<WinrmEndpoint> = {}) =>
    openPowerShellChannel({ ...ENDPOINT, ...endpoint }, soon(), machine);

  describe('opens a session', () => {
    const WAYS = [
      [{}, { computerName: 'win7.contoso.test', port: 5985, useSsl: false, authentication: 'Negotiate' }],
      [
        { url: 'https://win81:5986/wsman', authentication: 'kerberos' },
        { computerName: 'win81', port: 5986, useSsl: true, authentication: 'Kerberos' },
      ],
      [{ url: 'http://[fd00::7]/ws/man/' }, { computerName: 'fd00::7', port: 80, applicationName: 'ws/man' }],
    ] as const;
    for (const [endpoint, expected] of WAYS) {
      it(`to ${'url' in endpoint ? endpoint.url : ENDPOINT.url}`, async () => {
        await open(endpoint);
        expect(machine.calls[0]?.data).toMatchObject({ applicationName: 'wsman', ...expected });
      });
    }

    it('with the password in the data and nowhere else', async () => {
      await open();
      const [call] = machine.calls;
      expect(call?.data).toMatchObject({ user: 'CONTOSO\\admin', password: PASSWORD });
      expect(call?.script.text).not.toContain('P4ssw0rd');
    });

    it('but not past a setting that PowerShell would ignore', async () => {
      for (const setting of [{ ca: 'PEM' }, { fingerprint: 'ab' }, { proxy: 'http://proxy:3128' }]) {
        expect(await fault(open(setting))).toMatchObject({
          code: 'winrm-powershell-setting',
          blame: 'config',
        });
      }
      expect(await fault(open({ url: 'win7' }))).toMatchObject({ code: 'winrm-url' });
      expect(machine.calls).toEqual([]);
    });
  });

  describe('runs a line', () => {
    it('and gives its exit code and both outputs, whatever the code page', async () => {
      const channel = await open();
      const bytes = Buffer.from('Zugriff verweigert: 密码 🔑\r\n');
      machine.says = () => [
        `o:${base64(bytes.subarray(0, 22))}`,
        `e:${base64('Fehler')}`,
        `o:${base64(bytes.subarray(22))}`,
        'x:-1073741510',
      ];
      expect(await channel.exec({ line: 'reg query HKLM' }, soon())).toEqual({
        exitCode: -1073741510,
        stdout: bytes.toString(),
        stderr: 'Fehler',
        ms: expect.any(Number),
      });
    });

    it('as it is, with its secrets in place, in the data only', async () => {
      const channel = await open();
      const line = 'echo "%PATH%" $(Get-Date) `x` {0} \' ^& {1}';
      await channel.exec({ line, secrets: [new Secret('one-secret'), new Secret('two-secret')] }, soon());
      const call = machine.calls.at(-1);
      expect(call?.data.call.line).toBe('echo "%PATH%" $(Get-Date) `x` one-secret \' ^& two-secret');
      expect(`${call?.script.text} ${call?.data.block}`).not.toContain('secret');
      await channel.exec({ line: 'wmic path {guid} get {0}' }, soon());
      expect(machine.calls.at(-1)?.data.call.line).toBe('wmic path {guid} get {0}');
    });

    it('that fits', async () => {
      const channel = await open();
      await channel.exec({ line: 'x'.repeat(8100) }, soon());
      const before = machine.calls.length;
      const impossible = [
        { line: 'x'.repeat(8101) },
        { line: 'a\nb' },
        { line: '{1}', secrets: [new Secret('only')] },
      ];
      for (const command of impossible) {
        expect(await fault(channel.exec(command, soon()))).toMatchObject({ code: 'command-not-runnable' });
      }
      expect(machine.calls.length).toBe(before);
    });

    it('no longer than its deadline, on the machine, too', async () => {
      const channel = await open();
      let limit = 0;
      machine.says = (_line, allowed) => {
        limit = allowed;
        return [`o:${base64('step 3 of 7\r\n')}`, 't:'];
      };
      const error = await fault(channel.exec({ line: 'msiexec /i x.msi' }, soon(60_000)));
      expect(error).toMatchObject({ code: 'timed-out' });
      expect(error.message).toContain(
        '"msiexec /i x.msi" was still running, its output ended with: step 3 of 7',
      );
      expect(limit).toBeGreaterThan(50_000);
      expect(limit).toBeLessThan(60_000);
      machine.says = () => ['x:0'];
      expect((await channel.exec({ line: 'ver' }, soon())).exitCode).toBe(0);
    });

    it('that prints without end is stopped', async () => {
      const channel = await open();
      machine.says = () => [`o:${base64('x')}`, 'm:'];
      expect(await fault(channel.exec({ line: 'type big' }, soon()))).toMatchObject({
        code: 'command-too-much-output',
      });
    });

    it('and refuses an answer that makes no sense', async () => {
      const channel = await open();
      for (const nonsense of [
        {},
        null,
        { session: true },
        { session: true, texts: ['x:zero'] },
        { session: true, texts: [] },
      ]) {
        machine.instead = () => nonsense ?? 'nothing';
        expect(await fault(channel.exec({ line: 'ver' }, soon()))).toMatchObject({
          code: 'powershell-protocol',
        });
      }
    });

    it('and says when the session is gone', async () => {
      const channel = await open();
      machine.instead = () => ({ session: false });
      expect(await fault(channel.exec({ line: 'ver' }, soon()))).toMatchObject({
        code: 'winrm-shell-gone',
        retryable: true,
      });
    });
  });

  describe('puts a file', () => {
    for (const size of [0, 1, 512 * 1024, 512 * 1024 + 1, 1_500_000]) {
      it(`of ${size} bytes, in pieces that Windows 7 takes, and leaves nothing else`, async () => {
        const channel = await open();
        const content = randomBytes(size);
        await channel.put(content, PATH, soon());
        expect([...machine.files.keys()]).toEqual([PATH]);
        expect(machine.files.get(PATH)?.equals(content)).toBe(true);
        for (const { data } of machine.calls.slice(1)) {
          expect(JSON.stringify(data.call).length).toBeLessThan(1024 * 1024);
        }
      });
    }

    it('and keeps the old one when the new one arrives damaged', async () => {
      const channel = await open();
      machine.files.set(PATH, Buffer.from('old'));
      machine.damage = (file) => file.subarray(1);
      const error = await fault(channel.put(Buffer.from('new'), PATH, soon()));
      expect(error).toMatchObject({ code: 'put-failed', retryable: true });
      expect(error.message).toMatch(/SHA-256/);
      expect([...machine.files]).toEqual([[PATH, Buffer.from('old')]]);
    });

    it('and says why it cannot', async () => {
      const channel = await open();
      machine.says = (line) =>
        line.startsWith('move') ? [`e:${base64('Access is denied.')}`, 'x:1'] : ['x:0'];
      expect((await fault(channel.put(Buffer.from('x'), PATH, soon()))).message).toContain(
        'Access is denied.',
      );
      machine.instead = () => said('DirectoryNotFoundException');
      expect(await fault(channel.put(Buffer.from('x'), PATH, soon()))).toMatchObject({ code: 'put-failed' });
      machine.instead = () => undefined;
      const before = machine.calls.length;
      for (const path of ['x.msi', 'C:\\a"b', 'C:\\%TEMP%\\x', '\\\\server\\x', 'C:\\a & b']) {
        expect(await fault(channel.put(Buffer.from('x'), path, soon()))).toMatchObject({ code: 'put-path' });
      }
      expect(machine.calls.length).toBe(before);
    });
  });

  describe('knows an error by its number or identifier, in any language', () => {
    const ERRORS: readonly (readonly [string, number | null, string])[] = [
      ['AccessDenied,PSSessionOpenFailed', 5, 'winrm-access-denied'],
      ['AccessDenied,PSSessionOpenFailed', null, 'winrm-access-denied'],
      ['LogonFailure,PSSessionOpenFailed', 1326, 'winrm-unauthorized'],
      ['1312,PSSessionOpenFailed', null, 'winrm-unauthorized'],
      ['1909,PSSessionOpenFailed', 1909, 'winrm-unauthorized'],
      ['CannotConnect,PSSessionOpenFailed', -2144108526, 'winrm-unreachable'],
      ['WinRMOperationTimeout,PSSessionOpenFailed', -2144108250, 'winrm-unreachable'],
      ['NetworkPathNotFound,PSSessionOpenFailed', 53, 'winrm-unreachable'],
      ['ComputerNotFound,PSSessionOpenFailed', -2144108103, 'winrm-unreachable'],
      ['ServerNotTrusted,PSSessionOpenFailed', -2144108316, 'winrm-trusted-hosts'],
      ['CannotUseIPAddress,PSSessionOpenFailed', null, 'winrm-trusted-hosts'],
      ['WorkgroupCannotUseKerberos,PSSessionOpenFailed', null, 'winrm-unauthorized'],
      ['TargetUnknown,PSSessionOpenFailed', -2146893053, 'winrm-unauthorized'],
      ['RemoteSessionDisallowed,PSSessionOpenFailed', null, 'winrm-remoting-disabled'],
      ['InvalidResourceUri,PSSessionOpenFailed', -2144108542, 'winrm-remoting-disabled'],
      ['ServerOutOfMemory,PSSessionOpenFailed', 14, 'winrm-quota'],
      ['-2144108123,PSSessionOpenFailed', null, 'winrm-quota'],
      ['-2144108122,PSSessionOpenFailed', -2144108122, 'winrm-quota'],
      ['-2144108453,PSSessionStateBroken', null, 'winrm-shell-gone'],
      ['CannotConnectTargetSessionDoesNotExist,PSSessionOpenFailed', null, 'winrm-shell-gone'],
      ['JobFailure', -2144108453, 'winrm-shell-gone'],
      ['WinRMOperationAborted,PSSessionStateBroken', 995, 'winrm-shell-gone'],
      ['-2144000000,PSSessionOpenFailed', null, 'winrm-fault'],
      // Errors that have nothing to do with the connection stay what they are.
      ['CommandNotFoundException', null, 'powershell-failed'],
      ['constructor,Some', 5, 'powershell-failed'],
    ];
    for (const [id, number, code] of ERRORS) {
      it(`${id} ${number ?? ''} is ${code}`, async () => {
        machine.instead = () => said(id, number);
        const error = await fault(open());
        expect(error).toMatchObject({ code });
        expect(error.message).toContain('Das geht nicht.');
        expect(machine.closed).toBe(1);
      });
    }

    it('and gives the very command that makes this host trust the machine', async () => {
      machine.instead = () => said('ServerNotTrusted,PSSessionOpenFailed', -2144108316);
      expect((await fault(open({ url: 'http://192.0.2.7:5985/wsman' }))).remedy).toContain(
        "Set-Item -Path 'WSMan:\\localhost\\Client\\TrustedHosts' -Value '192.0.2.7' -Concatenate -Force",
      );
    });

    it('also while a command runs, and leaves other faults alone', async () => {
      const channel = await open();
      machine.instead = () => said('-2144108453,PSSessionStateBroken');
      expect(await fault(channel.exec({ line: 'ver' }, soon()))).toMatchObject({ code: 'winrm-shell-gone' });
      const missing = new Fault('x', { code: 'powershell-missing', blame: 'config', remedy: 'x' });
      machine.instead = () => missing;
      expect(await fault(channel.exec({ line: 'ver' }, soon()))).toBe(missing);
    });

    it('and shows no password', async () => {
      machine.instead = () =>
        failed('a script', {
          message: `no ${PASSWORD}`,
          id: 'LogonFailure,PSSessionOpenFailed',
          category: 'x',
          number: 1326,
          line: 0,
        });
      expect(told(await fault(open()))).not.toContain('P4ssw0rd');
    });
  });

  it('closes its session and its PowerShell once, even when the machine is gone', async () => {
    const channel = await open();
    machine.instead = () => said('-2144108526,PSSessionStateBroken');
    await channel.close();
    await channel.close();
    expect(machine.calls.at(-1)?.script.text).toContain('Remove-PSSession');
    expect([machine.calls.length, machine.closed]).toEqual([2, 1]);
  });
});
