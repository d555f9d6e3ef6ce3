import { type BadScreen, WINDOWS_BAD_SCREENS } from '../../console/bad-screens.ts';
import { CAPTION_KEYS, type CaptionKey } from './caption-keys.ts';

type CodeOf<Key> = Key extends `bad.${infer Code}` ? Code : never;
type BadCode = CodeOf<CaptionKey>;

/** What the screens on which the reset can't go on mean, whatever their language. */
const RESET_BAD_SCREENS: Readonly<Record<BadCode, Omit<BadScreen, 'texts' | 'code'>>> = {
  'reset-page-unreachable': {
    blame: 'network',
    means: "The machine can't reach the reset page",
    remedy:
      "Check the machine's proxy settings, its TLS 1.2 settings, that port 443 to passwordreset.microsoftonline.com is open, and that no 802.1X profile signs in before the user does.",
  },
  'account-not-verified': {
    blame: 'tenant',
    means: 'The tenant does not know this user ID',
    remedy: 'Check the user principal name in the configuration, and that this account is in the tenant.',
  },
  'reset-not-enabled': {
    blame: 'tenant',
    means: 'The tenant does not let this user reset the password',
    remedy:
      'Enable self-service password reset for a group that this user is in, and give the user the licence for it.',
  },
  'reset-not-possible': {
    blame: 'tenant',
    means: 'The tenant cannot reset the password of this user',
    remedy:
      'Look at the number that the page shows; SSPR_0029 and SSPR_0030 are the on-premises side of password writeback.',
  },
  'not-registered': {
    blame: 'tenant',
    means: 'The user has not registered enough security info',
    remedy:
      'Let the user register at https://aka.ms/ssprsetup, with methods other than the Authenticator app.',
  },
  blocked: {
    blame: 'tenant',
    means: 'The tenant has blocked this user after too many tries',
    remedy: 'Wait 24 hours after the last try, or use another test user.',
  },
  'captcha-shown': {
    blame: 'tenant',
    means: 'The portal asks for the characters of a picture, which only a person may answer',
    remedy: 'Do this reset by hand at the console; the checks before and after it can run as they are.',
  },
  'code-refused': {
    blame: 'tenant',
    means: 'The portal refuses the verification code',
    remedy:
      "Check that no second reset of this user runs, and look at the recorded picture of the code's page.",
  },
  'phone-refused': {
    blame: 'config',
    means: 'The portal refuses the phone number',
    remedy: "Write the phone of this user's verification as it is registered: +1 4255550100.",
  },
  'answers-refused': {
    blame: 'config',
    means: 'The portal refuses the answers to the security questions',
    remedy: "Check the answers of this user's verification against those that are registered.",
  },
  'passwords-differ': {
    blame: 'harness',
    means: 'Keys were lost while the new password was typed',
    remedy: 'Run it again when the host is less busy.',
  },
  'password-refused': {
    blame: 'tenant',
    means: 'The tenant refuses the new password',
    remedy: "Compare the policy with the harness's passwords: 18 random characters of four classes.",
  },
  'reset-session-expired': {
    blame: 'network',
    retryable: true,
    means: 'The portal has forgotten this attempt',
    remedy: 'Run it again; if it happens again, check that the proxy passes the portal through unchanged.',
  },
  'logon-server-unavailable': {
    blame: 'network',
    means: 'The machine reaches no domain controller',
    remedy:
      "Check the machine's network: a new password works at the logon screen only with a domain controller in sight.",
  },
};

/** Every screen on which the reset can't go on, with its texts: those of the reset, then Windows' own in this language. */
export const badScreens = (textsOf: (key: CaptionKey) => readonly string[]): BadScreen[] =>
  CAPTION_KEYS.flatMap((key): BadScreen[] => {
    const code = key.slice(key.indexOf('.') + 1);
    if (isReset(key, code)) return [{ ...RESET_BAD_SCREENS[code], code, texts: textsOf(key) }];
    const windows = WINDOWS_BAD_SCREENS.find((one) => key === `windows.${one.code}`);
    return windows ? [{ ...windows, texts: textsOf(key) }] : [];
  });

const isReset = (key: CaptionKey, code: string): code is BadCode =>
  key.startsWith('bad.') && code in RESET_BAD_SCREENS;
