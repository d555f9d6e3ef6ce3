import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { SSPR_SERVICE } from './correlation/entries.ts';
import type { Directory } from './directory.ts';
import type { Graph } from './graph.ts';
import { type DirectoryOptions, directoryOf, openGraph } from './graph-directory.ts';
import { readToken, type TokenClaims } from './token.ts';

/** What the tenant has bought (Graph subscribedSku), restated. */
export interface Subscription {
  /** `EMS`, `AAD_PREMIUM_P2` */
  readonly name: string;
  /** `Enabled`, `Warning` (ends soon), `Suspended`, `Deleted`, `LockedOut` */
  readonly status: string;
  /** Names of the service plans that are ready for use. */
  readonly plans: readonly string[];
}

/** The tenant as `sspr doctor` looks at it, read-only, with one token. Every method returns a value or throws a Fault. */
export interface Inspection extends Directory {
  /** What the app's own token says, where it can be read. Graph's answers decide. */
  token(deadline: Deadline): Promise<TokenClaims>;
  subscriptions(deadline: Deadline): Promise<readonly Subscription[]>;
  /**
   * Whether the reset service has written any audit entry in the last 30 days, which is as long as they are kept. It
   * writes none before somebody has opened the audit logs or the Reporting tab once; none may also mean that nobody has
   * reset anything. Source: facts 5.2.
   */
  reporting(deadline: Deadline): Promise<boolean>;
}

/** @throws Fault as openDirectory does */
export function openInspection(options: DirectoryOptions): Inspection {
  const { graph, transport } = openGraph(options);
  return {
    ...directoryOf(graph, transport, options),
    token: async (deadline) => readToken(await graph.token(deadline)),
    subscriptions: (deadline) => readSubscriptions(graph, deadline),
    reporting: (deadline) => readReporting(graph, deadline),
    close: () => transport.close(),
  };
}

const subscribedSku = z
  .object({
    skuPartNumber: z.string(),
    capabilityStatus: z.string(),
    servicePlans: z.array(z.object({ servicePlanName: z.string(), provisioningStatus: z.string() })),
  })
  .transform(({ skuPartNumber, capabilityStatus, servicePlans }): Subscription => ({
    name: skuPartNumber,
    status: capabilityStatus,
    plans: servicePlans.flatMap((plan) =>
      plan.provisioningStatus === 'Success' ? [plan.servicePlanName] : [],
    ),
  }));

async function readSubscriptions(graph: Graph, deadline: Deadline): Promise<Subscription[]> {
  const found: Subscription[] = [];
  const subscriptions = graph.list(
    {
      path: '/v1.0/subscribedSkus',
      schema: subscribedSku,
      what: 'the subscriptions',
      permission: 'Directory.Read.All',
      report: false,
    },
    deadline,
  );
  for await (const one of subscriptions) found.push(one);
  return found;
}

const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

async function readReporting(graph: Graph, deadline: Deadline): Promise<boolean> {
  const since = new Date(Date.now() - KEPT_MS).toISOString();
  const entries = graph.list(
    {
      path: '/v1.0/auditLogs/directoryAudits',
      parameters: {
        $filter: `activityDateTime ge ${since} and loggedByService eq '${SSPR_SERVICE}'`,
        $top: '1',
      },
      schema: z.object({ id: z.string() }),
      what: 'the audit log',
      permission: 'AuditLog.Read.All and Directory.Read.All',
      report: true,
    },
    deadline,
  );
  return (await entries.next()).done === false;
}
