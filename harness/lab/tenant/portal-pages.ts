import { LANGUAGES, type Language } from '../../core/languages.ts';
import { gatesOf, type Account, type CodeMethod, type UsableMethod } from './accounts.ts';
import { CAPTIONS, type PortalCaptions } from './captions/captions.ts';
import { escapeHtml as e } from './html.ts';
import { remainingMethods, type Problem, type Refusal, type Session } from './reset-flow.ts';

/** What a page is drawn from. */
export interface PageData {
  readonly session: Session;
  readonly account: Account | undefined;
  /** Where the form goes, and the token that leads back to the session: there are no cookies. */
  readonly action: string;
  readonly viewState: string;
  readonly organization: string;
  readonly language: Language;
  readonly policy: { readonly methodsRequired: number; readonly questionsAsked: number };
  readonly supportCode: string;
}

/** With what it is called in the page's language. */
interface Page extends PageData {
  readonly say: PortalCaptions;
}

/** Numbers and names of Microsoft's list of SSPR error codes (facts 6.6); the same in every language. */
const ERROR_CODE: Readonly<Partial<Record<Refusal, string>>> = {
  tenantOff: 'SSPR_0009: TenantSSPRFlagDisabled',
  writebackOff: 'SSPR_0010: WritebackNotEnabled',
  notEnabled: 'SSPR_0011: SsprNotEnabledInUserPolicy',
  notLicensed: 'SSPR_0012: UserNotLicensed',
  notMember: 'SSPR_0013: UserNotMemberOfScopedAccessGroup',
  insufficientMethods: 'SSPR_0014: UserNotProperlyConfigured',
  onPremisesError: 'SSPR_0029: OnPremisesAdminActionRequired',
  onPremisesUnreachable: 'SSPR_0030: OnPremisesConnectivityError',
};

/** The page that belongs to the session's view. */
export function renderPage(session: PageData): string {
  const data: Page = { ...session, say: CAPTIONS[session.language] };
  const { backIntoAccount, newPassword } = data.say;
  const { view } = data.session;
  switch (view.at) {
    case 'identify':
      return layout(data, backIntoAccount, identifyPage(data, view.error));
    case 'choose':
      return layout(data, backIntoAccount, steps(data) + choosePage(data, view.chosen, view.error));
    case 'prove':
      return layout(data, backIntoAccount, steps(data) + provePage(data, view.method, view.error));
    case 'password':
      return layout(data, newPassword, steps(data) + passwordPage(data, view.error));
    case 'done':
      return layout(data, backIntoAccount, donePage(data));
    case 'refused':
      return layout(data, backIntoAccount, refusedPage(data, view.refusal));
    case 'closed':
      return layout(data, backIntoAccount, closedPage(data, view.how));
  }
}

/** Shown when the token of a form leads to no session: after a restart, or to one who went back. */
export function renderExpired(data: Pick<PageData, 'action' | 'organization' | 'language'>): string {
  const { backIntoAccount, expired } = CAPTIONS[data.language];
  return document_(
    data,
    backIntoAccount,
    `<p class="lead">${e(expired.title)}</p>
    <p>${e(expired.text)}</p>
    <p class="buttons"><a class="button" href="${e(data.action)}">${e(expired.again)}</a></p>`,
  );
}

const identifyPage = (data: Page, error?: Problem): string =>
  form(
    data,
    `<p class="lead">${e(data.say.userId.who)}</p>
    <p>${e(data.say.userId.begin)}</p>
    <label for="userId">${e(data.say.userId.label)}</label>
    <input type="text" id="userId" name="userId" autocomplete="off" autocapitalize="off" spellcheck="false" autofocus>
    <p class="hint">${e(data.say.userId.example)}</p>
    ${data.session.captcha === undefined ? '' : captcha(data, data.session.captcha)}
    ${problem(data, error)}
    ${buttons(button('next', data.say.next), cancel(data))}`,
  );

function choosePage(data: Page, chosen?: UsableMethod, error?: Problem): string {
  const { account } = data;
  if (!account) return '';
  const methods = remainingMethods(data.session, account, data.policy.questionsAsked);
  const choices = methods.map(
    (method, index) => `
      <input type="radio" name="choice" id="choose-${method}" ${method === (chosen ?? methods[0]) ? 'checked' : ''}
        ${method === 'securityQuestion' ? ASK_ON_CHOICE : ''}>
      <label for="choose-${method}" style="grid-row: ${index + 1}">${e(data.say.methods.names[method])}</label>`,
  );
  const panes = methods.map((method) => {
    const problems = method === chosen ? problem(data, error) : '';
    const content =
      method === 'securityQuestion'
        ? questionsPane(data, method === chosen, problems)
        : codePane(data, method, account, problems);
    return form(data, content, `pane for-${method}`);
  });
  return `<p>${e(data.say.methods.choose)}</p>
    <div class="methods">${choices.join('')}<div class="panes">${panes.join('')}</div></div>`;
}

function codePane(data: Page, method: CodeMethod, account: Account, problems: string): string {
  const { email, mobilePhone, phonePlaceholder, buttons: captions } = data.say.methods;
  const content =
    method === 'email'
      ? `<p>${e(email(maskedMail(account.alternateEmail)))}</p>`
      : `<p>${e(mobilePhone(maskedPhone(account.mobilePhone)))}</p>
      <input type="tel" name="phone" placeholder="${e(phonePlaceholder)}" autocomplete="off">`;
  return `${content}
      ${problems}
      ${buttons(button(method, captions[method]), cancel(data))}`;
}

/** The questions come with the page that follows the choice, so that the tenant knows when a user began with them. */
function questionsPane(data: Page, shown: boolean, problems: string): string {
  if (!shown) return '<input type="hidden" name="action" value="securityQuestion">';
  const { questions = [] } = data.session;
  const boxes = questions.map(
    (question, index) => `<label for="answer${index}">${e(question)}</label>
      <input type="text" id="answer${index}" name="answer${index}" autocomplete="off" spellcheck="false" ${index === 0 ? 'autofocus' : ''}>`,
  );
  return `${boxes.join('')}${problems}${buttons(button('securityQuestion', data.say.next), cancel(data))}`;
}

const ASK_ON_CHOICE = `onchange="document.querySelector('.for-securityQuestion').submit()"`;

const provePage = (data: Page, method: CodeMethod, error?: Problem): string =>
  form(
    data,
    `<p>${e(data.say.code.sent[method])}</p>
    <label for="code">${e(data.say.code.label)}</label>
    <input type="text" id="code" name="code" inputmode="numeric" autocomplete="off" autofocus>
    ${problem(data, error)}
    ${buttons(button('next', data.say.next), cancel(data))}
    <p class="help">${e(data.say.code.trouble)} ${link('resend', data.say.code.resend)} ${link('back', data.say.code.otherMethod)}</p>`,
  );

const passwordPage = (data: Page, error?: Problem): string =>
  form(
    data,
    `<label for="password">${e(data.say.password.enter)}</label>
    <input type="password" id="password" name="password" autocomplete="new-password" autofocus>
    <label for="confirmation">${e(data.say.password.confirm)}</label>
    <input type="password" id="confirmation" name="confirmation" autocomplete="new-password">
    <p class="hint">${e(data.say.password.rules)}</p>
    ${problem(data, error)}
    ${buttons(button('next', data.say.next), cancel(data))}`,
  );

const donePage = (data: Page): string =>
  form(
    data,
    `<p class="lead done">${TICK} ${e(data.say.done.title)}</p>
    <p>${e(data.say.done.text)}</p>
    ${buttons(button('finish', data.say.finish))}`,
  );

function refusedPage(data: Page, refusal: Refusal): string {
  const { title, text } = data.say.refused[refusal];
  const code = ERROR_CODE[refusal];
  return form(
    data,
    `<p class="lead refused">${WARNING} ${e(title)}</p>
    <p>${e(text)}</p>
    ${code === undefined ? '' : `<p class="hint">${e(data.say.errorCode)} ${e(code)}</p>`}
    ${buttons(button('cancel', data.say.close))}`,
  );
}

const closedPage = ({ say }: Page, how: 'finished' | 'cancelled'): string =>
  `<p class="lead">${e(say.closed[how])}</p>
  <p>${e(say.closed.closeWindow)}</p>
  <script>if (parent !== window) parent.postMessage({ sspr: '${how}' }, '*');</script>`;

/** Where the user is: the current step in bold, as the portal shows it. */
function steps({ session, account, policy, say }: Page): string {
  const gates = account ? gatesOf(account, policy.methodsRequired) : policy.methodsRequired;
  const at = session.view.at === 'password' ? gates : session.proved.length;
  const names = Array.from({ length: gates }, (_, index) => say.steps.verification(index + 1));
  const crumbs = [...names, say.steps.password].map((name, index) =>
    index === at ? `<strong>${e(name)}</strong>` : e(name),
  );
  return `<p class="steps">${crumbs.join(' &gt; ')}</p>`;
}

const form = ({ action, viewState }: Page, content: string, style = ''): string =>
  `<form method="post" action="${e(action)}" class="${style}" autocomplete="off">
    <input type="hidden" name="viewState" value="${e(viewState)}">
    ${content}
  </form>`;

const button = (action: string, caption: string): string =>
  `<button type="submit" name="action" value="${action}">${e(caption)}</button>`;
const link = (action: string, caption: string): string =>
  `<button type="submit" name="action" value="${action}" class="link">${e(caption)}</button>`;
const cancel = ({ say }: Page): string => link('cancel', say.cancel);
const buttons = (...all: string[]): string => `<p class="buttons">${all.join(' ')}</p>`;
const problem = ({ say }: Page, error: Problem | undefined): string =>
  error === undefined ? '' : `<p class="problem" role="alert">${e(say.problems[error])}</p>`;

/** `an****@contoso.example` */
const maskedMail = (address: string): string => address.replace(/^(.{2}).*@/, '$1****@');
/** All but the last two digits are hidden. */
const maskedPhone = (phone: string): string => '*'.repeat(9) + phone.slice(-2);

/** Characters that a person can read and a program need not: they protect nothing in a lab. */
function captcha({ say: { userId } }: Page, characters: string): string {
  const glyphs = Array.from(characters, (char, index) => {
    const [x, y, turn] = [22 + index * 34, 44 + (index % 2) * 8, (index % 3) * 14 - 14];
    return `<text x="${x}" y="${y}" transform="rotate(${turn} ${x} ${y})">${e(char)}</text>`;
  });
  return `<svg class="captcha" width="240" height="64" role="img" aria-label="${e(userId.captchaPicture)}">${glyphs.join('')}
      <path d="M0 40 Q60 10 120 36 T240 24" fill="none" stroke="#666"/></svg>
    <label for="captcha">${e(userId.captchaLabel)}</label>
    <input type="text" id="captcha" name="captcha" autocomplete="off">`;
}

const TICK =
  '<svg width="22" height="22" viewBox="0 0 22 22"><circle cx="11" cy="11" r="11" fill="#107c10"/><path d="M6 11.5l3.5 3.5L16 8" fill="none" stroke="#fff" stroke-width="2"/></svg>';
const WARNING =
  '<svg width="22" height="22" viewBox="0 0 22 22"><path d="M11 1l11 20H0z" fill="#c50f1f"/><path d="M11 8v6M11 16.5v2" stroke="#fff" stroke-width="2"/></svg>';

const STYLE = `
  * { box-sizing: border-box; }
  body { margin: 0; background: #fff; color: #262626; font: 15px/1.45 'Segoe UI', 'Open Sans', 'Microsoft YaHei', 'WenQuanYi Micro Hei', sans-serif; }
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

const layout = (data: Page, title: string, content: string): string =>
  document_(data, title, content, `${e(data.say.supportCode)} ${e(data.supportCode)}`);

const document_ = (
  { organization, language }: Pick<PageData, 'organization' | 'language'>,
  title: string,
  content: string,
  footer = '',
): string => `<!doctype html>
<html lang="${LANGUAGES[language].culture}">
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
