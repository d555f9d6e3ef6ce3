import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { type ClockReading, readClock } from './clock.ts';
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

export interface AccountFacts {
  readonly enabled: boolean;
  /** Names of the directory roles of which the account is a member, also through groups. */
  readonly roles: readonly string[];
}

/** The tenant as `sspr doctor` looks at it, read-only, with one token. Every method returns a value or throws a Fault. */
export interface Inspection extends Directory {
  /** What the app's own token says, where it can be read. Graph's answers decide. */
  token(deadline: Deadline): Promise<TokenClaims>;
  subscriptions(deadline: Deadline): Promise<readonly Subscription[]>;
  account(upn: string, deadline: Deadline): Promise<AccountFacts>;
  /** The clock of the tenant's authority beside ours; needs no token. */
  clock(deadline: Deadline): Promise<ClockReading>;
}

/** @throws Fault as openDirectory does */
export function openInspection(options: DirectoryOptions): Inspection {
  const { graph, transport } = openGraph(options);
  return {
    ...directoryOf(graph),
    token: async (deadline) => readToken(await graph.token(deadline)),
    subscriptions: (deadline) => readSubscriptions(graph, deadline),
    account: (upn, deadline) => readAccount(graph, upn, deadline),
    clock: (deadline) => readClock(transport, options, deadline),
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

const user = z.object({ accountEnabled: z.boolean() });
const member = z.object({ '@odata.type': z.string(), displayName: z.string().nullish() });
const ROLE = '#microsoft.graph.directoryRole';

async function readAccount(graph: Graph, upn: string, deadline: Deadline): Promise<AccountFacts> {
  const path = `/v1.0/users/${encodeURIComponent(upn)}`;
  const common = { what: `the user ${upn}`, permission: 'User.Read.All', report: false };
  const { accountEnabled } = await graph.get(
    { ...common, path, parameters: { $select: 'userPrincipalName,accountEnabled' }, schema: user },
    deadline,
  );
  const roles: string[] = [];
  // All memberships: asking for roles only would be answered from an index that may be behind.
  for await (const one of graph.list(
    { ...common, path: `${path}/transitiveMemberOf`, schema: member },
    deadline,
  )) {
    // Without Directory.Read.All, Graph tells the kind of a membership, but not its name.
    if (one['@odata.type'] === ROLE) roles.push(one.displayName ?? 'a role without a name');
  }
  return { enabled: accountEnabled, roles };
}
