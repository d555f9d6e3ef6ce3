import type { WinrmAuthentication, WinrmEndpoint } from '../../core/endpoints.ts';
import { type Deadline, interrupted, timedOut } from '../../core/deadline.ts';
import { Fault, describe } from '../../core/errors.ts';
import { readProxy, readUrl } from './address.ts';
import { type Answer, readAnswer } from './answer.ts';
import { type Conversation, Forgotten, type Reply, converse } from './authentication.ts';
import { Connection } from './connection.ts';
import { notWsman } from './faults.ts';
import { inTime } from './in-time.ts';
import { OPERATION_TIMEOUT_S, type WsmanRequest, toXml } from './requests.ts';
import { MalformedAnswer } from './responses.ts';
import { trouble } from './troubles.ts';

export type { Answer } from './answer.ts';

/** A machine that has not answered for so long is taken for unreachable. */
const PATIENCE_MS = (OPERATION_TIMEOUT_S + 10) * 1000;

/**
 * Sends WS-Management requests, one after the other, over one kept-alive connection; makes a new one, and logs on
 * again, when that is gone.
 */
export class Transport {
  readonly url: URL;
  readonly #endpoint: WinrmEndpoint;
  /** What `auto` turned out to be, once it did. */
  #authentication: WinrmAuthentication;
  #conversation: Conversation | undefined;
  /** The end of the request before. */
  #before: Promise<unknown> = Promise.resolve();
  /** Requests that are not answered yet. */
  #waiting = 0;
  /** A refused password is not tried again: a few refusals lock an account. */
  #refused: Fault | undefined;
  #closed = false;

  /** @throws Fault `winrm-url`, `winrm-proxy-url` */
  constructor(endpoint: WinrmEndpoint) {
    this.url = readUrl(endpoint.url);
    readProxy(endpoint);
    this.#endpoint = endpoint;
    this.#authentication = endpoint.authentication ?? 'auto';
  }

  /**
   * @param doing for the error: "opening a shell"
   * @throws Fault `winrm-protocol`, one of troubles.ts or one of the table in faults.ts
   */
  async send(request: WsmanRequest, doing: string, deadline: Deadline): Promise<Answer> {
    const post = (): Promise<Reply> => this.#post(toXml(request, this.url.href), doing, deadline);
    const { status, text } = await this.#inTurn(post, doing, deadline);
    return readAnswer(status, text, doing);
  }

  /** Gives the request up that is under way; the next one goes over a new connection. */
  drop(): void {
    this.#conversation?.connection.close();
  }

  close(): void {
    this.#closed = true;
    this.drop();
  }

  /** Sealed messages must arrive in the order in which they were sealed; but nobody waits for the others beyond his time. */
  #inTurn<T>(send: () => Promise<T>, doing: string, deadline: Deadline): Promise<T> {
    const isNext = this.#waiting++ === 0;
    const sent = this.#before.then(send).finally(() => this.#waiting--);
    this.#before = sent.catch(() => undefined);
    return isNext ? sent : inTime(sent, deadline, `no answer while ${doing}`);
  }

  async #post(xml: string, doing: string, deadline: Deadline): Promise<Reply> {
    deadline.check();
    const limit = deadline.within(PATIENCE_MS, doing);
    const signal = limit.signal();
    try {
      return await this.#exchange(xml, signal);
    } catch (error) {
      if (deadline.aborted) throw interrupted(deadline.what);
      if (error instanceof MalformedAnswer) throw notWsman(error.message, doing);
      if (error instanceof Fault) throw error;
      // A bug of ours is no fault of the machine.
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      if (!signal.aborted) throw this.#unreachable(doing, describe(error), error);
      if (limit.budgetMs < PATIENCE_MS)
        throw timedOut(deadline.what, deadline.budgetMs, `no answer while ${doing}`);
      throw this.#unreachable(doing, `no answer for ${PATIENCE_MS / 1000} s`, error);
    }
  }

  async #exchange(xml: string, signal: AbortSignal): Promise<Reply> {
    if (this.#refused) throw this.#refused;
    if (this.#closed) throw new Error('it was closed by us');
    try {
      const known = await this.#converse(signal);
      return await known.exchange(xml, signal).catch(async (error: unknown) => {
        if (!(error instanceof Forgotten)) throw error;
        known.connection.close();
        return (await this.#converse(signal)).exchange(xml, signal);
      });
    } catch (error) {
      if (error instanceof Fault && error.code === 'winrm-unauthorized') this.#refused = error;
      throw error;
    }
  }

  /** The conversation that goes on, or a new one. */
  async #converse(signal: AbortSignal): Promise<Conversation> {
    if (this.#conversation?.connection.usable) return this.#conversation;
    this.#conversation?.connection.close();
    const first = await this.#begin(signal);
    // A server may close the connection over which it told that it wants Basic.
    return first.connection.usable ? first : this.#begin(signal);
  }

  async #begin(signal: AbortSignal): Promise<Conversation> {
    const connection = await Connection.open(this.#endpoint, signal);
    try {
      if (this.#closed) throw new Error('it was closed by us');
      this.#conversation = await converse(connection, this.#endpoint, this.#authentication, signal);
      this.#authentication = this.#conversation.scheme;
      return this.#conversation;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #unreachable(doing: string, why: string, cause: unknown): Fault {
    return trouble('winrm-unreachable', this.url.host, `${why}, while ${doing}`, cause);
  }
}
