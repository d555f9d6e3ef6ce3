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
      const receivedAt = await earliestOfTenant(tenant, deadline);
      const since = new Date(receivedAt).toISOString();
      return {
        earliest: { receivedAt },
        async list(limit) {
          const messages = await tenant.messages(mailbox, since, limit);
          return messages.map(({ id, subject, text, receivedAt: at }) => ({
            id,
            text: `${subject}\n${text}`,
            receivedAt: Date.parse(at),
          }));
        },
        close: () => Promise.resolve(),
      };
    },
  });
