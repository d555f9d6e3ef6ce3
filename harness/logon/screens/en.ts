import type { Screens } from './screens.ts';

const NEXT = { texts: ['Next'], whole: true };

/** Methods that the documents have and that no program can answer for a person, or that don't work at the logon screen. */
const OTHER_METHODS = [
  'Call my mobile phone',
  'Call my office phone',
  'Approve a notification on my authenticator app',
  'Enter a code from my authenticator app',
];

const NOT_ENABLED = {
  code: 'reset-not-enabled',
  blame: 'tenant',
  means: 'The tenant does not let this user reset the password',
  remedy:
    'Enable self-service password reset for a group that this user is in, and give the user the licence for it.',
} as const;

/**
 * English: captions of Windows 7, 8 and 8.1, of the add-in and of the reset portal, as Microsoft's documents have them;
 * where those are silent, as seen in the portal.
 */
export const EN: Screens = {
  logon: {
    pressControlAltDelete: {
      texts: [
        'Press CTRL + ALT + DELETE to log on',
        'Press Ctrl+Alt+Delete to sign in',
        'Press Ctrl+Alt+Delete to unlock',
      ],
    },
    passwordBox: { texts: ['Password'], whole: true },
    link: { texts: ['Forgot password?'] },
    refused: {
      texts: [
        'The user name or password is incorrect',
        'The password is incorrect. Try again',
        "The password is incorrect. Make sure you're using the password for",
      ],
    },
    accepted: { texts: ['Welcome', 'Preparing your desktop', 'Recycle Bin', 'Start'], whole: true },
  },
  reset: {
    userId: {
      seenBy: { texts: ['begin by entering your user ID', 'Who are you?'] },
      label: { texts: ['User ID', 'Email or Username'], whole: true },
      button: NEXT,
    },
    method: {
      // Not by "verification step 1" or "2": both also stand on the pages that follow.
      seenBy: {
        texts: [
          'Please choose the contact method we should use',
          'Email my alternate email',
          'Text my mobile phone',
          'Answer my security questions',
          ...OTHER_METHODS,
        ],
      },
      choices: {
        email: { choice: { texts: ['Email my alternate email'] }, button: { texts: ['Email'], whole: true } },
        sms: { choice: { texts: ['Text my mobile phone'] }, button: { texts: ['Text'], whole: true } },
        // The documents name no button of this method.
        questions: { choice: { texts: ['Answer my security questions'] }, button: NEXT },
      },
      others: OTHER_METHODS.map((text) => ({ texts: [text] })),
      // In no document.
      phone: { texts: ['Enter your phone number'] },
    },
    code: {
      seenBy: { texts: ['Enter your verification code'] },
      label: { texts: ['Enter your verification code'], whole: true },
      button: NEXT,
    },
    newPassword: {
      seenBy: { texts: ['Enter new password'] },
      label: { texts: ['Enter new password'], whole: true },
      confirmLabel: { texts: ['Confirm new password'], whole: true },
      button: NEXT,
    },
    success: {
      seenBy: { texts: ['Your password has been reset'] },
      button: { texts: ['Finish'], whole: true },
    },
    wayBack: ['Finish', 'Cancel', 'Close', 'OK'].map((text) => ({ texts: [text], whole: true })),
  },
  bad: [
    {
      code: 'reset-page-unreachable',
      blame: 'network',
      texts: ['Something went wrong. Please, try again later'],
      means: "The machine can't reach the reset page",
      remedy:
        "Check the machine's proxy settings, its TLS 1.2 settings and that port 443 to passwordreset.microsoftonline.com is open.",
    },
    {
      code: 'account-not-verified',
      blame: 'tenant',
      texts: ["We couldn't verify your account"],
      means: 'The tenant does not know this user ID',
      remedy: 'Check the user principal name in the configuration, and that this account is in the tenant.',
    },
    { ...NOT_ENABLED, texts: ['Your account is not enabled for password reset'] },
    {
      code: 'not-registered',
      blame: 'tenant',
      texts: [
        'Additional security info is needed',
        "You can't reset your own password because you haven't registered",
      ],
      means: 'The user has not registered enough security info',
      remedy:
        'Let the user register at https://aka.ms/ssprsetup, with methods other than the Authenticator app.',
    },
    {
      code: 'blocked',
      blame: 'tenant',
      texts: [
        'You have tried too many times',
        'you are blocked for 24 hours',
        'Your account has been locked',
      ],
      means: 'The tenant has blocked this user after too many tries',
      remedy: 'Wait 24 hours after the last try, or use another test user.',
    },
    {
      code: 'captcha-shown',
      blame: 'tenant',
      texts: ['Enter the characters in the picture', 'Enter the characters you see'],
      means: 'The portal asks for the characters of a picture, which only a person may answer',
      remedy: 'Do this reset by hand at the console; the checks before and after it can run as they are.',
    },
    {
      code: 'code-refused',
      blame: 'tenant',
      texts: ['The verification code you entered is not correct', 'Your verification code is incorrect'],
      means: 'The portal refuses the verification code',
      remedy:
        "Check that no second reset of this user runs, and look at the recorded picture of the code's page.",
    },
    // The wording of the next two is in no document.
    {
      code: 'phone-refused',
      blame: 'config',
      texts: [
        'The phone number you entered does not match',
        'number does not match the one that we have on file',
      ],
      means: 'The portal refuses the phone number',
      remedy: "Write the phone of this user's verification as it is registered: +1 4255550100.",
    },
    {
      code: 'answers-refused',
      blame: 'config',
      texts: ['The answers you entered are not correct', 'One or more answers are incorrect'],
      means: 'The portal refuses the answers to the security questions',
      remedy: "Check the answers of this user's verification against those that are registered.",
    },
    {
      code: 'passwords-differ',
      blame: 'harness',
      texts: ['The passwords you entered do not match', 'Passwords do not match'],
      means: 'Keys were lost while the new password was typed',
      remedy: 'Run it again when the host is less busy.',
    },
    {
      code: 'password-refused',
      blame: 'tenant',
      texts: [
        'This password does not meet the length, complexity, age, or history requirements',
        "Unfortunately, you can't use that password",
        'Your password must contain three of these',
        'Your password must be at least',
        'Choose a password that',
      ],
      means: 'The tenant refuses the new password',
      remedy: "Compare the policy with the harness's passwords: 18 random characters of four classes.",
    },
    {
      code: 'reset-session-expired',
      blame: 'network',
      retryable: true,
      texts: ['Your session has expired', 'Your verification session has expired'],
      means: 'The portal has forgotten this attempt',
      remedy: 'Run it again; if it happens again, check that the proxy passes the portal through unchanged.',
    },
    {
      code: 'logon-server-unavailable',
      blame: 'network',
      texts: ['There are currently no logon servers available'],
      means: 'The machine reaches no domain controller',
      remedy:
        "Check the machine's network: a new password works at the logon screen only with a domain controller in sight.",
    },
  ],
};
