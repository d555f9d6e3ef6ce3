import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

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
  /** What last went wrong in `httpClient`, or undefined: the error that @azure/identity throws does not say. */
  lastError(): unknown;
  close(): Promise<void>;
}

/** An answer that says no: the way to the tenant is fine. */
export class RefusedRequest extends Error {}

export function openTransport(options: NetworkOptions): Transport {
  const dispatcher = makeDispatcher(options);
  // global fetch, which tests can intercept. Its types are of another undici than the dispatcher, which it accepts.
  const send = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url, { ...init, dispatcher } as unknown as RequestInit);
  let lastError: unknown;
  return {
    fetch: send,
    lastError: () => lastError,
    close: () => dispatcher.destroy(),
    httpClient: {
      async sendRequest(request) {
        lastError = undefined;
        try {
          const response = await send(request.url, {
            method: request.method,
            headers: Object.fromEntries(request.headers),
            redirect: 'manual',
            ...(typeof request.body === 'string' ? { body: request.body } : {}),
            ...(request.abortSignal ? { signal: request.abortSignal as AbortSignal } : {}),
          });
          const headers = createHttpHeaders(Object.fromEntries(response.headers));
          const text = await response.text();
          if (!response.ok) lastError = new RefusedRequest(`HTTP ${response.status}: ${text.slice(0, 500)}`);
          return { request, status: response.status, headers, bodyAsText: text };
        } catch (error) {
          lastError = error;
          throw error;
        }
      },
    },
  };
}

function makeDispatcher({ ca, proxy }: NetworkOptions): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  return proxy === undefined ? new Agent({ connect: tls }) : new ProxyAgent({ uri: proxy, requestTls: tls });
}
