import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ClientSecretCredential } from '@azure/identity';
import { expect } from '@playwright/test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { SaxesParser } from 'saxes';
import { EXIT_CODE } from '../core/exit-code.ts';
import { type LabState, ROOT } from '../config/lab-state.ts';
import type { Results } from '../report/model.ts';

/* The whole job as a newcomer has it: the command line, real Vagrant, two machines, and clients that we did not write. */

const TLS_CLIENT =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
const SSPR = join(ROOT, 'harness/cli/sspr.js');
const MINUTE = 60_000;
const PHONE = '+1 4255550123';

interface FoundEndpoints {
  winrm: { url: string; user: string; password: string };
  vnc: { host: string; port: number; password: string };
  tenant: { authority: string; id: string; clientId: string; clientSecret: string };
  caFile: string;
}

describe('the whole job on the lab', function () {
  this.timeout(8 * MINUTE);
  const folder = mkdtempSync(join(tmpdir(), 'sspr-job-'));
  const lab = join(folder, 'lab');
  const environment = {
    ...process.env,
    SSPR_LAB_FOLDER: lab,
    SSPR_RESULTS_FOLDER: join(folder, 'results'),
    VAGRANT_DOTFILE_PATH: join(folder, 'vagrant'),
    NO_COLOR: '1',
  };

  before(async () => {
    mkdirSync(join(ROOT, '.lab/cache'), { recursive: true });
    mkdirSync(lab);
    // What was prepared once serves this lab too.
    symlinkSync(join(ROOT, '.lab/cache'), join(lab, 'cache'));
    const { code, output } = await sspr('up', 'win7', 'win81');
    expect(code, output).toBe(EXIT_CODE.compliant);
  });

  after(async function () {
    await sspr('down');
    const failed = this.test?.parent?.tests.some(({ state }) => state === 'failed') ?? false;
    if (failed) process.stdout.write(`      the results are kept for a look: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  });

  it('agrees with Vagrant about which machines are up', () => {
    const status = execFileSync('vagrant', ['status', '--machine-readable'], {
      cwd: ROOT,
      env: environment,
      encoding: 'utf8',
    });
    expect(status).toMatch(/,win7,state,running/);
    expect(status).toMatch(/,win8,state,not_created/);
    expect(status).toMatch(/,win81,state,running/);
  });

  for (const [machine, version] of [
    ['win7', '6.1.7601'],
    ['win81', '6.3.9600'],
  ] as const) {
    it(`lets pywinrm and winrmcp work in ${machine}`, async () => {
      const found = await endpoints(machine);
      expect(pywinrm(found, 'ver')).toContain(version);
      const { host } = new URL(found.winrm.url);
      const local = join(folder, 'hello.txt');
      writeFileSync(local, 'hello');
      const { user, password } = found.winrm;
      const account = ['-addr', host, '-user', user, '-pass', password];
      execFileSync('winrmcp', [...account, local, 'C:\\hello.txt'], { stdio: 'pipe' });
      expect(pywinrm(found, 'type C:\\hello.txt')).toBe('hello');
    });

    it(`shows the logon screen of ${machine} to vncsnapshot`, async () => {
      expect(await textOnScreen(await endpoints(machine))).toContain(
        machine === 'win7' ? 'Anna Example' : 'Chen Test',
      );
    });
  }

  it('gives a token to MSAL', async () => {
    const { tenant, caFile } = await endpoints('win7');
    expect((await tokenOf(tenant, caFile)).token).not.toBe('');
  });

  it('finds TLS 1.2 switched off, by the controls that name it, and says why', async () => {
    pywinrm(await endpoints('win7'), `reg add "${TLS_CLIENT}" /v Enabled /t REG_DWORD /d 0 /f`);
    const stages = 'facts install reboot checks logon audit eventlog uninstall'.split(' ');
    const { code, output } = await sspr(
      ...['run', 'win7', '--as-is'],
      ...stages.flatMap((stage) => ['--stage', stage]),
    );
    expect(code, output).toBe(EXIT_CODE.notCompliant);
    const outcomes = outcomesOf('win7');
    for (const control of [
      'tls.client-enabled',
      'tls.handshake',
      'logon.reset-page-opens',
      'logon.password-reset',
    ])
      expect(outcomes, output).toMatchObject({ [control]: 'fail' });
    expect(outcomes).toMatchObject({
      'audit.reset-entry': 'skipped',
      'install.exit-code': 'pass',
      'logon.link-shown': 'pass',
    });
    expect(output).toMatch(/TLS 1\.2 is disabled|Enabled/);
  });

  it('passes when TLS 1.2 is on again, by two methods, with reports that others can read', async () => {
    pywinrm(await endpoints('win7'), `reg add "${TLS_CLIENT}" /v Enabled /t REG_DWORD /d 1 /f`);
    const { config, smsWebhook } = await byTwoMethods();
    administer('tenant', { methodsRequired: 2, smsWebhook });
    administer('users/anna@contoso.example', { mobilePhone: PHONE });
    const { code, output } = await sspr('run', 'win7', '--as-is', '--config', config);
    administer('tenant', { methodsRequired: 1, smsWebhook: null });
    expect(code, output).toBe(EXIT_CODE.compliant);
    expect(outcomesOf('win7')).toMatchObject({
      'audit.reset-entry': 'pass',
      'audit.registration-unchanged': 'pass',
      'logon.sign-in-with-new-password': 'pass',
    });

    const latest = join(folder, 'results/latest');
    const schema = JSON.parse(
      readFileSync(join(ROOT, 'harness/report/results.schema.json'), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect(
      validate(JSON.parse(readFileSync(join(latest, 'results.json'), 'utf8'))),
      JSON.stringify(validate.errors),
    ).toBe(true);
    new SaxesParser().write(readFileSync(join(latest, 'junit.xml'), 'utf8')).close();
    expect(readFileSync(join(latest, 'report.html'), 'utf8')).toMatch(/<title>[^<]*LAB/);
  });

  it('shows what was done beside what the tenant wrote down', () => {
    const { timeline } = resultsOf('win7');
    expect(timeline).toMatchObject({ verdict: 'matched', user: 'anna@contoso.example' });
    const pairs = timeline?.rows.filter(({ action, entry }) => action && entry) ?? [];
    expect(pairs.length).toBeGreaterThanOrEqual(4);
    expect(timeline?.rows.every(({ own }) => own)).toBe(true);
  });

  it('counts the attempt, and none that never reached the tenant', async () => {
    const { code, output } = await sspr('accounts', '--json');
    expect(code, output).toBe(EXIT_CODE.compliant);
    expect(output).toMatch(/"anna@contoso.example"/);
    const ledger = readdirSync(dirname(readLab().clientSecretFile), { recursive: true, encoding: 'utf8' });
    expect(ledger.join()).toContain('state');
  });

  it('writes no password, code, token or secret into any file of a run', async () => {
    const found = await endpoints('win7');
    const kept = readFileSync(join(folder, 'passwords.jsonl'), 'utf8').trim().split('\n');
    const passwords = kept.map((line) => (JSON.parse(line) as { password: string }).password);
    // A weak one that was to be refused, and the new one.
    expect(new Set(passwords).size).toBe(2);
    const secrets = [
      found.winrm.password,
      found.vnc.password,
      found.tenant.clientSecret,
      ...passwords,
    ].flatMap((secret) => [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]);
    const texts = administer('users/anna@contoso.example').matchAll(/verification code (\d{6})/g);
    const codes = [
      ...(await codesOf('anna.private@contoso.example', found)),
      ...[...texts].map(([, code = '']) => code),
    ];
    expect(codes.length).toBeGreaterThanOrEqual(2);
    const results = join(folder, 'results');
    for (const file of readdirSync(results, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const content = readFileSync(join(file.parentPath, file.name), 'latin1');
      for (const secret of secrets)
        expect(content.includes(secret), `${file.name} holds a secret`).toBe(false);
      expect(content, `${file.name} holds a token`).not.toMatch(/eyJ[\w-]{10,}\.eyJ/);
      if (!/\.(jsonl?|xml|html|txt)$/.test(file.name)) continue;
      for (const code of codes)
        expect(content, `${file.name} holds a code`).not.toMatch(new RegExp(`(?<![\\w.])${code}(?![\\w])`));
    }
  });

  it('could not check, rather than failed, when a password is wrong or the machine is down', async () => {
    for (const [tamper, reason] of [
      [{ winrm: { password: 'wrong' } }, /win7.*refuse|password|account/i],
      [{ vnc: { password: 'wrong' } }, /VNC|console/i],
    ] as const) {
      const restore = tamperWithGuest('win7', tamper);
      const { code, output } = await sspr(
        'run',
        'win7',
        '--as-is',
        '--stage',
        'vnc' in tamper ? 'logon' : 'facts',
      );
      restore();
      expect(code, output).toBe(EXIT_CODE.couldNotCheck);
      expect(output).toMatch(reason);
      expect(Object.values(outcomesOf('win7'))).not.toContain('fail');
    }
    const down = await sspr('run', 'win8', '--as-is', '--stage', 'facts');
    expect(down.code, down.output).toBe(EXIT_CODE.couldNotCheck);
    expect(down.output).toMatch(/win8 is not running/);
  });

  it('could not check, rather than failed, when the installation could not even be tried', async () => {
    const found = await endpoints('win7');
    pywinrm(found, 'ren C:\\Windows\\Temp Temp.away');
    const stages = ['install', 'reboot', 'checks', 'logon', 'uninstall'].flatMap((stage) => [
      '--stage',
      stage,
    ]);
    const { code, output } = await sspr('run', 'win7', '--as-is', ...stages);
    pywinrm(await endpoints('win7'), 'ren C:\\Windows\\Temp.away Temp');
    expect(code, output).toBe(EXIT_CODE.couldNotCheck);
    expect(Object.values(outcomesOf('win7'))).not.toContain('fail');
  });

  it('refuses a wrong tenant secret before anything is touched', async () => {
    const state = readLab();
    const right = readFileSync(state.clientSecretFile);
    writeFileSync(state.clientSecretFile, 'wrong-secret');
    const { code, output } = await sspr('run', 'win7', '--as-is');
    writeFileSync(state.clientSecretFile, right);
    expect(code, output).toBe(EXIT_CODE.badUsage);
    expect(output).toMatch(/^error: .*secret/im);
  });

  it('takes everything down, and nothing is left running', async () => {
    expect((await sspr('down')).code).toBe(EXIT_CODE.compliant);
    expect(leftovers()).toEqual([]);
  });

  it('says which port is taken, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const config = join(folder, 'port.yaml');
    writeFileSync(config, `version: 1\nmachines: [{ name: win7, os: win7 }]\nlab: { tenantPort: ${port} }\n`);
    const { code, output } = await sspr('run', '--config', config);
    server.close();
    expect(code, output).toBe(EXIT_CODE.badUsage);
    expect(output).toContain(String(port));
    expect(leftovers()).toEqual([]);
  });

  it('refuses a second command on the same machines, and tidies up after a run that is killed', async () => {
    const child = spawn(
      process.execPath,
      [SSPR, ...'run win81 --config lab --stage up --stage facts'.split(' ')],
      {
        env: environment,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('stage facts')) resolve();
      });
    });
    const second = await sspr('down');
    expect(second.code, second.output).toBe(EXIT_CODE.badUsage);
    expect(second.output).toContain(`process ${child.pid ?? ''} has the lock`);

    child.kill('SIGKILL');
    await expect.poll(leftovers, { timeout: MINUTE }).toEqual([]);
  });

  it('puts everything away when it is interrupted', async () => {
    const { code, output } = await sspr.interruptedAfter(/stage facts/, 'run', 'win81');
    expect(code, output).toBe(EXIT_CODE.interrupted);
    expect(leftovers()).toEqual([]);
  });

  /* --- the command line, as a process of its own --- */

  async function runCommand(
    args: readonly string[],
    interruptAfter?: RegExp,
  ): Promise<{ code: number | null; output: string }> {
    // Whoever has an sspr.yaml does not want it to be run by a test.
    const config = args.includes('--config') ? [] : ['--config', 'lab'];
    const child = spawn(process.execPath, [SSPR, ...args, ...config], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let waiting = interruptAfter;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (!waiting?.test(output)) return;
        waiting = undefined;
        child.kill('SIGINT');
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  async function sspr(...args: string[]) {
    return runCommand(args);
  }
  sspr.interruptedAfter = (text: RegExp, ...args: string[]) => runCommand(args, text);

  async function endpoints(machine: string): Promise<FoundEndpoints> {
    const { code, output } = await sspr('endpoints', machine, '--json');
    expect(code, output).toBe(EXIT_CODE.compliant);
    return JSON.parse(output) as FoundEndpoints;
  }

  function pywinrm({ winrm }: FoundEndpoints, line: string): string {
    const script = [
      'import sys, winrm',
      'url, user, password, line = sys.argv[1:]',
      'r = winrm.Session(url, auth=(user, password), transport="basic").run_cmd(line)',
      'sys.stdout.buffer.write(r.std_out + r.std_err)',
      'sys.exit(r.status_code)',
    ].join('\n');
    return execFileSync('/usr/bin/python3', ['-c', script, winrm.url, winrm.user, winrm.password, line], {
      encoding: 'utf8',
    });
  }

  async function textOnScreen({ vnc }: FoundEndpoints): Promise<string> {
    const [picture, password] = [join(folder, 'screen.jpg'), join(folder, 'vnc-password')];
    writeFileSync(password, execFileSync('tigervncpasswd', ['-f'], { input: vnc.password }), { mode: 0o600 });
    execFileSync(
      'vncsnapshot',
      ['-quiet', '-passwd', password, '-jpeg', '-quality', '95', `${vnc.host}::${vnc.port}`, picture],
      { stdio: 'pipe' },
    );
    return Promise.resolve(
      execFileSync('tesseract', [picture, '-', '--psm', '11'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  }

  function resultsOf(machine: string): Results['machines'][number] {
    const results = JSON.parse(readFileSync(join(folder, 'results/latest/results.json'), 'utf8')) as Results;
    return results.machines.find(({ name }) => name === machine)!;
  }

  function outcomesOf(machine: string): Record<string, string> {
    return Object.fromEntries(resultsOf(machine).controls.map(({ id, outcome }) => [id, outcome]));
  }

  const readLab = () => JSON.parse(readFileSync(join(lab, 'run/lab.json'), 'utf8')) as LabState;

  /** The lab, with a mailbox and a telephone, and with new passwords in a file, where this test can look them up. */
  async function byTwoMethods(): Promise<{ config: string; smsWebhook: string }> {
    const config = join(folder, 'two-methods.yaml');
    writeFileSync(join(folder, 'sms-token'), 'token-of-the-gateway');
    const listen = `127.0.0.1:${await freePort()}`;
    writeFileSync(
      config,
      `version: 1
machines:
  - name: win7
    os: win7
    account:
      upn: anna@contoso.example
      displayName: Anna Example
      verification:
        - { by: mailbox, mailbox: anna.private@contoso.example }
        - { by: smsWebhook, phone: '${PHONE}', listen: '${listen}', token: 'file:sms-token' }
policy: { methodsRequired: 2 }
# One who is turned away, and one who is let in and cancels.
refusals:
  - { upn: unregistered@contoso.example, expects: notRegistered }
  - { upn: waverer@contoso.example, expects: cancelled }
passwords: { keep: file, path: passwords.jsonl }
`,
    );
    return { config, smsWebhook: `http://${listen}/sms/token-of-the-gateway` };
  }

  /** Looks at the lab's tenant as its administrator, or changes it. */
  function administer(what: string, change?: object): string {
    const { graph, caFile, clientSecretFile } = readLab();
    const token = readFileSync(join(dirname(clientSecretFile), 'admin-token'), 'utf8').trim();
    const options = ['-sS', '--fail-with-body', '--cacert', caFile, '-H', `authorization: Bearer ${token}`];
    const body = change === undefined ? [] : ['-d', JSON.stringify(change)];
    return execFileSync('curl', [...options, ...body, `${graph}/lab/admin/${what}`], { encoding: 'utf8' });
  }

  async function freePort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  /** The verification codes that a mailbox has received. */
  async function codesOf(mailbox: string, { tenant, caFile }: FoundEndpoints): Promise<string[]> {
    const { token } = await tokenOf(tenant, caFile);
    const url = `${tenant.authority}/v1.0/users/${mailbox}/messages?$select=body`;
    const answer = execFileSync('curl', ['-s', '--cacert', caFile, '-H', '@-', url], {
      input: `authorization: Bearer ${token}`,
      encoding: 'utf8',
    });
    return [...answer.matchAll(/code is: (\d{6})/g)].map(([, code = '']) => code);
  }

  const tokenOf = ({ id, clientId, clientSecret, authority }: FoundEndpoints['tenant'], caFile: string) =>
    new ClientSecretCredential(id, clientId, clientSecret, {
      authorityHost: authority,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: readFileSync(caFile, 'utf8') },
    }).getToken('https://graph.microsoft.com/.default');

  /** Changes what the guest says of itself, as if somebody had the wrong password. @returns how to undo it */
  function tamperWithGuest(machine: string, change: Record<string, Record<string, string>>): () => void {
    const file = join(folder, 'vagrant/machines', machine, 'lab/guest.json');
    const right = readFileSync(file, 'utf8');
    const state = JSON.parse(right) as Record<string, object>;
    for (const [key, value] of Object.entries(change)) state[key] = { ...state[key], ...value };
    writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
    return () => writeFileSync(file, right, { mode: 0o600 });
  }

  /** Command lines of processes that have to do with this test's lab. */
  function leftovers(): string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .flatMap((pid) => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
          const context = line + readFileSync(`/proc/${pid}/environ`, 'utf8');
          return line !== '' && context.includes(folder) ? [line] : [];
        } catch {
          return []; // gone in the meantime
        }
      });
  }
});
