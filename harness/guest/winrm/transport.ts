import http from 'node:http';
import { type Deadline, interrupted, timedOut } from '../../core/deadline.ts';
import { Fault, describe } from '../../core/errors.ts';
import type { Authentication } from './authentication.ts';
import { explainFault, isTimedOut, notWsman } from './faults.ts';
import { OPERATION_TIMEOUT_S, type WsmanRequest, toXml } from './requests.ts';
import { MalformedAnswer, readBody, readFault } from './responses.ts';

/** A machine that has not answered for so long is taken for unreachable. */
const PATIENCE_MS = (OPERATION_TIMEOUT_S + 10) * 1000;

/** We close an idle connection before any server does, so that no request meets a closing one. */
const IDLE_MS = 3000;

/** Far above what a machine may send (see MaxEnvelopeSize), far below what would hurt. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** What a request led to: the content of the answer's body, or "nothing happened in time, ask again". */
export type Answer = { readonly timedOut: false; readonly body: unknown } | { readonly timedOut: true };

/** Sends WS-Management requests over one kept-alive connection. */
export class Transport {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1, timeout: IDLE_MS });

  constructor(
    readonly url: URL,
    readonly authentication: Authentication,
  ) {}

  /**
   * @param doing for the error: "opening a shell"
   * @throws Fault `winrm-unreachable`, `winrm-unauthorized`, `winrm-protocol` or one of the table in faults.ts
   */
  async send(request: WsmanRequest, doing: string, deadline: Deadline): Promise<Answer> {
    const { status, text } = await this.#post(toXml(request, this.url.href), doing, deadline);
    if (status === 401) throw this.#unauthorized();
    if (status !== 200 && status !== 500) throw notWsman(`HTTP status ${status}`, doing);
    try {
      const body = readBody(text);
      const fault = readFault(body);
      if (fault === undefined && status === 200) return { timedOut: false, body };
      if (fault === undefined) throw new MalformedAnswer('HTTP status 500 without a SOAP fault');
      if (isTimedOut(fault)) return { timedOut: true };
      throw explainFault(fault, doing);
    } catch (error) {
      if (error instanceof MalformedAnswer) throw notWsman(error.message, doing);
      throw error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(xml: string, doing: string, deadline: Deadline): Promise<{ status: number; text: string }> {
    deadline.check();
    const limit = deadline.within(PATIENCE_MS, doing);
    const signal = limit.signal();
    try {
      return await this.#exchange(xml, signal);
    } catch (error) {
      if (error instanceof MalformedAnswer) throw notWsman(error.message, doing);
      if (deadline.aborted) throw interrupted(deadline.what);
      if (!signal.aborted) throw this.#unreachable(doing, describe(error), error);
      if (limit.budgetMs < PATIENCE_MS)
        throw timedOut(deadline.what, deadline.budgetMs, `no answer while ${doing}`);
      throw this.#unreachable(doing, `no answer for ${PATIENCE_MS / 1000} s`, error);
    }
  }

  #exchange(xml: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const request = http.request(this.url, {
        method: 'POST',
        agent: this.#agent,
        signal,
        headers: {
          'content-type': 'application/soap+xml;charset=UTF-8',
          'content-length': Buffer.byteLength(xml),
          authorization: this.authentication.authorization(),
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        readAll(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
      });
      request.end(xml);
    });
  }

  #unauthorized(): Fault {
    return new Fault(`${this.url.host} refuses this user name and password (${this.authentication.scheme})`, {
      code: 'winrm-unauthorized',
      blame: 'config',
      remedy:
        'Check the WinRM user and password, and that the machine allows this scheme: winrm get winrm/config/service/auth.',
    });
  }

  #unreachable(doing: string, why: string, cause: unknown): Fault {
    return new Fault(`No WinRM at ${this.url.host} while ${doing}: ${why}`, {
      code: 'winrm-unreachable',
      blame: 'machine',
      retryable: true,
      remedy:
        'Check that the machine runs, that its WinRM service is started and that no firewall is in between.',
      cause,
    });
  }
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new MalformedAnswer(`it is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
