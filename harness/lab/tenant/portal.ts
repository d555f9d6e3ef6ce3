import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Language } from '../../core/languages.ts';
import { Secret } from '../../core/secret.ts';
import { NONE_COUNTED, type Account } from './accounts.ts';
import type { Attempt } from './audit-log.ts';
import { CAPTIONS, languageFor } from './captions/captions.ts';
import type { Reply, Request } from './http.ts';
import { renderExpired, renderPage } from './portal-pages.ts';
import { advance, type Deed, type Session, type World } from './reset-flow.ts';
import type { Tenant } from './tenant.ts';

export const PORTAL_PATH = '/n/passwordreset';

/** What the portal calls a visitor that does not say where he comes from. A stand-in: the real value is not known. */
const UNSTATED_CLIENT = 'Web';

/** A session is given up after this long without a request. */
const IDLE_MS = 15 * 60_000;
const BLOCKED_MS = 24 * 3600_000;

interface Visit {
  readonly session: Session;
  readonly attempt: Attempt;
  /** By the host's clock: a session outlives that somebody sets the tenant's. */
  readonly lastSeenAt: number;
}

/**
 * The password reset portal. It works without cookies, also in a frame: a hidden field of each form leads back to the
 * session, and each such token is good for one request.
 */
export class Portal {
  readonly #visits = new Map<string, Visit>();

  constructor(readonly tenant: Tenant) {}

  answer(request: Request): Reply {
    this.#forgetIdle();
    if (!['/', PORTAL_PATH].includes(request.url.pathname)) return page(404, 'Not found');
    if (['GET', 'HEAD'].includes(request.method)) return this.#begin(request);
    if (request.method === 'POST') return this.#proceed(request);
    return page(405, 'Method not allowed');
  }

  #begin(request: Request): Reply {
    const captcha = this.tenant.policy.captcha ? { captcha: characters() } : {};
    return this.#show(request, {
      session: { view: { at: 'identify' }, proved: [], ...captcha },
      attempt: {
        correlationId: randomUUID(),
        ipAddress: request.remoteAddress,
        clientType: request.url.searchParams.get('clienttype') ?? UNSTATED_CLIENT,
      },
      lastSeenAt: this.tenant.hostNow(),
    });
  }

  #proceed(request: Request): Reply {
    const input = Object.fromEntries(new URLSearchParams(request.body));
    const viewState = input.viewState ?? '';
    const visit = this.#visits.get(viewState);
    if (!visit) {
      const { organization } = this.tenant;
      return page(
        200,
        renderExpired({ action: target(request), organization, language: languageOf(request) }),
      );
    }
    this.#visits.delete(viewState);
    const { session, deeds } = advance(visit.session, input, this.#world());
    for (const deed of deeds) this.#do(deed, session, visit.attempt, languageOf(request));
    return this.#show(request, { ...visit, session, lastSeenAt: this.tenant.hostNow() });
  }

  #show(request: Request, visit: Visit): Reply {
    const viewState = randomBytes(24).toString('base64url');
    this.#visits.set(viewState, visit);
    return page(
      200,
      renderPage({
        session: visit.session,
        account: this.#accountOf(visit.session),
        action: target(request),
        viewState,
        organization: this.tenant.organization,
        language: languageOf(request),
        policy: this.tenant.policy,
        supportCode: visit.attempt.correlationId,
      }),
    );
  }

  #do(deed: Deed, session: Session, attempt: Attempt, language: Language): void {
    const account = this.#accountOf(session);
    if (!account) throw new Error(`Nobody to do '${deed.kind}' for`);
    const now = this.tenant.now();
    switch (deed.kind) {
      case 'log': {
        this.tenant.audits.add(deed.entry, attempt, account, now);
        return;
      }
      case 'send': {
        this.#send(deed, account, now, language);
        return;
      }
      case 'count-wrong-code':
        account.wrongCodes += 1;
        return;
      case 'count':
        account.counted = {
          ...account.counted,
          [deed.what]: [...account.counted[deed.what], now],
        };
        return;
      case 'block':
        account.wrongCodes = 0;
        account.counted = NONE_COUNTED;
        account.blockedUntil = now + BLOCKED_MS;
        return;
      case 'set-password':
        account.password = new Secret(deed.password);
        account.passwordChangedAt = now;
        account.wrongCodes = 0;
        this.tenant.audits.addCoreDirectoryReset(attempt, account, now);
    }
  }

  /** Sends a code in the language of the page on which it was asked for. */
  #send(
    { method, code }: Extract<Deed, { kind: 'send' }>,
    { alternateEmail: to, mobilePhone, userPrincipalName }: Account,
    now: number,
    language: Language,
  ): void {
    const { organization, mailboxes, texts } = this.tenant;
    const { mail, text } = CAPTIONS[language];
    if (method === 'email') {
      const lines = [...mail.lines(userPrincipalName, code), organization];
      mailboxes.deliver(organization, { to, subject: mail.subject(organization), lines }, now);
    } else {
      texts.push({ to: mobilePhone, at: new Date(now).toISOString(), text: text(organization, code) });
    }
  }

  #accountOf(session: Session): Account | undefined {
    return session.accountId === undefined ? undefined : this.tenant.account(session.accountId);
  }

  #world(): World {
    return {
      now: this.tenant.now(),
      organization: this.tenant.organization,
      resetEnabled: this.tenant.policy.resetEnabled,
      methodsRequired: this.tenant.policy.methodsRequired,
      questionsAsked: this.tenant.policy.questionsAsked,
      shortestPassword: this.tenant.policy.shortestPassword,
      anyCode: this.tenant.policy.anyCode,
      find: (userId) => this.tenant.account(userId),
      newCode: () => String(randomInt(1_000_000)).padStart(6, '0'),
      pick: (questions, count) => shuffled(questions).slice(0, count),
    };
  }

  #forgetIdle(): void {
    const oldest = this.tenant.hostNow() - IDLE_MS;
    for (const [viewState, { lastSeenAt }] of this.#visits) {
      if (lastSeenAt < oldest) this.#visits.delete(viewState);
    }
  }
}

/** Every address of the portal carries the language on, since forms go back to where they came from. */
const languageOf = ({ url, headers }: Request): Language =>
  languageFor(url.searchParams.get('mkt'), headers['accept-language']);

const target = ({ url }: Request): string => url.pathname + url.search;

/** Nothing is loaded from elsewhere, nothing is kept, and any page may frame it. */
const page = (status: number, body: string): Reply => ({
  status,
  type: 'text/html; charset=utf-8',
  body,
  headers: {
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'self'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  },
});

const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((one) => ({ one, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one);

/** Without characters that look alike. */
const LEGIBLE = 'ABCDEFGHJKLMNPQRTUVWXY346789';
const characters = (): string =>
  Array.from({ length: 6 }, () => LEGIBLE.charAt(randomInt(LEGIBLE.length))).join('');
