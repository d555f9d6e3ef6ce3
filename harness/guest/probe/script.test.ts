import vm from 'node:vm';
import { expect } from '@playwright/test';
import type { Facts } from '../facts.ts';
import { buildProbe } from './build.ts';
import { readFacts } from './run.ts';

const NOT_FOUND = -2147024894; // 0x80070002
const DENIED = -2147024891; // 0x80070005
const SOFTWARE = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\';
const NT = `${SOFTWARE}Microsoft\\Windows NT\\CurrentVersion\\`;
const PROVIDERS = `${SOFTWARE}Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers`;
const CLIENT =
  'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client\\';

/** An error as a COM call throws it in JScript. */
const comError = (number: number, message: string): Error => Object.assign(new Error(message), { number });

/** A Windows for the script, reduced to what it reads. */
interface FakeWindows {
  readonly registry: Record<string, string | number | Error>;
  /** Keys that cannot be opened although they are there. */
  readonly locked: string[];
  readonly dlls: string[];
  wmi: () => string;
  winHttp: (url: string) => number | 'silent' | Error;
  winInet: (url: string) => number | Error;
  readonly asked: string[];
}

const windows = (): FakeWindows => ({
  registry: {
    [`${NT}CurrentBuild`]: '7601',
    [`${NT}CurrentVersion`]: '6.1',
    [`${NT}ProductName`]: 'Windows 7 Professionnel – é中',
    'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language\\InstallLanguage': '040c',
    [`${PROVIDERS}\\{60b78e88-ead8-445c-9cfd-0b87f74ea6cd}\\`]: 'PasswordProvider',
    [`${SOFTWARE}Classes\\CLSID\\{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}\\InprocServer32\\`]: 'authui.dll',
    [`${CLIENT}Enabled`]: -1,
  },
  locked: [],
  dlls: ['C:\\Windows\\System32\\authui.dll'],
  wmi: () => '20261121040000.500000+060',
  winHttp: () => 200,
  winInet: () => 200,
  asked: [],
});

/** The objects of the script host, on top of such a Windows. */
function hostOf(machine: FakeWindows, args: readonly string[], echo: (line: string) => void): object {
  const files = new Map<string, string>();
  const keys = (): string[] =>
    Object.keys(machine.registry).map((path) => path.slice(0, path.lastIndexOf('\\')));

  const subkeys = (key: string): string[] => {
    const start = `${key}\\`.toLowerCase();
    const below = keys().filter((path) => path.toLowerCase().startsWith(start));
    return [...new Set(below.map((path) => path.slice(start.length).split('\\')[0] ?? ''))];
  };

  const objects: Record<string, () => object> = {
    'WScript.Shell': () => ({
      Run: () => 1,
      RegRead(path: string) {
        const found = Object.entries(machine.registry).find(
          ([name]) => name.toLowerCase() === path.toLowerCase(),
        );
        if (found === undefined) throw comError(NOT_FOUND, 'Unable to open registry key');
        if (found[1] instanceof Error) throw found[1];
        return found[1];
      },
      ExpandEnvironmentStrings: (text: string) =>
        text
          .replace('%SystemRoot%', 'C:\\Windows')
          .replace('%COMPUTERNAME%', 'WIN7\0')
          .replace('%PROCESSOR_ARCHITECTURE%', 'AMD64'),
    }),
    'Scripting.FileSystemObject': () => ({
      GetSpecialFolder: () => ({ Path: 'C:\\Temp' }),
      GetTempName: () => `rad${files.size}.tmp`,
      FileExists: (path: string) => files.has(path) || machine.dlls.includes(path),
      DeleteFile: (path: string) => files.delete(path),
      OpenTextFile: (path: string) => ({
        AtEndOfStream: files.get(path) === '',
        ReadAll: () => files.get(path),
        Close: () => undefined,
      }),
    }),
    'WbemScripting.SWbemLocator': () => ({
      ConnectServer: () => ({
        ExecQuery: () => ({ ItemIndex: () => ({ Properties_: { Item: () => ({ Value: machine.wmi() }) } }) }),
      }),
    }),
    'WindowsInstaller.Installer': () => ({
      RegistryValue(_root: number, path: string, at: number) {
        const key = `HKEY_LOCAL_MACHINE\\${path}`;
        const there = keys().some((name) => `${name}\\`.toLowerCase().startsWith(`${key}\\`.toLowerCase()));
        if (!there || machine.locked.includes(key)) throw comError(-2147352565, 'Subscript out of range');
        return subkeys(key)[-1 - at];
      },
    }),
    'WinHttp.WinHttpRequest.5.1': () => winHttpRequest(machine),
    'MSXML2.XMLHTTP.6.0': () => xmlHttpRequest(machine),
  };
  return {
    WScript: {
      Echo: echo,
      Quit: () => undefined,
      Arguments: { length: args.length, Item: (at: number) => args[at] },
    },
    ActiveXObject: function ActiveXObject(id: string) {
      const make = objects[id];
      if (make === undefined) throw comError(-2146827859, "Automation server can't create object");
      return make();
    },
  };
}

function winHttpRequest(machine: FakeWindows): object {
  let answer: ReturnType<FakeWindows['winHttp']> = 0;
  return {
    Open(_: string, url: string) {
      machine.asked.push(`winhttp ${url}`);
      answer = machine.winHttp(url);
    },
    SetRequestHeader: (name: string, value: string) => machine.asked.push(`${name}: ${value}`),
    Send: () => undefined,
    Abort: () => machine.asked.push('abort'),
    WaitForResponse() {
      if (answer instanceof Error) throw answer;
      return answer !== 'silent';
    },
    get Status() {
      return answer;
    },
  };
}

function xmlHttpRequest(machine: FakeWindows): object {
  let answer: ReturnType<FakeWindows['winInet']> = 0;
  return {
    open(_: string, url: string) {
      machine.asked.push(`wininet ${url}`);
      answer = machine.winInet(url);
    },
    setRequestHeader: () => undefined,
    send() {
      if (answer instanceof Error) throw answer;
    },
    get status() {
      return answer;
    },
  };
}

/** Everything that came after ECMAScript 3 and that a bundle might use by mistake. */
const LATER = `
  delete Object.keys; delete Object.assign; delete Object.create; delete Object.defineProperty; delete Object.entries;
  delete Array.isArray; delete Array.from; delete Date.now; delete Date.prototype.toISOString;
  delete String.prototype.trim; delete String.prototype.startsWith; delete String.prototype.includes;
  delete String.prototype.padStart; delete Function.prototype.bind;
  for (const name of ['indexOf','lastIndexOf','forEach','map','filter','reduce','some','every','find','includes','keys','values'])
    delete Array.prototype[name];
  delete globalThis.JSON; delete globalThis.Symbol; delete globalThis.Map; delete globalThis.Set; delete globalThis.Promise;
  delete globalThis.Reflect; delete globalThis.Proxy;
`;

async function factsOf(machine: FakeWindows, ...args: string[]): Promise<Facts> {
  const lines: string[] = [];
  const context = vm.createContext(hostOf(machine, args, (line) => lines.push(line)));
  vm.runInContext(LATER, context);
  vm.runInContext(await buildProbe(), context);
  return readFacts({ exitCode: 0, stdout: lines.join('\r\n'), stderr: '', ms: 0 });
}

describe('The probe, with nothing later than ECMAScript 3', () => {
  it('reads a Windows', async () => {
    const facts = await factsOf(windows());
    expect(facts.failures).toEqual({});
    expect(facts.os).toEqual({
      version: '6.1.7601',
      build: 7601,
      productName: 'Windows 7 Professionnel – é中',
      servicePack: '',
      architecture: 'x64',
      computerName: 'WIN7',
      locale: '040c',
    });
    expect(facts.clock.bootedAt).toBe('2026-11-21T03:00:00.500Z');
    expect(Math.abs(Date.parse(facts.clock.now) - Date.now())).toBeLessThan(60_000);
    expect(facts.tls.enabled).toEqual({ state: 'present', value: 0xffffffff });
    expect(facts.tls.disabledByDefault).toEqual({ state: 'absent' });
    expect(facts.credentialProviders).toEqual([
      {
        clsid: '{60B78E88-EAD8-445C-9CFD-0B87F74EA6CD}',
        name: 'PasswordProvider',
        disabled: false,
        dll: { state: 'present', value: 'authui.dll' },
        dllExists: true,
      },
    ]);
  });

  it('never takes what it may not read for absent', async () => {
    const machine = windows();
    machine.registry[`${CLIENT}Enabled`] = comError(DENIED, 'Access denied');
    machine.registry[`${CLIENT}DisabledByDefault`] = 'zero';
    machine.locked.push(PROVIDERS);
    const facts = await factsOf(machine);
    expect(facts.tls.enabled).toEqual({ state: 'unreadable', reason: 'Access denied (0x80070005)' });
    expect(facts.tls.disabledByDefault).toEqual({ state: 'unreadable', reason: 'not a number: zero' });
    expect(Object.keys(facts.failures)).toEqual(['credentialProviders']);
    expect(facts.failures.credentialProviders).toContain('cannot be read');
  });

  it('has a part that fails stand for itself only', async () => {
    const machine = windows();
    machine.wmi = () => {
      throw comError(-2147217405, 'WMI is broken');
    };
    const facts = await factsOf(machine);
    expect(facts.failures).toEqual({ clock: 'WMI is broken (0x80041003)' });
    expect(facts.clock).toEqual({ now: '', bootedAt: '' });
    expect(facts.os.build).toBe(7601);
  });

  it('tries each URL with both stacks, on a connection of its own', async () => {
    const machine = windows();
    machine.winHttp = (url) => (url.includes('refused') ? comError(-2147012867, 'refused') : 407);
    machine.winInet = (url) => (url.includes('refused') ? 12029 : 302);
    const { connections } = await factsOf(machine, '5', 'https://refused/', 'https://proxied/');
    expect(connections.map(({ ms, ...rest }) => ({ ...rest, timed: ms >= 0 }))).toEqual([
      { url: 'https://refused/', stack: 'winhttp', ok: false, status: 0, error: '0x80072efd', timed: true },
      { url: 'https://refused/', stack: 'wininet', ok: false, status: 0, error: '0x80072efd', timed: true },
      { url: 'https://proxied/', stack: 'winhttp', ok: false, status: 407, error: '', timed: true },
      { url: 'https://proxied/', stack: 'wininet', ok: true, status: 302, error: '', timed: true },
    ]);
    expect(machine.asked.filter((header) => header === 'Connection: close')).toHaveLength(2);
  });

  it('gives up on silence, and spares the stack that cannot', async () => {
    const machine = windows();
    machine.winHttp = () => 'silent';
    const { connections } = await factsOf(machine, '5', 'https://silent/');
    expect(connections).toMatchObject([{ stack: 'winhttp', ok: false, status: 0, error: '0x80072ee2' }]);
    expect(machine.asked).toContain('abort');
    expect(machine.asked).not.toContain('wininet https://silent/');
  });
});
