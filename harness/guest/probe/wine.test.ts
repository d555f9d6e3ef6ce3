import { once } from 'node:events';
import { type Server as HttpServer, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { SSPR_CLSID } from '../facts.ts';
import { setVerboseLogging } from '../logging.ts';
import { decodeProxySettings } from '../proxy-settings.ts';
import { bootedAt } from '../winrm/reboot.ts';
import { probe } from './run.ts';
import { type PrivateWine, startPrivateWine } from './wine.ts';

const CURRENT_VERSION = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion';
const PROVIDERS = `${CURRENT_VERSION}\\Authentication\\Credential Providers`;
const ORPHAN = '{00000000-1111-2222-3333-444444444444}';
const FILTER = '{22222222-1111-2222-3333-444444444444}';
const WIRELESS = 'C:\\ProgramData\\Microsoft\\Wlansvc\\Profiles\\Interfaces\\{A}';
const WIRED = 'C:\\ProgramData\\Microsoft\\dot3svc\\Profiles\\Interfaces\\{B}';

/** A machine with the add-in, TLS 1.2, a proxy, updates and a pending restart, as a file for regedit. */
const REGISTRY = `Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client]
"Enabled"=dword:ffffffff
"DisabledByDefault"=dword:00000000

[${CURRENT_VERSION}\\Internet Settings\\WinHttp]
"DefaultSecureProtocols"=dword:00000a00

[${CURRENT_VERSION}\\Internet Settings\\Connections]
"WinHttpSettings"=hex:18,00,00,00,00,00,00,00,03,00,00,00,0b,00,00,00,31,32,37,2e,30,2e,30,2e,31,3a,39,00,00,00,00

[HKEY_USERS\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]
"ProxyEnable"=dword:00000001
"ProxyServer"="proxy.contoso.com:8080"

[${CURRENT_VERSION}\\Component Based Servicing\\Packages\\Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1]
"CurrentState"=dword:00000070

[${CURRENT_VERSION}\\Component Based Servicing\\Packages\\Package_1_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1]
"CurrentState"=dword:00000070

[${CURRENT_VERSION}\\Component Based Servicing\\Packages\\Package_for_KB4490628~31bf3856ad364e35~amd64~~6.1.1.2]
"CurrentState"=dword:00000050

[${CURRENT_VERSION}\\Component Based Servicing\\RebootPending]

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager]
"PendingFileRenameOperations"=hex(7):61,00,00,00,00,00

[${PROVIDERS}\\${SSPR_CLSID.toLowerCase()}]
@="Réinitialisation 密码"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\CLSID\\${SSPR_CLSID}\\InprocServer32]
@="C:\\\\sspr\\\\provider.dll"

[${PROVIDERS}\\${ORPHAN}]
"Disabled"=dword:00000001

[${CURRENT_VERSION}\\Authentication\\Credential Provider Filters\\${FILTER}]
@="Other filter"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes\\CLSID\\${FILTER}\\InprocServer32]
@="kernel32.dll"

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\CloudDomainJoin\\JoinInfo\\0123456789ABCDEF]
"TenantId"="00000000-0000-0000-0000-000000000000"

[${CURRENT_VERSION}\\Uninstall\\{12345678-1234-1234-1234-123456789012}]
"DisplayName"="Microsoft SSPR Windows Logon"
"DisplayVersion"="1.0.0.0"
`;

describe('The probe under real cscript (Wine)', function () {
  this.timeout(120_000);
  let wine: PrivateWine;
  let web: HttpServer;
  let silent: Server;
  const deadline = (): Deadline => Deadline.in(60_000, 'probing');
  const portOf = (server: Server | HttpServer): number => (server.address() as AddressInfo).port;

  before(async () => {
    web = createHttpServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    silent = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(web, 'listening'), once(silent, 'listening')]);
    wine = await startPrivateWine();
  });

  after(async () => {
    await wine.close();
    web.close();
    web.closeAllConnections();
    silent.close();
  });

  it('reads a bare machine: everything is absent, nothing fails', async () => {
    const facts = await probe(wine, { urls: [] }, deadline());
    expect(facts.failures).toEqual({});
    expect(facts.os).toMatchObject({
      version: '6.1.7601',
      build: 7601,
      servicePack: 'Service Pack 1',
      architecture: 'x64',
    });
    expect(facts.os.computerName).toMatch(/^[\w-]+$/);
    expect(facts.os.locale).toBe('0409');
    expect(facts.tls.enabled).toEqual({ state: 'absent' });
    expect(facts.proxy.winHttpSettings).toEqual({ state: 'absent' });
    expect(facts).toMatchObject({
      packages: [],
      rebootPending: [],
      credentialProviders: [],
      products: [],
      connections: [],
      providerFilters: [],
      environment: {
        join: { state: 'none', name: 'WORKGROUP' },
        networkSignOns: { state: 'present', value: [] },
        // Wine has no qwinsta: what cannot be asked is not none.
        remoteSessions: { state: 'unreadable' },
        remoteDesktopDenied: { state: 'absent' },
      },
    });
    expect(facts.hotFixes.length).toBeGreaterThan(0);
  });

  it('tells the time and the boot time', async () => {
    const { clock } = await probe(wine, { urls: [] }, deadline());
    expect(Math.abs(Date.parse(clock.now) - Date.now())).toBeLessThan(60_000);
    expect(Date.parse(clock.bootedAt)).toBeLessThan(Date.parse(clock.now));
    expect(await bootedAt(wine, deadline())).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('makes real connections with both stacks, and gives up on silence', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const refused = portOf(closed);
    closed.close();
    const urls = [web, silent].map((server) => `http://127.0.0.1:${portOf(server)}/`);
    const facts = await probe(
      wine,
      { urls: [...urls, `http://127.0.0.1:${refused}/`], connectionSeconds: 1 },
      deadline(),
    );
    expect(facts.failures).toEqual({});
    expect(facts.connections.map(({ url: _url, route: _route, ms: _ms, ...rest }) => rest)).toEqual([
      { stack: 'winhttp', ok: true, status: 200, error: '' },
      { stack: 'wininet', ok: true, status: 200, error: '' },
      { stack: 'winhttp', ok: false, status: 0, error: '0x80072ee2' },
      { stack: 'winhttp', ok: false, status: 0, error: '0x80072efd' },
      { stack: 'wininet', ok: false, status: 0, error: '0x800c0008' },
    ]);
  });

  it('reads a machine with the add-in', async () => {
    await wine.put(
      Buffer.from(`\ufeff${REGISTRY.replaceAll('\n', '\r\n')}`, 'utf16le'),
      'C:\\facts.reg',
      deadline(),
    );
    await wine.exec({ line: 'mkdir C:\\sspr & regedit /S C:\\facts.reg' }, deadline());
    await wine.put(Buffer.from('MZ'), 'C:\\sspr\\provider.dll', deadline());
    await setVerboseLogging(wine, 'on', deadline());

    const facts = await probe(wine, { urls: [] }, deadline());
    expect(facts.failures).toEqual({});
    expect(facts.tls).toMatchObject({
      enabled: { state: 'present', value: 0xffffffff },
      disabledByDefault: { state: 'present', value: 0 },
      winHttpProtocols: { state: 'present', value: 0xa00 },
      winHttpProtocolsWow64: { state: 'absent' },
    });
    expect(facts.proxy).toMatchObject({
      systemProxyEnable: { state: 'present', value: 1 },
      systemProxyServer: { state: 'present', value: 'proxy.contoso.com:8080' },
      systemAutoConfigUrl: { state: 'absent' },
    });
    const settings = facts.proxy.winHttpSettings;
    expect(settings.state === 'present' && decodeProxySettings(settings.value)).toEqual({
      direct: false,
      proxy: '127.0.0.1:9',
      bypass: '',
    });
    expect(facts.packages.map(({ kb, state }) => ({ kb, state }))).toEqual([
      { kb: 'KB3140245', state: 112 },
      { kb: 'KB4490628', state: 80 },
    ]);
    expect(facts.rebootPending).toEqual(['RebootPending', 'PendingFileRenameOperations']);
    expect(facts.credentialProviders).toHaveLength(2);
    expect(facts.credentialProviders).toContainEqual({
      clsid: SSPR_CLSID,
      name: 'Réinitialisation 密码',
      disabled: false,
      dll: { state: 'present', value: 'C:\\sspr\\provider.dll' },
      dllExists: true,
      // That file is too short to be a program.
      dllVersion: expect.objectContaining({ state: expect.stringMatching(/absent|unreadable/) }),
    });
    expect(facts.credentialProviders).toContainEqual({
      clsid: ORPHAN,
      name: '',
      disabled: true,
      dll: { state: 'absent' },
      dllExists: null,
      dllVersion: { state: 'absent' },
    });
    expect(facts.providerFilters).toEqual([
      {
        clsid: FILTER,
        name: 'Other filter',
        disabled: false,
        dll: { state: 'present', value: 'kernel32.dll' },
        dllExists: true,
        dllVersion: { state: 'present', value: expect.stringMatching(/^\d+(\.\d+){3}$/) },
      },
    ]);
    expect(facts.environment.join.state).toBe('azureAd');
    expect(facts.products).toEqual([
      {
        key: '{12345678-1234-1234-1234-123456789012}',
        displayName: 'Microsoft SSPR Windows Logon',
        displayVersion: '1.0.0.0',
        publisher: '',
        wow64: false,
      },
    ]);
    expect(facts.verboseLogging).toEqual({ state: 'present', value: 1 });
  });

  it('reads the profiles of 802.1X, whatever their encoding is, and the sessions by their names', async () => {
    const profile = (name: string, security: string): string =>
      `<?xml version="1.0"?><WLANProfile><name>${name}</name><MSM><security>${security}</security></MSM></WLANProfile>`;
    const oneX = (type: string): string =>
      `<OneX xmlns="http://www.microsoft.com/networking/OneX/v1"><singleSignOn>\n <type>${type}</type></singleSignOn></OneX>`;
    await wine.exec({ line: `mkdir "${WIRELESS}" & mkdir "${WIRED}"` }, deadline());
    const files: readonly (readonly [path: string, text: string, encoding: BufferEncoding])[] = [
      [`${WIRELESS}\\{1}.xml`, profile('Office', oneX('preLogon')), 'utf8'],
      [`${WIRELESS}\\{2}.xml`, profile('Home', '<sharedKey/>'), 'utf8'],
      [
        `${WIRED}\\{3}.xml`,
        `\ufeff${profile('', '<OneX/>').replace('<OneX/>', oneX('postLogon'))}`,
        'utf16le',
      ],
      [`${WIRED}\\{4}.xml`, profile('Plain', '<OneX ></OneX>'), 'utf8'],
    ];
    for (const [path, text, encoding] of files) {
      await wine.put(Buffer.from(text, encoding), 'C:\\profile.xml', deadline());
      await wine.exec({ line: `copy C:\\profile.xml "${path}"` }, deadline());
    }
    const sessions =
      ' SESSIONNAME       USERNAME                 ID  ÉTAT    TYPE\r\n>services                                    0  Déco\r\n' +
      ' rdp-tcp#12        anna                      2  Actif   rdpwd\r\n rdp-tcp                                 65536  Écouter\r\n';
    await wine.put(Buffer.from(`@type C:\\sessions.txt\r\n`), 'C:\\windows\\qwinsta.bat', deadline());
    await wine.put(Buffer.from(sessions, 'latin1'), 'C:\\sessions.txt', deadline());

    const { environment } = await probe(wine, { urls: [] }, deadline());
    expect(environment.networkSignOns).toEqual({
      state: 'present',
      value: expect.arrayContaining([
        { profile: 'Wlansvc Office', type: 'preLogon' },
        { profile: 'dot3svc ', type: 'postLogon' },
        { profile: 'dot3svc Plain', type: '' },
      ]),
    });
    expect(environment.networkSignOns).toMatchObject({ value: { length: 3 } });
    expect(environment.remoteSessions).toEqual({ state: 'present', value: ['rdp-tcp#12'] });
  });

  it('sees that the DLL is gone and that logging was switched off', async () => {
    await wine.exec({ line: 'del C:\\sspr\\provider.dll' }, deadline());
    await setVerboseLogging(wine, 'off', deadline());
    const off = await probe(wine, { urls: [] }, deadline());
    await setVerboseLogging(wine, 'unset', deadline());
    const unset = await probe(wine, { urls: [] }, deadline());
    expect(off.credentialProviders.find(({ clsid }) => clsid === SSPR_CLSID)?.dllExists).toBe(false);
    expect(off.verboseLogging).toEqual({ state: 'present', value: 0 });
    expect(unset.verboseLogging).toEqual({ state: 'absent' });
  });
});
