import { Agent } from 'undici';
import type { AccountSettings } from '../../config/accounts.ts';
import { Secret } from '../../core/secret.ts';
import { issueServerIdentity } from '../../lab/network/authority.ts';
import { serveTenant, TENANT_HOSTS } from '../../lab/tenant/server.ts';
import { Tenant } from '../../lab/tenant/tenant.ts';
import { examine, type Examination, type Finding } from './finding.ts';

/** Every line's finding by its name. */
export async function findings(examinations: readonly Examination[]): Promise<Record<string, Finding>> {
  const found = await Promise.all(examinations.map(async (one) => [one.what, await examine(one)] as const));
  return Object.fromEntries(found);
}

/** Names of the lines that are not `ok`, with their states. */
export const troubles = (found: Readonly<Record<string, Finding>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(found).flatMap(([what, { state }]) => (state === 'ok' ? [] : [[what, state]])),
  );

/** A test user whose codes come to a mailbox of the tenant. */
export const testUser = (name: string): AccountSettings => ({
  upn: `${name}@contoso.example`,
  displayName: name,
  verification: [{ by: 'mailbox', mailbox: `${name}.private@contoso.example` }],
});

/** The lab's tenant with these users of `testUser`, and what a client has to know of it. */
export async function startTenant(names: readonly string[], now: () => number = Date.now) {
  const adminToken = new Secret('admin-token-of-the-test');
  const identity = issueServerIdentity(TENANT_HOSTS);
  const users = names.map((name) => ({
    upn: `${name}@contoso.example`,
    displayName: name,
    mailbox: `${name}.private@contoso.example`,
  }));
  const tenant = new Tenant({
    organization: 'Contoso',
    domain: 'contoso.example',
    users,
    auditDelayMs: 0,
    now,
  });
  // Each look of a test counts its own requests.
  tenant.throttle.limit = { ...tenant.throttle.limit, requests: 1000 };
  const server = await serveTenant({ tenant, ...identity, adminToken, port: 0 });
  const base = `https://localhost:${server.port}`;
  const dispatcher = new Agent({ connect: { ca: identity.authority } });
  // A test asks more than a run does.
  tenant.throttle.limit = { ...tenant.throttle.limit, requests: 1000 };
  return {
    tenant: {
      cloud: 'global' as const,
      authority: base,
      graph: base,
      tenantId: tenant.id,
      clientId: tenant.application.id,
      credential: { kind: 'secret' as const, secret: tenant.application.secret },
      ca: identity.authority,
      proxy: undefined,
    },
    /** By the lab's side door. @throws Error when it is refused */
    async change(path: string, body: object): Promise<void> {
      const { status, statusText } = await fetch(`${base}/lab/admin/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken.reveal()}` },
        body: JSON.stringify(body),
        dispatcher,
      } as unknown as RequestInit);
      if (status !== 200) throw new Error(`${path}: ${status} ${statusText}`);
    },
    /** Also twice. */
    async close(): Promise<void> {
      await dispatcher.close().catch(() => undefined);
      await server.close().catch(() => undefined);
    },
  };
}
