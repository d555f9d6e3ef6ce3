import { AsyncLocalStorage } from 'node:async_hooks';
import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { Fault } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { quoteForeign } from './foreign-text.ts';

export interface NetworkOptions {
  /** PEM of a certificate authority to trust instead of the usual ones; only the lab has one. */
  readonly ca?: string | undefined;
  /** `http://proxy.contoso.com:8080` */
  readonly proxy?: string | undefined;
}

/** One way to the tenant, for tokens and for Graph alike. */
export interface Transport {
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** The same for @azure/identity, whose own client loses the cause of an error and the CA behind a proxy. */
  readonly httpClient: HttpClient;
  close(): Promise<void>;
}

/** An answer that says no: the way to the tenant is fine. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    said: string,
  ) {
    super(`HTTP ${status}: ${said}`);
  }
}

/** An answer that is longer than any that makes sense. */
export class OversizedAnswer extends Error {}

/** One call of @azure/identity, which hands on neither who cancels it nor what has gone wrong on the wire. */
export interface TokenCall {
  readonly signal: AbortSignal;
  /** What last went wrong on the wire, or with what the token is asked with. */
  trouble?: unknown;
}

const calls = new AsyncLocalStorage<TokenCall>();

/** Runs a call of @azure/identity, so that our HTTP clients below it know of the call. */
export const withinTokenCall = <T>(call: TokenCall, ask: () => Promise<T>): Promise<T> =>
  calls.run(call, ask);

/** Keeps the error for the one who asked for a token: @azure/identity would hand on its message only. */
export function noteTrouble(error: unknown): void {
  const call = calls.getStore();
  if (call) call.trouble = error;
}

type Send = (url: string, init?: RequestInit) => Promise<Response>;

/** @throws Fault `tenant-config` for a proxy that is none */
export function openTransport(options: NetworkOptions): Transport {
  const dispatcher = makeDispatcher(options);
  const send = sender(() => dispatcher);
  return { fetch: send, httpClient: clientOver(send), close: () => dispatcher.destroy() };
}

/** Is there, or is not: what gives managed identities is on this host or right beside it. Milliseconds. */
const NEARBY = { connectTimeout: 3000, headersTimeout: 10_000 };
let nearby: Agent | undefined;

/**
 * Past the proxy, for what gives managed identities. One for all: @azure/identity keeps the first one that it gets as
 * long as the process lives.
 */
export const nearbyHttpClient: HttpClient = clientOver(
  sender(() => {
    const { connectTimeout, headersTimeout } = NEARBY;
    return (nearby ??= new Agent({ connect: { timeout: connectTimeout }, headersTimeout }));
  }),
);

/** Global fetch, which tests can intercept. Its types are of another undici than the dispatcher, which it accepts. */
function sender(dispatcher: () => Dispatcher): Send {
  return (url, init = {}) => fetch(url, { ...init, dispatcher: dispatcher() } as unknown as RequestInit);
}

function clientOver(send: Send): HttpClient {
  return {
    async sendRequest(request) {
      try {
        const response = await send(request.url, {
          method: request.method,
          headers: Object.fromEntries(request.headers),
          // What proves who we are goes to nobody else.
          redirect: 'manual',
          signal: signalOf(request),
          ...(typeof request.body === 'string' ? { body: request.body } : {}),
        });
        const { status } = response;
        const text = withoutSent(await readText(response, LONGEST_TOKEN_ANSWER), request);
        if (isRedirect(status)) throw new RefusedRequest(status, 'it sends us elsewhere');
        const json = isJson(text);
        if (response.ok && !json) throw new RefusedRequest(status, `not JSON: ${quoteForeign(text)}`);
        if (!response.ok) noteTrouble(new RefusedRequest(status, refusalIn(text)));
        const headers = createHttpHeaders(Object.fromEntries(response.headers));
        return { request, status, headers, bodyAsText: json ? text : '' };
      } catch (error) {
        noteTrouble(error);
        throw error;
      }
    },
  };
}

export const isRedirect = (status: number): boolean => status >= 300 && status < 400;

function signalOf(request: PipelineRequest): AbortSignal | null {
  const signals = [calls.getStore()?.signal, request.abortSignal as AbortSignal | undefined];
  const known = signals.filter((signal) => signal !== undefined);
  return known.length === 0 ? null : AbortSignal.any(known);
}

/** Parts of a token request that nobody may read in an error, should the answer repeat them. */
const PROOFS = ['client_secret', 'client_assertion'];

function withoutSent(text: string, { body }: PipelineRequest): string {
  if (typeof body !== 'string') return text;
  const sent = new URLSearchParams(body);
  const proofs = PROOFS.flatMap((name) => sent.get(name) ?? []);
  const forms = proofs.flatMap((proof) => [proof, encodeURIComponent(proof), formEncoded(proof)]);
  return forms.reduce((out, form) => out.replaceAll(form, '***'), text);
}

const formEncoded = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `invalid_client: AADSTS7000215: Invalid client secret provided.` */
function refusalIn(text: string): string {
  if (isJson(text)) {
    const found = JSON.parse(text) as { error?: unknown; error_description?: unknown } | null;
    const { error, error_description: description } = found ?? {};
    if (typeof error === 'string' && typeof description === 'string')
      return quoteForeign(
        `${error}: ${description.replace(/\s*(Trace ID|Correlation ID|Timestamp):.*/s, '')}`,
        300,
      );
  }
  return quoteForeign(text, 300);
}

const LONGEST_TOKEN_ANSWER = 1 << 20;

/**
 * The text of an answer, but no more of it than makes sense.
 * @param longest bytes, after unpacking
 * @throws OversizedAnswer
 */
export async function readText(response: Response, longest: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    // Leaving the loop ends the transfer.
    if (size > longest) throw new OversizedAnswer(`it is longer than ${longest} bytes`);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

function makeDispatcher({ ca, proxy }: NetworkOptions): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  if (proxy === undefined) return new Agent({ connect: tls });
  try {
    const { username, password } = new URL(proxy);
    for (const part of [password, decodeURIComponent(password)]) if (part !== '') new Secret(part);
    if (username !== '')
      new Secret(Buffer.from(decodeURIComponent(`${username}:${password}`)).toString('base64'));
    return new ProxyAgent({ uri: proxy, requestTls: tls });
  } catch {
    // Without the cause, which repeats the address with user and password.
    throw new Fault('The address of the proxy to the tenant is not one', {
      code: 'tenant-config',
      blame: 'config',
      remedy: 'Check tenant.proxy in the configuration; it looks like http://proxy.contoso.com:8080.',
    });
  }
}
