import { expect } from '@playwright/test';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { processStartTime } from '../../core/process.ts';
import { startProxy, sweepProxies, type Proxy } from './proxy.ts';

/** Sends one request line to the proxy and returns all that comes back. */
const ask = (port: number, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.once('close', () => resolve(text));
    socket.once('error', reject);
    socket.write(`${line} HTTP/1.1\r\nHost: portal.example\r\nConnection: close\r\n\r\n`);
  });

describe('the corporate proxy', () => {
  const visitors: string[] = [];
  let destination: Server;
  let proxy: Proxy;

  before(async () => {
    destination = createServer((socket) => {
      visitors.push(socket.remoteAddress ?? '');
      socket.end('hello from the destination');
    });
    await new Promise<void>((resolve) => destination.listen(0, '127.0.0.1', resolve));
    const { port } = destination.address() as AddressInfo;
    proxy = await startProxy({
      port: 0,
      allowedHosts: ['portal.example'],
      destinationPort: port,
      egressAddress: '127.20.0.1',
    });
  });
  after(async () => {
    await proxy.close();
    destination.close();
  });

  it('tunnels to an allowed name, and is seen at its egress address', async () => {
    const answer = await ask(proxy.port, 'CONNECT portal.example:443');
    expect(answer).toMatch(/^HTTP\/1.1 200 .*hello from the destination$/s);
    expect(visitors).toEqual(['127.20.0.1']);
  });

  for (const [what, line] of [
    ['another name', 'CONNECT other.example:443'],
    ['a name that only ends alike', 'CONNECT notportal.example:443'],
    ['another port', 'CONNECT portal.example:8443'],
    ['an address', 'CONNECT 127.0.0.1:443'],
    ['anything that is no tunnel', 'GET http://portal.example/'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      visitors.length = 0;
      expect(await ask(proxy.port, line)).toMatch(/^HTTP\/1.1 403 /);
      expect(visitors).toEqual([]);
    });
  }

  it('writes down who wanted what, and what became of it', async () => {
    await ask(proxy.port, 'CONNECT portal.example:443');
    await ask(proxy.port, 'CONNECT elsewhere.example:443');
    const log = readFileSync(proxy.accessLog, 'utf8');
    expect(log).toMatch(/^\d+\.\d{3} +\d+ 127\.0\.0\.1 TCP_TUNNEL\/200 \d+ CONNECT portal\.example:443 - /m);
    expect(log).toMatch(
      /^\d+\.\d{3} +\d+ 127\.0\.0\.1 TCP_DENIED\/403 \d+ CONNECT elsewhere\.example:443 - /m,
    );
  });

  it('takes everything along when it is closed', async () => {
    const other = await startProxy({
      port: 0,
      allowedHosts: ['portal.example'],
      destinationPort: 9,
      egressAddress: '127.20.0.1',
    });
    expect(existsSync(other.accessLog)).toBe(true);
    await other.close();
    expect(processStartTime(other.pid)).toBe('');
    expect(existsSync(dirname(other.accessLog))).toBe(false);
  });

  it('refuses a port that is taken', async () => {
    const second = startProxy({
      port: proxy.port,
      allowedHosts: ['a.example'],
      destinationPort: 9,
      egressAddress: '127.0.0.1',
    });
    await expect(second).rejects.toMatchObject({ code: 'port-in-use', blame: 'config' });
  });

  it('says in squid’s words why it does not start', async () => {
    const broken = startProxy({
      port: 0,
      allowedHosts: ['a.example'],
      destinationPort: 9,
      egressAddress: 'nonsense',
    });
    await expect(broken).rejects.toMatchObject({ code: 'squid-failed' });
    await expect(broken).rejects.toThrow(/tcp_outgoing_address|nonsense/);
  });

  it('sweeps what the dead have left, and nothing of the living', () => {
    const dead = spawnSync('true').pid;
    const remains = mkdtempSync(join(tmpdir(), `sspr-lab-proxy-${dead}-`));
    const shared = `/dev/shm/ssprlab${dead}-cf__test.shm`;
    writeFileSync(shared, '');
    const living = mkdtempSync(join(tmpdir(), `sspr-lab-proxy-${process.pid}-`));
    sweepProxies();
    expect([existsSync(remains), existsSync(shared), existsSync(living)]).toEqual([false, false, true]);
    expect(readdirSync(dirname(proxy.accessLog))).toContain('squid.conf');
    rmSync(living, { recursive: true });
  });
});
