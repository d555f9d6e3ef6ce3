/** The pages on which captions stand, in the words in which a person is asked to show one. */
export const CAPTION_PAGES = {
  locked: 'what a machine shows before Ctrl+Alt+Delete',
  logon: 'the logon screen with a chosen user and his empty password box',
  refused: 'the logon screen after a wrong password',
  'signed-in': 'the greeting or the desktop after the right password',
  'user-id': 'the first page of the reset, which asks for the user ID',
  method: 'the page that lists the ways of verification',
  code: 'the page that asks for the verification code',
  'new-password': 'the page that asks for the new password',
  success: 'the page that says that the password has been reset',
  problem: 'a page or a screen on which the reset cannot go on',
} as const satisfies Readonly<Record<string, string>>;

export type CaptionPage = keyof typeof CAPTION_PAGES;

interface CaptionKind {
  readonly pages: readonly CaptionPage[];
  /** What it is, for the person who is asked which line it is. */
  readonly what: string;
  /** It stands alone: only a whole line is this caption. */
  readonly whole?: true;
  /** Its forms are different texts, not wordings of one: what is learnt comes to them and replaces none. */
  readonly several?: true;
}

const FORMS: readonly CaptionPage[] = ['user-id', 'method', 'code', 'new-password'];
const problem = (what: string): CaptionKind => ({ pages: ['problem'], what });

/** Everything that the harness looks for on a screen. What each key says is data: `../captions`. */
export const CAPTIONS = {
  'logon.pressControlAltDelete': { pages: ['locked'], what: 'asks for Ctrl+Alt+Delete' },
  'logon.passwordBox': { pages: ['logon'], what: 'the text in the empty password box', whole: true },
  'logon.link': { pages: ['logon'], what: 'the link to the reset' },
  'logon.others': {
    pages: ['logon'],
    what: 'another text beneath the password box, which is not the link',
    several: true,
  },
  'logon.refused': { pages: ['refused'], what: 'says that the password is wrong' },
  'logon.accepted': {
    pages: ['signed-in'],
    what: 'is seen from the greeting on, as long as somebody is signed in',
    whole: true,
  },
  'userId.heading': { pages: ['user-id'], what: 'tells this page from all others' },
  'userId.label': { pages: ['user-id'], what: 'the label of the box for the user ID', whole: true },
  'method.heading': { pages: ['method'], what: 'tells this page from all others' },
  'method.email': { pages: ['method'], what: 'a code by mail' },
  'method.emailButton': { pages: ['method'], what: 'the button that sends the mail', whole: true },
  'method.sms': { pages: ['method'], what: 'a code by text message' },
  'method.smsButton': { pages: ['method'], what: 'the button that sends the message', whole: true },
  'method.questions': { pages: ['method'], what: 'security questions' },
  'method.others': { pages: ['method'], what: 'a way that no program can go', several: true },
  'method.phone': { pages: ['method'], what: 'the label of the box for the phone number' },
  'code.label': { pages: ['code'], what: 'the label of the box for the verification code' },
  'newPassword.label': { pages: ['new-password'], what: 'the label of the first box' },
  'newPassword.confirmLabel': {
    pages: ['new-password'],
    what: 'the label of the second box',
    whole: true,
  },
  'success.heading': { pages: ['success'], what: 'says that the password has been reset' },
  'button.next': { pages: FORMS, what: 'the button that sends the page', whole: true },
  'button.finish': { pages: ['success'], what: 'the last button', whole: true },
  'button.cancel': { pages: FORMS, what: 'the button that leaves the reset', whole: true },
  'button.close': { pages: ['problem'], what: 'the button that closes the page', whole: true },
  'button.ok': { pages: ['refused'], what: 'the button that takes the message away', whole: true },
  'bad.reset-page-unreachable': problem('the reset page cannot be reached'),
  'bad.account-not-verified': problem('the tenant does not know the user'),
  'bad.reset-not-enabled': problem('the user may not reset the password'),
  'bad.reset-not-possible': problem('the password cannot be reset, whoever the user is'),
  'bad.not-registered': problem('the user has not registered enough'),
  'bad.blocked': problem('the user is blocked'),
  'bad.captcha-shown': problem('asks for the characters of a picture'),
  'bad.code-refused': problem('the verification code is wrong'),
  'bad.phone-refused': problem('the phone number is wrong'),
  'bad.answers-refused': problem('the answers are wrong'),
  'bad.passwords-differ': problem('the two passwords differ'),
  'bad.password-refused': problem('the new password is refused'),
  'bad.reset-session-expired': problem('the session has expired'),
  'bad.logon-server-unavailable': problem('no domain controller is there'),
  'windows.windows-is-updating': problem('Windows is busy with updates'),
  'windows.blue-screen': problem('Windows has crashed'),
  'windows.windows-does-not-boot': problem('Windows does not start'),
  'windows.certificate-warning': problem("the web site's certificate is not trusted"),
  'windows.windows-expired': problem('the licence of Windows is over'),
} as const satisfies Readonly<Record<string, CaptionKind>>;

export type CaptionKey = keyof typeof CAPTIONS;
export const CAPTION_KEYS = Object.keys(CAPTIONS) as CaptionKey[];

export const captionKind = (key: CaptionKey): CaptionKind => CAPTIONS[key];
