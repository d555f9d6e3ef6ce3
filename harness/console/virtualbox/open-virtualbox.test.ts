import { expect } from '@playwright/test';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import type { Console } from '../console.ts';
import { strokes } from '../keys.ts';
import { openConsole } from '../open.ts';
import type { BehindMachine } from '../testing/machine.ts';
import { startVirtualBox, VM, type VirtualBoxHost } from '../testing/virtualbox.ts';
import { chooseVBoxManage } from './vboxmanage.ts';

const soon = (ms = 10_000): Deadline => Deadline.in(ms, 'testing VirtualBox');
const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('sspr-virtualbox-'));

describe('The console of VirtualBox', function () {
  this.timeout(30_000);
  let host: VirtualBoxHost;
  let console: Console | undefined;
  /** Scancodes and moves that reached the machine. */
  let got: unknown[];
  let resolution: readonly [number, number] = [320, 200];

  const machine: BehindMachine = {
    frame: () => {
      const [width, height] = resolution;
      return { width, height, data: Buffer.alloc(width * height * 4, 255), version: 1 };
    },
    scancodes: (bytes) => Promise.resolve(void got.push(...bytes)),
    move: (x, y) => Promise.resolve(void got.push(`move ${x} ${y}`)),
    button: (number, down) => Promise.resolve(void got.push(`${down ? 'press' : 'release'} ${number}`)),
    close: () => Promise.resolve(),
  };

  beforeEach(async () => {
    got = [];
    resolution = [320, 200];
    host = await startVirtualBox(() => machine);
  });
  afterEach(async () => {
    await console?.close();
    console = undefined;
    await host.close();
  });

  const open = async (): Promise<Console> => (console = await openConsole(host.endpoint, soon()));

  it('is refused at once without a mouse, with the two ways to one', async () => {
    const opening = openConsole({ kind: 'virtualbox', id: VM }, soon());
    await expect(opening).rejects.toMatchObject({
      code: 'console-no-pointer',
      blame: 'config',
      remedy: expect.stringMatching(/vrdeextpack VNC.*vboxwebsrv.*console\.webService/),
    });
    expect(host.calls).toEqual([]);
  });

  it('gives keys to the web service, where no list of processes shows them', async () => {
    await open();
    await console!.keys(Array.from('Pa55!', strokes).flat());
    expect(got.length).toBe(5 * 2 + 2 * 2);
    expect(host.calls.filter((call) => call.includes('keyboardputscancode'))).toEqual([]);
  });

  it('offers a full keyboard the rest again', async () => {
    await open();
    host.keyboardKeeps = 3;
    await console!.keys(Array.from('ab', strokes).flat());
    expect(got).toEqual([0x1e, 0x9e, 0x30, 0xb0]);
    expect(host.calls.filter((call) => call === 'IKeyboard_putScancodes')).toHaveLength(2);
  });

  it('says what to do about a mouse that cannot be put at a place, and takes one that later can', async () => {
    host.tablet = false;
    await open();
    const clicking = console!.pointer({ x: 5, y: 5, buttons: 1 });
    await expect(clicking).rejects.toMatchObject({
      code: 'console-no-pointer',
      retryable: true,
      remedy: expect.stringContaining('usbtablet'),
    });
    host.tablet = true;
    await console!.pointer({ x: 0, y: 199, buttons: 4 });
    await console!.pointer({ x: 0, y: 199, buttons: 0 });
    expect(got).toEqual(['move 0 199', 'press 3', 'move 0 199', 'release 3']);
  });

  it('logs on anew when the web service has forgotten it', async () => {
    await open();
    host.forget();
    await console!.pointer({ x: 7, y: 8, buttons: 0 });
    expect(got).toEqual(['move 7 8']);
    expect(host.calls.filter((call) => call === 'IWebsessionManager_logon')).toHaveLength(2);
    await console!.close();
    expect([...host.held]).toEqual([]);
  });

  it('follows the resolution, and looks again when VBoxManage has no picture for a moment', async () => {
    await open();
    const frames = console!.frames()[Symbol.asyncIterator]();
    host.blind = 2;
    resolution = [640, 480];
    await frames.next();
    expect(console!.frame()).toMatchObject({ width: 640, height: 480 });
    expect(host.blind).toBe(0);
  });

  it('keeps its pictures where nobody else reads, and none of them', async () => {
    const before = folders();
    await open();
    const mine = folders().filter((name) => !before.includes(name));
    expect(mine).toHaveLength(1);
    await console!.close();
    expect(folders()).toEqual(before);
  });

  for (const state of ['poweroff', 'saved', 'paused', 'aborted', 'gurumeditation'])
    it(`says that the machine is ${state}`, async () => {
      host.state = state;
      await expect(open()).rejects.toMatchObject({ code: 'machine-down', blame: 'machine' });
      await expect(open()).rejects.toThrow(new RegExp(`it is ${state}`));
    });

  it('says that VirtualBox does not know the machine', async () => {
    const endpoint = { ...host.endpoint, id: '11111111-2222-3333-4444-555555555555' };
    await expect(openConsole(endpoint, soon())).rejects.toMatchObject({
      code: 'virtualbox-no-such-machine',
      blame: 'config',
    });
  });

  it('says that VBoxManage is missing', async () => {
    process.env.SSPR_VBOXMANAGE = '/nonexistent/VBoxManage';
    await expect(open()).rejects.toMatchObject({ code: 'vboxmanage-missing', blame: 'config' });
  });

  it('says that the web service lets nobody in, but not what was tried', async () => {
    const before = folders();
    const password = new Secret('quite another password');
    const webService = { ...host.endpoint.webService, password };
    const error: unknown = await openConsole({ ...host.endpoint, webService }, soon()).catch(
      (it: unknown) => it,
    );
    expect(error).toMatchObject({ code: 'virtualbox-web-unauthorized', blame: 'config' });
    expect(inspect(error, { depth: 9 })).not.toContain(password.reveal());
    expect(folders()).toEqual(before);
  });

  it('says that no web service answers', async () => {
    const webService = { ...host.endpoint.webService, url: 'http://name:secret@127.0.0.1:9/' };
    const opening = openConsole({ ...host.endpoint, webService }, soon());
    await expect(opening).rejects.toMatchObject({ code: 'virtualbox-web-unreachable' });
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  it('is not kept by a VBoxManage that never ends, and ends it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sspr-stand-in-'));
    const [program, pid] = [join(folder, 'VBoxManage'), join(folder, 'pid')];
    writeFileSync(program, `#!/bin/sh\ntrap '' TERM\necho $$ >'${pid}'\nexec sleep 1000\n`, { mode: 0o755 });
    process.env.SSPR_VBOXMANAGE = program;
    await expect(openConsole(host.endpoint, soon(600))).rejects.toMatchObject({ code: 'timed-out' });
    expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow('ESRCH');
    rmSync(folder, { recursive: true });
  });
});

describe('What is no web service of VirtualBox', () => {
  let host: VirtualBoxHost;
  let server: Server | undefined;
  before(async () => {
    host = await startVirtualBox(() => {
      throw new Error('no picture is taken here');
    });
  });
  after(() => host.close());
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const ANSWERS: Readonly<Record<string, { status: number; body: string; code: string }>> = {
    'a web page': { status: 200, body: '<html><p>Welcome', code: 'virtualbox-web-garbled' },
    nothing: { status: 200, body: '', code: 'virtualbox-web-garbled' },
    'an error of HTTP': { status: 404, body: 'Not Found', code: 'virtualbox-web-unreachable' },
    'entities without end': {
      status: 200,
      body: `<!DOCTYPE a [<!ENTITY b "${'x'.repeat(1000)}">]><a>&b;&b;</a>`,
      code: 'virtualbox-web-garbled',
    },
    'more than any answer': { status: 200, body: 'x'.repeat(2_000_000), code: 'virtualbox-web-unreachable' },
    'another answer': {
      status: 200,
      body: '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><other/></e:Body></e:Envelope>',
      code: 'virtualbox-web-garbled',
    },
  };
  for (const [what, { status, body, code }] of Object.entries(ANSWERS))
    it(`is told by ${what}`, async () => {
      server = createServer((_request, response) => response.writeHead(status).end(body)).listen(
        0,
        '127.0.0.1',
      );
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const webService = { ...host.endpoint.webService, url };
      await expect(openConsole({ ...host.endpoint, webService }, soon())).rejects.toMatchObject({
        code,
        blame: 'config',
      });
    });
});

describe('VBoxManage', () => {
  const INSTALLED = { VBOX_MSI_INSTALL_PATH: '/programs/VirtualBox' };
  it('is the one that was named, else the installed one, else the one on the PATH', () => {
    expect(chooseVBoxManage({ SSPR_VBOXMANAGE: '/my/VBoxManage', ...INSTALLED }, 'win32')).toBe(
      '/my/VBoxManage',
    );
    expect(chooseVBoxManage(INSTALLED, 'win32')).toMatch(/VirtualBox.VBoxManage\.exe$/);
    expect(chooseVBoxManage({}, 'win32')).toBe('VBoxManage.exe');
    expect(chooseVBoxManage(INSTALLED, 'linux')).toBe('VBoxManage');
  });
});
