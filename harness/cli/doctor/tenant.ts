import { utcNow } from '../../core/clock.ts';
import type { Deadline } from '../../core/deadline.ts';
import { Fault, toFault } from '../../core/errors.ts';
import type { Account } from '../../config/schema.ts';
import type { AccountFacts, Inspection, Subscription } from '../../directory/inspection.ts';
import type { Registration } from '../../directory/directory.ts';
import { SSPR_SERVICE } from '../../../specs/controls/audit.ts';
import { judgeClock } from './clocks.ts';
import { type Examination, type Finding, note, once, type Once, waitsFor } from './finding.ts';

/** Service plans with which Graph gives audit logs and reports. Source: facts 1.7 and 5.2. */
const PREMIUM_PLANS = ['AAD_PREMIUM', 'AAD_PREMIUM_P2'];
/** A subscription that ends soon still works. Source: Graph, subscribedSku, capabilityStatus. */
const WORKING = ['Enabled', 'Warning'];

/** Every application permission of Microsoft Graph that a run needs, and the question that needs it. */
const PERMISSIONS = ['AuditLog.Read.All', 'Directory.Read.All', 'User.Read.All', 'Mail.Read'] as const;
type PermissionName = (typeof PERMISSIONS)[number];

/** What has been asked of the tenant, each question once, for all lines that need the answer. */
interface Answers {
  readonly token: Once<{ readonly permissions: readonly string[] | undefined }>;
  readonly subscriptions: Once<readonly Subscription[]>;
  readonly permissions: Readonly<Record<PermissionName, Once<string>>>;
  readonly account: (upn: string) => Once<AccountFacts>;
  readonly registration: (upn: string) => Once<Registration>;
  readonly mailbox: (address: string) => Once<number>;
}

/**
 * Lines about the tenant, and lines about each of the accounts.
 * @param accounts those whose passwords the run resets; at least one
 */
export function tenantExaminations(
  inspection: Inspection,
  accounts: readonly Account[],
  deadline: Deadline,
): { readonly tenant: readonly Examination[]; readonly accounts: readonly (readonly Examination[])[] } {
  const answers = askOnce(inspection, accounts, deadline);
  return {
    tenant: [
      { what: 'clock', look: async () => judgeClock(await inspection.clock(deadline), "the tenant's clock") },
      {
        what: 'token',
        look: async () => {
          await answers.token.own();
          return 'the app gets one';
        },
      },
      ...PERMISSIONS.map((name) => ({ what: name, look: () => answers.permissions[name].own() })),
      { what: 'other permissions', look: () => judgeOthers(answers) },
      { what: 'licence', look: () => judgeLicence(answers) },
    ],
    accounts: accounts.map((account) => accountExaminations(account, answers)),
  };
}

function askOnce(inspection: Inspection, accounts: readonly Account[], deadline: Deadline): Answers {
  const token = once('the token', () => inspection.token(deadline));
  const afterToken = <T>(what: string, find: () => Promise<T>): Once<T> =>
    once(what, async () => {
      await token.needed();
      return find();
    });
  const each = <T>(what: (name: string) => string, find: (name: string) => Promise<T>) => {
    const known = new Map<string, Once<T>>();
    return (name: string): Once<T> => {
      const found = known.get(name) ?? afterToken(what(name), () => find(name));
      known.set(name, found);
      return found;
    };
  };
  const subscriptions = afterToken('Directory.Read.All', () => inspection.subscriptions(deadline));
  const account = each(
    (upn) => upn,
    (upn) => inspection.account(upn, deadline),
  );
  const registration = each(
    (upn) => `the registration of ${upn}`,
    (upn) => inspection.registration(upn, deadline),
  );
  const mailbox = each(
    (address) => address,
    async (address) => (await inspection.messages(address, utcNow(), deadline)).length,
  );
  const audits = async (): Promise<void> => {
    const now = utcNow();
    const found = inspection.audits({ from: now, to: now, loggedByService: SSPR_SERVICE }, deadline);
    await found[Symbol.asyncIterator]().next();
  };
  const permission = (name: PermissionName, question: () => Promise<unknown>): Once<string> =>
    once(name, () => judgePermission(name, token, question));
  const first = accounts[0];
  return {
    token,
    subscriptions,
    account,
    registration,
    mailbox,
    permissions: {
      'AuditLog.Read.All': permission('AuditLog.Read.All', audits),
      'Directory.Read.All': permission('Directory.Read.All', () => subscriptions.own()),
      'User.Read.All': permission('User.Read.All', async () => first && account(first.upn).own()),
      'Mail.Read': permission('Mail.Read', async () => first && mailbox(first.mailbox).own()),
    },
  };
}

/** By the token, where it can be read, and by a question that needs the permission: Graph's answer decides. */
async function judgePermission(
  name: PermissionName,
  token: Answers['token'],
  question: () => Promise<unknown>,
): Promise<string> {
  const { permissions } = await token.needed();
  const granted = permissions?.includes(name);
  try {
    await question();
  } catch (error) {
    const fault = toFault(error);
    // The audit log needs two permissions, and its refusal does not say which is missing.
    if (fault.code === 'tenant-permission-missing' && !(granted && name === 'AuditLog.Read.All'))
      throw missing(name, granted, fault);
    if (fault.code === 'tenant-permission-missing') throw waitsFor('Directory.Read.All');
    if (fault.code === 'tenant-licence-missing' && granted)
      return 'in the token; Graph waits for the licence';
    if (fault.code === 'tenant-licence-missing') throw waitsFor('the licence');
    // Graph has looked, so the app may.
    if (fault.code === 'tenant-user-not-found') return granted ? 'in the token' : 'Graph answers';
    throw error;
  }
  if (granted === undefined) return 'Graph answers; the token cannot be read';
  return granted
    ? 'in the token, and Graph answers'
    : 'not in the token, but Graph answers: another one includes it';
}

const missing = (name: string, granted: boolean | undefined, cause: Fault): Fault =>
  new Fault(granted ? `in the token, but Graph refuses: ${cause.message}` : 'the app does not have it', {
    code: cause.code,
    blame: 'tenant',
    remedy: granted
      ? 'Check that no policy stands against it, such as an application access policy of Exchange.'
      : `Add the application permission ${name} of Microsoft Graph to the app registration, and grant admin consent.`,
  });

/** An app that can change the tenant should not lie about on a test host. */
async function judgeOthers({ token }: Answers): Promise<Finding | string> {
  const { permissions } = await token.needed();
  if (permissions === undefined) return note('the token cannot be read');
  const strong = permissions.filter((name) => /ReadWrite|\.Send|FullControl|Manage|AccessAsUser/.test(name));
  if (strong.length === 0) return 'none that can change anything';
  return note(`more than a run needs: ${strong.join(', ')}`, 'Remove them from the app registration.');
}

async function judgeLicence({ subscriptions, permissions }: Answers): Promise<string> {
  await permissions['Directory.Read.All'].needed();
  const found = await subscriptions.needed();
  const premium = found.find(
    ({ status, plans }) => WORKING.includes(status) && plans.some((plan) => PREMIUM_PLANS.includes(plan)),
  );
  if (premium) {
    const plan = premium.plans.find((name) => PREMIUM_PLANS.includes(name)) ?? '';
    const ends = premium.status === 'Warning' ? '; the subscription ends soon' : '';
    return `${plan} in ${premium.name}${ends}`;
  }
  const seen = found.map(({ name, status }) => `${name} (${status})`).join(', ');
  throw new Fault(`no Azure AD Premium; subscriptions: ${seen || 'none'}`, {
    code: 'tenant-licence-missing',
    blame: 'tenant',
    remedy: 'Get Azure AD Premium P1 or P2: without it Graph gives neither audit logs nor registrations.',
  });
}

/** Methods that self-service reset knows and that the Authenticator app is. Source: facts 1.1 (C2), 5.6. */
const AUTHENTICATOR = [
  'microsoftAuthenticatorPush',
  'softwareOneTimePasscode',
  'microsoftAuthenticatorPasswordless',
];

function accountExaminations({ upn, mailbox }: Account, answers: Answers): Examination[] {
  const { permissions } = answers;
  return [
    {
      what: 'account',
      look: async () => {
        await permissions['User.Read.All'].needed();
        const { enabled } = await answers.account(upn).own();
        if (enabled) return 'exists, and is enabled';
        throw problemOf('is disabled', 'Enable the account in the tenant, or configure another one.');
      },
    },
    {
      what: 'no administrator',
      look: async () => {
        await permissions['User.Read.All'].needed();
        const { roles } = await answers.account(upn).needed();
        if (roles.length === 0) return 'has no directory role';
        throw problemOf(
          `has directory roles: ${roles.join(', ')}`,
          'Configure a plain user: administrators have a reset policy of their own.',
        );
      },
    },
    {
      what: 'registration',
      look: async () => {
        await permissions['AuditLog.Read.All'].needed();
        await answers.account(upn).needed();
        return judgeRegistration(await ownRegistration(answers, upn));
      },
    },
    {
      what: 'mailbox of codes',
      look: async () => {
        await permissions['Mail.Read'].needed();
        await answers.mailbox(mailbox).own();
        return `${mailbox} can be read`;
      },
    },
  ];
}

async function ownRegistration({ registration }: Answers, upn: string): Promise<Registration> {
  try {
    return await registration(upn).own();
  } catch (error) {
    throw toFault(error).code === 'tenant-licence-missing' ? waitsFor('the licence') : error;
  }
}

function judgeRegistration({ isSsprEnabled, isSsprRegistered, methodsRegistered }: Registration): string {
  const methods = methodsRegistered.join(', ') || 'none';
  const register = 'Register an e-mail address for it at https://aka.ms/ssprsetup: the mailbox of codes.';
  if (methodsRegistered.length > 0 && methodsRegistered.every((method) => AUTHENTICATOR.includes(method)))
    throw problemOf(
      `only the Authenticator app (${methods}), which does not work at the logon screen`,
      register,
    );
  if (!methodsRegistered.includes('email'))
    throw problemOf(`no e-mail address to send codes to; methods: ${methods}`, register);
  if (!isSsprRegistered)
    throw problemOf(
      `fewer methods than the policy asks for: ${methods}`,
      'Register another method, or let the policy ask for one: a run reads codes from one mailbox.',
    );
  if (!isSsprEnabled)
    throw problemOf(
      'self-service reset is not enabled for it',
      'Put the account into the group for which self-service password reset is enabled, with a licence.',
    );
  return `complete; methods: ${methods}`;
}

const problemOf = (message: string, remedy: string): Fault =>
  new Fault(message, { code: 'account-not-fit', blame: 'config', remedy });
