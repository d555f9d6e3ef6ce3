import { expect } from '@playwright/test';
import { isBanned, NONE_COUNTED, passwordProblem, type Account } from './accounts.ts';
import { advance, type Input, type Session, type World } from './reset-flow.ts';
import { Tenant } from './tenant.ts';

const HOUR_MS = 3600_000;
const START: Session = { view: { at: 'identify' }, proved: [] };

function world(change: Partial<Account> = {}, methodsRequired = 1): World & { readonly account: Account } {
  const users = [{ displayName: 'Anna Example', upn: 'anna@contoso.example', mailbox: 'a@b.example' }];
  const tenant = new Tenant({ organization: 'Contoso', domain: 'contoso.example', users, auditDelayMs: 0 });
  const account = Object.assign(tenant.accounts[0]!, change);
  return {
    account,
    now: 1_000_000,
    organization: 'Contoso',
    resetEnabled: true,
    methodsRequired,
    questionsAsked: 2,
    shortestPassword: 8,
    anyCode: false,
    find: (name) => tenant.account(name),
    newCode: () => '123456',
    pick: (questions, count) => questions.slice(-count),
  };
}

/** Plays a list of inputs; returns the last session and everything that was done and logged on the way. */
function play(inputs: readonly Input[], in_: World) {
  let session = START;
  const deeds = inputs.flatMap((input) => {
    const turn = advance(session, input, in_);
    session = turn.session;
    return turn.deeds;
  });
  const reasons = deeds.flatMap((deed) => (deed.kind === 'log' ? [deed.entry.reason] : []));
  return { session, deeds, reasons };
}

const ANNA = { action: 'next', userId: ' Anna@Contoso.example ' };
const EMAIL = { action: 'email' };
const CODE = { action: 'next', code: ' 123456 ' };
const QUESTIONS = { action: 'securityQuestion' };
const REGISTERED: Partial<Account> = {
  methods: ['email', 'mobilePhone', 'securityQuestion'],
  securityQuestions: [
    { question: 'In what city did you meet?', answer: 'Lima' },
    { question: 'What was your first job?', answer: 'Sea  captain' },
    { question: 'What is your favourite food?', answer: 'Plums' },
  ],
};
const ANSWERS = { ...QUESTIONS, answer0: ' sea captain', answer1: 'PLUMS' };
const WRONG = { ...QUESTIONS, answer0: 'Plums', answer1: 'Sea captain' };
const PASSWORD = { action: 'next', password: 'Sufficient-1', confirmation: 'Sufficient-1' };

describe('the flow of a reset', () => {
  it('logs one entry a step, in the order and words of the real log', () => {
    const { session, deeds, reasons } = play([ANNA, EMAIL, CODE, PASSWORD, { action: 'finish' }], world());
    expect(session.view).toEqual({ at: 'closed', how: 'finished' });
    expect(reasons).toEqual([
      'User submitted their user ID',
      'User was presented with verification options',
      'User started the email verification option',
      'User completed the email verification option',
      'User completed all verification steps required',
      'User submitted a new password',
      'User successfully reset password',
      'Successfully completed reset.',
    ]);
    expect(deeds).toContainEqual({ kind: 'send', method: 'email', code: '123456' });
    expect(deeds).toContainEqual({ kind: 'set-password', password: 'Sufficient-1' });
  });

  it('asks for a second, different method when the policy wants two', () => {
    const w = world({}, 2);
    const half = play([ANNA, EMAIL, CODE], w);
    expect(half.session).toMatchObject({ view: { at: 'choose' }, proved: ['email'] });
    const again = play([ANNA, EMAIL, CODE, EMAIL], w);
    expect(again.session.view.at).toBe('choose');
    const phone = { action: 'mobilePhone', phone: w.account.mobilePhone };
    expect(play([ANNA, EMAIL, CODE, phone, CODE], w).session.view.at).toBe('password');
  });

  it('sends a text only to the number on file, however it is written', () => {
    const w = world({ mobilePhone: '+1 4255550100' });
    const wrong = play([ANNA, { action: 'mobilePhone', phone: '+1 4255550101' }], w);
    expect(wrong.session.view).toMatchObject({ at: 'choose', chosen: 'mobilePhone' });
    expect(wrong.deeds.some(({ kind }) => kind === 'send')).toBe(false);
    const right = play([ANNA, { action: 'mobilePhone', phone: '1 (425) 555-0100' }], w);
    expect(right.session.view).toEqual({ at: 'prove', method: 'mobilePhone' });
  });

  it('takes the answers to the questions that it picked, however they are written', () => {
    const w = world(REGISTERED);
    const asked = play([ANNA, QUESTIONS], w);
    expect(asked.session).toMatchObject({
      view: { at: 'choose', chosen: 'securityQuestion' },
      questions: ['What was your first job?', 'What is your favourite food?'],
    });
    const { session, reasons } = play([ANNA, QUESTIONS, ANSWERS], w);
    expect(session.view).toEqual({ at: 'password' });
    expect(reasons.slice(2)).toEqual([
      'User started the security questions verification option',
      'User completed the security questions verification option',
      'User completed all verification steps required',
    ]);
    const { session: wrong, deeds } = play([ANNA, QUESTIONS, WRONG], w);
    expect(wrong.view).toMatchObject({ at: 'choose', error: 'answers' });
    expect(deeds.at(-1)).toEqual({ kind: 'count', what: 'answers' });
  });

  it('asks questions at once where there is nothing else to choose', () => {
    const only = play([ANNA], world({ ...REGISTERED, methods: ['securityQuestion'] }));
    expect(only.session.view).toMatchObject({ at: 'choose', chosen: 'securityQuestion' });
    expect(only.reasons.at(-1)).toBe('User started the security questions verification option');
  });

  it('takes one proof of each method, and two from an administrator, who has no questions', () => {
    const two = world(REGISTERED, 2);
    expect(play([ANNA, QUESTIONS, ANSWERS, QUESTIONS, ANSWERS], two).session).toMatchObject({
      view: { at: 'choose' },
      proved: ['securityQuestion'],
    });
    const administrator = world({ ...REGISTERED, directoryRoles: ['Helpdesk Administrator'] });
    expect(play([ANNA, QUESTIONS], administrator).session.view).toEqual({ at: 'choose' });
    expect(play([ANNA, EMAIL, CODE], administrator).session).toMatchObject({ view: { at: 'choose' } });
    const phone = { action: 'mobilePhone', phone: administrator.account.mobilePhone };
    expect(play([ANNA, EMAIL, CODE, phone, CODE], administrator).session.view.at).toBe('password');
  });

  for (const [change, refusal, reason] of [
    [{ standing: 'notEnabled' }, 'notEnabled', /^Password reset is not enabled for this user/],
    [{ standing: 'writebackOff' }, 'writebackOff', /^User's password is managed on-premises/],
    [{ standing: 'notLicensed' }, 'notLicensed', /^User does not have a license/],
    [{ standing: 'notMember' }, 'notMember', /^This user is not a member of the password reset users group/],
    [{ methods: [] }, 'insufficientMethods', /insufficient authentication methods/],
    // Fewer than are asked for.
    [
      { methods: ['securityQuestion'], securityQuestions: REGISTERED.securityQuestions?.slice(0, 1) ?? [] },
      'insufficientMethods',
      /insufficient authentication methods/,
    ],
    // Registered, and yet of no use at the logon screen.
    [
      { methods: ['microsoftAuthenticatorPush'] },
      'insufficientMethods',
      /insufficient authentication methods/,
    ],
  ] as const) {
    it(`refuses with ${JSON.stringify(change)}`, () => {
      const { session, reasons } = play([ANNA], world(change));
      expect(session.view).toEqual({ at: 'refused', refusal });
      expect(reasons).toEqual(['User submitted their user ID', expect.stringMatching(reason)]);
    });
  }

  it('refuses everybody when the tenant has it switched off', () => {
    const { session, reasons } = play([ANNA], { ...world(), resetEnabled: false });
    expect(session.view).toEqual({ at: 'refused', refusal: 'tenantOff' });
    expect(reasons.at(-1)).toMatch(/^Password reset has been disabled entirely for this tenant/);
  });

  for (const [standing, reason] of [
    ['onPremisesError', /^We encountered a problem while resetting/],
    ['onPremisesUnreachable', /^We could not reach your on-premises password reset service/],
  ] as const) {
    it(`fails only when the password is to be written: ${standing}`, () => {
      const { session, deeds, reasons } = play([ANNA, EMAIL, CODE, PASSWORD], world({ standing }));
      expect(session.view).toEqual({ at: 'refused', refusal: standing });
      const failed = expect.stringMatching(reason);
      expect(reasons.slice(-3)).toEqual(['User submitted a new password', failed, failed]);
      expect(deeds.at(-1)).toMatchObject({ entry: { activity: 'reset', result: 'failure' } });
      expect(deeds.some(({ kind }) => kind === 'set-password')).toBe(false);
    });
  }

  it('logs a password that is too easily guessed as a failed reset, and takes a better one', () => {
    const weak = { ...PASSWORD, password: 'P@ssw0rd!1', confirmation: 'P@ssw0rd!1' };
    const first = play([ANNA, EMAIL, CODE, weak], world());
    expect(first.session.view).toEqual({ at: 'password', error: 'banned' });
    expect(first.reasons.slice(-2)).toEqual([
      'User submitted a new password',
      'FuzzyPolicyViolationInvalidPassword',
    ]);
    expect(first.deeds.at(-1)).toMatchObject({ entry: { activity: 'reset', result: 'failure' } });
    const second = play([ANNA, EMAIL, CODE, weak, PASSWORD], world());
    expect(second.session.view).toEqual({ at: 'done' });
  });

  it('does not log what an unknown user does', () => {
    const { session, deeds } = play([{ action: 'next', userId: 'nobody@contoso.example' }], world());
    expect(session.view).toEqual({ at: 'refused', refusal: 'unknown' });
    expect(deeds).toEqual([]);
  });

  it('takes every code, and a shorter password, where the tenant is told to', () => {
    const lax = { ...world(), anyCode: true, shortestPassword: 7 };
    const short = { action: 'next', password: 'Aa1-567', confirmation: 'Aa1-567' };
    const { session } = play([ANNA, EMAIL, { action: 'next', code: '000000' }, short], lax);
    expect(session.view).toEqual({ at: 'done' });
  });

  it('blocks with the fifth wrong code, and stays blocked', () => {
    const w = world({ wrongCodes: 3 });
    const fourth = play([ANNA, EMAIL, { action: 'next', code: '000000' }], w);
    expect(fourth.session.view).toMatchObject({ at: 'prove', error: 'code' });
    const fifth = play([ANNA, EMAIL, { action: 'next', code: '000000' }], world({ wrongCodes: 4 }));
    expect(fifth.session.view).toEqual({ at: 'refused', refusal: 'blocked' });
    expect(fifth.deeds).toContainEqual({ kind: 'block' });
    expect(fifth.deeds).toContainEqual(
      expect.objectContaining({ entry: expect.objectContaining({ activity: 'blocked', result: 'success' }) }),
    );
    const blocked = world({ blockedUntil: w.now + 1 });
    expect(play([ANNA], blocked).session.view).toEqual({ at: 'refused', refusal: 'blocked' });
    expect(play([ANNA], world({ blockedUntil: w.now })).session.view.at).toBe('choose');
  });

  for (const [what, inputs, reason] of [
    ['phone', [ANNA, { action: 'mobilePhone', phone: '1' }], /tried to verify a phone number too many times/],
    ['answers', [ANNA, QUESTIONS, WRONG], /tried to answer security questions too many times/],
  ] as const) {
    it(`blocks at the fifth wrong one in an hour: ${what}`, () => {
      const recent = [1, 2, 3, 4];
      const fifth = play(inputs, world({ ...REGISTERED, counted: { ...NONE_COUNTED, [what]: recent } }));
      expect(fifth.session.view).toEqual({ at: 'refused', refusal: 'blocked' });
      expect(fifth.deeds).toContainEqual({ kind: 'block' });
      expect(fifth.reasons.slice(-2)).toEqual([
        expect.stringMatching(reason),
        'User is blocked for 24 hours',
      ]);

      const old = [1_000_000 - HOUR_MS, 1, 2, 3];
      const fourth = play(inputs, world({ ...REGISTERED, counted: { ...NONE_COUNTED, [what]: old } }));
      expect(fourth.session.view.at).toBe('choose');
      expect(fourth.deeds.at(-1)).toEqual({ kind: 'count', what });
    });
  }

  it('refuses the sixth attempt of an hour, and blocks with it', () => {
    const fifth = play([ANNA], world({ counted: { ...NONE_COUNTED, reset: [1, 2, 3, 4] } }));
    expect(fifth.session.view).toEqual({ at: 'choose' });
    expect(fifth.deeds).toContainEqual({ kind: 'count', what: 'reset' });
    const sixth = play([ANNA], world({ counted: { ...NONE_COUNTED, reset: [1, 2, 3, 4, 5] } }));
    expect(sixth.session.view).toEqual({ at: 'refused', refusal: 'blocked' });
    expect(sixth.deeds).toContainEqual({ kind: 'block' });
    expect(sixth.reasons).toEqual(['User submitted their user ID', 'User is blocked for 24 hours']);
    const later = { ...world({ counted: { ...NONE_COUNTED, reset: [1, 2, 3, 4, 5] } }), now: HOUR_MS + 1 };
    expect(play([ANNA], later).session.view).toEqual({ at: 'choose' });
  });

  it('takes a code only once it was sent, and only the last one', () => {
    let code = 111110;
    const w = { ...world(), newCode: () => String(++code) };
    const resent = play([ANNA, EMAIL, { action: 'resend' }, { action: 'next', code: '111111' }], w);
    expect(resent.session.view.at).toBe('prove');
    expect(advance(resent.session, { action: 'next', code: '111112' }, w).session.view.at).toBe('password');
  });

  it('says how far the user had come when he cancels', () => {
    const cancel = { action: 'cancel' };
    expect(play([ANNA, EMAIL, cancel], world()).reasons.at(-1)).toMatch(/before passing the required auth/);
    const late = play([ANNA, EMAIL, CODE, cancel], world());
    expect(late.reasons.at(-1)).toMatch(/before submitting a new password/);
    expect(late.session.view).toEqual({ at: 'closed', how: 'cancelled' });
    expect(late.deeds.some(({ kind }) => kind === 'set-password')).toBe(false);
  });

  it('wants the characters of the picture when there is one', () => {
    const pictured: Session = { ...START, captcha: 'AB3' };
    expect(advance(pictured, ANNA, world()).session.view).toMatchObject({ at: 'identify' });
    expect(advance(pictured, { ...ANNA, captcha: 'a b3' }, world()).session.view).toEqual({ at: 'choose' });
  });
});

describe('the rules for a password', () => {
  for (const [password, banned] of [
    ['Contoso12', true],
    ['c0nt0so!Ab', true],
    ['Welcome1!', true],
    ['Welcome1!xyzQ', false],
    ['Sufficient-1', false],
  ] as const) {
    it(`${password} is ${banned ? '' : 'not '}too easily guessed`, () => {
      expect(isBanned(password, 'Contoso')).toBe(banned);
    });
  }

  for (const [password, problem] of [
    ['Aa1-567', 'tooShort'],
    ['Aa1-5678', undefined],
    ['lower1and2', 'classes'],
    ['lowerUPPER', 'classes'],
    ['lowerUPPER1', undefined],
    ['Aa1-' + 'x'.repeat(252), undefined],
    ['Aa1-' + 'x'.repeat(253), 'tooLong'],
    ['Aa1-ööööö', 'unicode'],
  ] as const) {
    it(`${password.slice(0, 16)} (${password.length} characters): ${problem ?? 'good'}`, () => {
      expect(passwordProblem(password)).toBe(problem);
    });
  }

  it('refuses two different ones', () => {
    const { session } = play([ANNA, EMAIL, CODE, { ...PASSWORD, confirmation: 'Sufficient-2' }], world());
    expect(session.view).toMatchObject({ at: 'password', error: 'differ' });
  });
});
