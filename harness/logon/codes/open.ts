import type { VerificationSettings } from '../../config/accounts.ts';
import { imapSource } from './imap.ts';
import { mailboxSource, type TenantMail } from './mailbox.ts';
import { personSource } from './person.ts';
import { answersOf } from './questions.ts';
import { smsApiSource } from './sms-api.ts';
import { smsWebhookSource } from './sms-webhook.ts';
import type { Ask, Verification } from './verification.ts';

/** What the ways of verification need beside their settings. */
export interface VerificationTools {
  readonly directory: TenantMail;
  /** The user whose codes they are: several may share a mailbox. */
  readonly upn: string;
  readonly ask: Ask;
}

/** The ways in which a user proves who he is, in the order of preference. Nothing is connected before it is watched. */
export const openVerifications = (
  settings: readonly VerificationSettings[],
  tools: VerificationTools,
): readonly Verification[] => settings.map((one) => openVerification(one, tools));

function openVerification(
  one: VerificationSettings,
  { directory, upn, ask }: VerificationTools,
): Verification {
  switch (one.by) {
    case 'mailbox':
      return { method: 'email', source: mailboxSource(directory, one.mailbox, upn) };
    case 'imap':
      return { method: 'email', source: imapSource(one, directory, upn) };
    case 'smsWebhook':
      return { method: 'sms', phone: one.phone, source: smsWebhookSource(one, upn) };
    case 'smsApi':
      return { method: 'sms', phone: one.phone, source: smsApiSource(one, upn) };
    case 'questions':
      return answersOf(one.answers);
    case 'person':
      return {
        method: one.method,
        ...(one.phone !== undefined && { phone: one.phone }),
        source: personSource(one, ask, upn),
      };
  }
}
