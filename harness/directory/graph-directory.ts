import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { readClock } from './clock.ts';
import { credentialMaker, type Identity } from './credentials.ts';
import type {
  AccountFacts,
  AuditedUser,
  AuditQuery,
  Directory,
  DirectoryAudit,
  MailMessage,
  Registration,
} from './directory.ts';
import { invalidAnswer } from './faults.ts';
import { Graph } from './graph.ts';
import { Pace, paceFile, type PaceLimit, REPORTS_LIMIT } from './pace.ts';
import { type NetworkOptions, openTransport, type Transport } from './transport.ts';

export interface DirectoryOptions extends NetworkOptions, Identity {
  /** `https://graph.microsoft.com` */
  readonly graph: string;
  /** Where the requests of all processes of this host are counted; only those of this one when left out. */
  readonly paceFolder?: string;
  /** Default: what Graph allows for audit logs and reports. */
  readonly pace?: PaceLimit;
  /** First wait, in milliseconds, where Graph does not say how long to wait; only tests have another one. */
  readonly backOffMs?: number;
}

/**
 * The tenant, read through Microsoft Graph as an app. Nothing is asked before the first method.
 * @throws Fault `tenant-config` for options that no tenant can have, and those of credentialMaker. The methods: see
 * faults.ts
 */
export function openDirectory(options: DirectoryOptions): Directory {
  const { graph, transport } = openGraph(options);
  return { ...directoryOf(graph, transport, options), close: () => transport.close() };
}

/** One way to the tenant and one token, for whoever reads there. */
export function openGraph(options: DirectoryOptions): { graph: Graph; transport: Transport } {
  const { authority, tenantId, clientId, paceFolder } = options;
  const transport = openTransport(options);
  const graph = new Graph({
    root: options.graph,
    tokens: { where: authority, managedIdentity: options.credential.kind === 'managedIdentity' },
    credential: credentialMaker(options, transport),
    transport,
    pace: new Pace(
      options.pace ?? REPORTS_LIMIT,
      paceFolder === undefined ? undefined : paceFile(paceFolder, tenantId, clientId),
    ),
    backOffMs: options.backOffMs,
  });
  return { graph, transport };
}

export const directoryOf = (
  graph: Graph,
  transport: Transport,
  options: DirectoryOptions,
): Omit<Directory, 'close'> => ({
  registration: (upn, deadline) => readRegistration(graph, upn, deadline),
  audits: (query, deadline) => readAudits(graph, query, deadline),
  messages: (mailbox, since, deadline) => readMessages(graph, mailbox, since, deadline),
  account: (upn, deadline) => readAccount(graph, upn, deadline),
  clock: (deadline) => readClock(transport, options, deadline),
  passwordChangedAt: (upn, deadline) => readPasswordChange(graph, upn, deadline),
});

const registration = z.object({
  userPrincipalName: z.string(),
  isSsprRegistered: z.boolean(),
  isSsprEnabled: z.boolean(),
  isSsprCapable: z.boolean(),
  methodsRegistered: z.array(z.string()),
});

async function readRegistration(graph: Graph, upn: string, deadline: Deadline): Promise<Registration> {
  const found = graph.list(
    {
      path: '/v1.0/reports/authenticationMethods/userRegistrationDetails',
      parameters: { $filter: `userPrincipalName eq ${quote(upn)}` },
      schema: registration,
      what: `the registration of ${upn}`,
      permission: 'AuditLog.Read.All',
      report: true,
    },
    deadline,
  );
  for await (const details of found) {
    if (details.userPrincipalName.toLowerCase() === upn.toLowerCase()) return details;
  }
  throw new Fault(`The tenant has no registration details of ${upn}`, {
    code: 'tenant-user-not-found',
    blame: 'config',
    remedy: 'Check the user principal name; the details of a new user may take a while to appear.',
  });
}

const orEmpty = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const audit = z
  .object({
    id: z.string(),
    activityDateTime: z.iso.datetime({ offset: true }),
    activityDisplayName: orEmpty,
    category: orEmpty,
    correlationId: orEmpty,
    loggedByService: orEmpty,
    result: orEmpty,
    resultReason: orEmpty,
    initiatedBy: z
      .object({
        user: z.object({ id: orEmpty, userPrincipalName: orEmpty, ipAddress: orEmpty }).nullish(),
        app: z.object({ displayName: orEmpty }).nullish(),
      })
      .nullish(),
    targetResources: z
      .array(z.object({ id: orEmpty, userPrincipalName: orEmpty, displayName: orEmpty }))
      .nullish(),
    additionalDetails: z.array(z.object({ key: z.string(), value: orEmpty })).nullish(),
  })
  .transform(({ initiatedBy, targetResources, additionalDetails, ...entry }): DirectoryAudit => ({
    ...entry,
    initiatedBy: {
      userId: initiatedBy?.user?.id ?? '',
      userPrincipalName: initiatedBy?.user?.userPrincipalName ?? '',
      ipAddress: initiatedBy?.user?.ipAddress ?? '',
      app: initiatedBy?.app?.displayName ?? '',
    },
    targets: (targetResources ?? []).map(({ id, userPrincipalName, displayName }) => ({
      id,
      name: userPrincipalName || displayName,
    })),
    additionalDetails: Object.fromEntries((additionalDetails ?? []).map(({ key, value }) => [key, value])),
  }));

/** Fewer requests, as few are allowed. Source: facts 5.1. */
const LARGEST_PAGE = '1000';

function readAudits(graph: Graph, query: AuditQuery, deadline: Deadline): AsyncIterable<DirectoryAudit> {
  const filter = [
    `activityDateTime ge ${query.from}`,
    `activityDateTime le ${query.to}`,
    `loggedByService eq ${quote(query.loggedByService)}`,
    ...(query.initiator === undefined ? [] : [initiatedBy(query.initiator)]),
  ];
  return graph.list(
    {
      path: '/v1.0/auditLogs/directoryAudits',
      parameters: { $filter: filter.join(' and '), $orderby: 'activityDateTime', $top: LARGEST_PAGE },
      schema: audit,
      what: 'the audit log',
      permission: 'AuditLog.Read.All and Directory.Read.All',
      report: true,
    },
    deadline,
  );
}

/** By the id where it is known: Graph may compare names letter by letter. */
const initiatedBy = ({ objectId, userPrincipalName }: AuditedUser): string =>
  objectId === ''
    ? `initiatedBy/user/userPrincipalName eq ${quote(userPrincipalName)}`
    : `initiatedBy/user/id eq ${quote(objectId)}`;

const message = z
  .object({
    id: z.string(),
    receivedDateTime: z.string(),
    sentDateTime: z.string().nullish(),
    subject: orEmpty,
    from: z.object({ emailAddress: z.object({ address: orEmpty }).nullish() }).nullish(),
    body: z.object({ contentType: orEmpty, content: orEmpty }).nullish(),
  })
  .transform(({ id, receivedDateTime, sentDateTime, subject, from, body }): MailMessage => ({
    id,
    receivedAt: receivedDateTime,
    ...(sentDateTime && { sentAt: sentDateTime }),
    from: from?.emailAddress?.address ?? '',
    subject,
    text: body?.contentType.toLowerCase() === 'html' ? htmlToText(body.content) : (body?.content ?? ''),
  }));

async function readMessages(
  graph: Graph,
  mailbox: string,
  since: string,
  deadline: Deadline,
): Promise<MailMessage[]> {
  const found: MailMessage[] = [];
  const messages = graph.list(
    {
      path: `/v1.0/users/${encodeURIComponent(mailbox)}/messages`,
      parameters: {
        $filter: `receivedDateTime ge ${since}`,
        $orderby: 'receivedDateTime desc',
        $select: 'id,receivedDateTime,sentDateTime,from,subject,body',
        $top: '25',
      },
      headers: { prefer: 'outlook.body-content-type="text"' },
      schema: message,
      what: `the mailbox ${mailbox}`,
      subject: mailbox,
      permission: 'Mail.Read',
      report: false,
    },
    deadline,
  );
  for await (const one of messages) found.push(one);
  return found;
}

/** Enough for finding a code in a message that comes as HTML although text was asked for. */
const htmlToText = (html: string): string =>
  html
    .replace(/<(style|script)\b.*?<\/\1>/gis, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

const passwordChange = z.object({ lastPasswordChangeDateTime: z.iso.datetime({ offset: true }) });

async function readPasswordChange(graph: Graph, upn: string, deadline: Deadline): Promise<Date> {
  const what = `the user ${upn}`;
  const { lastPasswordChangeDateTime } = await graph.get(
    {
      path: `/v1.0/users/${encodeURIComponent(upn)}`,
      // Graph returns it only when it is asked for by name.
      parameters: { $select: 'userPrincipalName,lastPasswordChangeDateTime' },
      schema: passwordChange,
      what,
      subject: upn,
      permission: 'User.Read.All',
      report: false,
    },
    deadline,
  );
  const changed = new Date(lastPasswordChangeDateTime);
  if (Number.isNaN(changed.getTime())) throw invalidAnswer(what, `not a date: ${lastPasswordChangeDateTime}`);
  return changed;
}

const accountFacts = z.object({ id: z.string(), accountEnabled: z.boolean() });
const member = z.object({ '@odata.type': z.string(), displayName: z.string().nullish() });
const ROLE = '#microsoft.graph.directoryRole';

async function readAccount(graph: Graph, upn: string, deadline: Deadline): Promise<AccountFacts> {
  const path = `/v1.0/users/${encodeURIComponent(upn)}`;
  const common = { what: `the user ${upn}`, subject: upn, permission: 'User.Read.All', report: false };
  const { id, accountEnabled } = await graph.get(
    { ...common, path, parameters: { $select: 'id,userPrincipalName,accountEnabled' }, schema: accountFacts },
    deadline,
  );
  const roles: string[] = [];
  // All memberships: asking for roles only would be answered from an index that may be behind.
  for await (const one of graph.list(
    {
      ...common,
      path: `${path}/transitiveMemberOf`,
      schema: member,
      permission: 'User.Read.All and Directory.Read.All',
    },
    deadline,
  )) {
    // Without Directory.Read.All, Graph tells the kind of a membership, but not its name.
    if (one['@odata.type'] === ROLE) roles.push(one.displayName ?? 'a role without a name');
  }
  return { id, enabled: accountEnabled, roles };
}

/** A text in an OData filter. */
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
