import { chromium, expect, type Browser, type FrameLocator, type Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Agent } from 'undici';
import { labStateFile, readLabState, type LabState } from '../config/lab-state.ts';
import { childrenOf, isAlive, processStartTime } from '../core/process.ts';
import { Deadline } from '../core/deadline.ts';
import { poll } from '../core/poll.ts';
import { servicesLog, startLab, stopLab } from './services.ts';

/** Long enough that it can be seen that an entry is not there yet, on any machine: nothing waits for all of it. */
const AUDIT_DELAY_MS = 3000;

describe('the lab’s services', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-services-test-'));
  });
  after(async () => {
    await stopLab(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  describe('a running lab', () => {
    let lab: LabState;
    let dispatcher: Agent;
    let browser: Browser;

    before(async () => {
      lab = await startLab({ folder, auditDelayMs: AUDIT_DELAY_MS });
      dispatcher = new Agent({ connect: { ca: readFileSync(lab.caFile, 'utf8') } });
      browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox'],
        proxy: { server: `http://${lab.proxy.host}:${lab.proxy.port}` },
      });
    });
    after(async () => {
      await browser.close();
      await dispatcher.close();
      await stopLab(folder);
    });

    const send = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
      const response = await fetch(lab.authority + path, { ...init, dispatcher } as unknown as RequestInit);
      return (await response.json()) as Record<string, unknown>;
    };
    const token = async (form: Record<string, string>): Promise<Record<string, unknown>> =>
      send(`/${lab.tenantId}/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams(form) });
    const graph = async (path: string): Promise<Record<string, unknown>> => {
      const { access_token: bearer } = await token({
        grant_type: 'client_credentials',
        client_id: lab.clientId,
        client_secret: readFileSync(lab.clientSecretFile, 'utf8'),
        scope: 'https://graph.microsoft.com/.default',
      });
      return send(`/v1.0/${path}`, { headers: { authorization: `Bearer ${String(bearer)}` } });
    };
    const signIn = async (username: string, password: string): Promise<boolean> =>
      'access_token' in
      (await token({
        grant_type: 'password',
        client_id: 'lab-domain-controller',
        username,
        password,
        scope: 'openid',
      }));
    const change = (upn: string, changes: object) =>
      send(`/lab/admin/users/${upn}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${readFileSync(lab.admin.tokenFile, 'utf8')}` },
        body: JSON.stringify(changes),
      });

    interface Entry {
      readonly activityDateTime: string;
      readonly activityDisplayName: string;
      readonly resultReason: string;
      readonly correlationId: string;
      readonly initiatedBy: { readonly user: { readonly ipAddress: string } };
      readonly additionalDetails: readonly { readonly key: string; readonly value: string }[];
    }
    /** What is to be read of a user: nothing of it before its time has come. */
    const audits = async (upn: string): Promise<readonly Entry[]> => {
      const filter = `loggedByService eq 'Self-service Password Management' and initiatedBy/user/userPrincipalName eq '${upn}'`;
      const { value } = await graph(`auditLogs/directoryAudits?$filter=${encodeURIComponent(filter)}`);
      const entries = value as readonly Entry[];
      const readAt = Date.now();
      for (const { activityDateTime } of entries)
        expect(readAt - Date.parse(activityDateTime)).toBeGreaterThanOrEqual(AUDIT_DELAY_MS);
      return entries;
    };
    const lastCode = async (mailbox: string): Promise<string> => {
      const { value } = await graph(`users/${mailbox}/messages?$top=1&$orderby=receivedDateTime desc`);
      const [newest] = value as { body: { content: string } }[];
      return /Your code is: (\d{6})/.exec(newest!.body.content)![1]!;
    };

    /** The portal in a frame of a foreign page without cookies, as at the logon screen; and what it tells that page. */
    async function open(
      clientType: string,
    ): Promise<{ page: Page; portal: FrameLocator; told: () => Promise<unknown> }> {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        viewport: { width: 760, height: 560 },
      });
      const page = await context.newPage();
      const url = `https://${lab.portal.host}/n/passwordreset?mkt=en-US&clienttype=${clientType}`;
      await page.setContent(
        `<script>addEventListener('message', (event) => (window.told = event.data))</script>
        <iframe src="${url}" width="720" height="520"></iframe>`,
      );
      const told = () => page.evaluate(() => (globalThis as { told?: unknown }).told);
      return { page, portal: page.frameLocator('iframe'), told };
    }

    it('has an audit log in use: with a reset of yesterday, by nobody of the test', async () => {
      const { value } = await graph(
        `auditLogs/directoryAudits?$filter=${encodeURIComponent("loggedByService eq 'Self-service Password Management'")}`,
      );
      const entries = value as (Entry & { initiatedBy: { user: { userPrincipalName: string } } })[];
      expect(entries.length).toBeGreaterThan(0);
      const names = entries.map(({ initiatedBy }) => initiatedBy.user.userPrincipalName);
      for (const { upn } of lab.users) expect(names).not.toContain(upn);
    });

    it('writes an address book that only its owner can read', () => {
      expect(readLabState(folder)).toEqual(lab);
      for (const path of [labStateFile(folder), lab.clientSecretFile, lab.admin.tokenFile]) {
        expect(statSync(path).mode & 0o777).toBe(0o600);
      }
      expect(lab.users.map(({ machine, upn }) => `${machine} ${upn}`)).toEqual([
        'win7 anna@contoso.example',
        'win8 bertil@contoso.example',
        'win81 chen@contoso.example',
      ]);
    });

    it('gives curl the portal through the proxy, and nothing else', async () => {
      const curl = (url: string): Promise<string> =>
        new Promise((resolve) => {
          const proxy = `http://${lab.proxy.host}:${lab.proxy.port}`;
          const args = [
            '-s',
            '-o',
            '/dev/null',
            '-w',
            '%{http_connect} %{http_code}',
            '--cacert',
            lab.caFile,
          ];
          execFile('curl', [...args, '-x', proxy, url], (_refused, stdout) => resolve(stdout));
        });
      expect(await curl(`https://${lab.portal.host}/n/passwordreset`)).toBe('200 200');
      expect(await curl('https://ocsp.digicert.com/')).toBe('200 200');
      expect(await curl('https://graph.microsoft.com/')).toBe('403 000');
      expect(readFileSync(lab.proxy.accessLog, 'utf8')).toContain('CONNECT graph.microsoft.com:443');
    });

    it('resets a password from end to end, past a wrong code and a weak password', async () => {
      const [user] = lab.users;
      const { upn, mailbox } = user!;
      const { portal, told } = await open('Windows7LogonScreen');
      await portal.getByLabel('User ID:').fill(upn);
      await portal.getByRole('button', { name: 'Next' }).click();
      await expect(portal.getByRole('radio')).toHaveCount(2);
      await portal.getByLabel('Email my alternate email').check();
      await portal.getByRole('button', { name: 'Email', exact: true }).click();

      const code = portal.getByLabel('Enter your verification code:');
      await code.fill('not it');
      await portal.getByRole('button', { name: 'Next' }).click();
      await expect(portal.getByRole('alert')).toContainText('not correct');
      await code.fill(await lastCode(mailbox));
      await portal.getByRole('button', { name: 'Next' }).click();

      await expect(portal.getByRole('heading')).toHaveText('Create a new password');
      const submit = async (password: string): Promise<void> => {
        await portal.getByLabel('Enter new password:').fill(password);
        await portal.getByLabel('Confirm new password:').fill(password);
        await portal.getByRole('button', { name: 'Next' }).click();
      };
      await submit('weakpassword');
      await expect(portal.getByRole('alert')).toContainText('three of these');
      expect(await signIn(upn, 'weakpassword')).toBe(false);
      const before = await graph(`users/${upn}?$select=lastPasswordChangeDateTime`);
      await submit('Sufficient-1');
      await expect(portal.getByText('Your password has been reset')).toBeVisible();
      expect(await audits(upn)).toEqual([]);
      await portal.getByRole('button', { name: 'Finish' }).click();
      await expect.poll(told).toEqual({ sspr: 'finished' });

      expect(await signIn(upn, 'Sufficient-1')).toBe(true);
      const after = await graph(`users/${upn}?$select=lastPasswordChangeDateTime`);
      const changedAt = (from: Record<string, unknown>): number =>
        Date.parse(String(from.lastPasswordChangeDateTime));
      expect(changedAt(after)).toBeGreaterThan(changedAt(before));

      const entries = await poll(
        async () => {
          const found = await audits(upn);
          return found.some(
            ({ activityDisplayName }) => activityDisplayName === 'Reset password (self-service)',
          )
            ? { done: true, value: found }
            : { done: false, seen: `${found.length} entries` };
        },
        // No oftener than Graph lets anybody ask.
        { deadline: Deadline.in(20_000, 'waiting for the audit log'), everyMs: 2100 },
      );
      expect(entries).toHaveLength(8);
      expect(new Set(entries.map(({ correlationId }) => correlationId)).size).toBe(1);
      expect(new Set(entries.map(({ initiatedBy }) => initiatedBy.user.ipAddress))).toEqual(
        new Set([lab.egressAddress]),
      );
      for (const { additionalDetails } of entries) {
        expect(additionalDetails).toContainEqual({ key: 'ClientType', value: 'Windows7LogonScreen' });
      }
    });

    it('tells the logon screen of a cancelled reset', async () => {
      const { portal, told } = await open('Windows8LogonScreen');
      await portal.getByRole('button', { name: 'Cancel' }).click();
      await expect.poll(told).toEqual({ sspr: 'cancelled' });
    });

    it('turns away who has nothing registered that works at the logon screen', async () => {
      const { upn } = lab.users[2]!;
      await change(upn, { methods: ['softwareOneTimePasscode'] });
      const { portal } = await open('Windows81LogonScreen');
      await portal.getByLabel('User ID:').fill(upn);
      await portal.getByLabel('User ID:').press('Enter');
      await expect(portal.getByText('Additional security info is needed')).toBeVisible();
      await expect(portal.getByText('SSPR_0014')).toBeVisible();
    });

    it('sends who goes back, or comes too late, to the start', async () => {
      const { page, portal } = await open('Windows7LogonScreen');
      await portal.getByLabel('User ID:').fill('nobody@contoso.example');
      await portal.locator('input[name=viewState]').evaluate((field: unknown) => {
        (field as { value: string }).value = 'stale';
      });
      await portal.getByRole('button', { name: 'Next' }).click();
      await expect(portal.getByText('Your session has expired.')).toBeVisible();
      await portal.getByRole('link', { name: 'Start over' }).click();
      await expect(portal.getByLabel('User ID:')).toBeVisible();
      expect(await page.context().cookies()).toEqual([]);
    });

    it('never writes a code, a password or a secret into its log', () => {
      const log = readFileSync(servicesLog(folder), 'utf8');
      expect(log).toContain('"method":"POST","path":"/n/passwordreset"');
      for (const secret of ['Sufficient-1', readFileSync(lab.clientSecretFile, 'utf8'), 'viewState']) {
        expect(log).not.toContain(secret);
      }
      expect(commandLines(lab.pid)).not.toContain(readFileSync(lab.clientSecretFile, 'utf8'));
    });

    it('is the one lab: a second start finds it', async () => {
      expect(await startLab({ folder })).toEqual(lab);
    });
  });

  describe('the end of a lab', () => {
    it('is complete after stopLab, also when it is called twice', async () => {
      const lab = await startLab({ folder });
      const squid = childrenOf(lab.pid);
      expect(squid).toHaveLength(1);
      await stopLab(folder);
      await stopLab(folder);
      expect(isAlive(lab)).toBe(false);
      expectNothingLeft(lab, squid);
    });

    it('finds one winner when two labs start at once', async () => {
      const [one, other] = await Promise.all([startLab({ folder }), startLab({ folder })]);
      expect(one).toEqual(other);
      expect(readLabState(folder)).toEqual(one);
      const privateFolders = readdirSync(dirname(labStateFile(folder))).filter((name) =>
        name.startsWith('lab-'),
      );
      expect(privateFolders).toEqual([`lab-${one.pid}`]);
      await stopLab(folder);
    });

    it('comes by itself when the address book is gone', async () => {
      const lab = await startLab({ folder });
      const squid = childrenOf(lab.pid);
      rmSync(labStateFile(folder));
      await ended(lab);
      expectNothingLeft(lab, squid);
    });

    it('takes squid along even when it is killed, and the next stop sweeps up', async () => {
      const lab = await startLab({ folder });
      const squid = childrenOf(lab.pid);
      process.kill(lab.pid, 'SIGKILL');
      await ended(lab);
      await poll(
        () =>
          Promise.resolve(
            squid.every((pid) => processStartTime(pid) === '')
              ? { done: true, value: undefined }
              : { done: false, seen: 'squid runs' },
          ),
        { deadline: Deadline.in(5000, 'waiting for squid to die'), everyMs: 20 },
      );
      expect(readLabState(folder)).toBeUndefined();
      await stopLab(folder);
      expectNothingLeft(lab, squid);
    });

    it('does not come when squid dies: the log says so, and squid can be started again', async () => {
      const lab = await startLab({ folder });
      process.kill(lab.proxy.pid, 'SIGKILL');
      await expect
        .poll(() => readFileSync(servicesLog(folder), 'utf8'))
        .toMatch(/squid has ended: killed by SIGKILL. The lab stays up/);
      expect(readLabState(folder)).toEqual(lab);
      const dispatcher = new Agent({ connect: { ca: readFileSync(lab.caFile, 'utf8') } });
      const answer = await fetch(`${lab.admin.url}network`, {
        method: 'POST',
        headers: { authorization: `Bearer ${readFileSync(lab.admin.tokenFile, 'utf8')}` },
        body: JSON.stringify({ proxy: { running: true } }),
        dispatcher,
      } as unknown as RequestInit);
      expect(await answer.json()).toMatchObject({ proxy: { running: true } });
      await dispatcher.close();
      const squid = childrenOf(lab.pid);
      expect(squid).toEqual([readLabState(folder)!.proxy.pid]);
      await stopLab(folder);
      expectNothingLeft(lab, squid);
    });
  });

  describe('a lab that cannot start', () => {
    for (const which of ['tenantPort', 'proxyPort'] as const) {
      it(`names the ${which} that is taken, and leaves nothing running`, async () => {
        const occupant = createServer();
        await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
        const { port } = occupant.address() as AddressInfo;
        try {
          const start = startLab({ folder, [which]: port });
          await expect(start).rejects.toMatchObject({ code: 'port-in-use', blame: 'config' });
          await expect(start).rejects.toThrow(String(port));
          expect(readdirSync(dirname(labStateFile(folder)))).toEqual(['logs']);
        } finally {
          occupant.close();
        }
      });
    }

    it('stops trying when it is told to', async () => {
      const abort = new AbortController();
      const start = startLab({ folder, deadline: Deadline.in(60_000, 'starting the lab', abort.signal) });
      abort.abort();
      await expect(start).rejects.toMatchObject({ code: 'interrupted' });
      expect(readLabState(folder)).toBeUndefined();
    });
  });
});

const commandLines = (pid: number): string =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

const ended = (lab: LabState): Promise<void> =>
  poll(
    () => Promise.resolve(isAlive(lab) ? { done: false, seen: 'it runs' } : { done: true, value: undefined }),
    { deadline: Deadline.in(15_000, 'waiting for the lab to end'), everyMs: 50 },
  );

function expectNothingLeft(lab: LabState, children: readonly number[]): void {
  expect(children.map(processStartTime)).toEqual(children.map(() => ''));
  expect(existsSync(dirname(lab.clientSecretFile))).toBe(false);
  expect(existsSync(dirname(lab.proxy.accessLog))).toBe(false);
  expect(readdirSync('/dev/shm').filter((name) => name.includes(`ssprlab${lab.pid}`))).toEqual([]);
}
