import type { TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { type Deadline, interrupted } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import {
  explainNetworkError,
  explainRefusal,
  explainTokenError,
  invalidAnswer,
  noAnswer,
  type TokenOrigin,
} from './faults.ts';
import { quoteForeign } from './foreign-text.ts';
import type { Pace } from './pace.ts';
import {
  isRedirect,
  OversizedAnswer,
  readText,
  type TokenCall,
  type Transport,
  withinTokenCall,
} from './transport.ts';

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
  /** The user or mailbox that the path names: then it may be this that Graph does not find, not the API. */
  readonly subject?: string;
}

export interface GraphOptions {
  /** `https://graph.microsoft.com` */
  readonly root: string;
  /** Makes one that remembers no token yet. */
  readonly credential: () => TokenCredential;
  /** For errors: whom tokens are asked of. */
  readonly tokens: TokenOrigin;
  readonly transport: Transport;
  readonly pace: Pace;
  /** First wait, in milliseconds, where Graph does not say how long to wait; only tests have another one. */
  readonly backOffMs?: number | undefined;
}

/** Statuses that a while of waiting may mend. */
const PASSING = [429, 502, 503, 504];

/** A request is made so often before its refusal is believed. */
const ATTEMPTS = 6;

/** The same for one that gets no answer: whoever asks may try again later, and knows better how long it is worth it. */
const ATTEMPTS_ON_THE_WAY = 3;

/** Waits without Retry-After: 1 s, 2 s, 4 s, ... Graph sends no such header for audit logs (facts 5.2). */
const FIRST_BACK_OFF_MS = 1000;

/** A request without an answer is given up after this. */
const PATIENCE_MS = 30_000;

/** A page of 1000 audit entries has a few MB. Bytes. */
const LONGEST_PAGE = 32 * (1 << 20);

/** Graph may send pages without an item in it, but not for ever. */
const MOST_EMPTY_PAGES = 50;

/** What became of one request. */
type Answer =
  | { readonly json: unknown }
  | {
      readonly fault: Fault;
      readonly again: 'with a new token' | 'later' | 'never';
      readonly attempts: number;
      readonly afterMs?: number | undefined;
    };

const refusal = z.object({
  error: z.object({ code: z.string().default(''), message: z.string().default('') }),
});

/** Reads Microsoft Graph: tokens, paging, throttling, and errors that say who has to act. */
export class Graph {
  #credential: TokenCredential | undefined;

  constructor(readonly options: GraphOptions) {}

  async get<T>(query: GraphQuery<T>, deadline: Deadline): Promise<T> {
    return parse(query, await this.#read(this.#url(query), query, deadline));
  }

  /** All items of a collection, page by page as they are asked for. */
  async *list<T>(query: GraphQuery<T>, deadline: Deadline): AsyncGenerator<T, void, undefined> {
    const page = z.object({ value: z.array(query.schema), '@odata.nextLink': z.string().optional() });
    const seen = new Set<string>();
    let empty = 0;
    for (let url: URL | undefined = this.#url(query); url !== undefined;) {
      seen.add(url.href);
      const found: z.infer<typeof page> = parse(
        { ...query, schema: page },
        await this.#read(url, query, deadline),
      );
      yield* found.value;
      empty = found.value.length === 0 ? empty + 1 : 0;
      if (empty > MOST_EMPTY_PAGES)
        throw invalidAnswer(query.what, `${empty} empty pages, one after the other`);
      const next: string | undefined = found['@odata.nextLink'];
      url = next === undefined ? undefined : this.#nextPage(next, query.what);
      if (url && seen.has(url.href)) throw invalidAnswer(query.what, 'its pages go round in a circle');
    }
  }

  #url(query: GraphQuery<unknown>): URL {
    const url = new URL(this.options.root.replace(/\/$/, '') + query.path);
    for (const [name, value] of Object.entries(query.parameters ?? {})) url.searchParams.set(name, value);
    // A plus sign means a space in forms; in OData, only %20 does for certain.
    url.search = url.search.replaceAll('+', '%20');
    return url;
  }

  /** The token must not be sent to anybody else. */
  #nextPage(link: string, what: string): URL {
    const url = URL.canParse(link) ? new URL(link) : undefined;
    const { origin } = new URL(this.options.root);
    if (url?.origin === origin && url.username === '' && url.password === '') return url;
    throw invalidAnswer(what, `the next page is said to be elsewhere (${url?.origin ?? 'no address'})`);
  }

  async #read(url: URL, query: GraphQuery<unknown>, deadline: Deadline): Promise<unknown> {
    const { backOffMs = FIRST_BACK_OFF_MS } = this.options;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(url, query, deadline);
      if ('json' in answer) return answer.json;
      const { fault, again, attempts, afterMs } = answer;
      if (again === 'with a new token' && !renewed) {
        renewed = true;
        this.#credential = undefined;
        continue;
      }
      if (again !== 'later' || attempt >= attempts) throw fault;
      // Several machines that were refused together should not come back together.
      const wait = afterMs ?? backOffMs * 2 ** (attempt - 1) * (1 + Math.random() / 2);
      if (wait >= deadline.remaining()) throw fault;
      await deadline.sleep(wait);
    }
  }

  /** @throws Fault that another request would not mend */
  async #ask(url: URL, query: GraphQuery<unknown>, deadline: Deadline): Promise<Answer> {
    try {
      const { response, text } = await this.#send(url, query, deadline);
      if (response.ok) return readJson(text, query.what);
      if (isRedirect(response.status))
        throw invalidAnswer(query.what, `it sends us elsewhere (HTTP ${response.status})`);
      const { status } = response;
      return {
        fault: explainRefusal({ ...query, status, ...readRefusal(text) }),
        again: status === 401 ? 'with a new token' : PASSING.includes(status) ? 'later' : 'never',
        attempts: ATTEMPTS,
        afterMs: retryAfterMs(response.headers),
      };
    } catch (error) {
      if (!(error instanceof Fault && error.retryable && error.blame === 'network')) throw error;
      return { fault: error, again: 'later', attempts: ATTEMPTS_ON_THE_WAY };
    }
  }

  async #send(
    url: URL,
    query: GraphQuery<unknown>,
    deadline: Deadline,
  ): Promise<{ response: Response; text: string }> {
    const token = await this.token(deadline);
    // Not before: the tenant sees the request when it arrives, and a token may take its time.
    const answered = query.report ? await this.options.pace.turn(deadline) : undefined;
    const headers = { ...query.headers, authorization: `Bearer ${token}`, accept: 'application/json' };
    return await guarded(deadline, `asking Graph for ${query.what}`, async (signal) => {
      try {
        const { transport } = this.options;
        const response = await transport
          .fetch(url.href, { headers, signal, redirect: 'manual' })
          .finally(answered);
        return { response, text: await readText(response, LONGEST_PAGE) };
      } catch (error) {
        if (error instanceof OversizedAnswer) throw invalidAnswer(query.what, error.message);
        throw explainNetworkError(error, url.origin);
      }
    });
  }

  /** The access token for Graph in this cloud. @azure/identity keeps it until shortly before it ends. */
  async token(deadline: Deadline): Promise<string> {
    const { root, tokens } = this.options;
    return await guarded(deadline, 'asking for a token', async (signal) => {
      const call: TokenCall = { signal };
      try {
        const credential = (this.#credential ??= this.options.credential());
        const scope = `${new URL(root).origin}/.default`;
        const token = await withinTokenCall(call, () => credential.getToken(scope));
        if (token === null) throw new Error('no token');
        // Known from now on as a secret, wherever it should turn up.
        return new Secret(token.token).reveal();
      } catch (error) {
        // It may remember the refusal, too.
        this.#credential = undefined;
        throw explainTokenError(error, call.trouble, tokens);
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
    if (signal.aborted) throw noAnswer(doing, limit.budgetMs);
    throw error;
  }
}

function parse<T>({ schema, what }: GraphQuery<T>, json: unknown): T {
  const found = schema.safeParse(json);
  if (found.success) return found.data;
  throw invalidAnswer(what, z.prettifyError(found.error));
}

/** What is no JSON may have lost its end on the way, or come from a proxy that is restarting. */
function readJson(text: string, what: string): Answer {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    const fault = invalidAnswer(what, `it is not JSON: ${quoteForeign(text, 100)}`);
    return { fault, again: 'later', attempts: ATTEMPTS_ON_THE_WAY };
  }
}

/** Graph's own words about a refusal; a proxy in between may answer with anything. */
function readRefusal(text: string): { code: string; message: string } {
  try {
    return refusal.parse(JSON.parse(text)).error;
  } catch {
    return { code: '', message: text };
  }
}

/**
 * `Retry-After` in milliseconds: a number of seconds, or a date by the clock of whoever answers; undefined for anything
 * else.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  if (/^\s*\d+\s*$/.test(after)) return Number(after) * 1000;
  const theirNow = Date.parse(headers.get('date') ?? '');
  const wait = Date.parse(after) - (Number.isNaN(theirNow) ? Date.now() : theirNow);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
