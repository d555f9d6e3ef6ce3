import { expect } from '@playwright/test';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Fault } from '../../core/errors.ts';
import { CAPTIONS } from './captions/captions.ts';
import { startGateway, type Gateway } from './gateway.ts';
import { startStage, type Stage } from './stage.ts';
import { FakeHost } from './testing/host.ts';

describe('The server of the desktop\u2019s page', () => {
  let gateway: Gateway;
  let stage: Stage;

  beforeEach(async () => {
    gateway = await startGateway();
    stage = await startStage({ host: new FakeHost(), gateway, log: () => undefined });
  });
  afterEach(async () => {
    await stage.close();
    await gateway.close();
  });

  const SWEDISH = { theme: 'win8', culture: 'sv-SE', captions: CAPTIONS.sv } as const;
  const socketUrl = (): string => new URL('socket', stage.url).href.replace('http', 'ws');

  it('serves its page, and nothing else, to those who have the token', async () => {
    const page = await fetch(stage.url);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('main.js');
    expect((await fetch(new URL('..%2fdesktop.ts', stage.url))).status).toBe(404);
  });

  it('serves nothing and connects nobody without the token', async () => {
    expect((await fetch(new URL('/', stage.url))).status).toBe(403);
    expect((await fetch(new URL('/index.html', stage.url))).status).toBe(403);
    const intruder = new WebSocket(socketUrl().replace(/[0-9a-f]{32}/, '0'.repeat(32)));
    await expect(once(intruder, 'open')).rejects.toThrow();
  });

  it('tells a page that connects late what to show, and waits until it is painted', async () => {
    let painted = false;
    const showing = stage.show({ ...SWEDISH, scene: 'boot' }).then(() => (painted = true));
    const page = new WebSocket(socketUrl());
    const [data] = (await once(page, 'message')) as [Buffer];
    const message = JSON.parse(data.toString()) as { id: number };
    expect(message).toMatchObject({ type: 'show', theme: 'win8', culture: 'sv-SE', scene: 'boot' });
    expect(painted).toBe(false);
    page.send(JSON.stringify({ type: 'painted', id: message.id }));
    expect(await showing).toBe(true);
  });

  it('rejects what can no longer be painted', async () => {
    const showing = stage.show({ ...SWEDISH, scene: 'boot' });
    stage.fail(new Fault('gone', { code: 'desktop-died', blame: 'harness', remedy: 'Start it again.' }));
    await expect(showing).rejects.toMatchObject({ code: 'desktop-died' });
    await expect(stage.ready()).rejects.toMatchObject({ code: 'desktop-died' });
  });
});
