import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { Channel, ExecResult } from '../channel.ts';
import { type CredentialProvider, type Facts, SSPR_CLSID } from '../facts.ts';
import { readFactsWithoutScripts } from './fallback.ts';
import { type LabGuest, startLabGuest } from './lab-guest.ts';
import { probe } from './run.ts';
import { whyNoScripts } from './script-host.ts';

const deadline = (): Deadline => Deadline.in(100_000, 'reading the facts');
const SETTINGS = 'HKLM\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings';
const HKLM = 'HKEY_LOCAL_MACHINE';
const WINDOWS = `${HKLM}\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion`;
const PACKAGES = `${WINDOWS}\\Component Based Servicing\\Packages`;
const PROVIDERS = `${WINDOWS}\\Authentication\\Credential Providers`;
const SYSTEM = `${HKLM}\\SYSTEM\\CurrentControlSet\\Control`;
const UNINSTALL = 'Microsoft\\Windows\\CurrentVersion\\Uninstall';

/** A machine with the add-in, in many languages, and values that are not what they should be. */
const REGISTRY = `Windows Registry Editor Version 5.00

[${SYSTEM}\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client]
"Enabled"=dword:ffffffff
"DisabledByDefault"="0"

[${HKLM}\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp]
"DefaultSecureProtocols"=-

[${WINDOWS}\\Internet Settings\\Connections]
"WinHttpSettings"=hex:18,00,00,00,00,00,00,00,03,00,00,00,0b,00,00,00,31,32,37,2e,30,2e,30,2e,31,3a,39,00,00,00,00

[HKEY_USERS\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]
"ProxyEnable"=dword:00000001
"ProxyServer"="proxy.contoso.com:8080"

[${HKLM}\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]
"ProxySettingsPerUser"=dword:00000000

[${HKLM}\\SOFTWARE\\Policies\\Microsoft\\Cryptography\\Configuration\\SSL\\00010002]
"Functions"="TLS_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA"

[${PACKAGES}\\Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1]
"CurrentState"=dword:00000050

[${PACKAGES}\\Package_1_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1]
"CurrentState"=dword:00000050

[${PACKAGES}\\Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1\\Owners]
"CurrentState"=dword:00000001

[${PACKAGES}\\Package_for_KB1111111~31bf3856ad364e35~amd64~~6.1.1.1]
"Other"=dword:00000070

[${WINDOWS}\\Component Based Servicing\\RebootPending]

[${SYSTEM}\\Session Manager]
"PendingFileRenameOperations"=hex(7):61,00,00,00,62,00,00,00,00,00

[${PROVIDERS}\\${SSPR_CLSID.toLowerCase()}]
@="Återställ lösenord – Réinitialisation – Contraseña – 密码重置 𠮷"
"EnableLogging"=dword:00000001

[${HKLM}\\SOFTWARE\\Classes\\CLSID\\${SSPR_CLSID}\\InprocServer32]
@="C:\\\\Program Files\\\\Återställ lösenord\\\\provider.dll"

[${PROVIDERS}\\{00000000-1111-2222-3333-444444444444}]
"Disabled"=dword:00000001

[${HKLM}\\SOFTWARE\\${UNINSTALL}\\{12345678-1234-1234-1234-123456789012}]
"DisplayName"="Microsoft SSPR Windows Logon – 密码 é"
"DisplayVersion"="1,0"

[${HKLM}\\SOFTWARE\\${UNINSTALL}\\Other]
"DisplayName"="7-Zip"

[${HKLM}\\SOFTWARE\\Wow6432Node\\${UNINSTALL}\\sspr addin]
"DisplayVersion"="2.0"
`;

/** All but what no two readings have in common: the time, how it was read, and what only a script can read. */
const comparable = ({
  clock: _clock,
  scriptHost: _scriptHost,
  hotFixes: _hotFixes,
  handshakes: _handshakes,
  failures: _failures,
  ...rest
}: Facts): object => ({
  ...rest,
  credentialProviders: rest.credentialProviders.map(withoutVersion),
  providerFilters: rest.providerFilters.map(withoutVersion),
});
const withoutVersion = ({ dllVersion: _, ...rest }: CredentialProvider): object => rest;

describe('The facts without a script, on a lab guest', function () {
  this.timeout(120_000);
  let guest: LabGuest;
  before(async () => (guest = await startLabGuest('win7')));
  after(() => guest.close());

  it('are those of the probe, on a machine as it came', async () => {
    const probed = await probe(guest, { urls: [] }, deadline());
    const read = await readFactsWithoutScripts(guest, { state: 'available' }, [], deadline());
    expect(probed.failures).toEqual({});
    expect(probed.credentialProviders.length).toBeGreaterThan(5);
    expect(comparable(read)).toEqual(comparable(probed));
    // Wine's wmic does not know the updates.
    expect(Object.keys(read.failures)).toEqual(['hotFixes']);
    expect(Math.abs(Date.parse(read.clock.now) - Date.now())).toBeLessThan(60_000);
    expect(Math.abs(Date.parse(read.clock.bootedAt) - Date.parse(probed.clock.bootedAt))).toBeLessThan(1000);
  });

  it('are those of the probe, with the add-in and strange values, and come by themselves where scripts are disabled', async () => {
    const bytes = Buffer.from(`\ufeff${REGISTRY.replaceAll('\n', '\r\n')}`, 'utf16le');
    await guest.put(bytes, 'C:\\facts.reg', deadline());
    expect((await guest.exec({ line: 'regedit /S C:\\facts.reg' }, deadline())).exitCode).toBe(0);
    const probed = await probe(guest, { urls: [] }, deadline());
    await guest.exec({ line: `reg add "${SETTINGS}" /v Enabled /t REG_DWORD /d 0 /f` }, deadline());
    const read = await probe(guest, { urls: ['https://portal.test/'] }, deadline());

    expect(probed.failures).toEqual({});
    expect(probed.scriptHost).toEqual({ state: 'available' });
    expect(read.scriptHost).toEqual({
      state: 'disabled',
      exitCode: 1,
      message: expect.stringContaining('Windows Script Host access is disabled'),
      setting: `${SETTINGS.replace('HKLM', HKLM)} Enabled = REG_DWORD 0x0`,
    });
    expect(Object.keys(read.failures)).toEqual(['hotFixes', 'connections']);
    expect(comparable(read)).toEqual(comparable(probed));

    expect(read.tls.disabledByDefault).toEqual({ state: 'unreadable', reason: 'not a number: 0' });
    expect(read.tls.winHttpProtocolsWow64).toEqual({ state: 'absent' });
    expect(read.packages.filter(({ kb }) => kb === 'KB3140245').map(({ state }) => state)).toEqual([0x50]);
    expect(read.rebootPending).toEqual(['RebootPending', 'PendingFileRenameOperations']);
    expect(read.credentialProviders).toContainEqual({
      clsid: SSPR_CLSID,
      name: 'Återställ lösenord – Réinitialisation – Contraseña – 密码重置 𠮷',
      disabled: false,
      dll: { state: 'present', value: 'C:\\Program Files\\Återställ lösenord\\provider.dll' },
      dllExists: false,
      dllVersion: { state: 'absent' },
    });
    expect(read.products.map(({ displayName, wow64 }) => [displayName, wow64])).toEqual([
      ['Microsoft SSPR Windows Logon – 密码 é', false],
      ['', true],
    ]);
  });

  it('leave nothing behind on the machine', async () => {
    const { stdout } = await guest.exec({ line: 'dir /b C:\\Windows\\Temp' }, deadline());
    expect(stdout).toContain('sspr-probe-');
    expect(stdout).not.toMatch(/\.(reg|b64|part)/);
  });
});

describe('Why a lab guest runs no scripts', function () {
  this.timeout(60_000);
  let guest: LabGuest;
  before(async () => (guest = await startLabGuest('win81')));
  after(() => guest.close());

  const CSCRIPT = 'C:\\Windows\\System32\\cscript.exe';
  const run = (line: string): Promise<ExecResult> => guest.exec({ line }, deadline());
  const stateAfter = async (...lines: readonly string[]): Promise<string | undefined> => {
    for (const line of lines) expect((await run(line)).exitCode, line).toBe(0);
    return (await whyNoScripts(guest, await run('cscript //nologo C:\\any.js'), deadline()))?.state;
  };
  const enabled = (root: string, value: string): string =>
    `reg add "${root}\\Software\\Microsoft\\Windows Script Host\\Settings" /v Enabled ${value} /f`;

  it('it does, as it came', async () => expect(await stateAfter()).toBeUndefined());

  it('disabled for the account, as a text', async () =>
    expect(await stateAfter(enabled('HKCU', '/t REG_SZ /d 0'))).toBe('disabled'));

  it('it does when that is 1 again', async () =>
    expect(
      await stateAfter(enabled('HKCU', '/t REG_SZ /d 1'), enabled('HKLM', '/t REG_DWORD /d 1')),
    ).toBeUndefined());

  it('blocked: cscript.exe is there and cannot be started', async () =>
    expect(await stateAfter(`copy /y C:\\Windows\\win.ini ${CSCRIPT}`)).toBe('blocked'));

  it('missing: there is no cscript.exe', async () =>
    expect(await stateAfter(`del /f ${CSCRIPT}`)).toBe('missing'));
});

describe('The facts without a script, on a stand-in', () => {
  const said = (stdout: string, exitCode = 0, stderr = ''): ExecResult => ({
    exitCode,
    stdout,
    stderr,
    ms: 0,
  });

  /** As wmic prints it, for each instance. */
  const wmi = (property: string): string =>
    ({ Domain: ['contoso.com'], DomainRole: ['1'], HotFixID: ['KB2533552', 'File 1', 'kb4474419'] })[property]
      ?.map((value) => `\r\r\n${property}=${value}\r\r\n`)
      .join('') ?? '\r\n\r\nX=20261121040000.500000+060\r\n';

  /** A machine that has these keys, with what reg.exe prints below each; any other is not there. */
  function standIn(
    environment: string,
    keys: Readonly<Record<string, string>>,
  ): Channel & { lines: string[] } {
    const lines: string[] = [];
    const children = (path: string): string[] => [
      ...new Set(
        Object.keys(keys)
          .filter((key) => key.startsWith(`${path}\\`))
          .map((key) => `${path}\\${key.slice(path.length + 1).split('\\')[0] ?? ''}`),
      ),
    ];
    return {
      lines,
      exec({ line }) {
        lines.push(line);
        if (line.startsWith('set ')) return Promise.resolve(said(environment));
        const property = /^wmic \w+ get (\w+) /.exec(line)?.[1];
        if (property !== undefined) return Promise.resolve(said(wmi(property)));
        if (line === 'qwinsta')
          return Promise.resolve(said(' 会话名\r\n>services  0\r\n rdp-tcp#3  anna  2\r\n'));
        const path = /^reg query "([^"]+)"/.exec(line)?.[1];
        if (path === undefined || keys[path] === 'denied')
          return Promise.resolve(said('', 1, '错误: 拒绝访问。'));
        const subkeys = children(path);
        if (keys[path] === undefined && subkeys.length === 0) {
          return Promise.resolve(said('', 1, 'FEL: Det går inte att hitta registernyckeln.'));
        }
        return Promise.resolve(said(`\r\n${path}\r\n${keys[path] ?? ''}\r\n${subkeys.join('\r\n')}\r\n`));
      },
      put: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }

  const NT = `${HKLM}\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion`;
  const CLIENT = `${SYSTEM}\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client`;
  const X86 = 'COMPUTERNAME=WIN7\r\nPROCESSOR_ARCHITECTURE=x86\r\nSystemRoot=C:\\Windows\r\n';
  const keys = {
    [NT]: '    CurrentBuild    REG_SZ    7601\r\n    CurrentVersion    REG_SZ    6.1\r\n    ProductName    REG_SZ    Windows 7 Édition',
    [`${SYSTEM}\\Nls\\Language`]: '    InstallLanguage    REG_SZ    0804',
    [`${HKLM}\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp`]:
      '    DefaultSecureProtocols    REG_DWORD    0xa00',
    'HKEY_USERS\\S-1-5-18': '',
  };
  const read = (channel: Channel): Promise<Facts> =>
    readFactsWithoutScripts(channel, { state: 'available' }, [], deadline());

  it('has one view of the registry on 32-bit Windows', async () => {
    const machine = standIn(X86, keys);
    const facts = await read(machine);
    expect(facts.failures).toEqual({});
    expect(facts.os).toMatchObject({ version: '6.1.7601', architecture: 'x86', locale: '0804' });
    expect(facts.tls.winHttpProtocols).toEqual({ state: 'present', value: 0xa00 });
    expect(facts.tls.winHttpProtocolsWow64).toEqual({ state: 'absent' });
    expect(facts.clock).toEqual({ now: '2026-11-21T03:00:00.500Z', bootedAt: '2026-11-21T03:00:00.500Z' });
    expect(machine.lines.filter((line) => line.includes('/reg:'))).toEqual([]);
    expect(facts.hotFixes).toEqual(['KB2533552', 'KB4474419']);
    expect(facts.environment).toMatchObject({
      join: { state: 'domain', name: 'contoso.com' },
      remoteSessions: { state: 'present', value: ['rdp-tcp#3'] },
    });
  });

  it('asks for the 64-bit view on 64-bit Windows, also from a 32-bit shell', async () => {
    for (const environment of [X86.replace('x86', 'AMD64'), `${X86}PROCESSOR_ARCHITEW6432=AMD64\r\n`]) {
      const machine = standIn(environment, keys);
      expect((await read(machine)).os.architecture).toBe('x64');
      const queries = machine.lines.filter((line) => line.startsWith('reg'));
      expect(queries.length).toBeGreaterThan(10);
      expect(queries.filter((line) => !line.endsWith(' /reg:64'))).toEqual([]);
    }
  });

  it('never takes what it may not read for absent', async () => {
    const facts = await read(standIn(X86, { ...keys, [CLIENT]: 'denied', [PACKAGES]: 'denied' }));
    expect(facts.tls.enabled).toEqual({ state: 'unreadable', reason: `${CLIENT}: 错误: 拒绝访问。` });
    expect(facts.failures).toEqual({ packages: `${PACKAGES}: 错误: 拒绝访问。` });
  });

  it('never takes a credential provider that it could not export for one without a name', async () => {
    const provider = `${PROVIDERS}\\{6f45dc1e-5384-457a-bc13-2cd81b0d28ed}`;
    const { failures, credentialProviders } = await read(standIn(X86, { ...keys, [provider]: '' }));
    expect(failures).toEqual({ credentialProviders: `${provider} cannot be exported` });
    expect(credentialProviders).toEqual([]);
  });

  it('never takes a text that lost characters for the text', async () => {
    const lossy = keys[NT].replace('Édition', '?dition');
    const { failures } = await read(standIn(X86, { ...keys, [NT]: lossy }));
    expect(failures.os).toContain('may not show the whole text: Windows 7 ?dition');
  });
});
