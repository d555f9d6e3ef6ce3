import vm from 'node:vm';
import { expect } from '@playwright/test';
import type { Facts } from '../facts.ts';
import { EMPTY } from './answer.ts';
import { buildProbe } from './build.ts';
import { REMOVE_LATER, withWatchedIndexing } from './es3.ts';
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

/** What COM gives for a list or bytes: in JScript, whatever one does with it but hand it on is an error. */
class ComArray {
  toString(): never {
    throw comError(-2146828275, 'Type mismatch');
  }
  valueOf(): never {
    return this.toString();
  }
}

/** A Windows for the script, reduced to what it reads. */
interface FakeWindows {
  readonly registry: Record<string, string | number | Error | ComArray>;
  /** Keys that cannot be opened although they are there. */
  readonly locked: string[];
  readonly dlls: string[];
  /** Environment variables, by their names in upper case. */
  readonly environment: Record<string, string>;
  /** A property of the one instance of a class. */
  wmi: (name: string, property: string) => string;
  winHttp: (url: string) => number | 'silent' | Error;
  winInet: (url: string) => number | Error;
  readonly asked: string[];
}

const WMI: Record<string, string> = {
  LastBootUpTime: '20261121040000.500000+060',
  Domain: 'corp.example',
  DomainRole: '1',
};

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
  environment: { SYSTEMROOT: 'C:\\Windows', COMPUTERNAME: 'WIN7', PROCESSOR_ARCHITECTURE: 'AMD64' },
  wmi: (_, property) => WMI[property] ?? '',
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

  const listed = new Map<string, string[]>();
  const cached = (key: string): string[] => {
    const names = listed.get(key) ?? subkeys(key);
    listed.set(key, names);
    return names;
  };
  const byName = new Map(
    Object.entries(machine.registry).map(([name, value]) => [name.toLowerCase(), value]),
  );

  const objects: Record<string, () => object> = {
    'WScript.Shell': () => ({
      Run: () => 1,
      RegRead(path: string) {
        const found = byName.get(path.toLowerCase());
        if (found === undefined) throw comError(NOT_FOUND, 'Unable to open registry key');
        if (found instanceof Error) throw found;
        return found;
      },
      // With a NUL at the end, as Wine does it.
      ExpandEnvironmentStrings: (text: string) =>
        `${text.replace(/%([^%]+)%/g, (all, name: string) => machine.environment[name.toUpperCase()] ?? all)}\0`,
    }),
    'Scripting.FileSystemObject': () => ({
      GetSpecialFolder: () => ({ Path: 'C:\\Temp' }),
      GetTempName: () => `rad${files.size}.tmp`,
      FileExists: (path: string) => files.has(path) || machine.dlls.includes(path),
      FolderExists: () => false,
      GetFileVersion: (path: string) => (machine.dlls.includes(path) ? '6.1.7601.17514' : ''),
      DeleteFile: (path: string) => files.delete(path),
      OpenTextFile: (path: string) => ({
        AtEndOfStream: files.get(path) === '',
        ReadAll: () => files.get(path),
        Close: () => undefined,
      }),
    }),
    'WbemScripting.SWbemLocator': () => ({
      ConnectServer: () => ({
        ExecQuery(query: string) {
          const name = query.slice(query.lastIndexOf(' ') + 1);
          const Item = (property: string) => ({ Value: machine.wmi(name, property) });
          return { Count: 1, ItemIndex: () => ({ Properties_: { Item } }) };
        },
      }),
    }),
    'WindowsInstaller.Installer': () => ({
      RegistryValue(_root: number, path: string, at: number) {
        const key = `HKEY_LOCAL_MACHINE\\${path}`;
        const there =
          listed.has(key) ||
          keys().some((name) => `${name}\\`.toLowerCase().startsWith(`${key}\\`.toLowerCase()));
        if (!there || machine.locked.includes(key)) throw comError(-2147352565, 'Subscript out of range');
        return cached(key)[-1 - at];
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
    SetProxy: (setting: number, proxy = '') => machine.asked.push(`proxy ${setting} ${proxy}`.trim()),
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

/** Every `object[name]` of the script comes here: JScript gives undefined for a character of a text. */
function watched(object: unknown, name: string): unknown {
  if (typeof object === 'string') throw new Error(`a text is read with [${name}]`);
  return (object as Record<string, unknown>)[name];
}

async function answerOf(machine: FakeWindows, ...args: string[]): Promise<string> {
  const lines: string[] = [];
  const context = vm.createContext(hostOf(machine, args, (line) => lines.push(line)));
  vm.runInContext(REMOVE_LATER, context);
  Object.assign(context, { __at: watched });
  vm.runInContext(withWatchedIndexing(await buildProbe()), context);
  return lines.join('\r\n');
}

const factsOf = async (machine: FakeWindows, ...args: string[]): Promise<Facts> =>
  readFacts({ exitCode: 0, stdout: await answerOf(machine, ...args), stderr: '', ms: 0 });

describe('A context for the probe', () => {
  const gone = [
    'JSON',
    'Map',
    'Symbol',
    'Promise',
    '[].forEach',
    '[].indexOf',
    '[].map',
    'Object.keys',
    'Array.isArray',
    '"".trim',
    '(function () {}).bind',
    'new Date().toISOString',
    'Object.defineProperty',
  ];
  const context = vm.createContext({ WScript: {} });
  vm.runInContext(REMOVE_LATER, context);
  for (const later of gone) {
    it(`lacks ${later}`, () =>
      expect(vm.runInContext(`typeof ${`(${later})`.replace(/^\((\w+)\)$/, '$1')}`, context)).toBe(
        'undefined',
      ));
  }

  it('has what it should, and the host', () => {
    const there = '[typeof WScript, typeof [].push, typeof "".replace, typeof new Date().getUTCDate].join()';
    expect(vm.runInContext(there, context)).toBe('object,function,function,function');
  });

  it('sees a text that is read with []', () => {
    const run = (): unknown =>
      vm.runInContext(
        withWatchedIndexing('var t = "ab".concat("c"), i = 1; t[i]'),
        Object.assign(context, { __at: watched }),
      );
    expect(run).toThrow('a text is read with [1]');
  });
});

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
        dllVersion: { state: 'present', value: '6.1.7601.17514' },
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

  it('knows that lists and bytes are there, and reads nothing from them', async () => {
    const machine = windows();
    const settings = `${SOFTWARE}Microsoft\\Windows\\CurrentVersion\\Internet Settings\\`;
    machine.registry[`${settings}ProxyServer`] = new ComArray();
    machine.registry[`${settings}ProxyEnable`] = new ComArray();
    const manager = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\';
    machine.registry[`${manager}PendingFileRenameOperations`] = new ComArray();
    const { failures, proxy, rebootPending } = await factsOf(machine);
    expect(failures).toEqual({});
    const unreadable = { state: 'unreadable', reason: 'neither a number nor a text' };
    expect(proxy).toMatchObject({ machineProxyServer: unreadable, machineProxyEnable: unreadable });
    expect(rebootPending).toEqual(['PendingFileRenameOperations']);
  });

  it('has a part that fails stand for itself only', async () => {
    const machine = windows();
    machine.wmi = (name, property) => {
      if (name === 'Win32_OperatingSystem') throw comError(-2147217405, 'WMI is broken');
      return WMI[property] ?? '';
    };
    const facts = await factsOf(machine);
    expect(facts.failures).toEqual({ clock: 'WMI is broken (0x80041003)' });
    expect(facts.clock).toEqual({ now: '', bootedAt: '' });
    expect(facts.environment.join).toEqual({ state: 'domain', name: 'corp.example' });
    expect(facts.os.build).toBe(7601);
  });

  it('tries each URL with both stacks, on a connection of its own', async () => {
    const machine = windows();
    machine.winHttp = (url) => (url.includes('refused') ? comError(-2147012867, 'refused') : 407);
    machine.winInet = (url) => (url.includes('refused') ? 12029 : 302);
    const { connections } = await factsOf(machine, '5', 'https://refused/', 'https://proxied/');
    expect(connections.map(({ ms, ...rest }) => ({ ...rest, timed: ms >= 0 }))).toEqual([
      {
        url: 'https://refused/',
        route: 'settings',
        stack: 'winhttp',
        ok: false,
        status: 0,
        error: '0x80072efd',
        timed: true,
      },
      {
        url: 'https://refused/',
        route: 'settings',
        stack: 'wininet',
        ok: false,
        status: 0,
        error: '0x80072efd',
        timed: true,
      },
      {
        url: 'https://proxied/',
        route: 'settings',
        stack: 'winhttp',
        ok: false,
        status: 407,
        error: '',
        timed: true,
      },
      {
        url: 'https://proxied/',
        route: 'settings',
        stack: 'wininet',
        ok: true,
        status: 302,
        error: '',
        timed: true,
      },
    ]);
    expect(machine.asked.filter((header) => header === 'Connection: close')).toHaveLength(2);
  });

  it('takes another way with WinHTTP where it is told to', async () => {
    const machine = windows();
    const ways = ['direct https://portal/', 'proxy.test:8080 https://portal/', 'settings http://portal/'];
    const { connections } = await factsOf(machine, '5', ...ways);
    expect(connections.map(({ route, url, stack }) => `${route} ${url} ${stack}`)).toEqual(
      ways.map((way) => `${way} winhttp`),
    );
    expect(machine.asked.filter((line) => /^(proxy|winhttp)/.test(line))).toEqual([
      'proxy 1',
      'winhttp https://portal/',
      'proxy 2 proxy.test:8080',
      'winhttp https://portal/',
      'winhttp http://portal/',
    ]);
  });

  it('gives up on silence, and spares the stack that cannot', async () => {
    const machine = windows();
    machine.winHttp = () => 'silent';
    const { connections } = await factsOf(machine, '5', 'https://silent/');
    expect(connections).toMatchObject([{ stack: 'winhttp', ok: false, status: 0, error: '0x80072ee2' }]);
    expect(machine.asked).toContain('abort');
    expect(machine.asked).not.toContain('wininet https://silent/');
  });

  it('reads a 32-bit Windows, which has one view of the registry only', async () => {
    const machine = windows();
    machine.environment.PROCESSOR_ARCHITECTURE = 'x86';
    machine.registry[
      `${SOFTWARE}Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp\\DefaultSecureProtocols`
    ] = 0xa00;
    const { failures, os, tls, products } = await factsOf(machine);
    expect(failures).toEqual({});
    expect(os.architecture).toBe('x86');
    expect(tls.winHttpProtocols).toEqual({ state: 'present', value: 0xa00 });
    expect(tls.winHttpProtocolsWow64).toEqual({ state: 'absent' });
    expect(products).toEqual([]);
  });

  it('says nothing of a 64-bit Windows that it sees through a 32-bit cscript', async () => {
    const machine = windows();
    Object.assign(machine.environment, { PROCESSOR_ARCHITECTURE: 'x86', PROCESSOR_ARCHITEW6432: 'AMD64' });
    const { failures } = await factsOf(machine, '5', 'https://portal.test/');
    expect(Object.keys(failures).sort()).toEqual(Object.keys(EMPTY).sort());
    expect(new Set(Object.values(failures)).size).toBe(1);
    expect(failures.tls).toContain('32-bit');
  });

  it('brings every text through, whatever is in it, in ASCII', async () => {
    const texts = [
      'Contraseña olvidada',
      'Mot de passe oublié – « réinitialiser »',
      'Återställ lösenord, åäö ÅÄÖ',
      '密码重置 𠮷🔑',
      'half a pair: \ud83d and \udd11',
      'quote " backslash \\ slash / NUL \0 bell \x07 line\r\n tab\t DEL \x7f \u2028 \ufeff',
      `long ${'x'.repeat(1_000_000)} é`,
    ];
    for (const text of texts) {
      const machine = windows();
      machine.registry[`${NT}ProductName`] = text;
      const answer = await answerOf(machine);
      expect(answer).toMatch(/^[\r\n\x20-\x7e]+$/);
      const { os, failures } = readFacts({ exitCode: 0, stdout: answer, stderr: '', ms: 0 });
      expect(failures).toEqual({});
      expect(os.productName === text).toBe(true);
    }
  });

  it('reads a machine with 10,000 updates', async () => {
    const machine = windows();
    const packages = `${SOFTWARE}Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages`;
    for (let at = 0; at < 10_000; at++) {
      machine.registry[
        `${packages}\\Package_for_KB${1_000_000 + at}~31bf3856ad364e35~amd64~~6.1.1.${at}\\CurrentState`
      ] = 112;
    }
    const facts = await factsOf(machine);
    expect(facts.failures).toEqual({});
    expect(facts.packages).toHaveLength(10_000);
    expect(facts.packages[9999]).toEqual({
      kb: 'KB1009999',
      name: 'Package_for_KB1009999~31bf3856ad364e35~amd64~~6.1.1.9999',
      state: 112,
    });
  });
});
