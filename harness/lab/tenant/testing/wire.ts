import { Agent } from 'undici';
import { Secret } from '../../../core/secret.ts';
import { issueServerIdentity, type ServerIdentity } from '../../network/authority.ts';
import { serveTenant, TENANT_HOSTS, type WireRecord } from '../server.ts';
import { Tenant } from '../tenant.ts';

export const UPN = 'anna@contoso.example';
export const ADMIN = new Secret('admin-token-of-the-test');

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, otherwise in `text`. */
  readonly body: Readonly<Record<string, unknown>>;
}

interface WireOptions {
  readonly now?: () => number;
  /** Where each request is written down. */
  readonly wire?: WireRecord[];
}

let kept: ServerIdentity | undefined;

/** A tenant with one user behind its port, and ways to ask it. The caller closes it. */
export async function tenantOnTheWire({ wire = [], ...options }: WireOptions = {}) {
  // Certificates take a while, and any test can have the same.
  const identity = (kept ??= issueServerIdentity(TENANT_HOSTS));
  const dispatcher = new Agent({ connect: { ca: identity.authority } });
  const tenant = new Tenant({
    organization: 'Contoso',
    domain: 'contoso.example',
    users: [{ displayName: 'Anna Example', upn: UPN, mailbox: 'anna.private@contoso.example' }],
    auditDelayMs: 0,
    ...options,
  });
  const [account] = tenant.accounts;
  if (!account) throw new Error('The tenant has no user');
  const server = await serveTenant({
    tenant,
    ...identity,
    adminToken: ADMIN,
    port: 0,
    onRequest: (record) => wire.push(record),
  });
  const base = `https://localhost:${server.port}`;

  async function call(path: string, init: RequestInit = {}): Promise<Answer> {
    // @types/node knows the dispatcher of an older undici only.
    const given = { redirect: 'manual', ...init, dispatcher } as unknown as RequestInit;
    const response = await fetch(path.startsWith('https:') ? path : base + path, given);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    const body = (isJson ? JSON.parse(text) : { text }) as Answer['body'];
    return { status: response.status, headers: response.headers, body };
  }

  return {
    tenant,
    account,
    base,
    port: server.port,
    authority: identity.authority,
    dispatcher,
    wire,
    call,
    /** @param path below /v1.0/, or a whole address */
    graph: (path: string) =>
      call(path.startsWith('https:') ? path : `/v1.0/${path}`, {
        headers: { authorization: `Bearer ${tenant.issueToken()}` },
      }),
    /** Without a body it only looks. */
    admin: (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') =>
      call(`/lab/admin/${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN.reveal()}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    token: (form: Readonly<Record<string, string>>) =>
      call(`/${tenant.id}/oauth2/v2.0/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: tenant.application.id,
          scope: 'https://graph.microsoft.com/.default',
          ...form,
        }),
      }),
    async close() {
      await dispatcher.destroy();
      await server.close();
    },
  };
}
export type TenantOnTheWire = Awaited<ReturnType<typeof tenantOnTheWire>>;
