import { copyFileSync, rmSync } from 'node:fs';
import { expect } from '@playwright/test';
import type { DesktopHost } from '../desktop/contract.ts';
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
const HANDSHAKE_FAILED = { reachable: false, reason: 'error 0x80072f7d' };

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
    it("by the guest's own handshake, through the guest's own proxy", async () => {
      const { port } = network.lab.proxy;
      expect(await host.openResetPage('anna')).toEqual({
        reachable: true,
        url: `https://${PORTAL_HOST}/n/passwordreset?mkt=en-US&clienttype=Windows7LogonScreen`,
        proxy: { host: '127.0.0.1', port },
      });
      expect(network.connects).toEqual([`${PORTAL_HOST}:443`]);
      const events = (await prompt(win7, 'wevtutil qe Application /f:text')).stdout;
      expect(events).toContain('Source: AADPasswordResetCredentialProvider');
      expect(events).toContain('The password reset page was opened for user anna.');
      expect(events).not.toContain('Verbose');
    });

    it('writes verbose events only while EnableLogging is 1', async () => {
      const { registry } = win7.machine.guest;
      await registry.set(`${PROVIDERS}\\${SSPR_CLSID}`, 'EnableLogging', dword(1));
      await host.openResetPage('anna');
      await registry.set(`${PROVIDERS}\\${SSPR_CLSID}`, 'EnableLogging', dword(0));
      const verbose = (): number =>
        win7.machine.guest.events.read('Application').filter(({ level }) => level === 'Verbose').length;
      const before = verbose();
      expect(before).toBe(2);
      await host.openResetPage('anna');
      expect(verbose()).toBe(before);
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
      expect(await host.openResetPage('anna')).toEqual({ reachable: false, reason: 'error 0x80072efd' });
    });
  });

  describe('after all that', () => {
    it('keeps a proxy that someone else has set, over a restart', async () => {
      await prompt(win7, 'netsh winhttp set proxy 127.0.0.1:1');
      await win7.machine.restart();
      expect((await prompt(win7, 'netsh winhttp show proxy')).stdout).toContain('127.0.0.1:1\r\n');
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
