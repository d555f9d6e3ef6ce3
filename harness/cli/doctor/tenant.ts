import type { AccountSettings } from '../../config/accounts.ts';
import type { MachineSettings } from '../../config/settings.ts';
import { type CloudName, CLOUDS } from '../../core/clouds.ts';
import { utcNow } from '../../core/clock.ts';
import type { VerificationMethod } from '../../core/console-action.ts';
import type { Deadline } from '../../core/deadline.ts';
import { Fault, toFault } from '../../core/errors.ts';
import type { AccountFacts, Registration } from '../../directory/directory.ts';
import type { Inspection, Subscription } from '../../directory/inspection.ts';
import { SSPR_SERVICE } from '../../directory/correlation.ts';
import { judgeClock } from './clocks.ts';
import { type Examination, type Finding, note, once, type Once, waitsFor } from './finding.ts';
import { methodOf, wayExaminations, type WayTools } from './ways.ts';

/** Service plans with which Graph gives audit logs and reports. Source: facts 1.7 and 5.2. */
const PREMIUM_PLANS = ['AAD_PREMIUM', 'AAD_PREMIUM_P2'];
/** A subscription that ends soon still works. Source: Graph, subscribedSku, capabilityStatus. */
const WORKING = ['Enabled', 'Warning'];

/** Every application permission of Microsoft Graph that a run needs, and for what. Source: facts 5.2, 5.6. */
const PERMISSIONS = {
  'AuditLog.Read.All': 'the audit log and the registrations',
  'Directory.Read.All': 'the audit log and the licence',
  'User.Read.All': 'the test users',
  'Mail.Read': 'the mailboxes of codes',
} as const;
type PermissionName = keyof typeof PERMISSIONS;

/**
 * What it means for a run when a line is not as needed:
 * - `stops`: the run could say nothing, so it does not begin.
 * - `told`: worth knowing when something is missing in the end.
 * - `left`: a control says it, or it is no matter of a run.
 */
type ForRun = 'stops' | 'told' | 'left';

/** A line of the doctor that is also a precondition of a run. */
export interface TenantExamination extends Examination {
  readonly forRun: ForRun;
}

export interface AccountExaminations {
  readonly upn: string;
  readonly user: readonly TenantExamination[];
  /** How the user proves who he is, a line each. A run needs as many as the policy asks for. */
  readonly ways: readonly Examination[];
}

export interface TenantExaminations {
  readonly tenant: readonly TenantExamination[];
  readonly accounts: readonly AccountExaminations[];
}

/** What of a configuration is looked at. */
export interface TenantSubject {
  readonly cloud: CloudName;
  /** Those whose passwords may be reset; at least one. */
  readonly accounts: readonly AccountSettings[];
  /** How many methods the tenant asks for. */
  readonly methodsRequired: number;
}

/** What has been asked of the tenant, each question once, for all lines that need the answer. */
interface Answers {
  readonly token: Once<{ readonly permissions: readonly string[] | undefined }>;
  readonly audits: Once<void>;
  readonly subscriptions: Once<readonly Subscription[]>;
  /** Those that this configuration needs. */
  readonly permissions: Readonly<Record<PermissionName, Once<string>>>;
  readonly account: (upn: string) => Once<AccountFacts>;
  readonly registration: (upn: string) => Once<Registration>;
  readonly mailbox: (address: string) => Once<number>;
}

/** Lines about the tenant, and lines about each of the accounts. */
export function tenantExaminations(
  inspection: Inspection,
  subject: TenantSubject,
  tools: WayTools,
  deadline: Deadline,
): TenantExaminations {
  const answers = askOnce(inspection, subject, deadline);
  // Where nobody says that there is an audit log, all else can be checked without it.
  const { auditLog } = CLOUDS[subject.cloud];
  const forAuditLog: ForRun = auditLog ? 'stops' : 'told';
  const hasMailbox = mailboxesOf(subject).length > 0;
  const permission = (name: PermissionName, forRun: ForRun): TenantExamination => ({
    what: name,
    forRun,
    look: () => answers.permissions[name].own(),
  });
  return {
    tenant: [
      {
        what: 'clock',
        forRun: 'told',
        look: async () => judgeClock(await inspection.clock(deadline), "the tenant's clock"),
      },
      {
        what: 'token',
        forRun: 'stops',
        look: async () => {
          await answers.token.own();
          return 'the app gets one';
        },
      },
      permission('AuditLog.Read.All', forAuditLog),
      permission('Directory.Read.All', forAuditLog),
      permission('User.Read.All', 'stops'),
      ...(hasMailbox ? [permission('Mail.Read', 'stops')] : []),
      { what: 'other permissions', forRun: 'left', look: () => judgeOthers(answers) },
      { what: 'licence', forRun: forAuditLog, look: () => judgeLicence(answers) },
      {
        what: 'reporting',
        forRun: 'told',
        look: async () => {
          await answers.permissions['AuditLog.Read.All'].needed();
          return judgeReporting(await afterLicence(() => inspection.reporting(deadline)));
        },
      },
      ...(auditLog ? [] : [auditLogUndocumented(subject.cloud)]),
    ],
    accounts: subject.accounts.map((account) => ({
      upn: account.upn,
      user: accountExaminations(account, subject.methodsRequired, answers),
      ways: wayExaminations(
        account,
        tools,
        async (mailbox) => {
          await answers.permissions['Mail.Read'].needed();
          await answers.mailbox(mailbox).own();
        },
        deadline,
      ),
    })),
  };
}

/** Each user whose password may be reset on one of these machines, once. */
export function testUsersOf(machines: readonly MachineSettings[]): readonly AccountSettings[] {
  const accounts = machines.flatMap((machine) => machine.accounts);
  return [...new Map(accounts.map((account) => [account.upn.toLowerCase(), account])).values()];
}

const mailboxesOf = ({ accounts }: TenantSubject): string[] =>
  accounts.flatMap(({ verification }) =>
    verification.flatMap((way) => (way.by === 'mailbox' ? [way.mailbox] : [])),
  );

function askOnce(inspection: Inspection, subject: TenantSubject, deadline: Deadline): Answers {
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
  const audits = afterToken('AuditLog.Read.All', async () => {
    const now = utcNow();
    const found = inspection.audits({ from: now, to: now, loggedByService: SSPR_SERVICE }, deadline);
    await found[Symbol.asyncIterator]().next();
  });
  const permission = (name: PermissionName, question: () => Promise<unknown>): Once<string> =>
    once(name, () => judgePermission(name, token, question));
  const user = subject.accounts[0]?.upn;
  const box = mailboxesOf(subject)[0];
  const directoryRead = permission('Directory.Read.All', () => subscriptions.own());
  return {
    token,
    audits,
    subscriptions,
    account,
    registration,
    mailbox,
    permissions: {
      'AuditLog.Read.All': once('AuditLog.Read.All', () =>
        judgeAuditPermission(token, audits, directoryRead),
      ),
      'Directory.Read.All': directoryRead,
      'User.Read.All': permission('User.Read.All', async () => user !== undefined && account(user).own()),
      'Mail.Read': permission('Mail.Read', async () => box !== undefined && mailbox(box).own()),
    },
  };
}

/** The audit log needs two permissions, and its refusal does not say which is missing. */
async function judgeAuditPermission(
  token: Answers['token'],
  audits: Answers['audits'],
  directoryRead: Once<string>,
): Promise<string> {
  const { permissions } = await token.needed();
  try {
    return await judgePermission('AuditLog.Read.All', token, audits.own);
  } catch (error) {
    const isRefused = toFault(error).code === 'tenant-permission-missing';
    // Should it have both, the refusal itself is what is to be told.
    if (isRefused && permissions?.includes('AuditLog.Read.All')) await directoryRead.needed();
    throw error;
  }
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
    if (fault.code === 'tenant-permission-missing') throw missing(name, granted, fault);
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

const missing = (name: PermissionName, granted: boolean | undefined, cause: Fault): Fault =>
  new Fault(granted ? `in the token, but Graph refuses: ${cause.message}` : 'the app does not have it', {
    code: cause.code,
    blame: 'tenant',
    remedy: granted
      ? 'Check that no policy stands against it, such as an application access policy of Exchange.'
      : `Add the application permission ${name} of Microsoft Graph to the app registration, and grant admin consent: a run needs it for ${PERMISSIONS[name]}.`,
  });

/** An app that can change the tenant should not lie about on a test host. */
async function judgeOthers({ token }: Answers): Promise<Finding | string> {
  const { permissions } = await token.needed();
  if (permissions === undefined) return note('the token cannot be read');
  const strong = permissions.filter((name) => /ReadWrite|\.Send|FullControl|Manage|AccessAsUser/.test(name));
  if (strong.length === 0) return 'none that can change anything';
  return note(`more than a run needs: ${strong.join(', ')}`, 'Remove them from the app registration.');
}

async function judgeLicence({ audits, subscriptions, permissions }: Answers): Promise<Finding | string> {
  await permissions['Directory.Read.All'].needed();
  const found = await subscriptions.needed();
  const premium = found.find(
    ({ status, plans }) => WORKING.includes(status) && plans.some((plan) => PREMIUM_PLANS.includes(plan)),
  );
  const answer = await audits.own().then(
    () => 'given',
    (error: unknown) => toFault(error).code,
  );
  if (premium && answer !== 'tenant-licence-missing') {
    const plan = premium.plans.find((name) => PREMIUM_PLANS.includes(name)) ?? '';
    const ends = premium.status === 'Warning' ? '; the subscription ends soon' : '';
    return `${plan} in ${premium.name}${ends}`;
  }
  const seen = found.map(({ name, status }) => `${name} (${status})`).join(', ');
  const subscribed = `subscriptions: ${seen || 'none'}`;
  // What Graph does counts for more than what a subscription is called.
  if (answer === 'given')
    return note(`Graph gives the audit log, but no Azure AD Premium shows; ${subscribed}`);
  throw new Fault(
    premium
      ? `Graph refuses the audit log as to a tenant without Azure AD Premium; ${subscribed}`
      : `no Azure AD Premium; ${subscribed}`,
    {
      code: 'tenant-licence-missing',
      blame: 'tenant',
      remedy: 'Get Azure AD Premium P1 or P2: without it Graph gives neither audit logs nor registrations.',
    },
  );
}

/** Resets are written down only once somebody has looked for them. Source: facts 5.2. */
const judgeReporting = (isThere: boolean): Finding | string =>
  isThere
    ? 'the audit log has entries of password resets of the last 30 days'
    : note(
        'no entry of a password reset in the last 30 days: there was none, or nobody has opened the audit log yet',
        'To be sure, open "Password reset", "Audit logs" in the portal once: entries are collected from then on.',
      );

/** Source: facts 5.7. */
const auditLogUndocumented = (cloud: CloudName): TenantExamination => ({
  what: 'audit log',
  forRun: 'told',
  look: () =>
    note(
      `Microsoft does not say that Graph gives the audit log in the cloud ${cloud}`,
      'Expect that the controls of the audit log could not be checked, and look into the portal instead.',
    ),
});

/** Methods that self-service reset knows and that the Authenticator app is. Source: facts 1.1 (C2), 5.6. */
const AUTHENTICATOR = [
  'microsoftAuthenticatorPush',
  'softwareOneTimePasscode',
  'microsoftAuthenticatorPasswordless',
];

/** What a method is called among those that a user has registered (Graph userRegistrationDetails). Source: facts 5.6. */
const REGISTERED: Readonly<
  Record<VerificationMethod, { readonly as: readonly string[]; readonly what: string }>
> = {
  email: { as: ['email'], what: 'an e-mail address' },
  sms: { as: ['mobilePhone', 'alternateMobilePhone'], what: 'a mobile phone' },
  questions: { as: ['securityQuestion'], what: 'security questions' },
};

function accountExaminations(
  account: AccountSettings,
  methodsRequired: number,
  answers: Answers,
): TenantExamination[] {
  const { upn } = account;
  const { permissions } = answers;
  return [
    {
      what: 'account',
      forRun: 'stops',
      look: async () => {
        await permissions['User.Read.All'].needed();
        const { enabled } = await answers.account(upn).own();
        if (enabled) return 'exists, and is enabled';
        throw problemOf(
          'account-disabled',
          'is disabled',
          'Enable the account in the tenant, or configure another one.',
        );
      },
    },
    {
      what: 'directory roles',
      forRun: 'stops',
      look: async () => {
        await permissions['User.Read.All'].needed();
        const { roles } = await answers.account(upn).needed();
        if (roles.length === 0) return 'has no directory role';
        throw problemOf(
          'account-is-administrator',
          `has directory roles: ${roles.join(', ')}`,
          'Configure a plain user: administrators have a reset policy of their own, and a test must not lock one out.',
        );
      },
    },
    {
      what: 'registration',
      forRun: 'left',
      look: async () => {
        await permissions['AuditLog.Read.All'].needed();
        await answers.account(upn).needed();
        const found = await afterLicence(() => answers.registration(upn).own());
        return judgeRegistration(found, account, methodsRequired);
      },
    },
  ];
}

async function afterLicence<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw toFault(error).code === 'tenant-licence-missing' ? waitsFor('the licence') : error;
  }
}

function judgeRegistration(
  { isSsprEnabled, isSsprRegistered, methodsRegistered }: Registration,
  { verification }: AccountSettings,
  methodsRequired: number,
): string {
  const registered = methodsRegistered.join(', ') || 'none';
  const ways = [...new Set(verification.map(methodOf))];
  const usable = ways.filter((way) => REGISTERED[way].as.some((name) => methodsRegistered.includes(name)));
  const wanted = ways.filter((way) => !usable.includes(way)).map((way) => REGISTERED[way].what);
  const register = `Register ${wanted.join(' or ')} for it at https://aka.ms/ssprsetup: that of the configuration.`;
  const unfit = (says: string, remedy: string) => problemOf('account-not-fit', says, remedy);
  if (methodsRegistered.length > 0 && methodsRegistered.every((method) => AUTHENTICATOR.includes(method)))
    throw unfit(
      `only the Authenticator app (${registered}), which does not work at the logon screen`,
      register,
    );
  if (usable.length < Math.min(methodsRequired, ways.length))
    throw unfit(`has not registered ${wanted.join(', ')}; methods: ${registered}`, register);
  if (usable.length < methodsRequired)
    throw unfit(
      `the policy asks for ${methodsRequired} methods, and the configuration has ${usable.length}; methods: ${registered}`,
      'Add another verification to the account in the configuration, and register it.',
    );
  if (!isSsprRegistered)
    throw unfit(
      `fewer methods than the policy asks for: ${registered}`,
      'Register another method and add it to the configuration, or let the policy ask for fewer.',
    );
  if (!isSsprEnabled)
    throw unfit(
      'self-service reset is not enabled for it',
      'Put the account into the group for which self-service password reset is enabled, with a licence.',
    );
  return `complete; methods: ${registered}`;
}

const problemOf = (code: string, message: string, remedy: string): Fault =>
  new Fault(message, { code, blame: 'config', remedy });
