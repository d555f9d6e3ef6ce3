import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import type { WinrmEndpoint } from '../../core/endpoints.ts';
import { Secret } from '../../core/secret.ts';
import { eachPowerShell, soon } from '../../powershell/testing/each-powershell.ts';
import { openPowerShellChannel } from './open.ts';

const PASSWORD = 'R3mote "$(x)" `';
const ENDPOINT: WinrmEndpoint = {
  url: 'https://win7.contoso.test:5986/wsman',
  user: 'CONTOSO\\admin',
  password: new Secret(PASSWORD),
  authentication: 'kerberos',
};

/**
 * Stand-ins for the cmdlets of remoting, with the parameters that ours use, typed as theirs are. A session is an object
 * with a state; a block runs here.
 */
const STAND_INS = `
function global:New-PSSessionOption {
    [CmdletBinding()] param ([int] $OpenTimeout, [int] $IdleTimeout, [switch] $NoMachineProfile, [string] $ProxyAccessType)
    @{ OpenTimeout = $OpenTimeout; IdleTimeout = $IdleTimeout; ProxyAccessType = $ProxyAccessType }
}
function global:New-PSSession {
    [CmdletBinding()] param (
        [string[]] $ComputerName, [int] $Port, [switch] $UseSSL, [string] $ApplicationName,
        [ValidateSet('Negotiate', 'Kerberos')] [string] $Authentication, [pscredential] $Credential, $SessionOption)
    $global:Asked = @{
        computer = $ComputerName[0]; port = $Port; ssl = [bool] $UseSSL; application = $ApplicationName
        authentication = $Authentication; user = $Credential.UserName
        password = $Credential.GetNetworkCredential().Password; option = $SessionOption
    }
    New-Object -TypeName PSObject -Property @{ State = 'Opened' }
}
function global:Invoke-Command {
    [CmdletBinding()] param ($Session, [scriptblock] $ScriptBlock, [object[]] $ArgumentList)
    & $ScriptBlock @ArgumentList
}
function global:Remove-PSSession {
    [CmdletBinding()] param ($Session)
    $global:Removed = $true
}
$null
`;

const look = (text: string) => ({ doing: 'looking', text });

describe('The PowerShell channel in a real PowerShell', function () {
  this.timeout(180_000);
  const each = eachPowerShell(STAND_INS);

  each('asks for a session as it was told to', async (shell) => {
    await openPowerShellChannel(ENDPOINT, soon(), shell);
    expect(await shell.run(look('$global:Asked'), null, soon())).toMatchObject({
      computer: 'win7.contoso.test',
      port: 5986,
      ssl: true,
      application: 'wsman',
      authentication: 'Kerberos',
      user: 'CONTOSO\\admin',
      password: PASSWORD,
      option: { IdleTimeout: 180_000, ProxyAccessType: 'NoProxyServer' },
    });
  });

  each('writes a file in pieces', async (shell) => {
    const folder = mkdtempSync(join(tmpdir(), 'sspr-remote-'));
    try {
      const path = join(folder, 'a file');
      const [first, second] = [randomBytes(100_000), randomBytes(7)];
      const block = readFileSync(new URL('remote-append.ps1', import.meta.url), 'utf8');
      await openPowerShellChannel(ENDPOINT, soon(), shell);
      const run = look(readFileSync(new URL('run.ps1', import.meta.url), 'utf8'));
      const append = (at: number, piece: Buffer) =>
        shell.run(run, { block, call: { path, offset: at, base64: piece.toString('base64') } }, soon());
      expect(await append(0, first)).toEqual({ session: true, texts: ['n:100000'] });
      expect(await append(100_000, second)).toEqual({ session: true, texts: ['n:100007'] });
      expect(await append(100_000, second)).toEqual({ session: true, texts: ['n:100007'] });
      expect(readFileSync(path).equals(Buffer.concat([first, second]))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  each('notices that the session is gone', async (shell) => {
    const channel = await openPowerShellChannel(ENDPOINT, soon(), shell);
    await shell.run(look("$global:SsprSession.State = 'Broken'; $null"), null, soon());
    await expect(channel.exec({ line: 'ver' }, soon())).rejects.toMatchObject({ code: 'winrm-shell-gone' });
  });

  each('runs lines by cmd.exe', async (shell) => {
    if (process.platform !== 'win32') {
      console.log('      not checked here: the lines themselves, since this host has no cmd.exe');
      return;
    }
    const channel = await openPowerShellChannel(ENDPOINT, soon(), shell);
    const said = await channel.exec({ line: 'echo "a b" & echo ü 密码 1>&2 & exit 7' }, soon());
    expect(said).toMatchObject({ exitCode: 7, stdout: '"a b" \r\n' });
    expect(said.stderr).toContain('密码');
    const late = channel.exec({ line: 'ping -n 60 127.0.0.1' }, Deadline.in(2000, 'a long line'));
    await expect(late).rejects.toMatchObject({ code: 'timed-out' });
    const folder = mkdtempSync(join(tmpdir(), 'sspr-put-'));
    try {
      const [path, content] = [join(folder, 'file.bin'), randomBytes(1_200_000)];
      await channel.put(content, path, soon());
      expect(readFileSync(path).equals(content)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
