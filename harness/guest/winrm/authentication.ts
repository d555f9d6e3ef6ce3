import type { WinrmAuthentication, WinrmEndpoint } from '../../core/endpoints.ts';
import { Fault } from '../../core/errors.ts';
import type { Connection, HttpAnswer } from './connection.ts';
import { SEALED_TYPE, isSealedType, packSealed, unpackSealed } from './multipart.ts';
import { type ChallengeAnswer, Downgrade, answerChallenge } from './ntlm/answer-challenge.ts';
import { readIdentity } from './ntlm/identity.ts';
import { MalformedMessage } from './ntlm/malformed-message.ts';
import { encodeNegotiate } from './ntlm/messages.ts';
import { BrokenSeal, SIGNATURE_BYTES } from './ntlm/sealing.ts';
import { readOffers } from './offers.ts';
import { MalformedAnswer } from './responses.ts';
import { trouble } from './troubles.ts';

const PLAIN_TYPE = 'application/soap+xml;charset=UTF-8';

/** An answer of the service, opened. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Requests and answers over one connection, as one user. */
export interface Conversation {
  readonly scheme: 'basic' | 'ntlm';
  readonly connection: Connection;
  /**
   * @throws Forgotten, a Fault `winrm-unauthorized`, `winrm-not-sealed`, `winrm-broken-seal`; MalformedAnswer; an error
   *   of the connection
   */
  exchange(xml: string, signal: AbortSignal): Promise<Reply>;
}

/** The service does not know this connection's user any more; it has not done what was asked. */
export class Forgotten extends Error {}

/**
 * Settles how to log on over this connection. The password has not been used when this returns.
 * @throws Fault `winrm-basic-in-clear`, `winrm-no-scheme`, `winrm-downgrade`, `winrm-scheme-elsewhere`; MalformedAnswer;
 *   an error of the connection
 */
export async function converse(
  connection: Connection,
  endpoint: WinrmEndpoint,
  authentication: WinrmAuthentication,
  signal: AbortSignal,
): Promise<Conversation> {
  switch (authentication) {
    case 'basic':
      return new BasicConversation(connection, endpoint);
    case 'ntlm':
    case 'auto':
      return negotiate(connection, endpoint, authentication, signal);
    case 'negotiate':
    case 'kerberos':
      throw trouble('winrm-scheme-elsewhere', connection.url.host, authentication);
  }
}

/**
 * Asks for an NTLM challenge at once: the request says nothing of the user, and a server that wants something else says
 * so in its answer. Under `Negotiate`, as Windows offers it, and under `NTLM` to a server that offers nothing else.
 */
async function negotiate(
  connection: Connection,
  endpoint: WinrmEndpoint,
  authentication: 'ntlm' | 'auto',
  signal: AbortSignal,
): Promise<Conversation> {
  const message = encodeNegotiate();
  const seen = new Set<string>();
  for (const scheme of ['Negotiate', 'NTLM']) {
    const answer = await ask(connection, `${scheme} ${message.toString('base64')}`, signal);
    const offers = readOffers(answer.challenges);
    const token = offers.find((offer) => offer.scheme === scheme.toLowerCase())?.token ?? '';
    if (token !== '') {
      const challenge = Buffer.from(token, 'base64');
      return new NtlmConversation(connection, scheme, answered(connection, endpoint, message, challenge));
    }
    for (const offer of offers) seen.add(offer.scheme);
    if (!seen.has('ntlm') || !connection.usable) break;
  }
  if (authentication === 'auto' && seen.has('basic') && !seen.has('ntlm') && !seen.has('negotiate')) {
    if (!connection.confidential) throw trouble('winrm-basic-in-clear', connection.url.host);
    return new BasicConversation(connection, endpoint);
  }
  throw trouble('winrm-no-scheme', connection.url.host, `it offers ${[...seen].join(', ') || 'nothing'}`);
}

async function ask(connection: Connection, authorization: string, signal: AbortSignal): Promise<HttpAnswer> {
  const headers = { 'content-type': PLAIN_TYPE, authorization };
  const answer = await connection.post(headers, Buffer.alloc(0), signal);
  if (answer.status === 401) return answer;
  throw new MalformedAnswer(`HTTP status ${answer.status} where it should ask who we are`);
}

function answered(
  connection: Connection,
  endpoint: WinrmEndpoint,
  negotiated: Buffer,
  challenge: Buffer,
): ChallengeAnswer {
  if (!connection.usable) throw new MalformedAnswer('it closed the connection in the middle of the logon');
  try {
    return answerChallenge(challenge, {
      identity: readIdentity(endpoint.user),
      password: endpoint.password.reveal(),
      negotiate: negotiated,
      sealing: !connection.encrypted,
      channelBinding: connection.binding,
    });
  } catch (error) {
    if (error instanceof Downgrade)
      throw trouble('winrm-downgrade', connection.url.host, `no ${error.message}`, error);
    if (error instanceof MalformedMessage)
      throw new MalformedAnswer(`its NTLM challenge is malformed: ${error.message}`);
    throw error;
  }
}

/** Name and password in each request: only for HTTPS, for this host, or where it is asked for. */
class BasicConversation implements Conversation {
  readonly scheme = 'basic';
  readonly #endpoint: WinrmEndpoint;

  constructor(
    readonly connection: Connection,
    endpoint: WinrmEndpoint,
  ) {
    this.#endpoint = endpoint;
  }

  async exchange(xml: string, signal: AbortSignal): Promise<Reply> {
    const { user, password } = this.#endpoint;
    const login = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
    const headers = { 'content-type': PLAIN_TYPE, authorization: `Basic ${login}` };
    const answer = await this.connection.post(headers, Buffer.from(xml), signal);
    if (answer.status === 401) throw unauthorized(this, answer);
    // So Windows says that it takes no message that is not encrypted.
    if (answer.status === 500 && answer.body.length === 0 && !this.connection.encrypted)
      throw trouble('winrm-clear-refused', this.connection.url.host);
    return { status: answer.status, text: answer.body.toString('utf8') };
  }
}

/**
 * NTLM: the first request carries the proof, those after it are known by their connection. Over HTTP every message is
 * sealed, the first one, too, as MS-WSMV 2.2.9.1.1.1 allows and Windows' own client does; over HTTPS none is.
 */
class NtlmConversation implements Conversation {
  readonly scheme = 'ntlm';
  readonly #answer: ChallengeAnswer;
  /** The header of the first request, until it is sent: a proof is used once. */
  #proof: string | undefined;

  constructor(
    readonly connection: Connection,
    scheme: string,
    answer: ChallengeAnswer,
  ) {
    this.#answer = answer;
    this.#proof = `${scheme} ${answer.authenticate.toString('base64')}`;
  }

  async exchange(xml: string, signal: AbortSignal): Promise<Reply> {
    const authorization = this.#proof;
    this.#proof = undefined;
    const { headers, body } = this.#packed(Buffer.from(xml));
    const first = await this.connection.post(
      authorization === undefined ? headers : { ...headers, authorization },
      body,
      signal,
    );
    if (first.status === 401) throw authorization === undefined ? new Forgotten() : unauthorized(this, first);
    // A server that takes a logon for a request of its own has not looked at the message: it gets the same bytes again.
    const onlyLoggedOn = authorization !== undefined && first.status === 200 && first.body.length === 0;
    return this.#opened(onlyLoggedOn ? await this.connection.post(headers, body, signal) : first);
  }

  #packed(xml: Buffer): { headers: Record<string, string>; body: Buffer } {
    if (this.connection.encrypted) return { headers: { 'content-type': PLAIN_TYPE }, body: xml };
    const body = packSealed(this.#answer.sealing.seal(xml), SIGNATURE_BYTES, xml.length);
    return { headers: { 'content-type': SEALED_TYPE }, body };
  }

  #opened(answer: HttpAnswer): Reply {
    const { status, contentType, body } = answer;
    if (isSealedType(contentType)) return { status, text: this.#open(body) };
    if (this.connection.encrypted) return { status, text: body.toString('utf8') };
    if (body.length > 0 && (status === 200 || status === 500))
      throw trouble('winrm-not-sealed', this.connection.url.host, `HTTP status ${status}`);
    // A bare status, such as 404 of another server, is worth telling; a text in the clear proves nothing.
    return { status, text: '' };
  }

  #open(body: Buffer): string {
    try {
      return this.#answer.sealing.open(unpackSealed(body, SIGNATURE_BYTES)).toString('utf8');
    } catch (error) {
      // The ciphers of both sides may be apart now: nothing more can be read over this connection.
      this.connection.close();
      if (error instanceof BrokenSeal)
        throw trouble('winrm-broken-seal', this.connection.url.host, error.message, error);
      throw error;
    }
  }
}

function unauthorized({ connection, scheme }: Conversation, answer: HttpAnswer): Fault {
  const offered = [...new Set(readOffers(answer.challenges).map((offer) => offer.scheme))].join(', ');
  return trouble(
    'winrm-unauthorized',
    connection.url.host,
    `tried ${scheme}${offered && `, it offers ${offered}`}`,
  );
}
