import { expect } from '@playwright/test';
import { PNG } from 'pngjs';
import { openConsole, openScreen } from '../console/open.ts';
import type { Picture } from '../console/recording.ts';
import type { Screen } from '../console/screen.ts';
import { openTextReader } from '../console/text.ts';
import { startDisplay, type Display } from '../console/testing/display.ts';
import type { ConsoleAction } from '../core/console-action.ts';
import { Deadline } from '../core/deadline.ts';
import { Fault } from '../core/errors.ts';
import type { Trial } from '../core/rehearsals.ts';
import { Secret } from '../core/secret.ts';
import type { CodeVerification, QuestionVerification } from './codes/verification.ts';
import { resetPassword, type ResetOptions, type TrialAnswer } from './flow.ts';
import type { Logon } from './logon.ts';
import { chooseUser, linkIsShown, returnToLogon, signIn } from './logon-screen.ts';
import { newPassword, weakPassword } from './new-password.ts';
import { tryUserId } from './refusal.ts';
import { visitResetPage } from './reset-page.ts';
import {
  ANSWERS,
  CODE,
  EMAIL,
  imitation,
  OLD_PASSWORD,
  QUESTIONS,
  SMS,
  type Behaviour,
} from './testing/imitation.ts';
import { screensFor } from './screens/screens.ts';

const ENOUGH = new Fault('Enough', { code: 'account-budget-spent', blame: 'tenant', remedy: 'Wait.' });
const PHONE = '+1 4255550100';

describe('The logon flow, on a real VNC server with an imitation of Windows and the portal', function () {
  this.timeout(180_000);
  let display: Display;
  let screen: Screen | undefined;
  let pictures: Picture[];
  let told: string[];
  /** What the sources of codes were asked to do, in order. */
  let watched: string[];
  let actions: ConsoleAction[];

  async function begin(behaviour: Behaviour = {}): Promise<Logon> {
    [pictures, told, watched, actions] = [[], [], [], []];
    await display.show(imitation(behaviour));
    const deadline = Deadline.in(160_000, 'testing the flow');
    screen = openScreen(await openConsole(display, deadline), {
      language: 'en',
      record: (one) => pictures.push(one),
    });
    // The page of the test before has gone from the screen.
    await screen.waitFor({ 'logon screen': { texts: ['Bo Tester'] } }, deadline);
    [pictures, actions] = [[], []];
    const user = { displayName: 'Anna Example', upn: 'anna@contoso.example' };
    return { screen, user, screens: screensFor('en'), deadline, report: (text) => told.push(text) };
  }
  before(async () => {
    display = await startDisplay({ html: imitation() });
  });
  after(() => display.close());
  afterEach(async () => {
    await screen?.close();
    screen = undefined;
  });

  const sends = (method: 'email' | 'sms', next: () => Promise<Secret>): CodeVerification => ({
    method,
    ...(method === 'sms' && { phone: PHONE }),
    source: {
      where: `the ${method} of the test`,
      watch: () => {
        watched.push(`${method} watched`);
        const close = () => Promise.resolve(void watched.push(`${method} closed`));
        return Promise.resolve({ next, close });
      },
    },
  });
  const sendsCode = (method: 'email' | 'sms', code = CODE): CodeVerification =>
    sends(method, () => Promise.resolve(new Secret(code)));

  const reset = (logon: Logon, options: Partial<ResetOptions> = {}): Promise<Secret> =>
    resetPassword({
      ...logon,
      newPassword: newPassword(),
      verifications: [sendsCode('email')],
      onAction: (action) => actions.push(action),
      ...options,
    });

  const done = (): string[] =>
    actions.map(({ action, method }) => (method === undefined ? action : `${action}: ${method}`));

  it('resets the password, which then opens the door that the old one no longer opens', async () => {
    const logon = await begin();
    const password = newPassword();
    const order: string[] = [];
    await reset(logon, {
      newPassword: password,
      onPage: (page) => order.push(page),
      beforeUserId: () => Promise.resolve(void order.push('before the user ID')),
      beforePassword: () => Promise.resolve(void order.push('before the password')),
    });
    expect(display.said).toEqual([
      { userId: 'anna@contoso.example' },
      { asks: EMAIL },
      { code: CODE },
      { first: password.reveal(), second: password.reveal() },
    ]);
    expect(order).toEqual([
      'user ID',
      'before the user ID',
      'verification method',
      'verification code',
      'new password',
      'before the password',
      'success',
    ]);
    expect(done()).toEqual([
      'tile-chosen',
      'link-clicked',
      'user-id-submitted',
      'verification-requested: email',
      'verification-submitted: email',
      'password-submitted',
      'success-seen',
    ]);
    const instants = actions.map(({ at }) => at);
    expect(instants.toSorted()).toEqual(instants);
    expect(told).toContain('clicks the link');
    expect(pictures.map(({ action }) => action).join()).not.toContain(password.reveal());
    expect(pictures.find(({ caption }) => caption === 'clicks the link')?.found?.text).toMatch(
      /Forgot password/,
    );

    expect(await signIn(logon, new Secret(OLD_PASSWORD))).toBe('refused');
    await returnToLogon(logon);
    expect(await signIn(logon, password)).toBe('accepted');
  });

  it('passes two gates by a method each, without a wrong code when it may give none, and gives no password when the hook before it throws', async () => {
    const logon = await begin({
      gates: [
        [SMS, EMAIL],
        [QUESTIONS, SMS, EMAIL],
      ],
    });
    const attempt = reset(logon, {
      verifications: [sendsCode('email'), sendsCode('sms')],
      beforePassword: () => Promise.reject(ENOUGH),
      trials: { mayGiveWrongCode: () => Promise.resolve(false), onTrial: () => Promise.reject(ENOUGH) },
    });
    await expect(attempt).rejects.toThrow('At the page "new password": Enough');
    expect(display.said.slice(1)).toEqual([
      { asks: EMAIL },
      { code: CODE },
      { phone: PHONE },
      { asks: SMS },
      { code: CODE },
      { cancelled: true },
    ]);
    expect(done().slice(3)).toEqual([
      'verification-requested: email',
      'verification-submitted: email',
      'verification-requested: sms',
      'verification-submitted: sms',
    ]);
    expect(watched).toEqual(['email watched', 'email closed', 'sms watched', 'sms closed']);
  });

  const answers = (find: (question: string) => string | undefined): QuestionVerification => ({
    method: 'questions',
    answer: (question) => {
      const answer = find(question);
      if (answer !== undefined) return new Secret(answer);
      throw new Fault(`Nobody knows "${question}"`, {
        code: 'answer-unknown',
        blame: 'config',
        remedy: 'Find it out.',
      });
    },
  });

  it('answers security questions, each as it is read', async () => {
    const logon = await begin({ gates: [[EMAIL, QUESTIONS]] });
    const asked: string[] = [];
    const letters = (text: string): string => text.replace(/\W/g, '').toLowerCase();
    const knowing = answers((question) => {
      asked.push(question);
      return ANSWERS.find(([known]) => letters(known) === letters(question))?.[1];
    });
    const verifications = [knowing, sendsCode('email')];
    const attempt = reset(logon, { verifications, beforePassword: () => Promise.reject(ENOUGH) });
    await expect(attempt).rejects.toThrow('Enough');
    expect(asked).toHaveLength(3);
    expect(display.said).toContainEqual({ answer0: 'Ng', answer1: 'Santa Fe', answer2: 'plums' });
    expect(done().slice(3)).toEqual([
      'verification-requested: questions',
      'verification-submitted: questions',
    ]);
    const recorded = pictures.map(({ caption, action = '' }) => `${caption} ${action}`).join();
    for (const [, answer] of ANSWERS) expect(recorded).not.toContain(answer);
    expect(shownWhereClicked('clicks the box for the answer to question 3', 'clicks Next')).toBe(1);
  });

  /** How many colours the last picture of a step has around the place of another's click. */
  function shownWhereClicked(clicked: string, at: string): number {
    const click = pictures.find(({ caption }) => caption === clicked)?.action ?? '';
    const [x = 0, y = 0] = (click.match(/\d+/g) ?? []).map(Number);
    const { data, width } = PNG.sync.read(pictures.findLast(({ caption }) => caption === at)!.png);
    const colours = new Set<number>();
    for (let row = y - 8; row <= y + 8; row++)
      for (let column = x - 140; column <= x; column++)
        colours.add(data.readUInt32LE((row * width + column) * 4));
    return colours.size;
  }

  it('gives no answer at all when it does not know one, and leaves the page', async () => {
    const logon = await begin({ gates: [[QUESTIONS]] });
    const knowing = answers((question) => (/job/i.test(question) ? undefined : 'something'));
    await expect(reset(logon, { verifications: [knowing] })).rejects.toMatchObject({
      code: 'answer-unknown',
    });
    expect(display.said).toEqual([{ userId: 'anna@contoso.example' }, { cancelled: true }]);
    expect(await linkIsShown(logon)).toBe(true);
  });

  it('says what the page offers and what is configured when none of it is', async () => {
    const logon = await begin({ gates: [[EMAIL]] });
    const attempt = reset(logon, { verifications: [sendsCode('sms')] });
    await expect(attempt).rejects.toMatchObject({ code: 'verification-not-offered', blame: 'config' });
    await expect(attempt).rejects.toThrow(/Email my alternate email"; configured for this user: sms/);
    expect(watched).toEqual([]);
    expect(display.said.at(-1)).toEqual({ cancelled: true });
  });

  it('blames the tenant when a gate offers nothing that the flow can use, and uses no method twice', async () => {
    const logon = await begin({ gates: [[EMAIL], ['Call my office phone']] });
    const attempt = reset(logon);
    await expect(attempt).rejects.toMatchObject({ code: 'verification-not-offered', blame: 'tenant' });
    await expect(attempt).rejects.toThrow(/office phone"; .*: email, not yet used: none/);
    expect(done().at(-1)).toBe('verification-submitted: email');
  });

  it('lets go of the mailbox when no code comes, and ends the session of the portal', async () => {
    const logon = await begin();
    const nothing = new Fault('No code', { code: 'code-not-received', blame: 'tenant', remedy: 'Wait.' });
    const attempt = reset(logon, { verifications: [sends('email', () => Promise.reject(nothing))] });
    await expect(attempt).rejects.toThrow('At the page "verification code": No code');
    expect(watched).toEqual(['email watched', 'email closed']);
    expect(display.said.at(-1)).toEqual({ cancelled: true });
    expect(done()).toEqual([
      'tile-chosen',
      'link-clicked',
      'user-id-submitted',
      'verification-requested: email',
    ]);
  });

  it('does not give the user ID when the hook before it throws', async () => {
    const logon = await begin();
    await expect(reset(logon, { beforeUserId: () => Promise.reject(ENOUGH) })).rejects.toMatchObject({
      code: 'account-budget-spent',
    });
    expect(display.said).toEqual([{ cancelled: true }]);
    expect(await linkIsShown(logon)).toBe(true);
  });

  it('touches nothing more when it is interrupted', async () => {
    const logon = await begin();
    const stop = new AbortController();
    const attempt = reset(
      { ...logon, deadline: Deadline.in(60_000, 'testing the flow', stop.signal) },
      {
        beforeUserId: () => {
          stop.abort();
          return Promise.resolve();
        },
      },
    );
    await expect(attempt).rejects.toMatchObject({ code: 'interrupted' });
    expect(display.said).toEqual([]);
    expect(told).not.toContain('leaves the reset page');
  });

  it('opens the page and leaves it without a user ID', async () => {
    const logon = await begin();
    await visitResetPage(logon);
    expect(display.said).toEqual([{ cancelled: true }]);
  });

  it('is certain that there is no link only when it sees the logon screen of the user', async () => {
    const logon = await begin({ link: false });
    await expect(linkIsShown(logon)).rejects.toMatchObject({ code: 'logon-screen-not-certain' });
    await chooseUser(logon);
    expect(await linkIsShown(logon)).toBe(false);
    await expect(reset(logon)).rejects.toMatchObject({ code: 'link-absent', blame: 'machine' });
  });

  it('does not call the link absent where it may be there in other words', async () => {
    const logon = await begin({ link: 'Cannot sign in?' });
    await chooseUser(logon);
    const looking = linkIsShown(logon);
    await expect(looking).rejects.toMatchObject({ code: 'logon-screen-not-certain', blame: 'config' });
    await expect(looking).rejects.toThrow('beneath the password box stands "Cannot sign in?"');
  });

  it('blames the network when the reset page does not come, and finds back to the logon screen', async () => {
    const logon = await begin({ failure: 'Something went wrong. Please, try again later.' });
    const attempt = reset(logon);
    await expect(attempt).rejects.toMatchObject({ code: 'reset-page-unreachable', blame: 'network' });
    await expect(attempt).rejects.toThrow(/At the page "logon screen": .*Something went wrong/);
    expect(await linkIsShown(logon)).toBe(true);
  });

  it('blames the tenant when the user is not registered', async () => {
    const logon = await begin({ refusal: 'Additional security info is needed to reset your password.' });
    await expect(reset(logon)).rejects.toMatchObject({ code: 'not-registered', blame: 'tenant' });
    expect(display.said).toEqual([{ userId: 'anna@contoso.example' }]);
  });

  it('gives a wrong code once, and not again', async () => {
    const logon = await begin();
    const attempt = reset(logon, { verifications: [sendsCode('email', '999999')] });
    await expect(attempt).rejects.toMatchObject({ code: 'code-refused', retryable: false });
    expect(display.said.filter((one) => 'code' in (one as object))).toHaveLength(1);

    // Neither where it was typed, nor where the page showed it again.
    const stopped = pictures.findIndex(({ caption }) => caption.startsWith('stops at'));
    const typed = pictures.findIndex(({ caption }) => caption === 'types the verification code');
    expect(await textOf(typed - 1)).toContain('Enter your verification code');
    for (const shown of [typed, stopped]) expect(await textOf(shown)).not.toMatch(/9{3}/);
    expect(await textOf(stopped)).toContain('is not correct');
    // The page has been left.
    expect(screen!.covered(screen!.frame())).toEqual([]);
  });

  it('does wrong first what it is asked to, sees that refused, and then does it right', async () => {
    const logon = await begin();
    const [weak, strong] = [weakPassword(), newPassword()];
    const kept: Secret[] = [];
    const answers: (readonly [Trial, TrialAnswer])[] = [];
    const set = await reset(logon, {
      newPassword: strong,
      beforePassword: (password) => Promise.resolve(void kept.push(password)),
      trials: {
        mayGiveWrongCode: () => Promise.resolve(true),
        weakPassword: weak,
        onTrial: (...answer) => Promise.resolve(void answers.push(answer)),
      },
    });
    expect(set).toBe(strong);
    expect(kept).toEqual([weak, strong]);
    expect(answers).toEqual([
      ['wrongCode', 'refused'],
      ['weakPassword', 'refused'],
    ]);
    const [{ code: wrong }, right] = display.said.filter((one) => 'code' in (one as object)) as [
      { code: string },
      unknown,
    ];
    expect(wrong).toMatch(/^\d{6}$/);
    expect(wrong).not.toBe(CODE);
    expect(right).toEqual({ code: CODE });
    expect(display.said.slice(-2)).toEqual([
      { first: weak.reveal(), second: weak.reveal() },
      { first: strong.reveal(), second: strong.reveal() },
    ]);
    expect(actions.slice(4).map(({ action, trial }) => (trial ? `${action}: ${trial}` : action))).toEqual([
      'verification-submitted: wrongCode',
      'verification-submitted',
      'password-submitted: weakPassword',
      'password-submitted',
      'success-seen',
    ]);
    // Shown again by the page that refuses it.
    const refused = pictures.findIndex(({ caption }) => caption.includes('is not correct'));
    expect(await textOf(refused)).not.toContain(wrong);
    expect(await signIn(logon, strong)).toBe('accepted');
  });

  it('takes what should have been refused for what it is, and goes on with it', async () => {
    const logon = await begin({ lenient: true });
    const [weak, answers] = [weakPassword(), new Map<Trial, TrialAnswer>()];
    const set = await reset(logon, {
      trials: {
        mayGiveWrongCode: () => Promise.resolve(true),
        weakPassword: weak,
        onTrial: (trial, answer) => Promise.resolve(void answers.set(trial, answer)),
      },
    });
    expect(set).toBe(weak);
    expect(Object.fromEntries(answers)).toEqual({ wrongCode: 'accepted', weakPassword: 'accepted' });
    expect(done().slice(-3)).toEqual(['verification-submitted: email', 'password-submitted', 'success-seen']);
    expect(await signIn(logon, weak)).toBe('accepted');
  });

  const NOT_LICENSED =
    'Your account is not enabled for password reset.</p><p>Error code: SSPR_0012: UserNotLicensed';

  it('tells by its number why a user is turned away', async () => {
    const logon = await begin({ refusal: NOT_LICENSED });
    const attempt = reset(logon);
    await expect(attempt).rejects.toMatchObject({ code: 'reset-not-enabled', retryable: false });
    await expect(attempt).rejects.toThrow(/At the page "user ID": .*SSPR_0012: the licence/);
  });

  it('reads how another user is turned away, behind the tile of the own one, and finds back', async () => {
    const logon = await begin({ refusal: NOT_LICENSED });
    const { answer, submittedAt, leftAt } = await tryUserId(logon, 'carl@contoso.example', () =>
      Promise.resolve(),
    );
    expect(answer).toMatchObject({ page: 'reset-not-enabled', number: 'SSPR_0012' });
    expect(submittedAt < leftAt).toBe(true);
    expect(display.said).toEqual([{ userId: 'carl@contoso.example' }]);
    expect(await linkIsShown(logon)).toBe(true);
    expect(told).toContain('chooses the user Anna Example');
  });

  it('has no code sent to a user who is let in, and cancels', async () => {
    const logon = await begin({ gates: [[EMAIL, 'Call my office phone']] });
    const { answer } = await tryUserId(logon, 'dora@contoso.example', () => Promise.resolve());
    expect(answer).toEqual({
      page: 'verification method',
      offers: {
        known: [expect.stringContaining(EMAIL)],
        others: [expect.stringContaining('Call my office phone')],
      },
    });
    expect(display.said).toEqual([{ userId: 'dora@contoso.example' }, { cancelled: true }]);
    expect(await linkIsShown(logon)).toBe(true);
  });

  /** What is written on a recorded picture. */
  async function textOf(index: number): Promise<string> {
    const { width, height, data } = PNG.sync.read(pictures[index]!.png);
    const reader = openTextReader();
    const lines = await reader.read({ width, height, data, version: index }).finally(() => reader.close());
    return lines.flatMap(({ words }) => words.map(({ text }) => text)).join(' ');
  }
});
