import { expect } from '@playwright/test';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Deadline } from '../../core/deadline.ts';
import { poll } from '../../core/poll.ts';
import type { Desktop } from './contract.ts';
import { startDesktop } from './desktop.ts';
import { FakeHost } from './testing/host.ts';
import { startPortal, type Portal } from './testing/portal.ts';
import { Viewer } from './testing/viewer.ts';

const PASSWORD = 'Vnc-pw12';
const run = promisify(execFile);

describe('The lab desktop', function () {
  this.timeout(60_000);

  const temp = mkdtempSync(join(tmpdir(), 'desktop-test-'));
  const folder = join(temp, 'win7');
  let host: FakeHost;
  let portal: Portal;
  let desktop: Desktop;
  let viewer: Viewer;

  before(async () => {
    portal = await startPortal(temp);
    host = new FakeHost('win7');
    desktop = await startDesktop({ host, vncPassword: PASSWORD, folder, caFile: portal.caFile });
    viewer = await Viewer.open(desktop.vncPort, PASSWORD);
  });

  after(async () => {
    viewer.close();
    await desktop.close();
    await portal.close();
    rmSync(temp, { recursive: true, force: true });
  });

  beforeEach(async () => {
    host.facts = new FakeHost().facts;
    host.asked.length = 0;
    await desktop.show('logon');
  });

  const choose = async (name: 'Anna Berg' | 'Bert Olsen'): Promise<void> => {
    // The other user is to be seen only where one can choose.
    await viewer.see(name === 'Anna Berg' ? 'Bert Olsen' : 'Anna Berg');
    await viewer.click(await viewer.see(name));
    await viewer.see('Switch User');
  };
  const lines = async (): Promise<string[]> => (await viewer.read()).map(({ text }) => text);

  describe('seen by foreign clients', () => {
    it('shows the logon screen to vncsnapshot, without anybody having moved the pointer', async () => {
      const passwordFile = join(temp, 'client-password');
      const picture = join(temp, 'seen.jpg');
      const { stdout } = await run('sh', ['-c', `echo ${PASSWORD} | tigervncpasswd -f`], {
        encoding: 'buffer',
      });
      writeFileSync(passwordFile, stdout);
      const address = `127.0.0.1:${desktop.vncPort - 5900}`;
      await run('vncsnapshot', ['-passwd', passwordFile, address, picture], { timeout: 20_000 });
      const { stdout: text } = await run('tesseract', [picture, '-', '--psm', '11']);
      expect(text).toContain('Anna Berg');
      expect(text).toContain('Bert Olsen');
      expect(text).toContain('Windows 7 Professional');
    });

    it('refuses a wrong VNC password, also many times, and lets the right one in afterwards', async () => {
      for (let attempt = 1; attempt <= 7; attempt++) {
        await expect(Viewer.open(desktop.vncPort, 'wrong')).rejects.toThrow(/Authentication fail/);
      }
      const other = await Viewer.open(desktop.vncPort, PASSWORD);
      await other.see('Anna Berg');
      other.close();
    });
  });

  describe('the logon screen', () => {
    it('has the link when the machine has the add-in', async () => {
      await choose('Bert Olsen');
      await viewer.see('Forgot password?');
    });

    it('has no link when the machine has no add-in', async () => {
      host.facts = { ...host.facts, resetLink: false };
      await desktop.show('logon');
      await choose('Bert Olsen');
      expect((await lines()).join()).not.toMatch(/forgot/i);
    });

    it('has a tile of each user for each third-party provider, the link on the add-in\u2019s only', async () => {
      host.facts = { ...host.facts, thirdPartyProviders: 2 };
      await desktop.show('logon');
      // Four tiles of 190 pixels with gaps of 24 in the middle of 1024.
      const [anna, alsoAnna, bert, alsoBert] = [191, 405, 619, 833].map((x) => ({ x, y: 375 }));
      for (const [tile, name, link] of [
        [anna!, 'Anna Berg', true],
        [alsoAnna!, 'Anna Berg', false],
        [bert!, 'Bert Olsen', true],
        [alsoBert!, 'Bert Olsen', false],
      ] as const) {
        await viewer.see('Windows 7 Professional');
        await viewer.click(tile);
        await viewer.see('Switch User');
        await viewer.see(name);
        expect(/forgot password/i.test((await lines()).join()), `link of ${name} at ${tile.x}`).toBe(link);
        await desktop.show('logon');
      }
    });

    it('says that a password is wrong and lets the user try again', async () => {
      await choose('Anna Berg');
      await viewer.type('wrong\n');
      await viewer.see('The user name or password is incorrect.');
      await viewer.type('\n');
      await viewer.see('Forgot password?');
      expect(host.asked).toContain('sign-in anna wrong');
    });

    it('says that nobody can check the password', async () => {
      await choose('Anna Berg');
      await viewer.type('Nobody\n');
      await viewer.see('There are currently no logon servers available to service the logon request.');
    });

    it('welcomes the user, shows the desktop of the account, and comes back', async () => {
      await choose('Anna Berg');
      await viewer.type('Right-1!\n');
      await viewer.see('Welcome');
      await viewer.see('Recycle Bin');
      await viewer.see('Anna Berg');
      await viewer.see('Bert Olsen');
      expect(host.asked).toEqual(['facts', 'sign-in anna Right-1!']);
    });

    it('hands the power button to the machine', async () => {
      await viewer.click({ x: 968, y: 718 });
      await viewer.click(await viewer.see('Shut down'));
      await poll(
        () => Promise.resolve({ done: host.asked.includes('shutdown'), value: 0, seen: host.asked.join() }),
        {
          deadline: Deadline.in(5000, 'waiting for the power button'),
          everyMs: 20,
        },
      );
    });
  });

  describe('the reset page', () => {
    const click = async (): Promise<void> => {
      await choose('Anna Berg');
      await viewer.click(await viewer.see('Forgot password?'));
    };

    it('opens through the proxy, trusted by the authority of the lab, and goes when it says so', async () => {
      host.resetPage = () => Promise.resolve({ reachable: true, url: portal.url, proxy: portal.proxy });
      await click();
      await viewer.see('Get back into your account');
      expect(host.asked).toContain('reset anna');
      await viewer.click(await viewer.see('Finish'));
      await viewer.see('Switch User');
      expect((await lines()).join()).not.toContain('Get back');
      expect(new Set(portal.connects)).toEqual(new Set(['passwordreset.portal.test:443']));
    });

    it('is replaced by an apology when the machine can\u2019t reach it', async () => {
      const gate = new AbortController();
      host.resetPage = async () => {
        await once(gate.signal, 'abort');
        return { reachable: false, reason: 'handshake failed' };
      };
      await click();
      await viewer.see('Please wait...');
      gate.abort();
      await viewer.see('Something went wrong. Please, try again later.');
      await viewer.click(await viewer.see('Close'));
      await viewer.see('Forgot password?');
      expect(portal.connects.length).toBeGreaterThan(0);
    });

    it('closes without a word when the add-in does', async () => {
      const gate = new AbortController();
      host.resetPage = async () => {
        await once(gate.signal, 'abort');
        return { reachable: false, reason: 'user account control is off', closes: true };
      };
      await click();
      await viewer.see('Please wait...');
      gate.abort();
      await viewer.see('Forgot password?');
      expect((await lines()).join()).not.toContain('Something went wrong');
    });

    it('is replaced by an apology when its certificate is not to be trusted', async () => {
      const strange = await startPortal(mkdtempSync(join(temp, 'strange-')));
      host.resetPage = () => Promise.resolve({ reachable: true, url: strange.url, proxy: strange.proxy });
      await click();
      await viewer.see('Something went wrong. Please, try again later.');
      expect(strange.connects).not.toHaveLength(0);
      await strange.close();
    });
  });

  describe('its other scenes', () => {
    it('are those of Windows 7', async () => {
      await desktop.show('boot');
      await viewer.see('Starting Windows');
      await desktop.show('restart');
      await viewer.see('Restarting...');
      await desktop.show('shutdown');
      await viewer.see('Shutting down...');
    });

    it('leave out a logon screen that was overtaken by a later scene', async () => {
      let answer!: () => void;
      const facts = host.facts;
      host.logonFacts = () => new Promise((resolve) => (answer = () => resolve(facts)));
      const logon = desktop.show('logon');
      await desktop.show('shutdown');
      answer();
      await logon;
      await viewer.see('Shutting down...');
      host.logonFacts = () => FakeHost.prototype.logonFacts.call(host);
    });

    for (const [theme, edition] of [
      ['win8', 'Windows 8 Pro'],
      ['win81', 'Windows 8.1 Pro'],
    ] as const) {
      it(`are those of ${edition}`, async () => {
        const flat = await startDesktop({
          host: new FakeHost(theme),
          vncPassword: PASSWORD,
          folder: join(temp, theme),
          caFile: undefined,
        });
        const person = await Viewer.open(flat.vncPort, PASSWORD);
        try {
          await flat.show('logon');
          await person.see(edition);
          await person.click(await person.see('Anna Berg'));
          await person.see('Forgot password?');
          await person.type('Right-1!\n');
          await person.see('Welcome');
          await person.see('Internet Explorer');
          await person.see('Anna Berg');
        } finally {
          person.close();
          await flat.close();
        }
      });
    }
  });
});

describe('The end of a lab desktop', function () {
  this.timeout(30_000);
  const temp = mkdtempSync(join(tmpdir(), 'desktop-end-'));
  const folder = join(temp, 'desktop');
  after(() => rmSync(temp, { recursive: true, force: true }));

  it('close() leaves no process, no port and no file', async () => {
    const desktop = await startDesktop({
      host: new FakeHost(),
      vncPassword: PASSWORD,
      folder,
      caFile: undefined,
    });
    expect(processesOf(folder).length).toBeGreaterThan(3);
    await desktop.close();
    expect(processesOf(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
    const knock = connect(desktop.vncPort, '127.0.0.1');
    await expect(once(knock, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('comes with the end of its owner, even by SIGKILL', async () => {
    const program = fileURLToPath(new URL('testing/owner.ts', import.meta.url));
    const owner = spawn(process.execPath, ['--import', 'tsx', program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(owner.stdout, 'data');
    expect(processesOf(folder).length).toBeGreaterThan(4);
    owner.kill('SIGKILL');
    await poll(
      () => {
        const left = processesOf(folder);
        return Promise.resolve({ done: left.length === 0, value: left, seen: left.join(' ') });
      },
      { deadline: Deadline.in(15_000, 'waiting for the end of its processes'), everyMs: 100 },
    );
  });

  it('is an error for whoever wants to show something', async () => {
    const desktop = await startDesktop({
      host: new FakeHost(),
      vncPassword: PASSWORD,
      folder,
      caFile: undefined,
    });
    const [server] = processesOf(folder).filter((line) => line.includes('Xtigervnc'));
    process.kill(parseInt(server!), 'SIGKILL');
    await expect(desktop.show('logon').then(() => desktop.show('boot'))).rejects.toMatchObject({
      code: 'desktop-died',
    });
    await desktop.close();
    expect(processesOf(folder)).toEqual([]);
  });
});

/** The processes, but not this one and its children of other kinds, whose arguments or environment name a folder. */
const processesOf = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => ({ pid, text: readProc(pid, 'cmdline') + '\n' + readProc(pid, 'environ') }))
    .filter(({ text }) => text.includes(folder))
    .map(({ pid, text }) => `${pid} ${text.slice(0, 60)}`);

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
