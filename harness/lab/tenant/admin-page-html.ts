import { registration, REGISTRABLE, STANDINGS, type Account } from './accounts.ts';
import { escapeHtml as e } from './html.ts';
import { SUBSCRIPTION_NAMES } from './subscriptions.ts';
import { PERMISSIONS, type Tenant } from './tenant.ts';
import { RETRY_AFTER } from './throttle.ts';
import { FAULT_KINDS, type WireFault } from './wire-faults.ts';

/** What the page says of the last thing that was asked of it. */
export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** The administration page: everything that can be changed by hand, as plain forms. */
export function renderAdminPage(tenant: Tenant, formToken: string, said?: Said): string {
  const form = (name: string, content: string): string =>
    `<form method="post" action="/lab/admin/page/${name}"><input type="hidden" name="formToken" value="${e(formToken)}">${content}</form>`;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${e(tenant.organization)} – lab tenant</title><style>${STYLE}</style></head><body>
<header>
  <h1>${e(tenant.organization)} <small>lab tenant</small></h1>
  <p>${e(tenant.domain)} · ${e(tenant.id)} · its clock says ${e(readable(tenant.now()))}</p>
</header>
${said ? `<p role="status" class="said ${said.ok ? 'ok' : 'wrong'}">${e(said.text)}</p>` : ''}
<main>
  <section class="wide"><h2>Users</h2><div class="cards">${tenant.accounts.map((one) => userCard(tenant, one, form)).join('')}</div></section>
  <section><h2>Policy</h2>${form('policy', policyFields(tenant))}</section>
  <section><h2>Audit log</h2>${form('audit', auditFields(tenant))}</section>
  <div class="stack">
    <section><h2>Clock, tokens, texts</h2>${form('access', accessFields(tenant))}</section>
    <section><h2>Noise of other users</h2>${form('noise', noiseFields(tenant))}</section>
  </div>
  <section class="wide"><h2>Faults of the wire</h2>${faultTable(tenant.faults.left)}${form('faults', faultFields())}</section>
</main></body></html>`;
}

type Form = (name: string, content: string) => string;

function userCard(tenant: Tenant, account: Account, form: Form): string {
  const user = `<input type="hidden" name="user" value="${e(account.userPrincipalName)}">`;
  const { isSsprCapable } = registration(account, tenant.policy);
  const blocked = account.blockedUntil > tenant.now();
  const state = blocked
    ? `<span class="badge wrong">blocked</span>`
    : `<span class="badge ${isSsprCapable ? 'ok' : 'wrong'}">${isSsprCapable ? 'can' : 'cannot'} reset</span>`;
  const questions = account.securityQuestions.map(({ question, answer }) => `${question} = ${answer}`);
  const lastText = tenant.texts.filter(({ to }) => to === account.mobilePhone).at(-1);
  return `<article>
  <h3>${e(account.displayName)} ${state}</h3>
  <p class="quiet">${e(account.userPrincipalName)}<br>password of ${e(readable(account.passwordChangedAt))}${
    blocked ? `<br>blocked until ${e(readable(account.blockedUntil))}` : ''
  }${lastText ? `<br>last text: ${e(lastText.text)}` : ''}</p>
  ${form(
    'user',
    `${user}
    ${field('Standing', select('standing', STANDINGS, account.standing))}
    ${box('accountEnabled', 'Account is enabled', account.accountEnabled)}
    <fieldset><legend>Registered methods</legend>${boxes('methods', REGISTRABLE, account.methods)}</fieldset>
    ${field('Mobile phone', text('mobilePhone', account.mobilePhone))}
    ${field('Directory roles, with commas between', text('directoryRoles', account.directoryRoles.join(', '), 'none'))}
    ${field('Security questions, one a line', `<textarea name="securityQuestions" rows="2" placeholder="question = answer">${e(questions.join('\n'))}</textarea>`)}
    <p class="buttons">${button('Save')}${blocked ? button('Unblock', 'unblock') : button('Block for 24 hours', 'block')}</p>`,
  )}
  <details><summary>Reset by somebody else</summary>${form(
    'foreign',
    `${user}
    <div class="row">${field('By', select('by', ['user', 'admin'], 'user'))}${field('Result', select('result', ['success', 'failure'], 'success'))}${field('From', text('ip', '203.0.113.77'))}</div>
    <p class="buttons">${button('Leave its rows')}</p>`,
  )}</details>
</article>`;
}

const policyFields = ({ policy, application, subscriptions }: Tenant): string => `
  <div class="row">${field('Methods required', select('methodsRequired', ['1', '2'], String(policy.methodsRequired)))}
  ${field('Questions asked', numeric('questionsAsked', policy.questionsAsked, 1))}</div>
  ${box('resetEnabled', 'Users may reset their passwords', policy.resetEnabled)}
  ${box('captcha', 'The portal asks for characters of a picture', policy.captcha)}
  <fieldset><legend>Permissions of the application</legend>${boxes('permissions', PERMISSIONS, application.permissions)}</fieldset>
  <fieldset><legend>Subscriptions</legend>${boxes('subscriptions', SUBSCRIPTION_NAMES, subscriptions)}</fieldset>
  <p class="buttons">${button('Save')}</p>`;

function auditFields({ audits, paging, throttle: { limit } }: Tenant): string {
  const { delay, duplicateShare, dropShare } = audits.deliveries.options;
  return `
  <p class="quiet">${audits.counts.rows} rows. A change holds for rows from now on.</p>
  <div class="row">${field('Delay from, ms', numeric('minMs', delay.minMs))}${field('to, ms', numeric('maxMs', delay.maxMs))}</div>
  <div class="row">${field('Listed twice, share', numeric('duplicateShare', duplicateShare, 0, 'any'))}${field('Never listed, share', numeric('dropShare', dropShare, 0, 'any'))}</div>
  <div class="row">${field('Rows on a page', numeric('pageSize', paging.size, 1))}${field('Repeated on the next', numeric('pageOverlap', paging.overlap))}</div>
  <div class="row">${field('Requests', numeric('requests', limit.requests, 1))}${field('in ms', numeric('windowMs', limit.windowMs, 1))}${field('Retry-After', select('retryAfter', RETRY_AFTER, limit.retryAfter))}</div>
  <p class="buttons">${button('Save')}</p>`;
}

const accessFields = (tenant: Tenant): string => `
  <div class="row">${field('Clock ahead by, ms', numeric('clockSkewMs', tenant.clockSkewMs, ''))}${field('Tokens live for, s', numeric('tokenLifetime', tenant.tokenLifetime, 1))}</div>
  ${box('secretExpired', 'The client secret has expired', tenant.application.secretExpired)}
  ${field('Text messages also go to', text('smsWebhook', tenant.texts.webhook ?? '', 'http://127.0.0.1:8025/'))}
  <p class="buttons">${button('Save')}${button('Revoke all tokens', 'revoke')}</p>`;

const noiseFields = ({ audits }: Tenant): string => `
  <p class="quiet">${audits.counts.noise} rows of other users, half of a new lot in the future.</p>
  <div class="row">${field('Rows', numeric('rows', 1000, 2))}${field('in seconds', numeric('spanSeconds', 3600, 1))}${field('of users', numeric('users', 100, 1))}</div>
  <p class="buttons">${button('Add')}${button('Remove all', 'clear')}</p>`;

const faultFields = (): string => `
  <div class="row">${field('Path, or a regular expression', text('path', '/v1.0/auditLogs'))}${field('Kind', select('kind', FAULT_KINDS, '503'))}${field('Times, or always', text('times', '1'))}${field('Retry-After, s', numeric('retryAfterSeconds'))}${field('Slow by, ms', numeric('ms', 1000))}</div>
  <p class="buttons">${button('Add')}${button('Remove all', 'clear')}</p>`;

const faultTable = (faults: readonly WireFault[]): string =>
  faults.length === 0
    ? '<p class="quiet">Nothing is to go wrong.</p>'
    : `<table><thead><tr><th>Kind</th><th>Path</th><th>Times left</th><th>Details</th></tr></thead><tbody>${faults
        .map(
          ({ kind, path, times, ...rest }) =>
            `<tr>${[kind, path, String(times), particulars(rest)].map((cell) => `<td>${e(cell)}</td>`).join('')}</tr>`,
        )
        .join('')}</tbody></table>`;

const particulars = (rest: object): string =>
  Object.entries(rest)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

const field = (label: string, control: string): string => `<label>${e(label)}${control}</label>`;

const text = (name: string, value: string, placeholder = ''): string =>
  `<input type="text" name="${name}" value="${e(value)}" placeholder="${e(placeholder)}" autocomplete="off" spellcheck="false">`;

const numeric = (name: string, value: number | '' = '', least: number | '' = 0, step = '1'): string =>
  `<input type="number" name="${name}" value="${value}" min="${least}" step="${step}">`;

const select = (name: string, options: readonly string[], chosen: string): string =>
  `<select name="${name}">${options
    .map((one) => `<option${one === chosen ? ' selected' : ''}>${e(one)}</option>`)
    .join('')}</select>`;

const box = (name: string, label: string, checked: boolean, value = 'on'): string =>
  `<label class="box"><input type="checkbox" name="${name}" value="${e(value)}"${checked ? ' checked' : ''}>${e(label)}</label>`;

const boxes = (name: string, all: readonly string[], chosen: readonly string[]): string =>
  all.map((one) => box(name, one, chosen.includes(one), one)).join('');

const button = (label: string, action = 'save'): string =>
  `<button name="action" value="${action}"${action === 'save' ? '' : ' class="second"'}>${e(label)}</button>`;

const readable = (at: number): string => new Date(at).toISOString().replace(/T(.*)\.\d+Z$/, ' $1 UTC');

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1f; --quiet: #5e5e66; --paper: #f4f4f7; --card: #fff; --line: #d9d9e0;
  --accent: #0f5ea8; --ok: #0b6b3a; --wrong: #a4262c; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf1; --quiet: #a5a5b0; --paper: #17171b; --card: #212127;
  --line: #3a3a43; --accent: #5aa9ee; --ok: #5fc48d; --wrong: #f1878c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 82rem; padding: 1.5rem; font: 15px/1.45 system-ui, "Segoe UI", sans-serif;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0; } h1 small { font-weight: 400; color: var(--quiet); }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; } h3 { font-size: 1rem; margin: 0; }
header p, .quiet { color: var(--quiet); font-size: .87rem; margin: .2rem 0 .8rem; overflow-wrap: anywhere; }
main, .cards, .stack { display: grid; gap: 1rem; align-items: start; }
.cards { grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); }
main { grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); }
section, article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
article { background: var(--paper); } .wide { grid-column: 1 / -1; }
label { display: block; font-size: .84rem; color: var(--quiet); margin-bottom: .6rem; flex: 1 1 7rem; }
label.box { display: flex; gap: .5rem; align-items: center; color: var(--ink); font-size: .93rem; margin-bottom: .3rem; }
input:not([type=checkbox]), select, textarea { display: block; width: 100%; margin-top: .15rem; padding: .35rem .5rem;
  min-height: 2.25rem; font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: .35rem; }
fieldset { border: 0; padding: 0; margin: .3rem 0 .6rem; } legend { padding: 0; font-size: .84rem; color: var(--quiet);
  margin-bottom: .25rem; }
.row { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: end; }
.buttons { display: flex; gap: .5rem; margin: .5rem 0 0; }
button { font: inherit; padding: .4rem .9rem; border-radius: .35rem; border: 1px solid var(--accent); cursor: pointer;
  background: var(--accent); color: var(--card); } button.second { background: none; color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.badge { font-size: .78rem; font-weight: 600; margin-left: .3rem; } .ok { color: var(--ok); } .wrong { color: var(--wrong); }
.said { background: var(--card); border: 1px solid currentColor; border-radius: .4rem; padding: .6rem .9rem;
  white-space: pre-line; }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--accent); margin-bottom: .5rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: .9rem; } th, td { text-align: left; padding: .35rem .6rem;
  border-bottom: 1px solid var(--line); font-size: .9rem; overflow-wrap: anywhere; } th { color: var(--quiet); font-weight: 600; }
`;
