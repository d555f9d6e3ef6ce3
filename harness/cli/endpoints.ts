import { readFileSync } from 'node:fs';
import { EXIT_CODE } from '../core/exit-code.ts';
import { Deadline } from '../core/deadline.ts';
import { resolveAccess } from '../config/access.ts';
import { type LabState, readLabState } from '../config/lab-state.ts';
import { loadConfig } from '../config/load.ts';
import { isLab, resolveSettings } from '../config/settings.ts';
import { projectMachines } from '../machines/machines.ts';
import { selectMachines } from '../run/selection.ts';

/** `sspr endpoints`: how to reach a running machine and its tenant with clients of one's own. */
export async function endpoints(
  name: string,
  { json, config: file }: { json: boolean; config?: string },
  signal: AbortSignal,
): Promise<number> {
  const loaded = loadConfig(file);
  selectMachines(loaded.config.machines, [name]);
  const { winrm, console, bootId } = await projectMachines(resolveAccess(loaded)).endpoints(
    name,
    Deadline.in(60_000, `asking where ${name} is`, signal),
  );
  const lab = isLab(loaded.config) ? readLabState() : undefined;
  const { tenant, policy } = resolveSettings(loaded, lab);
  const found = {
    machine: name,
    winrm: { url: winrm.url, user: winrm.user, password: winrm.password.reveal() },
    ...(console.kind === 'vnc'
      ? { vnc: { host: console.host, port: console.port, password: console.password.reveal() } }
      : { console: { kind: console.kind, id: console.id } }),
    bootId,
    tenant: {
      authority: tenant.authority,
      id: tenant.tenantId,
      clientId: tenant.clientId,
      ...(tenant.credential.kind === 'secret' ? { clientSecret: tenant.credential.secret.reveal() } : {}),
    },
    graph: `${tenant.graph}/v1.0`,
    portal: {
      url: `https://${policy.portalHost}/`,
      ...(lab ? { listensOn: `${lab.portal.address}:${lab.portal.port}` } : {}),
    },
    proxy: lab ? `http://${lab.proxy.host}:${lab.proxy.port}` : null,
    caFile: lab?.caFile ?? null,
    ...(lab ? { lab: labOf(lab, name) } : {}),
  };
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : forPerson(found));
  return EXIT_CODE.compliant;
}

/** The doors through which a lab is broken on purpose (docs/lab.md). */
const labOf = ({ admin, proxy, users, refusedUsers }: LabState, machine: string) => ({
  admin: { url: admin.url, token: readFileSync(admin.tokenFile, 'utf8').trim() },
  squid: {
    pid: proxy.pid,
    configFile: proxy.configFile,
    extraFile: proxy.extraFile,
    accessLog: proxy.accessLog,
  },
  users: users.filter((user) => user.machine === machine),
  refusedUsers,
});

const forPerson = (found: {
  winrm: { url: string; user: string };
  vnc?: { host: string; port: number };
  console?: { kind: string; id: string };
  tenant: { authority: string };
  graph: string;
  portal: { url: string; listensOn?: string };
  proxy: string | null;
  caFile: string | null;
  lab?: { admin: { url: string }; squid: { extraFile: string } };
}): string => `WinRM   ${found.winrm.url} as ${found.winrm.user}
${found.vnc ? `VNC     ${found.vnc.host}:${found.vnc.port}` : `console ${found.console?.kind ?? '-'} ${found.console?.id ?? ''}`}
tenant  ${found.tenant.authority}
Graph   ${found.graph}
portal  ${found.portal.url}${found.portal.listensOn ? ` (the lab's, at ${found.portal.listensOn}; the proxy knows the way)` : ''}
proxy   ${found.proxy ?? '-'}
CA      ${found.caFile ?? '-'}
${found.lab ? `admin   ${found.lab.admin.url} (of the lab)\nsquid   ${found.lab.squid.extraFile} (then kill -HUP)\n` : ''}(--json shows the passwords)
`;
