import type { PortalCaptions } from './captions.ts';

const NOT_ENABLED = 'Your account is not enabled for password reset.';

export const EN: PortalCaptions = {
  backIntoAccount: 'Get back into your account',
  newPassword: 'Create a new password',
  userId: {
    who: 'Who are you?',
    begin: 'To recover your account, begin by entering your user ID.',
    label: 'User ID:',
    example: 'Example: user@contoso.onmicrosoft.com or user@contoso.com',
    captchaPicture: 'picture with characters',
    captchaLabel: 'Enter the characters in the picture:',
  },
  methods: {
    choose: 'Please choose the contact method we should use for verification:',
    names: {
      email: 'Email my alternate email',
      mobilePhone: 'Text my mobile phone',
      securityQuestion: 'Answer my security questions',
    },
    buttons: { email: 'Email', mobilePhone: 'Text' },
    email: (address) =>
      `You will receive an email containing a verification code at your alternate email address (${address}).`,
    mobilePhone: (number) =>
      `In order to protect your account, we need you to enter your complete mobile phone number (${number}) below. You will then receive a text message with a verification code which can be used to reset your password.`,
    phonePlaceholder: 'Enter your phone number',
  },
  code: {
    sent: {
      email: "We've sent an email message containing a verification code to your inbox.",
      mobilePhone: "We've sent a text message containing a verification code to your phone.",
    },
    label: 'Enter your verification code:',
    trouble: 'Are you having a problem?',
    resend: 'Send a new code',
    otherMethod: 'Choose another method',
  },
  password: {
    enter: 'Enter new password:',
    confirm: 'Confirm new password:',
    rules:
      'A strong password is required: 8 to 256 characters, with three of these: lowercase letters, uppercase letters, numbers, symbols.',
  },
  steps: { verification: (number) => `verification step ${number}`, password: 'choose a new password' },
  done: { title: 'Your password has been reset', text: 'You can now sign in with your new password.' },
  closed: {
    finished: 'You have finished.',
    cancelled: 'The password reset was cancelled.',
    closeWindow: 'You can close this window.',
  },
  expired: { title: 'Your session has expired.', text: 'Please start over.', again: 'Start over' },
  next: 'Next',
  cancel: 'Cancel',
  close: 'Close',
  finish: 'Finish',
  errorCode: 'Error code:',
  supportCode: 'Support code:',
  refused: {
    unknown: {
      title: "We couldn't verify your account.",
      text: "If you'd like, we can contact an administrator in your organization to reset your password for you.",
    },
    tenantOff: {
      title: NOT_ENABLED,
      text: 'Please contact your administrator. Password reset is disabled for your organization.',
    },
    writebackOff: {
      title: NOT_ENABLED,
      text: 'Please contact your administrator. Your password is managed on-premises, and a service that is needed for it is not enabled.',
    },
    notEnabled: {
      title: NOT_ENABLED,
      text: 'Please contact your administrator. Your administrator has not turned on password reset for you.',
    },
    notLicensed: {
      title: NOT_ENABLED,
      text: 'Please contact your administrator. The required license is missing from your organization.',
    },
    notMember: {
      title: NOT_ENABLED,
      text: 'Please contact your administrator. You are not a member of the group that may reset its passwords.',
    },
    insufficientMethods: {
      title: 'Additional security info is needed to reset your password.',
      text: 'Please contact your administrator. You have not registered the security info that is needed.',
    },
    onPremisesError: {
      title: 'We could not reset your password.',
      text: 'Please contact your administrator. There is a problem with your on-premises configuration.',
    },
    onPremisesUnreachable: {
      title: 'We could not reset your password.',
      text: 'Please contact your administrator. Your on-premises password reset service could not be reached.',
    },
    blocked: {
      title: 'You have tried too many times.',
      text: 'For security reasons, you are blocked for 24 hours. Please try again tomorrow, or contact your administrator.',
    },
  },
  problems: {
    noUserId: 'Please enter your user ID.',
    captcha: 'The characters you entered did not match the picture. Please try again.',
    phone: 'The phone number you entered does not match the one that we have on file. Please try again.',
    answers: 'The answers you entered are not correct. Please try again.',
    code: 'The verification code you entered is not correct. Please try again.',
    tooShort: 'Your password must be at least 8 characters long.',
    tooLong: "Your password can't be longer than 256 characters.",
    unicode: "Your password can't contain Unicode characters.",
    classes:
      'Your password must contain three of these: a lowercase letter, an uppercase letter, a number, a symbol.',
    differ: 'The passwords you entered do not match.',
    banned:
      "Unfortunately, you can't use that password because it contains words or characters that have been blocked by your administrator. Please try again with a different password.",
  },
  mail: {
    subject: (organization) => `Your ${organization} account email verification code`,
    lines: (upn, code) => [
      'Verify your email address',
      `Thanks for verifying your ${upn} account!`,
      `Your code is: ${code}`,
      'Sincerely,',
    ],
  },
  text: (organization, code) => `Use verification code ${code} for ${organization} password reset`,
};
