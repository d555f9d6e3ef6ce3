import { expect } from '@playwright/test';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from '../../core/deadline.ts';
import { poll } from '../../core/poll.ts';
import { LAB_AUTHORITY, makeAuthority } from './authority.ts';
import { CorporateNetwork, INSPECTION_AUTHORITY } from './corporate.ts';
import { certificatesIn, findHandshakes, recordHandshakes } from './handshakes.ts';
import { startProxy, type Proxy } from './proxy.ts';

const PORTAL = 'portal.example';
const EGRESS = '127.20.0.1';
const PROPER = {
  inspection: { on: false },
  portal: { certificate: 'proper', protocol: 'proper', reachable: true },
} as const;

/* Everything here is asked by curl and openssl, which are not ours. */
describe('the way to the portal', function () {
  this.timeout(30_000);
  let folder: string;
  let portal: Server;
  let proxy: Proxy;
  let network: CorporateNetwork;
  let restarts = 0;
  const endings: string[] = [];
  const visitors: string[] = [];
  const authority = makeAuthority(LAB_AUTHORITY);
  const inspection = makeAuthority(INSPECTION_AUTHORITY);
  const file = (name: string): string => join(folder, name);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sspr-corporate-'));
    writeFileSync(file('lab.pem'), authority.certificate);
    writeFileSync(file('inspection.pem'), inspection.certificate);
    const { key, chain } = authority.issue([PORTAL]);
    portal = createServer({ key: key.reveal(), cert: chain, ecdhCurve: 'P-256' }, (request, response) => {
      visitors.push(request.socket.remoteAddress ?? '');
      response.end('the portal');
    });
    recordHandshakes(portal, () => chain, file('handshakes'));
    await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
    const tenantPort = (portal.address() as AddressInfo).port;
    proxy = await startProxy({
      ...{ port: 0, allowedHosts: [PORTAL], destinationPort: tenantPort, egressAddress: EGRESS },
      onEnd: (how) => endings.push(how),
    });
    network = await CorporateNetwork.open({
      ...{ proxy, tenantPort, authority, inspection, egressAddress: EGRESS },
      handshakesFile: file('handshakes'),
      inspectionCaFile: file('inspection.pem'),
      onProxyStart: () => (restarts += 1),
    });
  });
  afterEach(() => network.change(PROPER));
  after(async () => {
    network.close();
    await proxy.close();
    portal.close();
    rmSync(folder, { recursive: true });
  });

  /** What curl says: the body, or the number of its error and the status of the tunnel. */
  const ask = (trusting = 'lab.pem', ...more: string[]) =>
    new Promise<string>((resolve) => {
      const shown = ['-sS', '--max-time', '10', '-w', '%{http_connect}'];
      const way = ['--proxy', `http://127.0.0.1:${proxy.port}`, '--cacert', file(trusting), ...more];
      execFile('curl', [...shown, ...way, `https://${PORTAL}/`], (error, stdout) => {
        resolve(error ? `error ${String(error.code)} ${stdout}` : stdout);
      });
    });

  /** What openssl says of the connection. @param args of s_client, as `-tls1_1` */
  const negotiate = (...args: string[]) =>
    new Promise<string>((resolve) => {
      const way = ['s_client', '-proxy', `127.0.0.1:${proxy.port}`, '-connect', `${PORTAL}:443`];
      const child = execFile('openssl', [...way, ...args], (_error, stdout) => resolve(stdout));
      child.stdin?.end();
    });

  it('is straight at first, and the portal sees the egress address', async () => {
    expect(await ask()).toBe('the portal200');
    expect(visitors.at(-1)).toBe(EGRESS);
  });

  it('leads through an inspection box that only its issuer betrays', async () => {
    network.change({ inspection: { on: true } });
    expect(await ask('lab.pem')).toMatch(/^error 60 200$/);
    expect(await ask('inspection.pem')).toBe('the portal200');
    expect(visitors.at(-1)).toBe(EGRESS);
    const seen = await negotiate('-CAfile', file('inspection.pem'));
    expect(seen).toContain(`issuer=O = SSPR compliance lab, CN = ${INSPECTION_AUTHORITY}`);
    expect(seen).toContain(`subject=O = SSPR compliance lab, CN = ${PORTAL}`);
    expect(seen).toContain('Verify return code: 0 (ok)');
  });

  for (const [certificate, verdict] of [
    ['expired', '10 (certificate has expired)'],
    ['notYetValid', '9 (certificate is not yet valid)'],
    ['otherName', '62 (hostname mismatch)'],
    ['untrusted', '19 (self-signed certificate in certificate chain)'],
  ] as const) {
    it(`shows a certificate that is ${certificate}`, async () => {
      network.change({ portal: { certificate } });
      expect(await negotiate('-CAfile', file('lab.pem'), '-verify_hostname', PORTAL)).toContain(
        `Verify return code: ${verdict}`,
      );
      expect(await ask()).toMatch(/^error 60 200$/);
    });
  }

  it('does not let what is wrong with the portal pass the inspection box', async () => {
    network.change({ inspection: { on: true }, portal: { certificate: 'untrusted' } });
    expect(await ask('inspection.pem')).toMatch(/^error \d+ 200$/);
  });

  it('has limits to what the portal speaks', async () => {
    const old = ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0'];
    expect(await negotiate(...old)).toContain('Cipher is (NONE)');
    network.change({ portal: { protocol: 'upToTls11' } });
    expect(await negotiate('-tls1_2')).toContain('Cipher is (NONE)');
    expect(await negotiate(...old)).toContain('Cipher is ECDHE-RSA-AES256-SHA');
    network.change({ portal: { protocol: 'onlyTls13' } });
    expect(await negotiate('-tls1_2')).toContain('Cipher is (NONE)');
    expect(await negotiate()).toContain('New, TLSv1.3');
    network.change({ portal: { protocol: 'onlyEcdheRsaGcm' } });
    expect(await negotiate('-tls1_2', '-cipher', 'ECDHE-RSA-AES256-SHA384')).toContain('Cipher is (NONE)');
    expect(await negotiate()).toContain('Cipher is ECDHE-RSA-AES256-GCM-SHA384');
    network.change({ portal: { protocol: 'onlyAria' } });
    expect(await negotiate()).toContain('Cipher is (NONE)');
    expect(await negotiate('-cipher', 'ALL')).toContain('Cipher is ECDHE-ARIA256-GCM-SHA384');
  });

  it('ends before a portal that is gone', async () => {
    network.change({ portal: { reachable: false } });
    expect(await ask()).toMatch(/^error 56 503$/);
    network.change({ portal: { reachable: true } });
    expect(await ask()).toBe('the portal200');
  });

  it('writes down each handshake under the random number that the client sent, and no secret', async () => {
    const keys = file('client-keys');
    await negotiate('-tls1_2', '-cipher', 'ECDHE-RSA-AES256-SHA384', '-keylogfile', keys);
    const [, random = '', secret = ''] =
      /^CLIENT_RANDOM (\w+) (\w+)$/m.exec(readFileSync(keys, 'utf8')) ?? [];
    const found = findHandshakes(file('handshakes'), new Set([random]));
    expect(found).toMatchObject([
      { server: PORTAL, protocol: 'TLS 1.2', cipherSuite: 0xc028, exchangeBits: 256 },
    ]);
    expect(certificatesIn(found[0]!.chain).map(({ subject }) => subject)).toEqual([
      `O=SSPR compliance lab\nCN=${PORTAL}`,
      `O=SSPR compliance lab\nCN=${LAB_AUTHORITY}`,
    ]);
    expect(readFileSync(file('handshakes'), 'latin1')).not.toContain(secret);
  });

  describe('can be changed at squid by hand', () => {
    const SIGN_IN = ['acl signed_in proxy_auth REQUIRED', 'http_access deny !signed_in'];
    const reread = async (lines: readonly string[], answer: string, ...more: string[]): Promise<void> => {
      writeFileSync(proxy.extraFile, lines.map((line) => `${line}\n`).join(''));
      process.kill(proxy.pid, 'SIGHUP');
      await poll(
        async () => {
          const seen = await ask('lab.pem', ...more);
          return seen === answer ? { done: true, value: seen } : { done: false, seen };
        },
        { deadline: Deadline.in(10_000, `waiting for ${answer}`), everyMs: 50 },
      );
    };
    afterEach(() => reread([], 'the portal200'));

    it('denies the portal', () => reread(['http_access deny CONNECT'], 'error 56 403'));

    it('asks for a sign-in', async () => {
      const program = 'auth_param basic program /bin/sh -c "while read -r line; do echo ERR; done"';
      await reread([program, ...SIGN_IN], 'error 56 407');
      expect(await ask('lab.pem', '--proxy-user', 'anna:wrong')).toBe('error 56 407');
    });
  });

  it('is cut when squid is ended, and there again when it is started again', async () => {
    const before = proxy.pid;
    process.kill(before, 'SIGKILL');
    await expect.poll(() => endings).toEqual(['killed by SIGKILL']);
    expect(network.describe().proxy).toEqual({ running: false, pid: 0 });
    expect(await ask()).toBe('error 7 000');
    network.change({ proxy: { running: true } });
    expect(network.describe().proxy.pid).not.toBe(before);
    expect(restarts).toBe(1);
    await poll(
      async () => {
        const seen = await ask();
        return seen === 'the portal200' ? { done: true, value: seen } : { done: false, seen };
      },
      { deadline: Deadline.in(10_000, 'waiting for squid'), everyMs: 50 },
    );
  });
});
