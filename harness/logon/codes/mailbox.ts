import type { Directory } from '../../directory/directory.ts';
import { inboxSource } from './inbox.ts';
import { earliestOfTenant } from './source-clock.ts';
import type { CodeSource } from './verification.ts';

/** The tenant, as far as codes need it. Without its clock, dates are compared with ample allowance. */
export type TenantMail = Pick<Directory, 'messages'> & Partial<Pick<Directory, 'clock'>>;

/** Codes that the portal sends to a mailbox of the tenant, read through Graph. */
export const mailboxSource = (tenant: TenantMail, mailbox: string, upn: string): CodeSource =>
  inboxSource({
    where: `the mailbox ${mailbox}`,
    upn,
    neutral: [mailbox],
    everyMs: 1000,
    remedy:
      "Check that this mailbox is the user's registered alternate email, and look into its junk folder.",
    async open(deadline) {
      const earliest = await earliestOfTenant(tenant, deadline);
      const since = new Date(earliest).toISOString();
      return {
        // Both: a mail of an earlier attempt may be delayed until after this request.
        earliest: { receivedAt: earliest, sentAt: earliest },
        async list(limit) {
          const messages = await tenant.messages(mailbox, since, limit);
          return messages.map(({ id, subject, text, receivedAt, sentAt }) => ({
            id,
            text: `${subject}\n${text}`,
            receivedAt: Date.parse(receivedAt),
            sentAt: sentAt === undefined ? undefined : Date.parse(sentAt),
          }));
        },
        close: () => Promise.resolve(),
      };
    },
  });
