import { expiredToken, failure, GraphError, pageAgain, throttled } from './graph.ts';
import { json, type Reply, type Request } from './http.ts';
import { retryAfterHeader } from './throttle.ts';
import type { Tenant } from './tenant.ts';
import type { WireFault } from './wire-faults.ts';

/** An answer and what becomes of it on its way. */
export interface Served {
  readonly reply: Reply;
  /** Milliseconds that it takes. */
  readonly delayMs?: number;
  /** `cut`: the connection breaks in mid-body; `reset`: before anything is said. */
  readonly broken?: 'cut' | 'reset';
  /** The fault that it suffered. */
  readonly fault?: WireFault['kind'];
}

/**
 * What a request gets that suffers a fault.
 * @param proper makes what it would get otherwise
 */
export const serveFaulty = (
  fault: WireFault,
  tenant: Tenant,
  request: Request,
  proper: () => Reply,
): Served => ({ ...effect(fault, tenant, request, proper), fault: fault.kind });

function effect(fault: WireFault, tenant: Tenant, request: Request, proper: () => Reply): Served {
  const fail = (error: GraphError): Served => ({ reply: failure(tenant, error) });
  switch (fault.kind) {
    case '503':
      return fail(
        new GraphError(
          503,
          'serviceNotAvailable',
          'The service is temporarily unavailable.',
          waitFor(fault, tenant),
        ),
      );
    case '429':
      return fail(throttled(waitFor(fault, tenant)));
    case '500':
      return fail(new GraphError(500, 'generalException', 'An unspecified error has occurred.'));
    case '401-expired':
      return fail(expiredToken());
    case '403':
      return fail(
        new GraphError(
          403,
          'Authorization_RequestDenied',
          'Insufficient privileges to complete the operation.',
        ),
      );
    case 'html':
      return { reply: { status: 200, type: 'text/html; charset=utf-8', body: PROXY_PAGE } };
    case 'broken-json':
      return { reply: shortened(proper()) };
    case 'foreign-next-link':
      return {
        reply: withNextLink(
          proper(),
          `https://elsewhere.example${request.url.pathname}${request.url.search}`,
        ),
      };
    case 'loop-next-link':
      return { reply: withNextLink(proper(), request.url.href) };
    case 'empty-page':
      return { reply: withNextLink(proper(), pageAgain(tenant, request.url), []) };
    case 'slow':
      return { reply: proper(), delayMs: fault.ms };
    case 'truncated':
      return { reply: proper(), broken: 'cut' };
    case 'reset':
      return { reply: proper(), broken: 'reset' };
  }
}

type Passing = Extract<WireFault, { kind: '503' | '429' }>;
const waitFor = ({ retryAfterSeconds, retryAfterAs }: Passing, tenant: Tenant): Record<string, string> =>
  retryAfterSeconds === undefined
    ? {}
    : retryAfterHeader(retryAfterAs ?? 'seconds', retryAfterSeconds * 1000, tenant.now());

/** What a corporate proxy says in place of the answer. */
const PROXY_PAGE =
  '<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Access denied</h1>' +
  '<p>Your organization does not allow this site. Please sign in to the network.</p></body></html>';

/** The answer without its last quarter: no JSON any more, and said to be whole. */
const shortened = (reply: Reply): Reply => ({
  ...reply,
  body: reply.body.slice(0, Math.floor(reply.body.length * 0.75)),
});

/** A collection that goes on elsewhere. Other answers remain as they are. */
function withNextLink(reply: Reply, nextLink: string, value?: readonly unknown[]): Reply {
  if (reply.status !== 200 || !reply.type.startsWith('application/json')) return reply;
  const { value: rows, ...rest } = JSON.parse(reply.body) as { value?: unknown };
  if (!Array.isArray(rows)) return reply;
  return json(
    200,
    { ...rest, '@odata.nextLink': nextLink, value: value ?? (rows as unknown[]) },
    reply.headers,
  );
}
