import { expect } from '@playwright/test';
import { CAPTIONS, languageFor } from './captions/captions.ts';
import { escapeHtml } from './html.ts';
import { Portal, PORTAL_PATH } from './portal.ts';
import { refusedUsers } from './refused-users.ts';
import { Tenant } from './tenant.ts';

const UPN = 'anna@contoso.example';

describe('the portal', () => {
  const users = [{ displayName: 'Anna Example', upn: UPN, mailbox: 'a@b.example' }];
  let clock: number;
  let tenant: Tenant;
  let portal: Portal;
  let page: string;
  let mkt: string;

  beforeEach(() => {
    clock = 1_800_000_000_000;
    mkt = 'en-US';
    const options = { organization: 'Contoso', domain: 'contoso.example', users, auditDelayMs: 0 };
    tenant = new Tenant({ ...options, now: () => clock });
    portal = new Portal(tenant);
  });

  /** Opens the portal, then sends a form after the other as a browser would: with the token of the page before. */
  function visit(...forms: readonly Readonly<Record<string, string>>[]): string {
    const request = {
      url: new URL(`https://portal.example${PORTAL_PATH}?mkt=${mkt}`),
      headers: {},
      remoteAddress: '10.0.0.1',
    };
    page = portal.answer({ ...request, method: 'GET', body: '' }).body;
    for (const form of forms) {
      const viewState = /name="viewState" value="([^"]+)"/.exec(page)?.[1] ?? '';
      const body = new URLSearchParams({ ...form, viewState }).toString();
      page = portal.answer({ ...request, method: 'POST', body }).body;
    }
    return page;
  }
  const WHO = { action: 'next', userId: UPN };

  it('asks security questions from when they are chosen, each with a box for its answer', () => {
    const account = tenant.accounts[0]!;
    account.methods = ['email', 'securityQuestion'];
    account.securityQuestions = ['Food?', 'Job?', 'City?', 'Pet?'].map((question) => ({
      question,
      answer: `of ${question}`,
    }));
    expect(visit(WHO)).toContain('Answer my security questions');
    expect(page).not.toMatch(/(Food|Job|City|Pet)\?/);
    expect(visit(WHO, { action: 'securityQuestion' }).match(/(Food|Job|City|Pet)\?/g)).toHaveLength(3);
    expect(page.match(/name="answer\d"/g)).toHaveLength(3);
  });

  it('shows which of the steps is the current one, two for an administrator', () => {
    expect(visit(WHO)).toContain('<strong>verification step 1</strong> &gt; choose a new password');
    tenant.accounts[0]!.directoryRoles = ['Helpdesk Administrator'];
    expect(visit(WHO)).toContain('<strong>verification step 1</strong> &gt; verification step 2 &gt;');
  });

  it('blocks an account at the sixth attempt of an hour, for 24 hours from then', () => {
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(visit(WHO)).toContain('Please choose the contact method');
      clock += 60_000;
    }
    expect(visit(WHO)).toContain('you are blocked for 24 hours');
    clock += 24 * 3600_000 - 1;
    expect(visit(WHO)).toContain('you are blocked for 24 hours');
    clock += 1;
    expect(visit(WHO)).toContain('Please choose the contact method');
  });

  for (const [culture, title, name, sent] of [
    ['es-ES', 'Vuelva a su cuenta', 'Responder a mis preguntas de seguridad', 'código de verificación'],
    [
      'fr-FR',
      'Retournez sur votre compte',
      'Envoyer un SMS sur mon téléphone portable',
      'code de vérification',
    ],
    ['sv-SE', 'Kom tillbaka till ditt konto', 'Svara på mina säkerhetsfrågor', 'verifieringskod'],
    ['zh-CN', '取回帐户', '回答安全性问题', '验证码'],
  ] as const) {
    it(`speaks the language that it is asked to, from the first page to the mail: ${culture}`, () => {
      mkt = culture;
      const account = tenant.accounts[0]!;
      account.methods = ['email', 'mobilePhone', 'securityQuestion'];
      account.securityQuestions = ['A', 'B', 'C'].map((question) => ({ question, answer: 'x' }));
      expect(visit()).toContain(`<html lang="${culture}">`);
      expect(page).toContain(`<h1>${title}</h1>`);
      expect(visit(WHO)).toContain(name);
      expect(visit(WHO, { action: 'email' })).toContain(sent);
      const [mail] = tenant.mailboxes.messages('a@b.example') ?? [];
      const { content } = mail?.body as { content: string };
      expect(content).toMatch(/(?<!\d)\d{6}(?!\d)/);
      expect(content).not.toContain('code is');
      const { problems, refused } = CAPTIONS[languageFor(culture)];
      expect(visit(WHO, { action: 'email' }, { action: 'next', code: 'wrong' })).toContain(
        escapeHtml(problems.code),
      );
      account.standing = 'notMember';
      expect(visit(WHO)).toContain(escapeHtml(refused.notMember.text));
      expect(page).toContain('SSPR_0013: UserNotMemberOfScopedAccessGroup');
    });
  }

  it('goes by the browser where the address names no language', () => {
    expect(languageFor(null, 'de-DE,sv;q=0.8,en;q=0.5')).toBe('sv');
    expect(languageFor('zh-cn', 'sv')).toBe('zh-CN');
    expect(languageFor('xx')).toBe('en');
  });

  it('turns every refused user away for the reason that he stands for, with its number', () => {
    const refused = refusedUsers('contoso.example');
    const options = { organization: 'Contoso', domain: 'contoso.example', users: refused, auditDelayMs: 0 };
    tenant = new Tenant({ ...options, now: () => clock });
    portal = new Portal(tenant);
    const SEEN = {
      notRegistered: 'SSPR_0014',
      authenticatorOnly: 'SSPR_0014',
      policyOff: 'SSPR_0011',
      notLicensed: 'SSPR_0012',
      notInGroup: 'SSPR_0013',
      blocked: 'you are blocked for 24 hours',
      cancelled: 'Please choose the contact method',
    };
    for (const { upn, expects } of refused) {
      expect([expects, visit({ ...WHO, userId: upn })]).toEqual([
        expects,
        expect.stringContaining(SEEN[expects]),
      ]);
    }
  });

  it('gives a session up after a quarter of an hour, not because the clock of the tenant is set', () => {
    const idle = (act: () => void): string => {
      visit();
      const viewState = /name="viewState" value="([^"]+)"/.exec(page)?.[1] ?? '';
      act();
      const url = new URL(`https://portal.example${PORTAL_PATH}`);
      const body = new URLSearchParams({ ...WHO, viewState }).toString();
      return portal.answer({ url, headers: {}, remoteAddress: '10.0.0.1', method: 'POST', body }).body;
    };
    expect(idle(() => (clock += 15 * 60_000))).toContain('Please choose the contact method');
    expect(idle(() => (tenant.clockSkewMs = 3_600_000))).toContain('Please choose the contact method');
    expect(idle(() => (clock += 15 * 60_000 + 1))).toContain('Your session has expired');
  });

  it('says that a number is wrong, hints at the right one, and blocks at the fifth wrong one', () => {
    const wrong = { action: 'mobilePhone', phone: '+1 4255550000' };
    expect(visit(WHO, wrong)).toContain('The phone number you entered does not match');
    expect(page).toContain(`*********${tenant.accounts[0]!.mobilePhone.slice(-2)}`);
    expect(visit(WHO, wrong, wrong, wrong, wrong)).toContain('you are blocked for 24 hours');
    expect(tenant.texts).toHaveLength(0);
  });
});
