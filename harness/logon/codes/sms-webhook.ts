import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { VerificationSettings } from '../../config/accounts.ts';
import { describe, Fault } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Message } from './arrivals.ts';
import { type Inbox, inboxSource } from './inbox.ts';
import { atKeyPath } from './key-path.ts';
import type { CodeSource } from './verification.ts';

export type WebhookSettings = Extract<VerificationSettings, { by: 'smsWebhook' }>;

/** Codes by text message that a gateway posts to this host while a code is waited for. */
export const smsWebhookSource = (settings: WebhookSettings, upn: string): CodeSource =>
  inboxSource({
    where: `the text messages posted to ${settings.listen}`,
    upn,
    neutral: [],
    // It only looks into memory.
    everyMs: 50,
    remedy: `Check that the gateway posts to /<token> of ${settings.listen}, that the text stands at ${settings.text}, and that the user has registered ${settings.phone}.`,
    open: () => listen(settings),
  });

const LONGEST_BODY = 65_536;
const MOST_MESSAGES = 100;
const PATIENCE_MS = 10_000;

/** The port is taken only while a code is waited for: machines of a run are processes of their own. */
async function listen(settings: WebhookSettings): Promise<Inbox> {
  const messages: Message[] = [];
  const server = createServer((request, response) => {
    // Somebody who knows the token may not know when to stop.
    const isFull = messages.length >= MOST_MESSAGES;
    (isFull ? Promise.reject(new Refusal(429)) : textOf(request, settings))
      .then((text) => messages.unshift({ id: String(messages.length), text }))
      .then(
        () => 204,
        (error: unknown) => (error instanceof Refusal ? error.status : 400),
      )
      // No word of why, to whoever found the port.
      .then((status) => response.writeHead(status, { connection: 'close' }).end())
      .catch(() => request.destroy());
  });
  Object.assign(server, { requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS, maxConnections: 16 });
  await begin(server, settings.listen);
  return {
    // What is posted now was sent now, as far as anybody can tell.
    earliest: {},
    list: () => Promise.resolve([...messages]),
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** @throws Fault `sms-port-taken`, `sms-not-listening` */
async function begin(server: Server, address: string): Promise<void> {
  try {
    const { hostname, port } = new URL(`http://${address}`);
    server.listen({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) });
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new Fault(`Cannot listen for text messages at ${address}: the port is taken`, {
        code: 'sms-port-taken',
        blame: 'config',
        retryable: true,
        remedy:
          'Give each user whose machine runs at the same time a port of its own (listen), or end the program that has this one.',
        cause: error,
      });
    throw new Fault(`Cannot listen for text messages at ${address}: ${describe(error)}`, {
      code: 'sms-not-listening',
      blame: 'config',
      remedy: 'Check the address and the port (listen); ports below 1024 may be reserved.',
      cause: error,
    });
  }
}

/** A request that is not what the gateway sends. */
class Refusal extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/** The text of the message in a request. @throws Refusal */
async function textOf(request: IncomingMessage, { token, text }: WebhookSettings): Promise<string> {
  if (!isKnown(request.url ?? '', token)) throw new Refusal(404);
  if (request.method !== 'POST') throw new Refusal(405);
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  const read = READERS.get(type.trim().toLowerCase());
  if (!read) throw new Refusal(415);
  const found = read(await bodyOf(request), text);
  if (typeof found !== 'string') throw new Refusal(422);
  return found;
}

/** How the text is found in a body, by the type of its content. */
const READERS = new Map<string, (body: string, path: string) => unknown>([
  ['application/json', (body, path) => atKeyPath(JSON.parse(body), path)],
  ['application/x-www-form-urlencoded', (body, path) => new URLSearchParams(body).get(path)],
]);

/** Compares the last part of the path in a time that does not tell how much of it is right. */
function isKnown(path: string, token: Secret): boolean {
  const last = path.replace(/[?#].*$/s, '').replace(/^.*\//s, '');
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(unescaped(last)), digest(token.reveal()));
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length']) > LONGEST_BODY) throw new Refusal(413);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Refusal(413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
