import { expect } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { get, request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type Gateway } from './gateway.ts';
import { startPortal, type Portal } from './testing/portal.ts';

describe('The way out of the desktop\u2019s browser', () => {
  const temp = mkdtempSync(join(tmpdir(), 'gateway-test-'));
  let gateway: Gateway;
  let portal: Portal;

  before(async () => {
    portal = await startPortal(temp);
    gateway = await startGateway();
  });
  afterEach(() => gateway.shut());
  after(async () => {
    await gateway.close();
    await portal.close();
    rmSync(temp, { recursive: true, force: true });
  });

  /** Asks the gateway for a tunnel; returns the status and the tunnel. */
  const tunnel = async (authority: string): Promise<{ status: number | undefined; socket: Socket }> => {
    const asking = request({ port: gateway.port, method: 'CONNECT', path: authority }).end();
    const [response, socket] = (await once(asking, 'connect')) as [{ statusCode?: number }, Socket];
    return { status: response.statusCode, socket };
  };

  it('is shut until a reset page is open, and shut again after it', async () => {
    expect((await tunnel('passwordreset.portal.test:443')).status).toBe(403);
    gateway.open(portal);
    const { status, socket } = await tunnel('passwordreset.portal.test:443');
    expect(status).toBe(200);
    gateway.shut();
    await once(socket, 'close');
    expect((await tunnel('passwordreset.portal.test:443')).status).toBe(403);
  });

  it('leads to the reset page only', async () => {
    gateway.open(portal);
    portal.connects.length = 0;
    expect((await tunnel('elsewhere.test:443')).status).toBe(403);
    expect((await tunnel('passwordreset.portal.test:80')).status).toBe(403);
    expect(portal.connects).toEqual([]);
  });

  it('passes on that the proxy refuses or is not there', async () => {
    gateway.open({ ...portal, url: 'https://blocked.test/' });
    expect((await tunnel('blocked.test:443')).status).toBe(503);
    gateway.open({ url: portal.url, proxy: { host: '127.0.0.1', port: 9 } });
    expect((await tunnel('passwordreset.portal.test:443')).status).toBe(502);
  });

  it('refuses plain HTTP', async () => {
    gateway.open(portal);
    const [response] = (await once(
      get({ port: gateway.port, path: 'http://passwordreset.portal.test/' }),
      'response',
    )) as [{ statusCode?: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(403);
  });
});
