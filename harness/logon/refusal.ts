import { utcNow } from '../core/clock.ts';
import { Fault, toFault } from '../core/errors.ts';
import { textOf, type Line } from '../console/text.ts';
import type { Logon } from './logon.ts';
import { returnToLogon } from './logon-screen.ts';
import { leave, type Offers, offersIn, openPage, seePage, sendUserId } from './reset-page.ts';

/** Pages that turn a user away, by the codes of the known-bad screens. */
export const REFUSAL_PAGES = [
  'not-registered',
  'reset-not-enabled',
  'blocked',
  'account-not-verified',
] as const;
export type RefusalPage = (typeof REFUSAL_PAGES)[number];

/** What the portal's numbers mean. Source: MicrosoftDocs/entra-docs, troubleshoot-sspr.md (facts 6.6). */
export const SSPR_NUMBERS: Readonly<Record<string, { readonly means: string; readonly remedy: string }>> = {
  SSPR_0009: {
    means: 'password reset is switched off for the whole tenant',
    remedy: 'Enable self-service password reset in the Azure portal, for all users or for a group.',
  },
  SSPR_0010: {
    means: 'the password is managed on-premises, and writeback is not enabled',
    remedy: 'Enable password writeback, or use a test user of the cloud.',
  },
  SSPR_0011: {
    means: 'no policy of the tenant lets this user reset the password',
    remedy: 'Enable self-service password reset for all users, or for a group that this user is in.',
  },
  SSPR_0012: {
    means: 'the licence that password reset needs is missing',
    remedy: 'Give this user a licence that holds self-service password reset.',
  },
  SSPR_0013: {
    means: 'the user is not in the group that may reset passwords',
    remedy: 'Add this user to the group for which self-service password reset is enabled.',
  },
  SSPR_0014: {
    means: 'the user has not registered enough methods that may be used here',
    remedy:
      'Let the user register at https://aka.ms/ssprsetup, with methods other than the Authenticator app.',
  },
  SSPR_0029: {
    means: 'the on-premises side of password writeback is not set up right',
    remedy: 'Look into the event log of the server that runs Azure AD Connect.',
  },
  SSPR_0030: {
    means: 'the on-premises side of password writeback cannot be reached',
    remedy: 'Look into the event log of the server that runs Azure AD Connect.',
  },
};

/** What the portal answers to a user ID. */
export type PortalAnswer =
  | {
      readonly page: RefusalPage;
      /** In words, with what the screen says. */
      readonly said: string;
      /** `SSPR_0012`, where the page shows one that can be read. */
      readonly number?: string;
    }
  | { readonly page: 'verification method'; readonly offers: Offers };

/** One user ID that was given, and what came of it. Instants are ISO 8601 UTC by this host's clock. */
export interface UserIdTrial {
  readonly answer: PortalAnswer;
  readonly submittedAt: string;
  /** When the logon screen was back. */
  readonly leftAt: string;
}

/**
 * Gives a user ID at the reset page behind the tile of the machine's own user, reads the answer, and leaves the page by
 * its own way. No code is ever sent: at the list of methods it ends.
 * @param beforeUserId awaited right before the user ID is given, from where on the tenant may count; what it throws
 *   stops it
 * @throws Fault as `resetPassword` until the list of methods, but for the pages that turn a user away; the code
 *   `not-back-at-logon` when the page could not be left
 */
export async function tryUserId(
  logon: Logon,
  upn: string,
  beforeUserId: () => Promise<void>,
): Promise<UserIdTrial> {
  try {
    const { answer, submittedAt } = await giveUserId(logon, upn, beforeUserId);
    logon.report('leaves the reset page');
    await returnToLogon(logon);
    return { answer, submittedAt, leftAt: utcNow() };
  } finally {
    await logon.screen.flush();
  }
}

async function giveUserId(logon: Logon, upn: string, beforeUserId: () => Promise<void>) {
  try {
    await openPage(logon, () => undefined);
    await seePage(logon, 'user ID');
    await beforeUserId();
    const submittedAt = await sendUserId(logon, upn);
    return { submittedAt, answer: await readAnswer(logon) };
  } catch (error) {
    await leave(logon, error);
    throw error;
  }
}

async function readAnswer(logon: Logon): Promise<PortalAnswer> {
  try {
    await seePage(logon, 'verification method');
  } catch (error) {
    const { code, message: said } = toFault(error);
    const page = REFUSAL_PAGES.find((one) => one === code);
    if (page === undefined) throw error;
    const number = await readNumber(logon);
    return { page, said, ...(number !== undefined && { number }) };
  }
  return { page: 'verification method', offers: await readOffers(logon) };
}

async function readOffers({ screen, screens, deadline }: Logon): Promise<Offers> {
  const { method } = screens.reset;
  await screen.settle(deadline);
  const { lines } = await screen.read();
  const offers = offersIn(lines, method);
  if (offers.known.length + offers.others.length > 0) return offers;
  return offersIn((await screen.read({ large: true })).lines, method);
}

async function readNumber({ screen }: Pick<Logon, 'screen'>): Promise<string | undefined> {
  for (const large of [false, true]) {
    const number = ssprNumberIn((await screen.read({ large })).lines);
    if (number !== undefined) return number;
  }
  return undefined;
}

/** The number by which the portal tells why it turns a user away: the same in every language. */
export function ssprNumberIn(lines: readonly Line[]): string | undefined {
  for (const line of lines) {
    const [, read] = /SSPR[\s_.\-–—]*([\dODQIl|]{4})(?![\dA-Za-z])/.exec(textOf(line)) ?? [];
    if (read !== undefined) return `SSPR_${read.replace(/[ODQ]/g, '0').replace(/[Il|]/g, '1')}`;
  }
  return undefined;
}

/** Pages that may show a number: those that turn a user away, and the one after a new password that cannot be written. */
const NUMBERED: readonly string[] = [...REFUSAL_PAGES, 'reset-not-possible'];

/** Who may not or cannot reset is told so for one of several reasons: the same fault, with the number that tells which. */
export async function withNumber(logon: Pick<Logon, 'screen'>, error: unknown): Promise<unknown> {
  if (!(error instanceof Fault) || !NUMBERED.includes(error.code)) return error;
  try {
    const number = await readNumber(logon);
    if (number === undefined) return error;
    const { means, remedy = error.remedy } = SSPR_NUMBERS[number] ?? {};
    const { message, code, blame } = error;
    const why = means === undefined ? number : `${number}: ${means}`;
    return new Fault(`${message} (${why})`, { code, blame, remedy, cause: error });
  } catch {
    return error;
  }
}
