import { Agent } from 'undici';
import type { VerificationSettings } from '../../config/accounts.ts';
import { isConfidential } from '../../config/confidential.ts';
import { type Deadline, interrupted, timedOut } from '../../core/deadline.ts';
import { Fault, type FaultDetail } from '../../core/errors.ts';
import { redact } from '../../core/secret.ts';
import type { Message } from './arrivals.ts';
import { connectionFault } from './connection-fault.ts';
import { type Inbox, inboxSource } from './inbox.ts';
import { atKeyPath } from './key-path.ts';
import { ANY_CLOCK_MS, SAME_CLOCK_MS } from './source-clock.ts';
import type { CodeSource } from './verification.ts';

export type SmsApiSettings = Extract<VerificationSettings, { by: 'smsApi' }>;

/** Codes by text message, fetched from the provider of the number: one GET lists the messages of late. */
export const smsApiSource = (settings: SmsApiSettings, upn: string): CodeSource =>
  inboxSource({
    where: `the text messages at ${new URL(settings.url).host}`,
    upn,
    neutral: [],
    everyMs: 2000,
    remedy: `Check that the provider lists the messages to ${settings.phone} there, and that the user has registered this number.`,
    open: async (deadline) => openProvider(settings, deadline),
  });

const PATIENCE_MS = 20_000;
const LONGEST_ANSWER = 2_097_152;

interface Answer {
  readonly messages: readonly Message[];
  /** The provider's clock, in milliseconds since 1970; undefined where its answer has no date. */
  readonly now: number | undefined;
}

async function openProvider(settings: SmsApiSettings, deadline: Deadline): Promise<Inbox> {
  if (!isConfidential(settings.url))
    throw new Fault(`The address of the text messages is neither https nor of this host`, {
      code: 'sms-api-not-confidential',
      blame: 'config',
      remedy: 'Give its https address: it is sent a password.',
    });
  const { ca } = settings;
  const agent = new Agent({ connect: ca === undefined ? {} : { ca }, maxResponseSize: LONGEST_ANSWER });
  try {
    const { now } = await ask(settings, agent, deadline);
    const receivedAt = now === undefined ? Date.now() - ANY_CLOCK_MS : now - SAME_CLOCK_MS;
    return {
      earliest: { receivedAt },
      list: async (limit) => (await ask(settings, agent, limit)).messages,
      close: () => agent.destroy(),
    };
  } catch (error) {
    await agent.destroy();
    throw error;
  }
}

async function ask(settings: SmsApiSettings, dispatcher: Agent, deadline: Deadline): Promise<Answer> {
  const { host } = new URL(settings.url);
  const limit = deadline.within(PATIENCE_MS, `asking ${host} for text messages`);
  try {
    // Its types are of another undici than the dispatcher, which it accepts.
    const response = await fetch(settings.url, {
      headers: { authorization: settings.authorization.reveal(), accept: 'application/json' },
      redirect: 'error',
      signal: limit.signal(),
      dispatcher,
    } as unknown as RequestInit);
    const body = await response.text();
    if (!response.ok) throw refusal(response.status, host);
    const date = Date.parse(response.headers.get('date') ?? '');
    return {
      messages: messagesOf(readJson(body, host), settings, host),
      now: Number.isNaN(date) ? undefined : date,
    };
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (deadline.aborted) throw interrupted(limit.what);
    if (limit.expired) throw timedOut(limit.what, limit.budgetMs);
    if (isRedirect(error)) throw refusal(302, host);
    throw connectionFault(error, { kind: 'sms-api', where: `the provider of text messages ${host}` });
  }
}

const isRedirect = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && /redirect/i.test(error.cause.message);

type Meaning = Pick<FaultDetail, 'code' | 'blame' | 'retryable' | 'remedy'>;

const REFUSED: Meaning = {
  code: 'sms-api-refused',
  blame: 'config',
  remedy: 'Check the value of the Authorization header, with its scheme: "Basic ..." or "Bearer ...".',
};
const NOT_THERE: Meaning = {
  code: 'sms-api-address',
  blame: 'config',
  remedy: 'Check the address (url): it has to list the messages itself, without forwarding.',
};

const REFUSALS: Readonly<Record<number, Meaning>> = {
  302: NOT_THERE,
  401: REFUSED,
  403: REFUSED,
  404: NOT_THERE,
  429: {
    code: 'sms-api-throttled',
    blame: 'network',
    retryable: true,
    remedy: 'Wait some minutes; other programs that use this account count, too.',
  },
};

function refusal(status: number, host: string): Fault {
  const meaning = REFUSALS[status] ?? {
    code: 'sms-api-failed',
    blame: 'network',
    retryable: status >= 500,
    remedy: 'Try again later; look at the service health of the provider when it stays.',
  };
  const said = status === 302 ? 'forwards elsewhere' : `answers HTTP ${status}`;
  return new Fault(`The provider of text messages ${host} ${said}`, meaning);
}

function readJson(body: string, host: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const what = /^\s*</.test(body) ? 'HTML' : 'something else';
    // Not a word of it: there may be a code in it.
    throw invalid(
      `expected JSON, found ${what}`,
      host,
      'Check the address (url), and that no proxy answers.',
    );
  }
}

/** @throws Fault `sms-api-answer` that names the key path that leads nowhere */
function messagesOf(answer: unknown, paths: SmsApiSettings, host: string): Message[] {
  const list = atKeyPath(answer, paths.messages);
  if (!Array.isArray(list))
    throw invalid(
      `expected a list at the key path ${paths.messages}, found ${kindOf(list)}${keysOf(answer)}`,
      host,
      'Check the key path of the list (messages).',
    );
  const messages = list.map((entry: unknown) => {
    const at = (key: 'id' | 'text' | 'at', isThere: (value: unknown) => boolean): unknown => {
      const value = atKeyPath(entry, paths[key]);
      if (isThere(value)) return value;
      throw invalid(
        `expected a value at the key path ${paths[key]} of a message, found ${kindOf(value)}${keysOf(entry)}`,
        host,
        `Check the key path (${key}).`,
      );
    };
    return {
      id: String(at('id', isScalar)),
      text: String(at('text', isScalar)),
      receivedAt: instantOf(at('at', (value) => !Number.isNaN(instantOf(value)))),
    };
  });
  return messages.sort((one, other) => other.receivedAt - one.receivedAt);
}

const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

/** Milliseconds since 1970, of seconds or milliseconds since then, or of a date; one without a zone is UTC. */
function instantOf(value: unknown): number {
  if (!isScalar(value)) return NaN;
  const text = String(value).trim();
  // In milliseconds, this number is a day in 1973; in seconds, one in 5138.
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) < 1e11 ? Number(text) * 1000 : Number(text);
  const isBare = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text);
  return Date.parse(isBare ? `${text.replace(' ', 'T')}Z` : text);
}

const kindOf = (value: unknown): string =>
  value === undefined ? 'nothing' : value === null ? 'null' : `a ${typeof value}`;

/** The keys that are there, which help to find the right one; never their values. */
const keysOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? ` (there are: ${redact(Object.keys(value).slice(0, 20).join(', ')) || 'none'})`
    : '';

const invalid = (why: string, host: string, remedy: string): Fault =>
  new Fault(`The answer of the provider of text messages ${host} is not what was expected: ${why}`, {
    code: 'sms-api-answer',
    blame: 'config',
    remedy,
  });
