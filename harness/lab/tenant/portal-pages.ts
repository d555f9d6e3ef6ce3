import { gatesOf, type Account, type CodeMethod, type UsableMethod } from './accounts.ts';
import { escapeHtml as e } from './html.ts';
import { remainingMethods, type Refusal, type Session } from './reset-flow.ts';

/** What a page is drawn from. */
export interface PageData {
  readonly session: Session;
  readonly account: Account | undefined;
  /** Where the form goes, and the token that leads back to the session: there are no cookies. */
  readonly action: string;
  readonly viewState: string;
  readonly organization: string;
  readonly policy: { readonly methodsRequired: number; readonly questionsAsked: number };
  readonly supportCode: string;
}

/** What each method is called in the list to choose from (Microsoft's documents). */
const CHOICE: Readonly<Record<UsableMethod, string>> = {
  email: 'Email my alternate email',
  mobilePhone: 'Text my mobile phone',
  securityQuestion: 'Answer my security questions',
};

/** The wording of each method that sends a code: where Microsoft's documents are silent, a plausible sentence. */
const CODE: Readonly<
  Record<
    CodeMethod,
    {
      readonly button: string;
      readonly prompt: (account: Account) => string;
      readonly field: string;
      readonly sent: string;
    }
  >
> = {
  email: {
    button: 'Email',
    prompt: ({ alternateEmail }) =>
      `You will receive an email containing a verification code at your alternate email address (${maskedMail(alternateEmail)}).`,
    field: '',
    sent: "We've sent an email message containing a verification code to your inbox.",
  },
  mobilePhone: {
    button: 'Text',
    prompt: ({ mobilePhone }) =>
      `In order to protect your account, we need you to enter your complete mobile phone number (${maskedPhone(mobilePhone)}) below. You will then receive a text message with a verification code which can be used to reset your password.`,
    field: '<input type="tel" name="phone" placeholder="Enter your phone number" autocomplete="off">',
    sent: "We've sent a text message containing a verification code to your phone.",
  },
};

/** Headlines as documented; numbers from Microsoft's list of SSPR error codes. */
const REFUSED: Readonly<
  Record<Refusal, { readonly title: string; readonly text: string; readonly code: string }>
> = {
  unknown: {
    title: "We couldn't verify your account.",
    text: "If you'd like, we can contact an administrator in your organization to reset your password for you.",
    code: '',
  },
  notEnabled: {
    title: 'Your account is not enabled for password reset.',
    text: 'Please contact your administrator. Your administrator has not turned on password reset for you.',
    code: 'SSPR_0011: SsprNotEnabledInUserPolicy',
  },
  notLicensed: {
    title: 'Your account is not enabled for password reset.',
    text: 'Please contact your administrator. The required license is missing from your organization.',
    code: 'SSPR_0012: UserNotLicensed',
  },
  notMember: {
    title: 'Your account is not enabled for password reset.',
    text: 'Please contact your administrator. You are not a member of the group that may reset its passwords.',
    code: 'SSPR_0013: UserNotMemberOfScopedAccessGroup',
  },
  insufficientMethods: {
    title: 'Additional security info is needed to reset your password.',
    text: 'Please contact your administrator. You have not registered the security info that is needed.',
    code: 'SSPR_0014: UserNotProperlyConfigured',
  },
  blocked: {
    title: 'You have tried too many times.',
    text: 'For security reasons, you are blocked for 24 hours. Please try again tomorrow, or contact your administrator.',
    code: '',
  },
};

/** The page that belongs to the session's view. */
export function renderPage(data: PageData): string {
  const { view } = data.session;
  switch (view.at) {
    case 'identify':
      return layout(data, 'Get back into your account', identifyPage(data, view.error));
    case 'choose':
      return layout(
        data,
        'Get back into your account',
        steps(data) + choosePage(data, view.chosen, view.error),
      );
    case 'prove':
      return layout(
        data,
        'Get back into your account',
        steps(data) + provePage(data, view.method, view.error),
      );
    case 'password':
      return layout(data, 'Create a new password', steps(data) + passwordPage(data, view.error));
    case 'done':
      return layout(data, 'Get back into your account', donePage(data));
    case 'refused':
      return layout(data, 'Get back into your account', refusedPage(data, view.refusal));
    case 'closed':
      return layout(data, 'Get back into your account', closedPage(data, view.how));
  }
}

/** Shown when the token of a form leads to no session: after a restart, or to one who went back. */
export const renderExpired = (data: Pick<PageData, 'action' | 'organization'>): string =>
  document_(
    data.organization,
    'Get back into your account',
    `<p class="lead">Your session has expired.</p>
    <p>Please start over.</p>
    <p class="buttons"><a class="button" href="${e(data.action)}">Start over</a></p>`,
  );

const identifyPage = (data: PageData, error?: string): string =>
  form(
    data,
    `<p class="lead">Who are you?</p>
    <p>To recover your account, begin by entering your user ID.</p>
    <label for="userId">User ID:</label>
    <input type="text" id="userId" name="userId" autocomplete="off" autocapitalize="off" spellcheck="false" autofocus>
    <p class="hint">Example: user@contoso.onmicrosoft.com or user@contoso.com</p>
    ${data.session.captcha === undefined ? '' : captcha(data.session.captcha)}
    ${problem(error)}
    ${buttons(button('next', 'Next'), cancel)}`,
  );

function choosePage(data: PageData, chosen?: UsableMethod, error?: string): string {
  const { account } = data;
  if (!account) return '';
  const methods = remainingMethods(data.session, account, data.policy.questionsAsked);
  const choices = methods.map(
    (method, index) => `
      <input type="radio" name="choice" id="choose-${method}" ${method === (chosen ?? methods[0]) ? 'checked' : ''}
        ${method === 'securityQuestion' ? ASK_ON_CHOICE : ''}>
      <label for="choose-${method}" style="grid-row: ${index + 1}">${CHOICE[method]}</label>`,
  );
  const panes = methods.map((method) => {
    const problems = method === chosen ? problem(error) : '';
    const content =
      method === 'securityQuestion'
        ? questionsPane(data, method === chosen, problems)
        : codePane(method, account, problems);
    return form(data, content, `pane for-${method}`);
  });
  return `<p>Please choose the contact method we should use for verification:</p>
    <div class="methods">${choices.join('')}<div class="panes">${panes.join('')}</div></div>`;
}

const codePane = (method: CodeMethod, account: Account, problems: string): string =>
  `<p>${e(CODE[method].prompt(account))}</p>${CODE[method].field}
      ${problems}
      ${buttons(button(method, CODE[method].button), cancel)}`;

/** The questions come with the page that follows the choice, so that the tenant knows when a user began with them. */
const questionsPane = (
  { session: { questions = [] } }: PageData,
  shown: boolean,
  problems: string,
): string =>
  shown
    ? questions
        .map(
          (question, index) => `<label for="answer${index}">${e(question)}</label>
      <input type="text" id="answer${index}" name="answer${index}" autocomplete="off" spellcheck="false" ${index === 0 ? 'autofocus' : ''}>`,
        )
        .join('') + `${problems}${buttons(button('securityQuestion', 'Next'), cancel)}`
    : '<input type="hidden" name="action" value="securityQuestion">';

const ASK_ON_CHOICE = `onchange="document.querySelector('.for-securityQuestion').submit()"`;

const provePage = (data: PageData, method: CodeMethod, error?: string): string =>
  form(
    data,
    `<p>${CODE[method].sent}</p>
    <label for="code">Enter your verification code:</label>
    <input type="text" id="code" name="code" inputmode="numeric" autocomplete="off" autofocus>
    ${problem(error)}
    ${buttons(button('next', 'Next'), cancel)}
    <p class="help">Are you having a problem? ${link('resend', 'Send a new code')} ${link('back', 'Choose another method')}</p>`,
  );

const passwordPage = (data: PageData, error?: string): string =>
  form(
    data,
    `<label for="password">Enter new password:</label>
    <input type="password" id="password" name="password" autocomplete="new-password" autofocus>
    <label for="confirmation">Confirm new password:</label>
    <input type="password" id="confirmation" name="confirmation" autocomplete="new-password">
    <p class="hint">A strong password is required: 8 to 256 characters, with three of these: lowercase letters,
    uppercase letters, numbers, symbols.</p>
    ${problem(error)}
    ${buttons(button('next', 'Next'), cancel)}`,
  );

const donePage = (data: PageData): string =>
  form(
    data,
    `<p class="lead done">${TICK} Your password has been reset</p>
    <p>You can now sign in with your new password.</p>
    ${buttons(button('finish', 'Finish'))}`,
  );

function refusedPage(data: PageData, refusal: Refusal): string {
  const { title, text, code } = REFUSED[refusal];
  return form(
    data,
    `<p class="lead refused">${WARNING} ${e(title)}</p>
    <p>${e(text)}</p>
    ${code === '' ? '' : `<p class="hint">Error code: ${e(code)}</p>`}
    ${buttons(button('cancel', 'Close'))}`,
  );
}

const closedPage = (_data: PageData, how: 'finished' | 'cancelled'): string =>
  `<p class="lead">${how === 'finished' ? 'You have finished.' : 'The password reset was cancelled.'}</p>
  <p>You can close this window.</p>
  <script>if (parent !== window) parent.postMessage({ sspr: '${how}' }, '*');</script>`;

/** Where the user is: the current step in bold, as the portal shows it. */
function steps({ session, account, policy }: PageData): string {
  const gates = account ? gatesOf(account, policy.methodsRequired) : policy.methodsRequired;
  const at = session.view.at === 'password' ? gates : session.proved.length;
  const names = Array.from({ length: gates }, (_, index) => `verification step ${index + 1}`);
  const crumbs = [...names, 'choose a new password'].map((name, index) =>
    index === at ? `<strong>${name}</strong>` : name,
  );
  return `<p class="steps">${crumbs.join(' &gt; ')}</p>`;
}

const form = ({ action, viewState }: PageData, content: string, style = ''): string =>
  `<form method="post" action="${e(action)}" class="${style}" autocomplete="off">
    <input type="hidden" name="viewState" value="${e(viewState)}">
    ${content}
  </form>`;

const button = (action: string, caption: string): string =>
  `<button type="submit" name="action" value="${action}">${caption}</button>`;
const link = (action: string, caption: string): string =>
  `<button type="submit" name="action" value="${action}" class="link">${caption}</button>`;
const cancel = link('cancel', 'Cancel');
const buttons = (...all: string[]): string => `<p class="buttons">${all.join(' ')}</p>`;
const problem = (error: string | undefined): string =>
  error === undefined ? '' : `<p class="problem" role="alert">${e(error)}</p>`;

/** `an****@contoso.example` */
const maskedMail = (address: string): string => address.replace(/^(.{2}).*@/, '$1****@');
/** All but the last two digits are hidden. */
const maskedPhone = (phone: string): string => '*'.repeat(9) + phone.slice(-2);

/** Characters that a person can read and a program need not: they protect nothing in a lab. */
function captcha(characters: string): string {
  const glyphs = Array.from(characters, (char, index) => {
    const [x, y, turn] = [22 + index * 34, 44 + (index % 2) * 8, (index % 3) * 14 - 14];
    return `<text x="${x}" y="${y}" transform="rotate(${turn} ${x} ${y})">${e(char)}</text>`;
  });
  return `<svg class="captcha" width="240" height="64" role="img" aria-label="picture with characters">${glyphs.join('')}
      <path d="M0 40 Q60 10 120 36 T240 24" fill="none" stroke="#666"/></svg>
    <label for="captcha">Enter the characters in the picture:</label>
    <input type="text" id="captcha" name="captcha" autocomplete="off">`;
}

const TICK =
  '<svg width="22" height="22" viewBox="0 0 22 22"><circle cx="11" cy="11" r="11" fill="#107c10"/><path d="M6 11.5l3.5 3.5L16 8" fill="none" stroke="#fff" stroke-width="2"/></svg>';
const WARNING =
  '<svg width="22" height="22" viewBox="0 0 22 22"><path d="M11 1l11 20H0z" fill="#c50f1f"/><path d="M11 8v6M11 16.5v2" stroke="#fff" stroke-width="2"/></svg>';

const STYLE = `
  * { box-sizing: border-box; }
  body { margin: 0; background: #fff; color: #262626; font: 15px/1.45 'Segoe UI', 'Open Sans', sans-serif; }
  header { display: flex; align-items: center; gap: 10px; padding: 14px 36px 10px; font-size: 19px; color: #505050; }
  main { padding: 4px 36px 16px; max-width: 720px; }
  h1 { margin: 0 0 10px; font-size: 29px; font-weight: 300; line-height: 1.2; color: #0067b8; }
  p { margin: 0 0 12px; }
  label { display: block; margin: 0 0 4px; }
  svg { vertical-align: -4px; }
  .lead { font-size: 18px; }
  .steps { font-size: 15px; color: #505050; border-bottom: 1px solid #ddd; padding-bottom: 8px; }
  .steps strong { color: #0067b8; font-weight: 600; }
  .hint { font-size: 14px; color: #595959; }
  .problem { color: #c50f1f; }
  .done { color: #107c10; }
  .refused { color: #c50f1f; }
  .help { margin-top: 18px; }
  input[type=text], input[type=tel], input[type=password] {
    display: block; width: 310px; max-width: 100%; height: 34px; padding: 4px 8px; margin: 0 0 10px;
    font: inherit; border: 1px solid #8a8a8a; background: #fff; color: inherit;
  }
  input:focus { outline: 2px solid #0078d7; outline-offset: -1px; }
  .buttons { margin: 14px 0 0; display: flex; align-items: center; gap: 18px; }
  button, .button {
    min-width: 96px; height: 34px; padding: 0 18px; font: inherit; line-height: 32px; text-align: center;
    color: #fff; background: #0078d7; border: 1px solid #0078d7; text-decoration: none; cursor: pointer;
  }
  button:hover, .button:hover { background: #005a9e; }
  button:focus-visible { outline: 2px solid #000; outline-offset: 1px; }
  .link { min-width: 0; padding: 0 2px; color: #0067b8; background: none; border: 0; }
  .link:hover { background: none; text-decoration: underline; }
  .captcha { display: block; margin-bottom: 8px; background: #f2f2f2; font: bold 30px 'Open Sans', sans-serif; }
  .methods { display: grid; grid-template-columns: 26px 222px 1fr; column-gap: 4px; align-items: center; }
  .methods > input { margin: 0; width: 16px; height: 16px; }
  .methods > label { grid-column: 2; margin: 0; padding: 9px 0; cursor: pointer; }
  .panes { grid-column: 3; grid-row: 1 / span 4; align-self: start; min-height: 180px; padding-left: 22px;
    border-left: 1px solid #ddd; }
  .pane { display: none; }
  #choose-email:checked ~ .panes .for-email,
  #choose-mobilePhone:checked ~ .panes .for-mobilePhone,
  #choose-securityQuestion:checked ~ .panes .for-securityQuestion { display: block; }
  .for-securityQuestion input[type=text] { height: 30px; margin-bottom: 8px; }
  footer { padding: 10px 36px; font-size: 14px; color: #767676; }
`;

const layout = (data: PageData, title: string, content: string): string =>
  document_(data.organization, title, content, `Support code: ${e(data.supportCode)}`);

const document_ = (
  organization: string,
  title: string,
  content: string,
  footer = '',
): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${e(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>${LOGO} ${e(organization)}</header>
<main>
<h1>${e(title)}</h1>
${content}
</main>
<footer>${footer}</footer>
</body>
</html>
`;

const LOGO =
  '<svg width="26" height="26" viewBox="0 0 26 26"><path d="M13 1l11 6v12l-11 6L2 19V7z" fill="#0078d7"/><path d="M13 7l6 3.3v6.4L13 20l-6-3.3v-6.4z" fill="#fff"/></svg>';
