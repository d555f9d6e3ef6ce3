import { randomBytes } from 'node:crypto';
import { escapeHtml } from './html.ts';
import type { Row } from './odata.ts';

/** The sender of Microsoft's public cloud (Microsoft Entra: how self-service password reset works). */
const SENDER = 'msonlineservicesteam@microsoftonline.com';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Lines of plain text. */
  readonly lines: readonly string[];
}

/** The mailboxes of the tenant, in memory. Messages have the shape of Graph's `message`. */
export class Mailboxes {
  readonly #messages = new Map<string, Row[]>();

  /** Opens an empty mailbox: only open ones can be read. */
  open(address: string): void {
    this.#messages.set(address.toLowerCase(), []);
  }

  deliver(organization: string, mail: Mail, now: number): void {
    const at = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
    const from = { emailAddress: { name: `Microsoft on behalf of ${organization}`, address: SENDER } };
    const id = randomBytes(32).toString('base64url');
    this.#messages.get(mail.to.toLowerCase())?.unshift({
      id,
      createdDateTime: at,
      receivedDateTime: at,
      sentDateTime: at,
      hasAttachments: false,
      internetMessageId: `<${id}@microsoftonline.com>`,
      subject: mail.subject,
      bodyPreview: mail.lines.join('\r\n').slice(0, 255),
      importance: 'normal',
      isRead: false,
      body: { contentType: 'text', content: mail.lines.join('\r\n') },
      sender: from,
      from,
      toRecipients: [{ emailAddress: { name: mail.to, address: mail.to } }],
    });
  }

  /** All messages, newest first, or undefined when there is no such mailbox. */
  messages(address: string): readonly Row[] | undefined {
    return this.#messages.get(address.toLowerCase());
  }
}

/** Every property of a message. */
export const MAIL_PROPERTIES = [
  'id',
  'createdDateTime',
  'receivedDateTime',
  'sentDateTime',
  'hasAttachments',
  'internetMessageId',
  'subject',
  'bodyPreview',
  'importance',
  'isRead',
  'body',
  'sender',
  'from',
  'toRecipients',
] as const;

/** The message with its body as HTML, which is what Graph gives unless text is preferred. */
export function asHtml(message: Row): Row {
  if (!('body' in message)) return message;
  const { content } = message.body as { content: string };
  const paragraphs = content.split('\r\n').map((line) => `<p>${escapeHtml(line)}</p>`);
  const html = `<html><head></head><body>${paragraphs.join('\r\n')}</body></html>`;
  return { ...message, body: { contentType: 'html', content: html } };
}
