import { expect } from '@playwright/test';
import { openConsole, openScreen } from '../console/open.ts';
import type { Picture } from '../console/recording.ts';
import type { Screen } from '../console/screen.ts';
import { startDisplay, type Display } from '../console/testing/display.ts';
import { Deadline } from '../core/deadline.ts';
import { Secret } from '../core/secret.ts';
import type { CodeSource } from './codes/code-source.ts';
import { resetPassword, type ResetResult } from './flow.ts';
import type { Logon } from './logon.ts';
import { chooseUser, linkIsShown, returnToLogon, signIn } from './logon-screen.ts';
import { newPassword } from './new-password.ts';
import { CODE, imitation, OLD_PASSWORD, type Behaviour } from './testing/imitation.ts';

const sendsCode = (code: string): CodeSource => ({
  method: 'email',
  watch: () => Promise.resolve({ next: () => Promise.resolve(code) }),
});

describe('The logon flow, on a real VNC server with an imitation of Windows and the portal', function () {
  this.timeout(90_000);
  let display: Display | undefined;
  let screen: Screen | undefined;
  let pictures: Picture[];
  let told: string[];

  async function begin(behaviour: Behaviour = {}): Promise<Logon> {
    pictures = [];
    told = [];
    display = await startDisplay({ html: imitation(behaviour) });
    const deadline = Deadline.in(80_000, 'testing the flow');
    screen = openScreen(await openConsole(display, deadline), {
      language: 'en',
      record: (one) => pictures.push(one),
    });
    const user = { displayName: 'Anna Example', upn: 'anna@contoso.example' };
    return { screen, user, language: 'en', deadline, report: (text) => told.push(text) };
  }
  afterEach(async () => {
    await screen?.close();
    await display?.close();
    screen = display = undefined;
  });

  it('resets the password, which then opens the door that the old one no longer opens', async () => {
    const logon = await begin();
    const password = newPassword();
    const result = await resetPassword({ ...logon, newPassword: password, codes: sendsCode(CODE) });
    expect(display!.said).toEqual([
      { userId: 'anna@contoso.example' },
      { asks: 'code' },
      { code: CODE },
      { first: password.reveal(), second: password.reveal() },
    ]);
    const order: (keyof ResetResult)[] = [
      'tileChosenAt',
      'linkClickedAt',
      'userIdSubmittedAt',
      'codeRequestedAt',
      'codeSubmittedAt',
      'passwordSubmittedAt',
      'successSeenAt',
    ];
    expect(order.map((name) => result[name]).toSorted()).toEqual(order.map((name) => result[name]));
    expect(told).toContain('clicks the link');
    expect(pictures.map(({ action }) => action).join()).not.toContain(password.reveal());
    expect(pictures.find(({ caption }) => caption === 'clicks the link')?.found?.text).toMatch(
      /Forgot password/,
    );

    expect(await signIn(logon, new Secret(OLD_PASSWORD))).toBe('refused');
    await returnToLogon(logon);
    expect(await signIn(logon, password)).toBe('accepted');
  });

  it('is certain that there is no link only when it sees the logon screen of the user', async () => {
    const logon = await begin({ link: false });
    await expect(linkIsShown(logon)).rejects.toMatchObject({ code: 'logon-screen-not-certain' });
    await chooseUser(logon);
    expect(await linkIsShown(logon)).toBe(false);
    const reset = resetPassword({ ...logon, newPassword: newPassword(), codes: sendsCode(CODE) });
    await expect(reset).rejects.toMatchObject({ code: 'link-absent', blame: 'machine' });
  });

  it('blames the network when the reset page does not come, and finds back to the logon screen', async () => {
    const logon = await begin({ failure: 'Something went wrong. Please, try again later.' });
    const reset = resetPassword({ ...logon, newPassword: newPassword(), codes: sendsCode(CODE) });
    await expect(reset).rejects.toMatchObject({ code: 'reset-page-unreachable', blame: 'network' });
    await expect(reset).rejects.toThrow(/At the page "logon screen": .*Something went wrong/);
    await returnToLogon(logon);
    expect(await linkIsShown(logon)).toBe(true);
  });

  it('blames the tenant when the user is not registered', async () => {
    const logon = await begin({ refusal: 'Additional security info is needed to reset your password.' });
    const reset = resetPassword({ ...logon, newPassword: newPassword(), codes: sendsCode(CODE) });
    await expect(reset).rejects.toMatchObject({ code: 'not-registered', blame: 'tenant' });
    expect(display!.said).toEqual([{ userId: 'anna@contoso.example' }]);
  });

  it('gives a wrong code once, and not again', async () => {
    const logon = await begin();
    const reset = resetPassword({ ...logon, newPassword: newPassword(), codes: sendsCode('999999') });
    await expect(reset).rejects.toMatchObject({ code: 'code-refused', retryable: false });
    expect(display!.said.filter((one) => 'code' in (one as object))).toHaveLength(1);
  });
});
