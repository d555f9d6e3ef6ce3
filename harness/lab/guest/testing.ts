import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { LabState } from '../../config/lab-state.ts';
import type { Desktop, Scene } from '../desktop/contract.ts';
import { issueServerIdentity } from '../network/authority.ts';
import { PREFERENCES, recordHandshakes } from '../network/handshakes.ts';
import { PORTAL_HOST } from '../tenant/server.ts';
import { LabMachine } from './lab-machine.ts';
import { prepareGuestFiles } from './prepare.ts';
import type { ProfileName } from './profile.ts';

/* What the tests of the guest share: a machine without a screen, and a small network with a portal behind a proxy. */

export interface TestMachine {
  readonly machine: LabMachine;
  readonly data: string;
  /** What the screen was told to show, in order. */
  readonly scenes: readonly Scene[];
  /** The lab's log of the guest. */
  readonly lines: readonly string[];
  readonly poweredOff: Promise<void>;
  destroy(): Promise<void>;
}

export async function startTestMachine(
  name: string,
  profile: ProfileName,
  lab?: LabState,
  data = mkdtempSync(join(tmpdir(), `guest-${name}-`)),
): Promise<TestMachine> {
  const scenes: Scene[] = [];
  const lines: string[] = [];
  const screen: Desktop = {
    vncPort: 1,
    show: (scene) => Promise.resolve(void scenes.push(scene)),
    close: () => Promise.resolve(),
  };
  let off = (): void => undefined;
  const poweredOff = new Promise<void>((resolve) => (off = resolve));
  const machine = await LabMachine.start({
    data,
    token: 'test',
    name,
    profile,
    files: await prepareGuestFiles(() => undefined),
    lab: () => lab,
    startDesktop: () => Promise.resolve(screen),
    log: (text) => lines.push(text),
    onPoweredOff: () => off(),
  });
  return {
    machine,
    data,
    scenes,
    lines,
    poweredOff,
    destroy: async () => {
      await machine.cut();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Runs a line at the machine's prompt. */
export async function prompt(
  { machine }: TestMachine,
  line: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = await machine.guest.start({ line: `cmd.exe /s /c "${line}"`, folder: 'C:\\' });
  command.closeInput();
  const code = await command.exited;
  const { stdout, stderr } = command.read();
  command.forget();
  return { code, stdout: stdout.toString('latin1'), stderr: stderr.toString('latin1') };
}

/** Runs a foreign program to its end; never throws. */
export function foreign(
  program: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** A portal that speaks TLS 1.2 only, under an authority of its own, which can be reached through a proxy only. */
export async function startTestNetwork(
  users: LabState['users'] = [],
): Promise<{ lab: LabState; connects: string[]; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'guest-network-'));
  const { authority, key, chain } = issueServerIdentity([PORTAL_HOST, 'localhost']);
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority);
  const identity = { ...PREFERENCES, key: key.reveal(), cert: chain };
  const portal = createTlsServer({ ...identity, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    );
  });
  portal.on('tlsClientError', () => undefined);
  const handshakesFile = join(folder, 'handshakes.jsonl');
  recordHandshakes(portal, () => chain, handshakesFile);
  portal.listen(0, '127.0.0.1');
  await once(portal, 'listening');
  const portalPort = (portal.address() as AddressInfo).port;

  const connects: string[] = [];
  const proxy = createHttpServer();
  proxy.on('connect', (request, client) => {
    connects.push(request.url ?? '');
    const upstream = connect(portalPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  const lab: LabState = {
    schema: 1,
    pid: process.pid,
    startTime: '',
    caFile,
    authorityName: '',
    authority: `https://localhost:${portalPort}`,
    graph: '',
    tenantId: 'tenant',
    clientId: '',
    clientSecretFile: '',
    portal: { host: PORTAL_HOST, address: '127.0.0.1', port: portalPort },
    proxy: {
      host: '127.0.0.1',
      port: (proxy.address() as AddressInfo).port,
      ...{ accessLog: '', pid: 0, configFile: '', extraFile: '' },
    },
    handshakesFile,
    egressAddress: '127.20.0.1',
    admin: { url: '', tokenFile: '' },
    users,
    refusedUsers: [],
  };
  return {
    lab,
    connects,
    close: () => {
      proxy.closeAllConnections();
      proxy.close();
      portal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
