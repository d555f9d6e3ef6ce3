import { X509Certificate, createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Deadline } from '../../core/deadline.ts';
import { poll } from '../../core/poll.ts';
import { prepareGuestFiles } from './prepare.ts';
import { SSPR_CLSID } from './profile.ts';
import { dword, sz } from './registry-value.ts';
import { type TestMachine, foreign, prompt, startTestMachine, startTestNetwork } from './testing.ts';
import { runPywinrm } from './winrm-testing.ts';

const WINDOWS_NT = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
const PROVIDERS = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\Credential Providers';
const REG_MULTI_SZ = 7;
const FOLDER = 'C:\\Program Files\\Microsoft SSPR Windows Logon (LAB STAND-IN)';
const DLL = `${FOLDER}\\SsprLogonLabStandIn.dll`;
const PREVIOUS = 'C:\\lab\\packages\\SsprWindowsLogon.PREVIOUS.msi';
const UNINSTALL = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
const INSTALLER_POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\Installer';

/** A short program for Debian's pywinrm. `s` is a session with the guest. */
function pywinrm(
  guest: TestMachine,
  program: string,
  options = "transport='basic'",
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { port, user, password } = guest.machine.state.winrm;
  return runPywinrm({ url: `http://127.0.0.1:${port}/wsman`, user, password }, options, program);
}

describe('a lab guest', function () {
  this.timeout(60_000);
  // Once in a great while Wine loses a process at its start, also one that cmd.exe starts: then, and it is printed, once more.
  this.retries(1);
  beforeEach(function () {
    if (this.currentTest && (this.currentTest as unknown as { currentRetry(): number }).currentRetry() > 0)
      process.stdout.write(`      once more: ${this.currentTest.title}\n`);
  });
  let win7: TestMachine;
  let win81: TestMachine;
  let network: Awaited<ReturnType<typeof startTestNetwork>>;

  before(async () => {
    await prepareGuestFiles(() => undefined);
    network = await startTestNetwork();
    [win7, win81] = await Promise.all([
      startTestMachine('win7', 'win7'),
      startTestMachine('win81', 'win81', network.lab),
    ]);
    const { msi } = await prepareGuestFiles(() => undefined);
    copyFileSync(msi, win7.machine.guest.disk.path('C:\\sspr.msi'));
  });

  after(async () => {
    await Promise.all([win7.destroy(), win81.destroy()]);
    network.close();
  });

  describe('is the Windows of its profile', () => {
    it('says its version and name', async () => {
      expect((await prompt(win7, 'ver')).stdout).toContain('6.1.7601');
      expect((await prompt(win81, 'ver')).stdout).toContain('6.3.9600');
      expect((await prompt(win81, 'hostname')).stdout.trim()).toBe('WIN81-LAB');
      const { registry } = win7.machine.guest;
      expect(await registry.string(WINDOWS_NT, 'ProductName')).toBe('Windows 7 Professional');
      expect(await registry.string(WINDOWS_NT, 'CSDVersion')).toBe('Service Pack 1');
      expect(await win81.machine.guest.registry.string(WINDOWS_NT, 'ProductName')).toBe('Windows 8.1 Pro');
      expect(await win81.machine.guest.registry.string(WINDOWS_NT, 'CSDVersion')).toBeUndefined();
    });

    it('has the updates, the TLS keys and the credential providers of a well-kept machine', async () => {
      const { registry, disk } = win7.machine.guest;
      const packages =
        'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages';
      const sha2 = (await registry.subkeys(packages)).find((name) => name.includes('KB4474419'));
      expect(await registry.dword(`${packages}\\${sha2 ?? ''}`, 'CurrentState')).toBe(0x70);
      const schannel =
        'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
      expect(await registry.dword(schannel, 'Enabled')).toBe(1);
      expect(await registry.dword(schannel, 'DisabledByDefault')).toBe(0);
      const wow64 =
        'HKLM\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\WinHttp';
      expect(await registry.dword(wow64, 'DefaultSecureProtocols')).toBe(0xa00);
      for (const clsid of await registry.subkeys(PROVIDERS)) {
        const dll = await registry.string(`HKCR\\CLSID\\${clsid}\\InprocServer32`, '');
        expect(existsSync(disk.path((dll ?? '').replace('%SystemRoot%', 'C:\\windows'))), clsid).toBe(true);
      }
    });

    it('has no way to the files of the host', async () => {
      expect((await prompt(win7, 'dir Z:\\')).code).not.toBe(0);
    });
  });

  describe('is alone', () => {
    it('sees neither the processes nor the files nor the registry of another', async () => {
      const sleeper = await win7.machine.guest.start({ line: 'cmd.exe /c ping -n 60 127.0.0.1' });
      expect((await prompt(win7, 'tasklist')).stdout).toContain('ping.exe');
      expect((await prompt(win81, 'tasklist')).stdout).not.toContain('ping.exe');
      sleeper.forget();
      await prompt(win7, 'reg add HKLM\\SOFTWARE\\OnlyHere /v x /d 1 /f & echo 1 > C:\\only-here.txt');
      expect((await prompt(win7, 'reg query HKLM\\SOFTWARE\\OnlyHere')).code).toBe(0);
      expect((await prompt(win81, 'reg query HKLM\\SOFTWARE\\OnlyHere')).code).toBe(1);
      expect((await prompt(win81, 'type C:\\only-here.txt')).code).not.toBe(0);
    });
  });

  describe('answers foreign WinRM clients', () => {
    it('runs commands of pywinrm, with full exit codes and both streams', async () => {
      const { stdout, stderr } = await pywinrm(
        win7,
        `r = s.run_cmd('reg', ['query', '"${WINDOWS_NT.replaceAll('\\', '\\\\')}"', '/v', 'ProductName'])
print(r.status_code, r.std_out.decode().split()[-2:])
print(s.run_cmd('exit 70000').status_code)
r = s.run_cmd('echo out & echo err 1>&2')
print(r.std_out, r.std_err)
`,
      );
      expect(stderr).toBe('');
      expect(stdout.split('\n')).toEqual([
        "0 ['7', 'Professional']",
        '70000',
        String.raw`b'out \r\n' b'err \r\n'`,
        '',
      ]);
    });

    it('lets a long command run on through timed-out receives', async () => {
      const { stdout, stderr } = await pywinrm(
        win7,
        `s.protocol.operation_timeout_sec = 1
s.protocol.read_timeout_sec = 5
shell = s.protocol.open_shell()
command = s.protocol.run_command(shell, 'ping -n 4 127.0.0.1 >nul & echo done')
print(s.protocol.get_command_output(shell, command))
s.protocol.cleanup_command(shell, command)
s.protocol.close_shell(shell)
`,
      );
      expect(stderr).toBe('');
      expect(stdout).toContain(String.raw`b'done\r\n'`);
    });

    it('kills a command with everything that it started', async () => {
      const { stdout, stderr } = await pywinrm(
        win7,
        `shell = s.protocol.open_shell()
command = s.protocol.run_command(shell, 'cmd /c ping -n 61 127.0.0.1')
s.protocol.cleanup_command(shell, command)
r = s.run_cmd('tasklist')
print('ping.exe' in r.std_out.decode())
`,
      );
      expect(stderr).toBe('');
      expect(stdout.trim()).toBe('False');
    });

    it('converts what is printed to UTF-8 when the client asks for that code page', async () => {
      writeFileSync(win7.machine.guest.disk.path('C:\\oem.txt'), Buffer.from([0x81, 0x62, 0x65, 0x72])); // über
      const { stdout } = await pywinrm(
        win7,
        `for page in (437, 65001):
    shell = s.protocol.open_shell(codepage=page)
    command = s.protocol.run_command(shell, 'type C:\\\\oem.txt')
    print(s.protocol.get_command_output(shell, command)[0])
`,
      );
      expect(stdout.split('\n')).toEqual([String.raw`b'\x81ber'`, String.raw`b'\xc3\xbcber'`, '']);
    });

    it('seals what it says after NTLM, and says it plainly to who asks for that', async () => {
      for (const encryption of ['always', 'auto', 'never']) {
        const { stdout, stderr } = await pywinrm(
          win7,
          "print(s.run_cmd('ver').std_out.decode().strip())",
          `transport='ntlm', message_encryption='${encryption}'`,
        );
        expect(stderr).toBe('');
        expect(stdout.trim()).toBe('Microsoft Windows 6.1.7601');
      }
    });

    it('takes megabytes on the stdin of a command, and is deaf to nobody meanwhile', async () => {
      const { stdout, stderr } = await pywinrm(
        win7,
        `import hashlib, xmltodict
p = s.protocol
def send(shell, command, data, end):
    message = {'env:Envelope': p._get_soap_header(
        resource_uri='http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd',
        action='http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send', shell_id=shell)}
    message['env:Envelope']['env:Body'] = {'rsp:Send': {'rsp:Stream': {
        '@Name': 'stdin', '@CommandId': command, '@End': 'true' if end else 'false', '#text': base64.b64encode(data).decode()}}}
    p.send_message(xmltodict.unparse(message))
shell = p.open_shell()
lines = b''.join(hashlib.sha256(str(i).encode()).hexdigest().encode() + b'\\r\\n' for i in range(50000))
deaf = p.run_command(shell, 'ping -n 61 127.0.0.1')
for at in range(0, 900000, 100000):
    send(shell, deaf, bytes(100000), False)
command = p.run_command(shell, 'findstr "^" > C:\\\\stdin.txt')
for at in range(0, len(lines), 110000):
    send(shell, command, lines[at:at + 110000], at + 110000 >= len(lines))
print(p.get_command_output(shell, command)[2], len(lines), hashlib.sha256(lines).hexdigest())
p.cleanup_command(shell, command)
p.close_shell(shell)
`,
      );
      expect(stderr).toBe('');
      const file = readFileSync(win7.machine.guest.disk.path('C:\\stdin.txt'));
      const hash = createHash('sha256').update(file).digest('hex');
      expect(stdout.trim()).toBe(`0 3300000 ${hash}`);
      expect((await prompt(win7, 'tasklist')).stdout).not.toContain('ping.exe');
    });

    it('does as Group Policy says of Basic and of plain messages', async () => {
      const policies = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\WinRM\\Service';
      const set = async (name: string, value: number): Promise<void> => {
        await win81.machine.guest.registry.set(policies, name, dword(value));
      };
      await set('AllowBasic', 0);
      await set('AllowUnencryptedTraffic', 0);
      await win81.machine.restart();
      const ver = "print(s.run_cmd('ver').std_out.decode().strip())";
      expect((await pywinrm(win81, ver)).stderr).toContain('InvalidCredentialsError');
      const plain = await pywinrm(win81, ver, "transport='ntlm', message_encryption='never'");
      expect(plain.stderr).toContain('Code 500');
      const sealed = await pywinrm(win81, ver, "transport='ntlm'");
      expect(sealed.stdout.trim()).toBe('Microsoft Windows 6.3.9600');
      await set('AllowBasic', 1);
      await set('AllowUnencryptedTraffic', 1);
      await win81.machine.restart();
      expect((await pywinrm(win81, ver)).stdout.trim()).toBe('Microsoft Windows 6.3.9600');
    });

    it('refuses a wrong password', async () => {
      const { port } = win7.machine.state.winrm;
      const answer = await fetch(`http://127.0.0.1:${port}/wsman`, {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from('vagrant:wrong').toString('base64')}` },
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Basic');
    });

    it('takes a file from winrmcp', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'winrmcp-'));
      try {
        const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256));
        writeFileSync(join(folder, 'up.bin'), content);
        const { winrm } = win81.machine.state;
        const address = `-addr=127.0.0.1:${winrm.port}`;
        const sent = await foreign('winrmcp', [
          ...[address, `-user=${winrm.user}`, `-pass=${winrm.password}`],
          ...[join(folder, 'up.bin'), 'C:\\new folder\\up.bin'],
        ]);
        expect(sent).toMatchObject({ code: 0 });
        const [hash] = /(?:[0-9a-f]{2} ){31}[0-9a-f]{2}/.exec(
          (await prompt(win81, 'certutil -hashfile "C:\\new folder\\up.bin" SHA256')).stdout,
        ) ?? [''];
        const expected = await crypto.subtle.digest('SHA-256', content);
        expect(hash.replaceAll(' ', '')).toBe(Buffer.from(expected).toString('hex'));
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });

  describe('has a Windows Installer', () => {
    it('installs the stand-in package: file, COM server, credential provider, uninstall entry', async () => {
      const { registry, disk } = win7.machine.guest;
      expect((await prompt(win7, 'msiexec /i C:\\sspr.msi /qn /norestart /l*v C:\\install.log')).code).toBe(
        0,
      );
      expect(existsSync(disk.path(DLL))).toBe(true);
      expect(existsSync(disk.path('C:\\install.log'))).toBe(true);
      expect(await registry.string(`HKCR\\CLSID\\${SSPR_CLSID}\\InprocServer32`, '')).toBe(DLL);
      expect(await registry.string(`HKCR\\CLSID\\${SSPR_CLSID}\\InprocServer32`, 'ThreadingModel')).toBe(
        'Apartment',
      );
      expect(await registry.subkeys(PROVIDERS)).toContain(SSPR_CLSID);
      const uninstall = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
      const names = await Promise.all(
        (await registry.subkeys(uninstall)).map((key) =>
          registry.string(`${uninstall}\\${key}`, 'DisplayName'),
        ),
      );
      expect(names).toContain('Microsoft SSPR Windows Logon (LAB STAND-IN)');
      expect((await prompt(win7, 'wevtutil qe Application /c:2 /rd:true /f:text')).stdout).toContain(
        'Event ID: 1033',
      );
    });

    it('removes it again without a trace', async () => {
      const { registry, disk } = win7.machine.guest;
      expect((await prompt(win7, 'start /wait msiexec /x C:\\sspr.msi /qn')).code).toBe(0);
      expect(existsSync(disk.path(DLL))).toBe(false);
      expect(await registry.subkeys(PROVIDERS)).not.toContain(SSPR_CLSID);
      expect((await prompt(win7, 'wevtutil qe Application /c:1 /rd:true')).stdout).toContain('>1034<');
    });

    const failures = [
      { line: 'msiexec /i C:\\missing.msi /qn', code: 1619, raw: 2 },
      { line: 'msiexec /i C:\\broken.msi /qn', code: 1620, raw: 1627 },
      { line: 'msiexec /x {00000000-0000-0000-0000-000000000001} /qn', code: 1605, raw: 1605 },
      { line: 'msiexec /i C:\\lab\\packages\\foreign.msi /qn', code: 1633, raw: 1633 },
      { line: 'msiexec /nonsense', code: 1639, raw: 1 },
    ];
    for (const { line, code, raw } of failures) {
      it(`gives ${code} for ${line}, and logs Wine's ${raw}`, async () => {
        writeFileSync(win7.machine.guest.disk.path('C:\\broken.msi'), 'not a package');
        expect((await prompt(win7, line)).code).toBe(code);
        expect(win7.lines.at(-1)).toContain(`Wine's exit code ${raw}, Windows' ${code}`);
      });
    }

    it('does one installation at a time', async () => {
      const slow = await win7.machine.guest.start({
        line: 'msiexec /i C:\\lab\\packages\\slow.msi SECONDS=60 /qn',
      });
      await untilTrue(() => win7.machine.guest.installer.busy);
      expect((await prompt(win7, 'msiexec /i C:\\sspr.msi /qn')).code).toBe(1618);
      slow.forget();
      await untilTrue(() => !win7.machine.guest.installer.busy);
    });

    it('replaces an earlier version, keeps one product, and refuses the way back', async () => {
      const installed = async (): Promise<readonly string[]> =>
        (await win7.machine.guest.registry.subkeys(UNINSTALL)).filter((key) => key.startsWith('{7D3B5A52'));
      expect((await prompt(win7, `msiexec /i ${PREVIOUS} /qn`)).code).toBe(0);
      const before = await installed();
      for (let i = 0; i < 2; i++) expect((await prompt(win7, 'msiexec /i C:\\sspr.msi /qn')).code).toBe(0);
      const after = await installed();
      expect([before.length, after.length]).toEqual([1, 1]);
      expect(after).not.toEqual(before);
      expect((await prompt(win7, 'wevtutil qe Application /c:1 /rd:true')).stdout).toContain('>1035<');
      expect((await prompt(win7, `msiexec /i ${PREVIOUS} /qn`)).code).toBe(1603);
    });

    it('removes a product whose uninstall entry is gone, and says of one that is not there that it is not', async () => {
      const [key] = (await win7.machine.guest.registry.subkeys(UNINSTALL)).filter((name) =>
        name.startsWith('{7D3B5A52'),
      );
      await win7.machine.guest.registry.deleteKey(`${UNINSTALL}\\${key ?? ''}`);
      writeFileSync(win7.machine.guest.disk.path(DLL.replace('.dll', '.log')), 'left over');
      const codes = [];
      for (let i = 0; i < 2; i++) codes.push((await prompt(win7, 'msiexec /x C:\\sspr.msi /qn')).code);
      expect(codes).toEqual([0, 1605]);
      expect(existsSync(win7.machine.guest.disk.path(DLL.replace('.dll', '.log')))).toBe(true);
      await prompt(win7, `rd /s /q "${FOLDER}"`);
    });

    it('fails where the folder cannot be made, where the disk is full, and where policy forbids it', async () => {
      const install = async (): Promise<number> => (await prompt(win7, 'msiexec /i C:\\sspr.msi /qn')).code;
      // Where this is tried once more, some of it may be left.
      const allow = `reg delete "${INSTALLER_POLICY}" /v DisableMSI /f`;
      await prompt(win7, `del C:\\fill.bin & rd /s /q "${FOLDER}" & ${allow}`);
      await prompt(win7, `echo x > "${FOLDER}"`);
      expect(await install()).toBe(1603);
      await prompt(win7, `del "${FOLDER}"`);
      expect((await prompt(win7, 'fsutil file createnew C:\\fill.bin 68719476736')).code).toBe(0);
      expect((await prompt(win7, 'fsutil volume diskfree C:')).stdout).toContain('free bytes        : 0\r\n');
      expect(await install()).toBe(1603);
      writeFileSync(win7.machine.guest.disk.path('C:\\b64.txt'), Buffer.from('hello').toString('base64'));
      expect((await prompt(win7, 'certutil -decode C:\\b64.txt C:\\full.txt')).stdout).toContain(
        'There is not enough space on the disk.',
      );
      await prompt(win7, 'del C:\\fill.bin');
      await prompt(win7, `reg add "${INSTALLER_POLICY}" /v DisableMSI /t REG_DWORD /d 2 /f`);
      expect(await install()).toBe(1625);
      await prompt(win7, `reg delete "${INSTALLER_POLICY}" /f`);
    });

    it('is given a file with a version, in a package that its maker has signed', async () => {
      const { msi } = await prepareGuestFiles(() => undefined);
      const verified = await foreign('osslsigncode', ['verify', '-in', msi]);
      expect(verified.stdout).toContain('Calculated message digest');
      expect(verified.stdout).not.toContain('MISMATCH');
      expect(await install()).toBe(0);
      writeFileSync(
        win7.machine.guest.disk.path('C:\\version.js'),
        'WScript.Echo(new ActiveXObject("Scripting.FileSystemObject").GetFileVersion(WScript.Arguments(0)))',
      );
      expect((await prompt(win7, `cscript //nologo C:\\version.js "${DLL}"`)).stdout.trim()).toBe('1.0.0.0');
      expect((await prompt(win7, 'msiexec /x C:\\sspr.msi /qn')).code).toBe(0);

      async function install(): Promise<number> {
        return (await prompt(win7, 'msiexec /i C:\\sspr.msi /qn')).code;
      }
    });
  });

  describe('has the tools that Wine lacks', () => {
    it('netsh winhttp reads and writes the real settings', async () => {
      expect((await prompt(win7, 'netsh winhttp reset proxy')).stdout).toContain(
        'Direct access (no proxy server).',
      );
      const set = await prompt(win7, 'netsh winhttp set proxy proxy.corp:8080 "<local>;*.corp"');
      expect(set.stdout).toContain(
        '    Proxy Server(s) :  proxy.corp:8080\r\n    Bypass List     :  <local>;*.corp\r\n',
      );
      const key = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections';
      const value = await win7.machine.guest.registry.value(key, 'WinHttpSettings');
      expect(value?.data.toString('latin1')).toContain('proxy.corp:8080');
      expect((await prompt(win7, 'netsh winhttp nonsense')).code).toBe(1);
      await prompt(win7, 'netsh winhttp reset proxy');
    });

    it('certutil brings files over and hashes them', async () => {
      const { disk } = win7.machine.guest;
      writeFileSync(disk.path('C:\\b64.txt'), Buffer.from('hello').toString('base64'));
      const decoded = await prompt(win7, 'certutil -decode C:\\b64.txt C:\\hello.txt');
      expect(decoded.stdout).toBe(
        'Input Length = 8\r\nOutput Length = 5\r\nCertUtil: -decode command completed successfully.\r\n',
      );
      expect((await prompt(win7, 'certutil -hashfile C:\\hello.txt MD5')).stdout).toContain(
        '5d 41 40 2a bc 4b 2a 76 b9 71 9d 91 10 17 c5 92',
      );
      const again = await prompt(win7, 'certutil -decode C:\\b64.txt C:\\hello.txt');
      expect(again).toMatchObject({ code: 0x80070050 });
      expect((await prompt(win7, 'certutil -hashfile C:\\nowhere')).stdout).toContain(
        '0x80070002 (WIN32: 2)',
      );
    });

    it('wevtutil finds what eventcreate wrote', async () => {
      const created = await prompt(
        win7,
        'eventcreate /l Application /t WARNING /so Tests /id 77 /d "seen & <done>"',
      );
      expect(created.stdout).toContain(
        "SUCCESS: An event of type 'WARNING' was created in the 'Application' log",
      );
      const query = `*[System[Provider[@Name='Tests'] and EventID=77 and TimeCreated[timediff(@SystemTime) <= 60000]]]`;
      const xml = (await prompt(win7, `wevtutil qe Application "/q:${query}"`)).stdout;
      expect(xml).toContain('<Data>seen &amp; &lt;done&gt;</Data>');
      expect(xml).toContain('<Level>3</Level>');
      expect((await prompt(win7, 'wevtutil qe Nowhere')).code).toBe(15007);
      expect((await prompt(win7, 'wevtutil qe System /q:nonsense')).code).toBe(15001);
      expect((await prompt(win7, 'wevtutil el')).stdout).toBe(
        'Application\r\nMicrosoft-Windows-CAPI2/Operational\r\nSecurity\r\nSystem\r\n',
      );
    });

    it('schtasks runs a command as SYSTEM', async () => {
      const task = 'cmd /c whoami > C:\\who.txt';
      const created = await prompt(
        win7,
        `schtasks /create /tn t1 /tr "${task}" /sc ONCE /st 00:00 /ru SYSTEM`,
      );
      expect(created.stdout).toBe('SUCCESS: The scheduled task "t1" has successfully been created.\r\n');
      expect((await prompt(win7, 'schtasks /run /tn t1')).stdout).toContain('SUCCESS: Attempted to run');
      await poll(
        async () => {
          const { stdout } = await prompt(win7, 'schtasks /query /tn t1 /fo LIST');
          return /Last Result: +0\r/.test(stdout)
            ? { done: true, value: stdout }
            : { done: false, seen: stdout };
        },
        { deadline: Deadline.in(20_000, 'waiting for the task'), everyMs: 50 },
      );
      expect((await prompt(win7, 'type C:\\who.txt')).stdout).toBe('WIN7-LAB\\SYSTEM\r\n');
      expect((await prompt(win7, 'schtasks /delete /tn t1 /f')).code).toBe(0);
      expect((await prompt(win7, 'schtasks /query /tn t1')).stderr).toContain(
        'ERROR: The system cannot find the file specified.',
      );
    });

    it('findstr finds lines in what it is given and in files', async () => {
      writeFileSync(win7.machine.guest.disk.path('C:\\find.txt'), 'one\r\nTwo\r\na b');
      const rows: readonly (readonly [args: string, code: number, stdout: string])[] = [
        ['"^" < C:\\find.txt', 0, 'one\r\nTwo\r\na b\r\n'],
        ['/i two < C:\\find.txt', 0, 'Two\r\n'],
        ['two < C:\\find.txt', 1, ''],
        ['/n /c:"a b" C:\\find.txt', 0, '3:a b\r\n'],
        ['/v "o.e b" C:\\find.txt', 0, 'Two\r\n'],
        ['/b Tw C:\\find.txt C:\\missing.txt', 0, 'C:\\find.txt:Two\r\n'],
        ['', 2, ''],
      ];
      for (const [args, code, stdout] of rows)
        expect(await prompt(win7, `findstr ${args}`), args).toMatchObject({ code, stdout });
    });

    it('systeminfo tells the system', async () => {
      const { stdout } = await prompt(win81, 'systeminfo');
      expect(stdout).toContain('OS Name:                   Microsoft Windows 8.1 Pro\r\n');
      expect(stdout).toContain('OS Version:                6.3.9600 N/A Build 9600\r\n');
      expect(stdout).toContain(']: KB2919355');
    });

    it('qwinsta, quser and logoff know the sessions', async () => {
      expect((await prompt(win7, 'qwinsta')).stdout.split('\r\n')).toEqual([
        ' SESSIONNAME       USERNAME                 ID  STATE   TYPE        DEVICE ',
        '>services                                    0  Disc                        ',
        ' console                                     1  Conn                        ',
        '',
      ]);
      expect((await prompt(win7, 'quser')).code).toBe(1);
      const key = 'HKLM\\SOFTWARE\\Lab\\Remote sessions\\rdp-tcp#0';
      await prompt(win7, `reg add "${key}" /v User /d anna /f`);
      expect((await prompt(win7, 'query session')).stdout).toContain(
        ' rdp-tcp#0         anna                      2  Active  rdpwd               \r\n',
      );
      expect((await prompt(win7, 'quser')).stdout).toContain(' anna ');
      expect((await prompt(win7, 'logoff 2')).code).toBe(0);
      expect((await prompt(win7, 'qwinsta')).stdout).not.toContain('anna');
    });

    it('net stop takes WinRM down, net start brings it back', async () => {
      const { port } = win7.machine.state.winrm;
      const answers = (): Promise<boolean> =>
        fetch(`http://127.0.0.1:${port}/wsman`, { method: 'POST' }).then(
          () => true,
          () => false,
        );
      expect(await answers()).toBe(true);
      const stopped = await pywinrm(win7, "print(s.run_cmd('net stop winrm & ping -n 61 127.0.0.1'))");
      expect(stopped.code).not.toBe(0);
      await untilTrue(async () => !(await answers()));
      expect((await prompt(win7, 'sc query winrm')).stdout).toContain('STATE              : 1  STOPPED');
      expect((await prompt(win7, 'net stop winrm')).code).toBe(2);
      expect((await prompt(win7, 'sc stop winrm')).code).toBe(1062);
      expect((await prompt(win7, 'net start')).stdout).toContain('services are running');
      expect((await prompt(win7, 'net start winrm')).code).toBe(0);
      await untilTrue(answers);
      expect((await prompt(win7, 'sc query winrm')).stdout).toContain('STATE              : 4  RUNNING');
    });

    it('shutdown has nothing to abort', async () => {
      const { code, stderr } = await prompt(win7, 'shutdown /a');
      expect(code).toBe(1116);
      expect(stderr).toContain('(1116)');
    });
  });

  describe('is on a network', () => {
    const CAPI2 = 'Microsoft-Windows-CAPI2/Operational';
    const script = (create: string): string => `var http = new ActiveXObject("${create}");
try { http.open("GET", "https://passwordreset.microsoftonline.com/", false); http.send();
WScript.Echo(http.status); } catch (error) { WScript.Echo("0x" + (error.number + 4294967296).toString(16)); }`;

    before(() => {
      const { disk } = win81.machine.guest;
      writeFileSync(disk.path('C:\\winhttp.js'), script('WinHttp.WinHttpRequest.5.1'));
      writeFileSync(disk.path('C:\\wininet.js'), script('MSXML2.XMLHTTP.6.0'));
    });
    const connect = async (stack: 'winhttp' | 'wininet'): Promise<string> =>
      (await prompt(win81, `cscript //nologo C:\\${stack}.js`)).stdout.trim();
    const handshakes = async (log: string, id: number): Promise<string[]> =>
      (await prompt(win81, `wevtutil qe ${log} /q:*[System[EventID=${id}]]`)).stdout.match(/<Event .*/g) ??
      [];

    it('reaches the portal with both stacks, and logs no handshake unless it is told to', async () => {
      expect([await connect('winhttp'), await connect('wininet')]).toEqual(['200', '200']);
      expect(await handshakes('System', 36880)).toEqual([]);
      expect(await handshakes(CAPI2, 11)).toEqual([]);
    });

    it('logs what Schannel negotiated, and the chain, when it is told to', async () => {
      const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL';
      await prompt(win81, `reg add ${key} /v EventLogging /t REG_DWORD /d 7 /f`);
      await prompt(win81, `wevtutil sl ${CAPI2} /e:false`);
      expect((await prompt(win81, `wevtutil gl ${CAPI2}`)).stdout).toContain('enabled: false');
      expect((await prompt(win81, `wevtutil sl ${CAPI2} /e:true`)).code).toBe(0);
      expect((await prompt(win81, `wevtutil gl ${CAPI2}`)).stdout).toContain('enabled: true');
      expect(await connect('winhttp')).toBe('200');
      const [negotiated] = await handshakes('System', 36880);
      for (const [name, value] of Object.entries({
        Type: 'client',
        Protocol: 'TLS 1.2',
        CipherSuite: '0xC014',
        ExchangeStrength: '256',
        TargetName: 'passwordreset.microsoftonline.com',
      }))
        expect(negotiated).toContain(`<Data Name='${name}'>${value}</Data>`);
      const [chain] = await handshakes(CAPI2, 11);
      expect(chain?.match(/<ChainElement><Certificate [^>]*subjectName="[^"]*"/g)).toEqual([
        expect.stringContaining('passwordreset.microsoftonline.com'),
        expect.stringContaining('SSPR compliance lab CA'),
      ]);
      expect(chain).toContain('<Result value="0"/>');
    });

    it('trusts whom certutil has it trust', async () => {
      const { disk } = win81.machine.guest;
      const pem = readFileSync(network.lab.caFile);
      const hash = new X509Certificate(pem).fingerprint.replaceAll(':', '');
      writeFileSync(disk.path('C:\\ca.pem'), pem);
      // Where this is tried once more, nobody is trusted any more.
      await prompt(win81, 'certutil -addstore root C:\\ca.pem');
      expect((await prompt(win81, `certutil -delstore root ${hash}`)).code).toBe(0);
      expect(await connect('winhttp')).toBe('0x80072f7d');
      expect((await handshakes(CAPI2, 11)).at(-1)).toContain('<Result value="800B0109"/>');
      expect((await prompt(win81, 'certutil -addstore root C:\\ca.pem')).code).toBe(0);
      expect(await connect('winhttp')).toBe('200');
    });

    it('keeps what somebody else has set of its proxy through a restart, for SYSTEM as well', async () => {
      const settings = 'Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
      const { registry } = win81.machine.guest;
      const { host, port } = network.lab.proxy;
      const server = `${host}:${port}`;
      expect(await registry.string(`HKU\\S-1-5-18\\${settings}`, 'ProxyServer')).toBe(server);
      await registry.set(`HKU\\S-1-5-18\\${settings}`, 'ProxyServer', sz('other.example:8080'));
      await win81.machine.restart();
      const after = win81.machine.guest.registry;
      expect(await after.string(`HKU\\S-1-5-18\\${settings}`, 'ProxyServer')).toBe('other.example:8080');
      expect(await after.string(`HKCU\\${settings}`, 'ProxyServer')).toBe(server);
      expect(await after.dword(`HKCU\\${settings}`, 'ProxyEnable')).toBe(1);
    });
  });

  describe('has power', () => {
    it('restarts when told to inside: new boot, new boot time, registry kept, pending renames done', async () => {
      const before = win7.machine.state;
      const bootTime = 'wmic os get LastBootUpTime /value';
      const firstTime = (await prompt(win7, bootTime)).stdout;
      const { disk } = win7.machine.guest;
      writeFileSync(disk.path('C:\\doomed.txt'), '');
      await prompt(win7, 'reg add HKLM\\SOFTWARE\\BeforeBoot /v x /d kept /f');
      await win7.machine.guest.registry.set(
        'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager',
        'PendingFileRenameOperations',
        { type: REG_MULTI_SZ, data: Buffer.from('\\??\\C:\\doomed.txt\0\0\0', 'utf16le') },
      );
      expect((await prompt(win7, 'shutdown /r /t 0')).code).toBe(0);
      await untilRunning(win7, before.bootId);

      expect(win7.scenes.slice(-3)).toEqual(['restart', 'boot', 'logon']);
      expect(existsSync(disk.path('C:\\doomed.txt'))).toBe(false);
      expect(win7.machine.state.winrm.port).toBe(before.winrm.port);
      expect(await win7.machine.guest.registry.string('HKLM\\SOFTWARE\\BeforeBoot', 'x')).toBe('kept');
      expect((await prompt(win7, bootTime)).stdout).not.toBe(firstTime);
      const events = (await prompt(win7, 'wevtutil qe System /f:text')).stdout;
      expect(events.match(/Event ID: \d+/g)).toEqual(
        [6009, 6005, 1074, 6006, 6009, 6005].map((id) => `Event ID: ${id}`),
      );
    });

    it('gives a copy of its disk to another machine', async () => {
      await prompt(win81, 'reg add HKLM\\SOFTWARE\\InSnapshot /v x /d 1 /f');
      await win81.machine.stop();
      const data = await mkdtemp(join(tmpdir(), 'guest-restored-'));
      await cp(join(win81.data, 'disk'), join(data, 'disk'), { recursive: true, verbatimSymlinks: true });
      const restored = await startTestMachine('win81', 'win81', undefined, data);
      try {
        expect((await prompt(restored, 'reg query HKLM\\SOFTWARE\\InSnapshot')).code).toBe(0);
        expect(restored.machine.state.winrm.password).toBe(win81.machine.state.winrm.password);
      } finally {
        await restored.destroy();
      }
    });

    it('switches itself off when told to inside', async () => {
      expect((await prompt(win7, 'shutdown /s /t 0')).code).toBe(0);
      await win7.poweredOff;
      expect(win7.scenes.at(-1)).toBe('shutdown');
      expect(win7.machine.state.state).toBe('stopping');
    });
  });
});

const untilRunning = (guest: TestMachine, oldBootId: string): Promise<string> =>
  poll(
    () => {
      const { state, bootId } = guest.machine.state;
      const booted = state === 'running' && bootId !== oldBootId;
      return Promise.resolve(booted ? { done: true, value: bootId } : { done: false, seen: state });
    },
    { deadline: Deadline.in(30_000, 'waiting for the reboot'), everyMs: 20 },
  );

const untilTrue = (condition: () => boolean | Promise<boolean>): Promise<undefined> =>
  poll(
    async () => ((await condition()) ? { done: true, value: undefined } : { done: false, seen: 'not yet' }),
    {
      deadline: Deadline.in(20_000, 'waiting for the guest'),
      everyMs: 20,
    },
  );
