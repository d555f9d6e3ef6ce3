import { OPERATING_SYSTEMS, type Control } from './control.ts';

/** The reset at the logon screen, by pixels, keys and mouse only. Decided by the spec that goes through it. */
export const logon: readonly Control[] = [
  {
    id: 'logon.screen-reached',
    title: 'After the restart the machine shows its logon screen',
    rationale: 'Everything that follows begins there.',
    source: { document: 'english', lines: [43, 43] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Look at the picture of the screen: an update, an error or a dialog may stand in the way.',
  },
  {
    id: 'logon.tiles',
    title: 'Each user has one tile',
    rationale: 'More than one credential provider of other makers shows as several tiles a user.',
    source: { document: 'english', lines: [61, 61] },
    severity: 'minor',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'Disable the other credential providers (see install.provider-count).',
  },
  {
    id: 'logon.link-shown',
    title: 'The link "Forgot password?" is shown for the chosen user',
    rationale: 'It is the way to the reset for somebody who cannot get to a browser.',
    source: { document: 'english', lines: [20, 43] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'See install.registered; then restart the machine.',
  },
  {
    id: 'logon.reset-page-opens',
    title: 'A click on the link opens the reset page',
    rationale:
      'The page comes from the portal, by the settings of the machine and before anybody has signed in.',
    source: { document: 'english', lines: [43, 46] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'See tls.handshake and proxy.portal-reachable. On a slow machine click again.',
  },
  {
    id: 'logon.user-id-accepted',
    title: 'The reset page accepts the user ID of the test user',
    rationale: 'It shows that the tenant lets this user reset the password.',
    source: { document: 'english', lines: [44, 44] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'See prerequisites.sspr-enabled and prerequisites.user-registered, and read what the page says.',
  },
  {
    id: 'logon.verification-passed',
    title: 'The user proves the identity with a method other than the Authenticator app',
    rationale: 'The app does not work here in the first release, so another registered method has to.',
    source: { document: 'english', lines: [44, 59] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation: 'See prerequisites.alternate-methods. After 5 tries within an hour wait for 24 hours.',
  },
  {
    id: 'logon.password-reset',
    title: 'The flow ends with the message that the password has been reset',
    rationale: 'It is what the whole add-in is for.',
    source: { document: 'english', lines: [44, 44] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'Read what the page says; a password that does not meet the policy is refused with a reason.',
  },
  {
    id: 'logon.sign-in-with-new-password',
    title: 'The user signs in to Windows with the new password',
    rationale:
      'Only a sign-in shows that the user is able to work again. It may need a domain controller and password writeback.',
    source: { document: 'english', lines: [18, 20] },
    severity: 'critical',
    stage: 'logon',
    appliesTo: OPERATING_SYSTEMS,
    remediation:
      'See that password writeback works and that the machine reaches a domain controller; wait two minutes and try again.',
  },
];
