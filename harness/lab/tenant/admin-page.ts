import { createHmac } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';
import type { Account } from './accounts.ts';
import {
  ApplicationChange,
  changeApplication,
  ChangeRefused,
  changeTenant,
  changeUser,
  FaultOrder,
  ForeignResetOrder,
  makeNoise,
  NoiseOrder,
  readChange,
  resetAsAnother,
  TenantChange,
  UserChange,
} from './admin-changes.ts';
import { renderAdminPage, type Said } from './admin-page-html.ts';
import type { Reply, Request } from './http.ts';
import { sameSecret } from './same-secret.ts';
import type { Tenant } from './tenant.ts';

export const ADMIN_PATH = '/lab/admin/';

/**
 * The administration for people: one page of plain forms. The browser asks for the token as a password; since it then
 * sends that by itself, each form carries a token of its own, which no other site can know.
 */
export function answerAdminPage(tenant: Tenant, token: Secret, request: Request): Reply {
  if (!isBasic(request, token)) {
    return page(401, 'The administration of the lab wants its token as the password.', {
      'www-authenticate': 'Basic realm="SSPR lab", charset="UTF-8"',
    });
  }
  const formToken = createHmac('sha256', token.reveal()).update('form').digest('base64url');
  const show = (status: number, said?: Said): Reply => page(status, renderAdminPage(tenant, formToken, said));
  const { pathname, searchParams } = request.url;
  if (pathname === ADMIN_PATH) {
    if (request.method !== 'GET') return show(405, { ok: false, text: 'Only GET is offered here.' });
    return show(200, searchParams.has('done') ? { ok: true, text: 'Done.' } : undefined);
  }
  const submit = FORMS[pathname.slice(`${ADMIN_PATH}page/`.length)];
  if (!submit) return show(404, { ok: false, text: `There is no form ${pathname}.` });
  if (request.method !== 'POST') return show(405, { ok: false, text: 'Only POST is offered here.' });
  const fields = new URLSearchParams(request.body);
  if (!sameSecret(fields.get('formToken') ?? '', formToken)) {
    return show(403, { ok: false, text: 'The form is not of this page. Please send it again.' });
  }
  try {
    submit(tenant, fields);
    return { ...page(303, ''), headers: { ...HEADERS, location: `${ADMIN_PATH}?done` } };
  } catch (error) {
    if (error instanceof ChangeRefused) return show(400, { ok: false, text: error.message });
    throw error;
  }
}

/** What each form does with its fields: the same changes that the end points for programs make. */
const FORMS: Readonly<Record<string, (tenant: Tenant, fields: URLSearchParams) => void>> = {
  user: (tenant, fields) => {
    const account = accountOf(tenant, fields);
    const action = fields.get('action');
    const change =
      action === 'block' || action === 'unblock'
        ? { [action]: true }
        : {
            standing: fields.get('standing'),
            accountEnabled: fields.has('accountEnabled'),
            methods: fields.getAll('methods'),
            directoryRoles: list(fields.get('directoryRoles'), /[,\n]/),
            mobilePhone: fields.get('mobilePhone'),
            securityQuestions: list(fields.get('securityQuestions'), /\n/).map(readQuestion),
          };
    changeUser(tenant, account, readChange(UserChange, change));
  },
  foreign: (tenant, fields) => {
    const order = { ip: fields.get('ip'), result: fields.get('result'), by: fields.get('by') };
    resetAsAnother(tenant, accountOf(tenant, fields), readChange(ForeignResetOrder, order));
  },
  policy: (tenant, fields) => {
    const change = {
      methodsRequired: number(fields, 'methodsRequired'),
      questionsAsked: number(fields, 'questionsAsked'),
      captcha: fields.has('captcha'),
      resetEnabled: fields.has('resetEnabled'),
      permissions: fields.getAll('permissions'),
      subscriptions: fields.getAll('subscriptions'),
    };
    changeTenant(tenant, readChange(TenantChange, change));
  },
  audit: (tenant, fields) => {
    const change = {
      auditDelay: { minMs: number(fields, 'minMs'), maxMs: number(fields, 'maxMs') },
      duplicateShare: number(fields, 'duplicateShare'),
      dropShare: number(fields, 'dropShare'),
      pageSize: number(fields, 'pageSize'),
      pageOverlap: number(fields, 'pageOverlap'),
      throttle: {
        requests: number(fields, 'requests'),
        windowMs: number(fields, 'windowMs'),
        retryAfter: fields.get('retryAfter'),
      },
    };
    changeTenant(tenant, readChange(TenantChange, change));
  },
  noise: (tenant, fields) => {
    if (fields.get('action') === 'clear') {
      tenant.audits.clearNoise();
      return;
    }
    const order = {
      rows: number(fields, 'rows'),
      spanSeconds: number(fields, 'spanSeconds'),
      users: number(fields, 'users'),
    };
    makeNoise(tenant, readChange(NoiseOrder, order));
  },
  access: (tenant, fields) => {
    if (fields.get('action') === 'revoke') {
      tenant.revokeTokens();
      return;
    }
    const change = {
      clockSkewMs: number(fields, 'clockSkewMs'),
      tokenLifetime: number(fields, 'tokenLifetime'),
      smsWebhook: fields.get('smsWebhook')?.trim() === '' ? null : fields.get('smsWebhook'),
    };
    const secret = readChange(ApplicationChange, { secretExpired: fields.has('secretExpired') });
    changeTenant(tenant, readChange(TenantChange, change));
    changeApplication(tenant, secret);
  },
  faults: (tenant, fields) => {
    if (fields.get('action') === 'clear') {
      tenant.faults.clear();
      return;
    }
    const kind = fields.get('kind') ?? '';
    const fault = {
      path: fields.get('path'),
      kind,
      times: fields.get('times')?.trim() === 'always' ? 'always' : number(fields, 'times'),
      ...(kind === 'slow' ? { ms: number(fields, 'ms') } : {}),
      ...(['429', '503'].includes(kind) ? { retryAfterSeconds: number(fields, 'retryAfterSeconds') } : {}),
    };
    tenant.faults.add(readChange(FaultOrder, [fault]));
  },
};

function accountOf(tenant: Tenant, fields: URLSearchParams): Account {
  const account = tenant.account(fields.get('user') ?? '');
  if (!account) throw new ChangeRefused(`There is no user '${fields.get('user') ?? ''}'`);
  return account;
}

/** A field that is left empty counts as not given. */
const number = (fields: URLSearchParams, name: string): number | undefined => {
  const text = fields.get(name)?.trim() ?? '';
  return text === '' ? undefined : Number(text);
};

const list = (text: string | null, separator: RegExp): string[] =>
  (text ?? '')
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** A line of `question = answer`. */
function readQuestion(line: string): { question: string; answer: string } {
  const at = line.lastIndexOf('=');
  if (at < 0) throw new ChangeRefused(`securityQuestions: expected "question = answer", found "${line}"`);
  return { question: line.slice(0, at).trim(), answer: line.slice(at + 1).trim() };
}

function isBasic({ headers }: Request, token: Secret): boolean {
  const [scheme = '', encoded = ''] = (headers.authorization ?? '').split(' ');
  const given = Buffer.from(encoded, 'base64').toString();
  return scheme.toLowerCase() === 'basic' && sameSecret(given.slice(given.indexOf(':') + 1), token.reveal());
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const page = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  type: 'text/html; charset=utf-8',
  body,
  headers: { ...HEADERS, ...headers },
});
