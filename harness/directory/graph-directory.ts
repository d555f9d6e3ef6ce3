import { ClientSecretCredential } from '@azure/identity';
import { z } from 'zod';
import type { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { AuditQuery, Directory, DirectoryAudit, MailMessage, Registration } from './directory.ts';
import { invalidAnswer } from './faults.ts';
import { Graph } from './graph.ts';
import { type PaceLimit, REPORTS_LIMIT } from './pace.ts';
import { type NetworkOptions, openTransport, type Transport } from './transport.ts';

export interface DirectoryOptions extends NetworkOptions {
  /** `https://login.microsoftonline.com` */
  readonly authority: string;
  /** `https://graph.microsoft.com` */
  readonly graph: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** Default: what Graph allows for audit logs and reports. */
  readonly pace?: PaceLimit;
}

/**
 * The tenant, read through Microsoft Graph as an app with a client secret. Nothing is asked before the first method.
 * @throws Fault `tenant-config` for options that no tenant can have. The methods: see faults.ts
 */
export function openDirectory(options: DirectoryOptions): Directory {
  const { graph, transport } = openGraph(options);
  return { ...directoryOf(graph), close: () => transport.close() };
}

/** One way to the tenant and one token, for whoever reads there. */
export function openGraph(options: DirectoryOptions): { graph: Graph; transport: Transport } {
  const transport = openTransport(options);
  const graph = new Graph({
    root: options.graph,
    authority: options.authority,
    credential: makeCredential(options, transport.httpClient),
    transport,
    pace: options.pace ?? REPORTS_LIMIT,
  });
  return { graph, transport };
}

export const directoryOf = (graph: Graph): Omit<Directory, 'close'> => ({
  registration: (upn, deadline) => readRegistration(graph, upn, deadline),
  audits: (query, deadline) => readAudits(graph, query, deadline),
  messages: (mailbox, since, deadline) => readMessages(graph, mailbox, since, deadline),
  passwordChangedAt: (upn, deadline) => readPasswordChange(graph, upn, deadline),
});

function makeCredential(
  { tenantId, clientId, clientSecret, authority }: DirectoryOptions,
  httpClient: ReturnType<typeof openTransport>['httpClient'],
): ClientSecretCredential {
  try {
    return new ClientSecretCredential(tenantId, clientId, clientSecret.reveal(), {
      authorityHost: authority,
      // Else a public end point is asked first whether the authority is one of Microsoft's.
      disableInstanceDiscovery: true,
      httpClient,
      retryOptions: { maxRetries: 0 },
    });
  } catch (error) {
    throw new Fault(
      `Not a tenant, client and secret: ${error instanceof Error ? error.message : String(error)}`,
      {
        code: 'tenant-config',
        blame: 'config',
        remedy: 'Check the tenant id, the client id and the client secret in the configuration.',
      },
    );
  }
}

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
    activityDateTime: z.string(),
    activityDisplayName: orEmpty,
    category: orEmpty,
    correlationId: orEmpty,
    loggedByService: orEmpty,
    result: orEmpty,
    resultReason: orEmpty,
    initiatedBy: z
      .object({ user: z.object({ userPrincipalName: orEmpty, ipAddress: orEmpty }).nullish() })
      .nullish(),
    targetResources: z.array(z.object({ userPrincipalName: orEmpty, displayName: orEmpty })).nullish(),
    additionalDetails: z.array(z.object({ key: z.string(), value: orEmpty })).nullish(),
  })
  .transform(({ initiatedBy, targetResources, additionalDetails, ...entry }): DirectoryAudit => ({
    ...entry,
    initiatedBy: {
      userPrincipalName: initiatedBy?.user?.userPrincipalName ?? '',
      ipAddress: initiatedBy?.user?.ipAddress ?? '',
    },
    targets: (targetResources ?? []).map((target) => target.userPrincipalName || target.displayName),
    additionalDetails: Object.fromEntries((additionalDetails ?? []).map(({ key, value }) => [key, value])),
  }));

function readAudits(graph: Graph, query: AuditQuery, deadline: Deadline): AsyncIterable<DirectoryAudit> {
  const filter = [
    `activityDateTime ge ${query.from}`,
    `activityDateTime le ${query.to}`,
    `loggedByService eq ${quote(query.loggedByService)}`,
  ];
  return graph.list(
    {
      path: '/v1.0/auditLogs/directoryAudits',
      parameters: { $filter: filter.join(' and '), $orderby: 'activityDateTime', $top: '100' },
      schema: audit,
      what: 'the audit log',
      permission: 'AuditLog.Read.All and Directory.Read.All',
      report: true,
    },
    deadline,
  );
}

const message = z
  .object({
    id: z.string(),
    receivedDateTime: z.string(),
    subject: orEmpty,
    from: z.object({ emailAddress: z.object({ address: orEmpty }).nullish() }).nullish(),
    body: z.object({ contentType: orEmpty, content: orEmpty }).nullish(),
  })
  .transform(({ id, receivedDateTime, subject, from, body }): MailMessage => ({
    id,
    receivedAt: receivedDateTime,
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
        $select: 'id,receivedDateTime,from,subject,body',
        $top: '25',
      },
      headers: { prefer: 'outlook.body-content-type="text"' },
      schema: message,
      what: `the mailbox ${mailbox}`,
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
      permission: 'User.Read.All',
      report: false,
    },
    deadline,
  );
  const changed = new Date(lastPasswordChangeDateTime);
  if (Number.isNaN(changed.getTime())) throw invalidAnswer(what, `not a date: ${lastPasswordChangeDateTime}`);
  return changed;
}

/** A text in an OData filter. */
const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
