import type { TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { type Deadline, interrupted, timedOut } from '../core/deadline.ts';
import { explainNetworkError, explainRefusal, explainTokenError, invalidAnswer } from './faults.ts';
import { Pace, type PaceLimit } from './pace.ts';
import type { Transport } from './transport.ts';

/** What to read, and what is needed for it. */
export interface GraphQuery<T> {
  /** Below the root: `/v1.0/users/...` */
  readonly path: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly schema: z.ZodType<T>;
  /** For errors: "the audit log". */
  readonly what: string;
  readonly permission: string;
  /** Whether it counts against the low limit for audit logs and reports. */
  readonly report: boolean;
}

export interface GraphOptions {
  /** `https://graph.microsoft.com` */
  readonly root: string;
  readonly credential: TokenCredential;
  /** For errors: the address of the token end point. */
  readonly authority: string;
  readonly transport: Transport;
  readonly pace: PaceLimit;
}

/** Statuses that a while of waiting may mend. */
const PASSING = [429, 502, 503, 504];

/** A request is made so often before its refusal is believed. */
const ATTEMPTS = 6;

/** Waits without Retry-After: 1 s, 2 s, 4 s, ... Graph sends no such header for audit logs (facts 5.2). */
const FIRST_BACK_OFF_MS = 1000;

/** A request without an answer is given up after this. */
const PATIENCE_MS = 30_000;

const refusal = z.object({
  error: z.object({ code: z.string().default(''), message: z.string().default('') }),
});

/** Reads Microsoft Graph: tokens, paging, throttling, and errors that say who has to act. */
export class Graph {
  readonly #pace: Pace;

  constructor(readonly options: GraphOptions) {
    this.#pace = new Pace(options.pace);
  }

  async get<T>(query: GraphQuery<T>, deadline: Deadline): Promise<T> {
    return parse(query, await this.#read(this.#url(query), query, deadline));
  }

  /** All items of a collection, page by page as they are asked for. */
  async *list<T>(query: GraphQuery<T>, deadline: Deadline): AsyncGenerator<T, void, undefined> {
    const page = z.object({ value: z.array(query.schema), '@odata.nextLink': z.string().optional() });
    for (let url: URL | undefined = this.#url(query); url !== undefined;) {
      const found: z.infer<typeof page> = parse(
        { ...query, schema: page },
        await this.#read(url, query, deadline),
      );
      yield* found.value;
      const next: string | undefined = found['@odata.nextLink'];
      url = next === undefined ? undefined : this.#nextPage(next, query.what);
    }
  }

  #url(query: GraphQuery<unknown>): URL {
    const url = new URL(this.options.root.replace(/\/$/, '') + query.path);
    for (const [name, value] of Object.entries(query.parameters ?? {})) url.searchParams.set(name, value);
    return url;
  }

  /** The token must not be sent to anybody else. */
  #nextPage(link: string, what: string): URL {
    const url = URL.canParse(link) ? new URL(link) : undefined;
    if (url?.origin === new URL(this.options.root).origin) return url;
    throw invalidAnswer(what, `the next page is said to be elsewhere: ${link.slice(0, 200)}`);
  }

  async #read(url: URL, query: GraphQuery<unknown>, deadline: Deadline): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      if (query.report) await this.#pace.turn(deadline);
      const { response, text } = await this.#send(url, query, deadline);
      if (response.ok) return text;
      const refused = explainRefusal({ ...query, status: response.status, ...readRefusal(text) });
      if (!PASSING.includes(response.status) || attempt === ATTEMPTS) throw refused;
      const wait = backOffMs(response, attempt);
      if (wait >= deadline.remaining()) throw refused;
      await deadline.sleep(wait);
    }
  }

  async #send(
    url: URL,
    query: GraphQuery<unknown>,
    deadline: Deadline,
  ): Promise<{ response: Response; text: string }> {
    const token = await this.token(deadline);
    const headers = { ...query.headers, authorization: `Bearer ${token}`, accept: 'application/json' };
    return await guarded(deadline, `asking Graph for ${query.what}`, async (signal) => {
      try {
        const response = await this.options.transport.fetch(url.href, { headers, signal, redirect: 'error' });
        return { response, text: await response.text() };
      } catch (error) {
        throw explainNetworkError(error, url.origin);
      }
    });
  }

  /** The access token. @azure/identity keeps it until shortly before it ends. */
  async token(deadline: Deadline): Promise<string> {
    const { credential, authority, root, transport } = this.options;
    return await guarded(deadline, 'asking for a token', async (abortSignal) => {
      try {
        const token = await credential.getToken(`${new URL(root).origin}/.default`, { abortSignal });
        if (token === null) throw new Error('no token');
        return token.token;
      } catch (error) {
        throw explainTokenError(error, transport.lastError(), authority);
      }
    });
  }
}

/** Runs a request within its time limit; when that is what ended it, says so. */
async function guarded<T>(
  deadline: Deadline,
  doing: string,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  deadline.check();
  const limit = deadline.within(PATIENCE_MS, doing);
  const signal = limit.signal();
  try {
    return await send(signal);
  } catch (error) {
    if (deadline.aborted) throw interrupted(deadline.what);
    if (signal.aborted) throw timedOut(doing, limit.budgetMs, 'no answer from the tenant');
    throw error;
  }
}

function parse<T>({ schema, what }: GraphQuery<T>, text: string): T {
  const found = schema.safeParse(parseJson(text, what));
  if (found.success) return found.data;
  throw invalidAnswer(what, z.prettifyError(found.error));
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidAnswer(what, `it is not JSON: ${text.slice(0, 100)}`);
  }
}

/** Graph's own words about a refusal; a proxy in between may answer with anything. */
function readRefusal(text: string): { code: string; message: string } {
  try {
    return refusal.parse(JSON.parse(text)).error;
  } catch {
    return { code: '', message: text.slice(0, 200) };
  }
}

function backOffMs(response: Response, attempt: number): number {
  const asked = retryAfterMs(response.headers.get('retry-after'), Date.now());
  return asked ?? FIRST_BACK_OFF_MS * 2 ** (attempt - 1);
}

/** `Retry-After` in milliseconds: a number of seconds, or a date; undefined for anything else. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
