import type { Fault } from '../../harness/core/errors.ts';
import {
  couldNotCheck,
  fail,
  notApplicable,
  pass,
  skipped,
  type Verdict,
} from '../../harness/core/outcome.ts';
import type { Trial } from '../../harness/core/rehearsals.ts';
import type { TrialAnswer } from '../../harness/logon/flow.ts';
import { type Control, EVERY_MACHINE } from './control.ts';

/** The reset at the logon screen, by pixels, keys and mouse only. Decided by the spec that goes through it. */
export const logon: readonly Control[] = [
  {
    id: 'logon.screen-reached',
    title: 'After the restart the machine shows its logon screen',
    rationale: 'Everything that follows begins there.',
    source: { document: 'english', lines: [43, 43] },
    severity: 'required',
    stage: 'logon',
    needs: ['reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Look at the picture of the screen: an update, an error or a dialog may stand in the way.',
  },
  {
    id: 'logon.tiles',
    title: 'Each user has one tile',
    rationale: 'More than one credential provider of other makers shows as several tiles a user.',
    source: { document: 'english', lines: [61, 61] },
    severity: 'recommended',
    stage: 'logon',
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Disable the other credential providers (see install.provider-count).',
  },
  {
    id: 'logon.link-shown',
    title: 'The link "Forgot password?" is shown for the chosen user',
    rationale: 'It is the way to the reset for somebody who cannot get to a browser.',
    source: { document: 'english', lines: [20, 43] },
    severity: 'required',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'See install.registered; then restart the machine.',
  },
  {
    id: 'logon.reset-page-opens',
    title: 'A click on the link opens the reset page',
    rationale:
      'The page comes from the portal, by the settings of the machine and before anybody has signed in.',
    source: { document: 'english', lines: [43, 46] },
    severity: 'required',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'See tls.handshake and proxy.portal-reachable. On a slow machine click again.',
  },
  {
    id: 'logon.user-id-accepted',
    title: 'The reset page accepts the user ID of the test user',
    rationale: 'It shows that the tenant lets this user reset the password.',
    source: { document: 'english', lines: [44, 44] },
    severity: 'required',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'See prerequisites.sspr-enabled and prerequisites.user-registered, and read what the page says.',
  },
  {
    id: 'logon.wrong-code-refused',
    title: 'A wrong verification code is refused, and the right one still taken',
    rationale: 'People mistype. The code must protect the account, and one mistake must not end the reset.',
    source: { document: 'facts', section: '6.5' },
    severity: 'recommended',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'Look at the recorded pictures; where a wrong code was taken, tell Microsoft.',
  },
  {
    id: 'logon.verification-passed',
    title: 'The user proves the identity with a method other than the Authenticator app',
    rationale: 'The app does not work here in the first release, so another registered method has to.',
    source: { document: 'english', lines: [44, 59] },
    severity: 'required',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation: 'See prerequisites.alternate-methods. After 5 tries within an hour wait for 24 hours.',
  },
  {
    id: 'logon.weak-password-refused',
    title: 'A password that is too short is refused, and a good one still taken',
    rationale: 'The rules of the tenant hold at the logon screen as elsewhere: at least 8 characters.',
    source: { document: 'facts', section: '6.5' },
    severity: 'recommended',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Look at the password policy of the tenant, and of the domain where passwords are written back.',
  },
  {
    id: 'logon.password-reset',
    title: 'The flow ends with the message that the password has been reset',
    rationale: 'It is what the whole add-in is for.',
    source: { document: 'english', lines: [44, 44] },
    severity: 'required',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'Read what the page says; a password that does not meet the policy is refused with a reason.',
  },
  {
    id: 'logon.sign-in-with-new-password',
    title: 'The user signs in to Windows with the new password',
    rationale:
      'Only a sign-in shows that the user is able to work again. It may need a domain controller and password writeback.',
    source: { document: 'english', lines: [18, 20] },
    severity: 'required',
    stage: 'logon',
    needs: ['install', 'reboot'],
    observed: ['screen'],
    appliesTo: EVERY_MACHINE,
    remediation:
      'See that password writeback works and that the machine reaches a domain controller; wait two minutes and try again. Where audit.no-unexplained-entry fails too, somebody else may have reset it.',
  },
];

/** What came of each trial; `budget-spent` when the user had no try left for it. */
export type TrialsTried = Readonly<Partial<Record<Trial, TrialAnswer | 'budget-spent'>>>;

const TRIALS: Readonly<Record<Trial, { readonly what: string; readonly accepted: string }>> = {
  wrongCode: { what: 'A wrong verification code', accepted: 'the reset went on' },
  weakPassword: {
    what: 'A password of 7 characters',
    accepted: 'it is the password of the test user now, and kept as such',
  },
};

/**
 * Decides `logon.wrong-code-refused` and `logon.weak-password-refused`.
 * @param asked the trials of the configuration
 * @param stoppedBy why the attempt did not come to its end
 * @throws Fault that one, when the trial could not be seen through for it
 */
export function judgeTrial(
  trial: Trial,
  asked: readonly Trial[],
  tried: TrialsTried,
  stoppedBy: Fault | undefined,
): Verdict {
  if (!asked.includes(trial))
    return notApplicable(`The configuration does not ask for it. Name ${trial} under trials in sspr.yaml.`);
  const { what, accepted } = TRIALS[trial];
  const expected = `${what} is refused, and what is right is taken after it`;
  const came = tried[trial];
  if (came === undefined)
    return stoppedBy
      ? skipped('The attempt did not come this far', { expected })
      : notApplicable('The user proves the identity without a code.');
  switch (came) {
    case 'accepted':
      return fail(`${what} is accepted`, { expected, observed: `accepted; ${accepted}` });
    case 'budget-spent':
      return couldNotCheck('It was not tried: the test user has no try left for it', {
        expected,
        remediation:
          'Run it again in an hour, or name more test users under "accounts" in the configuration.',
      });
    case 'refused':
      // What stopped it later speaks for itself, but leaves open whether what was right would have been taken.
      if (stoppedBy) throw stoppedBy;
      return pass(`${what} is refused`, { expected, observed: 'refused, then what was right was taken' });
  }
}
