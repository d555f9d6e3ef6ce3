import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import type { DesktopHost } from '../desktop/contract.ts';
import { LANGUAGE_KEY } from './first-boot.ts';
import { logonHost } from './logon-host.ts';
import { prepareGuestFiles } from './prepare.ts';
import { SSPR_CLSID } from './profile.ts';
import { dword, expandSz, sz } from './registry-value.ts';
import { PORTAL_HOST } from '../tenant/server.ts';
import { type TestMachine, prompt, startTestMachine, startTestNetwork } from './testing.ts';

const PROVIDERS = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers';
const SCHANNEL =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
const WINHTTP = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp';
const DLL = 'C:\\Program Files\\Microsoft SSPR Windows Logon (LAB STAND-IN)\\SsprLogonLabStandIn.dll';
const FILTERS = PROVIDERS.replace('Providers', 'Provider Filters');
const SYSTEM_POLICIES = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';
const WIRED_PROFILES = 'C:\\ProgramData\\Microsoft\\dot3svc\\Profiles\\Interfaces';
const HANDSHAKE_FAILED = { reachable: false, reason: 'error 0x80072f7d', closes: false };

describe('the logon host of a lab guest', function () {
  this.timeout(60_000);
  let network: Awaited<ReturnType<typeof startTestNetwork>>;
  let win7: TestMachine;
  let host: DesktopHost;

  before(async () => {
    network = await startTestNetwork([
      { machine: 'win7', account: 'anna', displayName: 'Åsa Anna', upn: 'anna@lab.test', mailbox: '' },
      { machine: 'win81', account: 'other', displayName: 'Other', upn: 'other@lab.test', mailbox: '' },
    ]);
    win7 = await startTestMachine('win7', 'win7', network.lab);
    host = logonHost(win7.machine.guest, () => network.lab);
    copyFileSync(
      (await prepareGuestFiles(() => undefined)).msi,
      win7.machine.guest.disk.path('C:\\sspr.msi'),
    );
    expect((await prompt(win7, 'msiexec /i C:\\sspr.msi /qn')).code).toBe(0);
  });

  after(async () => {
    await win7.destroy();
    network.close();
  });

  describe('reads what the screen shows', () => {
    it('has the tiles of this machine, people first', async () => {
      expect((await host.logonFacts()).users).toEqual([
        { account: 'anna', displayName: 'Åsa Anna' },
        { account: 'Administrator', displayName: 'Administrator' },
      ]);
    });

    it('shows the link while the provider is registered, enabled and there', async () => {
      const { registry } = win7.machine.guest;
      const link = async (): Promise<boolean> => (await host.logonFacts()).resetLink;
      expect(await link()).toBe(true);
      await registry.set(`${PROVIDERS}\\${SSPR_CLSID}`, 'Disabled', dword(1));
      expect(await link()).toBe(false);
      await registry.set(`${PROVIDERS}\\${SSPR_CLSID}`, 'Disabled', dword(0));
      expect(await link()).toBe(true);
      const server = `HKCR\\CLSID\\${SSPR_CLSID}\\InprocServer32`;
      await registry.set(server, '', expandSz(DLL.replace('C:\\Program Files', '%ProgramFiles%')));
      expect(await link()).toBe(true);
      const { disk } = win7.machine.guest;
      copyFileSync(disk.path(DLL), disk.path('C:\\saved.dll'));
      rmSync(disk.path(DLL));
      expect(await link()).toBe(false);
      copyFileSync(disk.path('C:\\saved.dll'), disk.path(DLL));
      expect(await link()).toBe(true);
    });

    it('shows no link when the registered file is not the one of the add-in', async () => {
      const { registry } = win7.machine.guest;
      const server = `HKCR\\CLSID\\${SSPR_CLSID}\\InprocServer32`;
      await registry.set(server, '', sz('C:\\windows\\system32\\authui.dll'));
      expect((await host.logonFacts()).resetLink).toBe(false);
      await registry.set(server, '', sz(DLL));
      expect((await host.logonFacts()).resetLink).toBe(true);
    });

    it("shows no link while another maker's filter is registered, enabled and there", async () => {
      const { registry } = win7.machine.guest;
      const link = async (): Promise<boolean> => (await host.logonFacts()).resetLink;
      const clsid = '{33333333-2222-3333-4444-555555555555}';
      await registry.set(`${FILTERS}\\${clsid}`, '', sz('Fingerprints Ltd'));
      expect(await link()).toBe(true);
      await registry.set(`HKCR\\CLSID\\${clsid}\\InprocServer32`, '', sz('authui.dll'));
      expect(await link()).toBe(false);
      await registry.set(`${FILTERS}\\${clsid}`, 'Disabled', dword(1));
      expect(await link()).toBe(true);
      await registry.deleteKey(`${FILTERS}\\${clsid}`);
    });

    it("counts other makers' providers, but not Windows' own and not the add-in", async () => {
      const { registry } = win7.machine.guest;
      const count = async (): Promise<number> => (await host.logonFacts()).thirdPartyProviders;
      expect(await count()).toBe(0);
      const foreign = `${PROVIDERS}\\{11111111-2222-3333-4444-555555555555}`;
      await registry.set(foreign, '', sz('Fingerprints Ltd'));
      expect(await count()).toBe(1);
      await registry.deleteKey(foreign);
    });
  });

  describe('opens the reset page', () => {
    before(() => win7.machine.guest.registry.set(`${PROVIDERS}\\${SSPR_CLSID}`, 'EnableLogging', dword(1)));

    it("by the guest's own handshake, through the guest's own proxy, in its language", async () => {
      const { port } = network.lab.proxy;
      win7.machine.guest.language = 'sv';
      expect(await host.openResetPage('anna')).toEqual({
        reachable: true,
        url: `https://${PORTAL_HOST}/n/passwordreset?mkt=sv-SE&clienttype=Windows7LogonScreen`,
        proxy: { host: '127.0.0.1', port },
      });
      expect(network.connects).toEqual([`${PORTAL_HOST}:443`]);
      const events = (await prompt(win7, 'wevtutil qe Application /f:text')).stdout;
      expect(events).toContain('Source: AADPasswordResetCredentialProvider');
      expect(events).toContain('The password reset page was opened for user anna.');
    });

    it('writes events only while EnableLogging is 1', async () => {
      const { registry, events } = win7.machine.guest;
      const written = async (): Promise<number> => {
        const before = events.read('Application').length;
        await host.openResetPage('anna');
        return events.read('Application').length - before;
      };
      expect(await written()).toBe(4);
      await registry.set(`${PROVIDERS}\\${SSPR_CLSID}`, 'EnableLogging', dword(0));
      expect(await written()).toBe(0);
      await prompt(win7, `reg delete "${PROVIDERS}\\${SSPR_CLSID}" /v EnableLogging /f`);
      expect(await written()).toBe(0);
    });

    it('says nothing and closes while user account control is off', async () => {
      const { registry } = win7.machine.guest;
      await registry.set(SYSTEM_POLICIES, 'EnableLUA', dword(0));
      const connects = network.connects.length;
      expect(await host.openResetPage('anna')).toMatchObject({ reachable: false, closes: true });
      expect(network.connects).toHaveLength(connects);
      await registry.set(SYSTEM_POLICIES, 'EnableLUA', dword(1));
    });

    it('fails while 802.1X waits for the user to sign in, though WinRM goes on', async () => {
      const folder = win7.machine.guest.disk.path(
        `${WIRED_PROFILES}\\{00000000-0000-0000-0000-000000000001}`,
      );
      mkdirSync(folder, { recursive: true });
      const profile = (type: string): void =>
        writeFileSync(`${folder}/{1}.xml`, `<singleSignOn><type>${type}</type></singleSignOn>`, 'utf16le');
      profile('preLogon');
      expect(await host.openResetPage('anna')).toMatchObject({
        reachable: false,
        reason: expect.stringContaining('802.1X'),
        closes: false,
      });
      expect((await prompt(win7, 'ver')).code).toBe(0);
      profile('postLogon');
      expect((await host.openResetPage('anna')).reachable).toBe(true);
    });

    it('fails when Schannel may not speak TLS 1.2', async () => {
      const { registry } = win7.machine.guest;
      expect((await prompt(win7, `reg add "${SCHANNEL}" /v Enabled /t REG_DWORD /d 0 /f`)).code).toBe(0);
      expect(await host.openResetPage('anna')).toEqual(HANDSHAKE_FAILED);
      await registry.set(SCHANNEL, 'Enabled', dword(1));
      expect((await host.openResetPage('anna')).reachable).toBe(true);
    });

    it('fails when WinHTTP does not offer TLS 1.2', async () => {
      const { registry } = win7.machine.guest;
      await registry.set(WINHTTP, 'DefaultSecureProtocols', dword(0x80));
      expect(await host.openResetPage('anna')).toEqual(HANDSHAKE_FAILED);
      await registry.set(WINHTTP, 'DefaultSecureProtocols', dword(0xa00));
      expect((await host.openResetPage('anna')).reachable).toBe(true);
    });

    it('fails without the proxy: no other way leads there', async () => {
      await prompt(win7, 'netsh winhttp reset proxy');
      expect(await host.openResetPage('anna')).toEqual({
        reachable: false,
        reason: 'error 0x80072efd',
        closes: false,
      });
    });
  });

  describe('after all that', () => {
    it('keeps a proxy that someone else has set, and speaks as its registry says, over a restart', async () => {
      expect(host.language()).toBe('sv');
      await win7.machine.guest.registry.set(`HKLM\\${LANGUAGE_KEY}`, 'InstallLanguage', sz('0804'));
      await prompt(win7, 'netsh winhttp set proxy 127.0.0.1:1');
      await win7.machine.restart();
      expect((await prompt(win7, 'netsh winhttp show proxy')).stdout).toContain('127.0.0.1:1\r\n');
      expect(host.language()).toBe('zh-CN');
    });

    it('cannot sign in someone whose tenant does not answer, and refuses a stranger', async () => {
      const { lab } = network;
      const alone = logonHost(win7.machine.guest, () => ({ ...lab, authority: 'https://localhost:1' }));
      expect(await alone.signIn('anna', 'secret')).toBe('unavailable');
      expect(await alone.signIn('stranger', 'secret')).toBe('refused');
      // The test's portal says 200 to everything.
      expect(await host.signIn('ANNA', 'secret')).toBe('accepted');
    });
  });
});
