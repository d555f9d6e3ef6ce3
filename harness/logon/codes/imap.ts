import { AuthenticationFailure, ImapFlow, type ImapFlowError } from 'imapflow';
import PostalMime from 'postal-mime';
import type { VerificationSettings } from '../../config/accounts.ts';
import { type Deadline, interrupted } from '../../core/deadline.ts';
import { Fault } from '../../core/errors.ts';
import { redact } from '../../core/secret.ts';
import type { Earliest, Message } from './arrivals.ts';
import { textOfHtml } from './code-in-text.ts';
import { connectionFault } from './connection-fault.ts';
import { type Inbox, inboxSource } from './inbox.ts';
import type { TenantMail } from './mailbox.ts';
import { ANY_CLOCK_MS, earliestOfTenant, SAME_CLOCK_MS } from './source-clock.ts';
import type { CodeSource } from './verification.ts';

export type ImapSettings = Extract<VerificationSettings, { by: 'imap' }>;

/** Codes that the portal sends to a mailbox anywhere. The mailbox is only read: nothing is marked, moved or deleted. */
export const imapSource = (
  settings: ImapSettings,
  tenant: Pick<TenantMail, 'clock'>,
  upn: string,
): CodeSource =>
  inboxSource({
    where: `the folder ${settings.folder} of the mailbox ${settings.user} at ${settings.host}`,
    upn,
    neutral: [settings.user],
    everyMs: 1000,
    remedy:
      "Check that this mailbox is the user's registered alternate email, and look into its junk folder.",
    open: async (deadline) => ImapInbox.open(settings, await earliestOfTenant(tenant, deadline), deadline),
  });

/** A server that says nothing for so long is gone. */
const SILENCE_MS = 20_000;
/** The code stands at the beginning; attachments and trailing pictures are not fetched. */
const LONGEST_MESSAGE = 262_144;

/** Where new messages begin: by the number that the server gives each in ascending order (RFC 9051 section 2.3.1.1). */
interface Beginning {
  readonly uidValidity: bigint;
  readonly firstUid: number;
}

class ImapInbox implements Inbox {
  #client: ImapFlow | undefined;
  #closed = false;
  readonly #fetched = new Map<number, Message>();

  private constructor(
    private readonly settings: ImapSettings,
    private readonly beginning: Beginning,
    readonly earliest: Earliest,
    client: ImapFlow,
  ) {
    this.#client = client;
  }

  /** @param sentAt the instant before which the portal cannot have dated the message that it will send */
  static async open(settings: ImapSettings, sentAt: number, deadline: Deadline): Promise<ImapInbox> {
    const client = await connect(settings, deadline);
    return during(client, settings, deadline, async () => {
      const { uidValidity, uidNext } = selected(client);
      const newest = await client.fetchOne('*', { uid: true, internalDate: true });
      const [uid, date] = newest ? [newest.uid, instant(newest.internalDate)] : [0, undefined];
      const beginning = { uidValidity, firstUid: Math.max(uid + 1, uidNext || 1) };
      return new ImapInbox(settings, beginning, { sentAt, receivedAt: earliestReceived(date) }, client);
    });
  }

  async list(deadline: Deadline): Promise<readonly Message[]> {
    if (this.#closed) throw interrupted(deadline.what);
    const client = (this.#client ??= await this.#reconnect(deadline));
    try {
      await during(client, this.settings, deadline, () => this.#fetchNew(client));
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
    return Array.from(this.#fetched.values()).reverse();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#client?.close();
    return Promise.resolve();
  }

  async #reconnect(deadline: Deadline): Promise<ImapFlow> {
    const client = await connect(this.settings, deadline);
    return during(client, this.settings, deadline, () => {
      if (this.#closed) throw interrupted(deadline.what);
      if (selected(client).uidValidity === this.beginning.uidValidity) return client;
      throw new Fault(`The mail server has numbered the messages of ${this.settings.folder} anew`, {
        code: 'mailbox-renumbered',
        blame: 'network',
        remedy: 'Run it again: which messages are new cannot be told any more in this run.',
      });
    });
  }

  async #fetchNew(client: ImapFlow): Promise<void> {
    // The server tells of new messages with its answer.
    await client.noop();
    if (selected(client).exists === 0) return;
    const first = Math.max(this.beginning.firstUid, ...Array.from(this.#fetched.keys(), (uid) => uid + 1));
    const found = await client.search({ uid: `${first}:*` }, { uid: true });
    if (!found) throw new Error(client.byeReason ?? 'it does not search its messages');
    // The last message is within every range that ends with *.
    const fresh = found.filter((uid) => uid >= first);
    // PEEK, by imapflow: the messages stay unread.
    const query = { uid: true, internalDate: true, source: { maxLength: LONGEST_MESSAGE } };
    const messages = fresh.length === 0 ? [] : await client.fetchAll(fresh, query, { uid: true });
    for (const message of messages) {
      // A server may tell of flags in between.
      if (message.source) this.#fetched.set(message.uid, await readMessage(message));
    }
    selected(client);
  }
}

/**
 * An IMAP server has no clock to ask. What arrives later is not dated before what it has dated already, and not long
 * before our own time.
 * @param newest date of the newest message that is there
 */
function earliestReceived(newest: number | undefined): number {
  const now = Date.now();
  const byItsClock = newest === undefined || newest > now ? -Infinity : newest - SAME_CLOCK_MS;
  return Math.max(now - ANY_CLOCK_MS, byItsClock);
}

/** An encrypted connection with the folder open, for reading only. */
async function connect(settings: ImapSettings, deadline: Deadline): Promise<ImapFlow> {
  const { host, port, security, user, password, folder, ca } = settings;
  const client = new ImapFlow({
    host,
    port,
    secure: security === 'tls',
    ...(security === 'starttls' && { doSTARTTLS: true }),
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    auth: { user, pass: password.reveal() },
    // It would see the messages, and with them the codes.
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: SILENCE_MS,
    greetingTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    maxLiteralSize: 4 * LONGEST_MESSAGE,
  });
  // What breaks the connection shows in the next command, too.
  client.on('error', () => undefined);
  return during(client, settings, deadline, async () => {
    await client.connect();
    // A server that greets us as logged in would skip STARTTLS.
    if (!client.secureConnection)
      throw Object.assign(new Error('The server does not encrypt'), { tlsFailed: true });
    await client.mailboxOpen(folder, { readOnly: true });
    return client;
  });
}

/** Talks to the server; ends the connection when the time is up, and whenever it fails. */
async function during<T>(
  client: ImapFlow,
  settings: ImapSettings,
  deadline: Deadline,
  talk: () => T | Promise<T>,
): Promise<T> {
  const signal = deadline.signal();
  const stop = (): void => client.close();
  signal.addEventListener('abort', stop);
  try {
    return await talk();
  } catch (error) {
    client.close();
    deadline.check();
    throw error instanceof Fault ? error : explain(error as ImapFlowError, settings);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The open folder. @throws when the connection has gone, which not every command of imapflow says */
function selected(client: ImapFlow) {
  if (!client.usable || !client.mailbox) throw new Error(client.byeReason ?? 'the connection was lost');
  return client.mailbox;
}

/** Refusals of a sign-in that pass (RFC 5530). */
const BUSY = new Set(['UNAVAILABLE', 'INUSE', 'LIMIT']);

/** imapflow's errors hold the commands as they were sent, so that none of them goes further than here. */
function explain(error: ImapFlowError, { host, port, user, folder, security }: ImapSettings): Fault {
  const where = `the mail server ${host}:${port}`;
  const said = redact(error.responseText ?? error.message);
  const busy = BUSY.has(error.serverResponseCode ?? '');
  if (!busy && (error.authenticationFailed === true || error instanceof AuthenticationFailure))
    return new Fault(`The mail server ${host}:${port} refuses the sign-in of ${user}: ${said}`, {
      code: 'mailbox-login-refused',
      blame: 'config',
      remedy: 'Check user and password; many providers ask for a password of its own for IMAP.',
    });
  if (error.mailboxMissing === true)
    return new Fault(`The mailbox ${user} has no folder ${folder}: ${said}`, {
      code: 'mailbox-folder-missing',
      blame: 'config',
      remedy:
        'Check the name of the folder; a folder within another is named like INBOX/Codes or INBOX.Codes.',
    });
  if (error.tlsFailed === true && error.code === undefined)
    return new Fault(`No trusted connection to ${where}: ${said}`, {
      code: 'mailbox-tls',
      blame: 'config',
      remedy: `Check the port and the configured security, ${security}.`,
    });
  const bare = Object.assign(new Error(said), error.code !== undefined && { code: error.code });
  return connectionFault(bare, { kind: 'mailbox', where });
}

interface Fetched {
  readonly uid: number;
  readonly internalDate?: Date | string | undefined;
  readonly source?: Buffer | undefined;
}

async function readMessage({ uid, internalDate, source }: Fetched): Promise<Message> {
  const receivedAt = instant(internalDate);
  try {
    const { subject = '', text = '', html = '', date } = await PostalMime.parse(source ?? '');
    return {
      id: String(uid),
      text: [subject, text, textOfHtml(html)].join('\n'),
      receivedAt,
      sentAt: instant(date),
    };
  } catch {
    // Not a message that the portal sends.
    return { id: String(uid), text: '', receivedAt };
  }
}

/** Milliseconds since 1970, or undefined where there is no date that can be read. */
function instant(date: Date | string | undefined): number | undefined {
  const at = date === undefined ? NaN : new Date(date).getTime();
  return Number.isNaN(at) ? undefined : at;
}
