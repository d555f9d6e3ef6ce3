import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { utcNow } from '../core/clock.ts';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { labStateFile, type LabState, type LabUser } from '../config/lab-state.ts';
import { isAlive, processStartTime } from '../core/process.ts';
import { LAB_AUTHORITY, makeAuthority } from './network/authority.ts';
import { CorporateNetwork, INSPECTION_AUTHORITY } from './network/corporate.ts';
import { startProxy, type Proxy } from './network/proxy.ts';
import { ADMIN_PATH } from './tenant/admin-page.ts';
import { addNoise } from './tenant/others.ts';
import { refusedUsers } from './tenant/refused-users.ts';
import { PORTAL_HOST, PROBE_HOSTS, serveTenant, TENANT_HOSTS, type TenantServer } from './tenant/server.ts';
import { Tenant } from './tenant/tenant.ts';

export interface ServicesOptions {
  /** Milliseconds until an audit entry can be read. */
  readonly auditDelayMs: number;
  /** Ports on loopback; 0 lets the system choose. */
  readonly tenantPort: number;
  readonly proxyPort: number;
}

/** What others have left in the audit log: as in a tenant in use, so that it is known to collect resets. */
const RESETS_OF_OTHERS = { rows: 9, spanSeconds: 0, users: 1 };
const DAY_MS = 86_400_000;

const ORGANIZATION = 'Contoso';
const DOMAIN = 'contoso.example';
/** The corporate network's address as the internet sees it; on loopback, like everything of the lab. */
const EGRESS_ADDRESS = '127.20.0.1';
const WATCH_MS = 1000;

const user = (machine: string, account: string, displayName: string): LabUser => ({
  machine,
  account,
  displayName,
  upn: `${account}@${DOMAIN}`,
  mailbox: `${account}.private@${DOMAIN}`,
});

const USERS: readonly LabUser[] = [
  user('win7', 'anna', 'Anna Example'),
  user('win8', 'bertil', 'Bertil Sample'),
  user('win81', 'chen', 'Chen Test'),
];

const REFUSED_USERS = refusedUsers(DOMAIN);

/**
 * Is the lab: authority, tenant and proxy in this process, from now until it is told to end by SIGTERM or SIGINT, its
 * address book is gone or another's. Takes everything along when it goes. A proxy that dies is only reported: ending
 * it is one of the faults that people make by hand.
 * @param onReady called once all of it can be used
 * @returns the exit code of the process
 * @throws Fault when it cannot start; then nothing is left behind
 */
export async function runServices(
  options: ServicesOptions,
  onReady: (state: LabState) => void,
): Promise<number> {
  const folder = privateFolder(process.pid);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const parts: { tenant?: TenantServer; proxy?: Proxy; network?: CorporateNetwork } = {};
  const told = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => told.abort(signal));
  try {
    const keep = (name: string, content: string): string => {
      const path = join(folder, name);
      writeFileSync(path, content, { mode: 0o600 });
      return path;
    };
    const authority = makeAuthority(LAB_AUTHORITY);
    const inspection = makeAuthority(INSPECTION_AUTHORITY);
    const identity = authority.issue(TENANT_HOSTS);
    const handshakesFile = keep('handshakes.jsonl', '');
    const tenant = new Tenant({
      organization: ORGANIZATION,
      domain: DOMAIN,
      users: [...USERS, ...REFUSED_USERS],
      auditDelayMs: options.auditDelayMs,
    });
    addNoise(tenant, { ...RESETS_OF_OTHERS, at: tenant.now() - DAY_MS });
    const adminToken = new Secret(randomBytes(24).toString('base64url'));
    parts.tenant = await serveTenant({
      tenant,
      ...identity,
      adminToken,
      port: options.tenantPort,
      handshakesFile,
      network: () => parts.network,
      onRequest: (record) => say(`wire ${JSON.stringify(record)}`),
    });
    const proxy = (parts.proxy = await startProxy({
      port: options.proxyPort,
      allowedHosts: [PORTAL_HOST, ...PROBE_HOSTS],
      destinationPort: parts.tenant.port,
      egressAddress: EGRESS_ADDRESS,
      onEnd: (how) =>
        say(`squid has ended: ${how}. The lab stays up; docs/lab.md says how to start squid again.`),
    }));

    const base = `https://localhost:${parts.tenant.port}`;
    const state: LabState = {
      schema: 1,
      pid: process.pid,
      startTime: processStartTime(process.pid),
      caFile: keep('ca.pem', identity.authority),
      authorityName: LAB_AUTHORITY,
      authority: base,
      graph: base,
      tenantId: tenant.id,
      clientId: tenant.application.id,
      clientSecretFile: keep('client-secret', tenant.application.secret.reveal()),
      portal: { host: PORTAL_HOST, address: '127.0.0.1', port: parts.tenant.port },
      proxy: {
        host: '127.0.0.1',
        port: proxy.port,
        accessLog: proxy.accessLog,
        pid: proxy.pid,
        configFile: proxy.configFile,
        extraFile: proxy.extraFile,
      },
      handshakesFile,
      egressAddress: EGRESS_ADDRESS,
      admin: { url: `${base}${ADMIN_PATH}`, tokenFile: keep('admin-token', adminToken.reveal()) },
      users: USERS,
      refusedUsers: REFUSED_USERS.map(({ upn, expects }) => ({ upn, expects })),
    };
    parts.network = await CorporateNetwork.open({
      ...{ proxy, authority, inspection, handshakesFile },
      tenantPort: parts.tenant.port,
      egressAddress: EGRESS_ADDRESS,
      inspectionCaFile: keep('inspection-ca.pem', inspection.certificate),
      onProxyStart: () => rewrite({ ...state, proxy: { ...state.proxy, pid: proxy.pid } }),
    });
    publish(state);
    onReady(state);
    say(`up: ${base}, administration ${base}${ADMIN_PATH}, proxy 127.0.0.1:${proxy.port}`);
    return await untilTheEnd(told.signal);
  } finally {
    parts.network?.close();
    await parts.proxy?.close();
    await parts.tenant?.close();
    retract(process.pid);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where a lab keeps what only it may show: named after its process, so that remains can be told. */
const privateFolder = (pid: number): string => join(dirname(labStateFile()), `lab-${pid}`);

/** Waits for any of the reasons to end; returns the exit code. */
async function untilTheEnd(told: AbortSignal): Promise<number> {
  let watch: NodeJS.Timeout | undefined;
  const reason = await Promise.race([
    new Promise<string>((resolve) => {
      if (told.aborted) resolve(String(told.reason));
      told.addEventListener('abort', () => resolve(String(told.reason)));
    }),
    new Promise<string>((resolve) => {
      watch = setInterval(() => {
        if (publisher() !== process.pid) resolve('the address book is gone or names another lab');
      }, WATCH_MS);
    }),
  ]);
  clearInterval(watch);
  say(`down: ${reason}`);
  return 0;
}

/** Makes the lab known, readable for its owner only. Of two labs that start at once, one wins. */
function publish(state: LabState): void {
  const target = labStateFile();
  const draft = join(privateFolder(process.pid), 'lab.json');
  writeFileSync(draft, JSON.stringify(state, null, 2) + '\n', { mode: 0o600 });
  try {
    linkSync(draft, target);
  } catch {
    const other = readPublished();
    if (other && isAlive(other)) {
      throw new Fault(`A lab is running already (process ${other.pid})`, {
        code: 'lab-already-running',
        blame: 'config',
        remedy: 'Use that one, or end it with `npx sspr down`.',
      });
    }
    renameSync(draft, target);
  }
}

/** Writes what has changed of a lab that is known. */
function rewrite(state: LabState): void {
  const draft = join(privateFolder(process.pid), 'lab-again.json');
  writeFileSync(draft, JSON.stringify(state, null, 2) + '\n', { mode: 0o600 });
  renameSync(draft, labStateFile());
}

function retract(pid: number): void {
  if (publisher() === pid) rmSync(labStateFile(), { force: true });
}

const publisher = (): number | undefined => readPublished()?.pid;

function readPublished(): LabState | undefined {
  try {
    return JSON.parse(readFileSync(labStateFile(), 'utf8')) as LabState;
  } catch {
    return undefined;
  }
}

const say = (text: string): boolean => process.stdout.write(`${utcNow()} ${text}\n`);
