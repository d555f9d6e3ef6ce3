import * as z from 'zod';
import { CLOUD_NAMES } from '../core/clouds.ts';
import { LANGUAGE_NAMES } from '../core/languages.ts';
import { REFUSALS, TRIALS } from '../core/rehearsals.ts';
import { WINRM_AUTHENTICATIONS } from '../core/endpoints.ts';
import { isConfidential } from './confidential.ts';

/** What is said of a value that is no reference, and of no other. */
export const NO_REFERENCE = 'expected env:NAME or file:PATH, never the secret itself';

/** `env:NAME` or `file:PATH`: where a secret stands. The secret itself is refused. */
const secretReference = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, NO_REFERENCE);

const seconds = (fallback: number) => z.number().int().min(1).max(86_400).default(fallback);
const port = z.number().int().min(0).max(65_535);

const phone = z
  .string()
  .regex(/^\+\d{1,3} \d[\d ]{3,}$/, 'expected a number as the user has registered it: +CC NNNN')
  .describe('The phone number that the user has registered');

const keyPath = z
  .string()
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'expected names with dots: message.body');

/** Where the codes or the answers of one way of verification come from. */
const verification = z.discriminatedUnion('by', [
  z
    .strictObject({ by: z.literal('mailbox'), mailbox: z.email() })
    .describe('Codes by e-mail, in a mailbox of the tenant that the app may read (Mail.Read)'),
  z
    .strictObject({
      by: z.literal('imap'),
      host: z.hostname(),
      port: port.default(993),
      security: z.enum(['tls', 'starttls']).default('tls'),
      user: z.string().min(1),
      password: secretReference,
      folder: z.string().min(1).default('INBOX'),
      certificateAuthority: z.string().min(1).optional().describe('PEM file, instead of the usual ones'),
    })
    .describe('Codes by e-mail, in a mailbox elsewhere'),
  z
    .strictObject({
      by: z.literal('smsWebhook'),
      phone,
      listen: z
        .string()
        .regex(/^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/, 'expected a loopback address with port')
        .describe('Where this host listens; whatever faces the internet forwards to it'),
      token: secretReference.describe('The last part of the path to which messages must be posted'),
      text: keyPath.default('text').describe('Where the text stands in the posted JSON or form'),
    })
    .describe('Codes by text message, which a gateway posts to us'),
  z
    .strictObject({
      by: z.literal('smsApi'),
      phone,
      url: z
        .url({ protocol: /^https?$/ })
        .refine(isConfidential, 'expected https, or an address of this host'),
      authorization: secretReference.describe('Value of the Authorization header'),
      messages: keyPath.default('messages').describe('Where the list of messages stands in its answer'),
      id: keyPath.default('id'),
      text: keyPath.default('body'),
      at: keyPath.default('date').describe('When the message was received'),
      certificateAuthority: z.string().min(1).optional().describe('PEM file, instead of the usual ones'),
    })
    .describe('Codes by text message, which we fetch from a provider'),
  z
    .strictObject({
      by: z.literal('questions'),
      answers: z.array(z.strictObject({ question: z.string().min(1), answer: secretReference })).min(1),
    })
    .describe('Security questions'),
  z
    .strictObject({
      by: z.literal('person'),
      method: z.enum(['email', 'sms']),
      phone: phone.optional(),
      withinSeconds: seconds(300),
    })
    .describe('A person types the code at the terminal of the run'),
]);

const account = z
  .strictObject({
    upn: z.email().describe('User principal name: what is typed as User ID'),
    displayName: z.string().min(1).describe('Name beneath the tile at the logon screen'),
    mailbox: z
      .email()
      .optional()
      .describe('Short for the one verification {by: mailbox}: receives the codes, readable for the app'),
    verification: z
      .array(verification)
      .min(1)
      .optional()
      .describe('How the user proves who he is, in the order of preference'),
  })
  .describe('A test user, registered for self-service password reset. Never an administrator.');

/** A test user that may serve several machines. */
const pooled = account.extend({
  machines: z.array(z.string()).min(1).optional().describe('Machines that show this user; all when left out'),
});

const passwords = z
  .discriminatedUnion('keep', [
    z.strictObject({ keep: z.literal('memory') }).describe('Forgotten with the end of the run'),
    z
      .strictObject({ keep: z.literal('file'), path: z.string().min(1) })
      .describe('Appended to a file that only you can read'),
    z
      .strictObject({ keep: z.literal('command'), command: z.array(z.string().min(1)).min(1) })
      .describe('Given to a command as JSON on its standard input, never as an argument'),
  ])
  .describe('What becomes of the new passwords')
  .prefault({ keep: 'memory' });

const accountBudget = z
  .strictObject({
    perHour: z.number().int().min(1).max(5).default(4),
    perDay: z.number().int().min(1).max(5).default(5),
  })
  .describe(
    'How many resets of one user are tried; Azure AD blocks a user for 24 hours who tries more than 5',
  )
  .prefault({});

const machine = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,14}$/, 'expected a lower-case name of at most 15 letters, digits, hyphens'),
  os: z.enum(['win7', 'win8', 'win81']).describe('Which Windows runs there'),
  provider: z.enum(['lab', 'virtualbox', 'vmware_desktop', 'hyperv', 'libvirt']).default('lab'),
  language: z.enum(LANGUAGE_NAMES).default('en').describe('Language of the logon screen'),
  account: account
    .optional()
    .describe('The user whose password is reset there, instead of one of accounts; the lab has its own'),
  winrmFingerprint: z
    .string()
    .regex(/^([0-9a-fA-F]{2}:?){32}$/, 'expected a SHA-256: 64 hexadecimal digits, with or without colons')
    .optional()
    .describe("SHA-256 of the machine's WinRM certificate, instead of winrm.certificateAuthority"),
});

const winrm = z
  .strictObject({
    scheme: z.enum(['http', 'https']).default('http'),
    authentication: z
      .enum(WINRM_AUTHENTICATIONS)
      .default('auto')
      .describe(
        'auto: NTLM, or Basic where nobody can listen; negotiate and kerberos: through PowerShell of a Windows host',
      ),
    user: z
      .string()
      .min(1)
      .default('vagrant')
      .describe('An administrator: name, DOMAIN\\name or name@domain'),
    password: secretReference.optional().describe('Default: that of the public boxes, vagrant'),
    certificateAuthority: z.string().min(1).optional().describe('PEM file; https only'),
    proxy: z
      .url({ protocol: /^http$/ })
      .optional()
      .describe('An HTTP proxy between this host and the machines'),
  })
  .describe('How the real machines are reached from inside')
  .prefault({});

const console = z
  .strictObject({
    vncPassword: secretReference
      .optional()
      .describe('At most 8 characters; default: vagrant. VirtualBox, VMware and libvirt'),
    webService: z
      .strictObject({
        url: z
          .url({ protocol: /^https?$/ })
          .refine(isConfidential, 'expected https, or an address of this host: it is sent a password')
          .default('http://127.0.0.1:18083/'),
        user: z.string().min(1),
        password: secretReference,
      })
      .optional()
      .describe('VirtualBox without VNC: where its web service (vboxwebsrv) moves the mouse'),
  })
  .describe('How the screens of the real machines are reached')
  .prefault({});

const tenant = z
  .strictObject({
    id: z.uuid().describe('Directory (tenant) id'),
    clientId: z
      .uuid()
      .optional()
      .describe('Application (client) id; may be left out with the managed identity of the machine itself'),
    clientSecret: secretReference.optional(),
    certificate: secretReference
      .optional()
      .describe('PEM with certificate and private key, instead of a client secret'),
    certificatePassword: secretReference.optional(),
    workloadIdentity: z
      .strictObject({ tokenFile: z.string().min(1) })
      .optional()
      .describe('A federated credential: a file with the token of somebody whom the tenant trusts'),
    managedIdentity: z.literal(true).optional().describe('That of the Azure machine on which this runs'),
    cloud: z.enum(CLOUD_NAMES).default('global').describe('Decides authority, graph and the portal host'),
    authority: z.url({ protocol: /^https$/ }).optional(),
    graph: z.url({ protocol: /^https$/ }).optional(),
    certificateAuthority: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file: trusted instead of the usual ones'),
    proxy: z
      .url({ protocol: /^https?$/, error: 'expected http://HOST:PORT' })
      .optional()
      .describe('An HTTP proxy between this host and the tenant'),
  })
  .describe('The Azure AD tenant that is asked for registration, audit entries and verification mails');

const limits = z
  .strictObject({
    up: seconds(900),
    command: seconds(300),
    reboot: seconds(600),
    screen: seconds(120),
    verificationCode: seconds(180),
    audit: seconds(900).describe('How long an audit entry may take to appear'),
  })
  .describe('Time limits, in seconds')
  .prefault({});

/** KB numbers: for each entry, one of its alternatives has to be installed. */
const patchList = z.array(
  z.array(z.string().regex(/^KB\d{6,7}$/, 'expected the number of an update: KB3140245')).min(1),
);

const policy = z
  .strictObject({
    tls: z
      .enum(['strict', 'osDefault'])
      .default('strict')
      .describe(
        'strict: TLS 1.2 must be enabled explicitly; osDefault: absence is fine where it is on by default',
      ),
    portalHost: z.hostname().optional().describe('Default: that of the cloud'),
    methodsRequired: z
      .union([z.literal(1), z.literal(2)], 'expected 1 or 2')
      .default(1)
      .describe('How many methods the tenant asks of a user who resets the password'),
    clientTypes: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Values of ClientType that audit entries may carry; empty: any, recorded ("sspr learn" pins them)',
      ),
    egressAddresses: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .default([])
      .describe(
        'Addresses under which your network reaches Azure; empty: the audit entry’s address is only recorded',
      ),
    portalIssuers: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Names of the roots that may stand above the portal’s certificate; empty: any that the machine trusts, recorded',
      ),
    patches: z
      .strictObject({ win7: patchList, win8: patchList, win81: patchList })
      .partial()
      .default({})
      .describe(
        'What "patched" means, for each Windows; what is left out is the default of docs/controls.md',
      ),
  })
  .prefault({});

const refusal = z
  .strictObject({
    upn: z.email(),
    expects: z
      .enum(REFUSALS)
      .describe(
        'Why the portal does not let this user reset; cancelled: it would, but the user changes his mind',
      ),
    machines: z.array(z.string()).min(1).optional().describe('Where it is tried; everywhere when left out'),
  })
  .describe('A test user who is to be turned away at the logon screen');

const waiver = z
  .strictObject({
    control: z.string().min(1).describe('Id of a control (docs/controls.md)'),
    machines: z.array(z.string()).min(1).optional().describe('Where it may fail; everywhere when left out'),
    reason: z.string().trim().min(10, 'expected a reason, of 10 characters or more'),
    owner: z.string().trim().min(1, 'expected who answers for it'),
    expires: z.iso
      .date('expected a day of the calendar, YYYY-MM-DD')
      .describe('The last day on which it is in force, in UTC'),
  })
  .describe('A control that may fail until a day, because somebody accepts that');

const lab = z
  .strictObject({
    auditDelaySeconds: z
      .number()
      .min(0)
      .max(600)
      .default(5)
      .describe('Until an audit entry of the lab tenant is visible'),
    tenantPort: port.default(0).describe('0: any free port'),
    proxyPort: port.default(0),
  })
  .describe('The embedded lab')
  .prefault({});

/** Shape of `sspr.yaml`. Every key is documented here and nowhere else; the JSON Schema is derived from it. */
export const configSchema = z
  .strictObject({
    version: z.literal(1),
    machines: z.array(machine).min(1),
    accounts: z
      .array(pooled)
      .default([])
      .describe('Test users; a run takes one that is free for each machine'),
    accountBudget,
    passwords,
    stateFolder: z
      .string()
      .min(1)
      .optional()
      .describe('Where this host remembers the tries of the test users, for all runs'),
    refusals: z.array(refusal).default([]).describe('Test users who are to be turned away'),
    trials: z
      .array(z.enum(TRIALS))
      .optional()
      .describe(
        'What is done wrong once, on purpose, before it is done right; default: nothing, in the lab all',
      ),
    captions: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Files of captions that "sspr learn captions" has written, or you; they go before the built-in ones',
      ),
    package: z
      .strictObject({
        path: z.string().min(1).describe('Your copy of SsprWindowsLogon.PROD.msi'),
        previous: z.string().min(1).optional().describe('An earlier version, to try the upgrade from it'),
      })
      .optional()
      .describe('The add-in to install; the lab has a stand-in'),
    tenant: tenant.optional(),
    winrm,
    console,
    limits,
    policy,
    waivers: z.array(waiver).default([]).describe('What may fail; every report shows it (docs/waivers.md)'),
    lab,
  })
  .superRefine((config, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const names = new Set<string>();
    const inLab = config.machines.filter((entry) => entry.provider === 'lab').length;
    config.machines.forEach((entry, index) => {
      if (names.has(entry.name))
        issue(['machines', index, 'name'], `found ${entry.name} twice; expected each name once`);
      names.add(entry.name);
      const serves = ({ machines }: { machines?: string[] | undefined }) =>
        !machines || machines.includes(entry.name);
      if (entry.provider !== 'lab' && !entry.account && !config.accounts.some(serves))
        issue(
          ['machines', index],
          'account is missing, and none of accounts serves this machine; a real machine needs a test user to reset',
        );
    });
    if (inLab > 0 && inLab < config.machines.length)
      issue(
        ['machines'],
        'found lab machines beside real ones; expected all of one kind, or the report could not say which it is',
      );
    if (inLab === 0 && !config.tenant) issue([], 'tenant is missing; real machines need a real tenant');
    if (inLab === 0 && !config.package)
      issue([], 'package is missing; real machines need your SsprWindowsLogon.PROD.msi');
    checkAccounts(config, issue);
    checkWaivers(config, issue);
    if (config.tenant) checkCredential(config.tenant, issue);
    const { scheme, authentication, certificateAuthority, proxy } = config.winrm;
    const pinned = config.machines.findIndex((entry) => entry.winrmFingerprint !== undefined);
    if (scheme === 'http' && certificateAuthority !== undefined)
      issue(['winrm', 'certificateAuthority'], 'found beside scheme http; expected scheme https with it');
    if (scheme === 'http' && pinned >= 0)
      issue(
        ['machines', pinned, 'winrmFingerprint'],
        'found beside winrm.scheme http; expected https with it',
      );
    if (authentication === 'negotiate' || authentication === 'kerberos') {
      const why = `found beside authentication ${authentication}; PowerShell goes by the settings of Windows: set it there, or use ntlm`;
      if (certificateAuthority !== undefined) issue(['winrm', 'certificateAuthority'], why);
      if (proxy !== undefined) issue(['winrm', 'proxy'], why);
      if (pinned >= 0) issue(['machines', pinned, 'winrmFingerprint'], why);
    }
    if (inLab > 0 && authentication !== 'auto')
      issue(['winrm', 'authentication'], `found ${authentication}; expected auto, the lab brings its own`);
    if (inLab > 0 && config.tenant)
      issue(['tenant'], 'found a tenant beside lab machines; the lab brings its own: remove this key');
  });

type Issue = (path: (string | number)[], message: string) => void;

function checkAccounts(
  {
    machines,
    accounts,
    refusals,
    policy: { methodsRequired },
  }: {
    machines: z.infer<typeof machine>[];
    accounts: z.infer<typeof pooled>[];
    refusals: z.infer<typeof refusal>[];
    policy: z.infer<typeof policy>;
  },
  issue: Issue,
): void {
  const own = machines.flatMap((entry, index) =>
    entry.account ? [{ account: entry.account, at: ['machines', index, 'account'] }] : [],
  );
  const shared = accounts.map((entry, index) => ({ account: entry, at: ['accounts', index] }));
  const seen = new Set<string>();
  for (const { account: one, at } of [...own, ...shared]) {
    if (one.mailbox === undefined && one.verification === undefined)
      issue(at, 'verification is missing; expected it, or mailbox: where do the codes of this user arrive?');
    if (one.mailbox !== undefined && one.verification !== undefined)
      issue([...at, 'mailbox'], 'found beside verification; expected one of them');
    if (seen.has(one.upn.toLowerCase()))
      issue(
        [...at, 'upn'],
        `found ${one.upn} twice; two machines at once would take each other's results apart`,
      );
    seen.add(one.upn.toLowerCase());
    const methods = new Set(one.mailbox === undefined ? [] : ['email']);
    for (const way of one.verification ?? []) methods.add(methodOf(way));
    if (methods.size > 0 && methods.size < methodsRequired)
      issue(
        at,
        `found one method, ${[...methods].join()}; expected two different ones, because policy.methodsRequired is 2`,
      );
    one.verification?.forEach((way, index) => {
      if (way.by === 'person' && way.method === 'sms' && way.phone === undefined)
        issue([...at, 'verification', index], 'phone is missing; the portal asks for it');
    });
  }
  accounts.forEach((entry, index) => checkNames(entry.machines, machines, ['accounts', index], issue));
  refusals.forEach(({ upn, machines: named }, index) => {
    checkNames(named, machines, ['refusals', index], issue);
    if (seen.has(upn.toLowerCase()))
      issue(['refusals', index, 'upn'], `found ${upn} twice; expected a user who is used for nothing else`);
    seen.add(upn.toLowerCase());
  });
}

function checkNames(
  names: readonly string[] | undefined,
  machines: readonly { name: string }[],
  at: (string | number)[],
  issue: Issue,
): void {
  names?.forEach((name, position) => {
    if (!machines.some((one) => one.name === name))
      issue(
        [...at, 'machines', position],
        `found ${name}; expected one of: ${machines.map((one) => one.name).join(', ')}`,
      );
  });
}

/** For each failure there is at most one waiver to answer for it. */
function checkWaivers(
  { machines, waivers }: { machines: z.infer<typeof machine>[]; waivers: z.infer<typeof waiver>[] },
  issue: Issue,
): void {
  const waived = new Set<string>();
  waivers.forEach(({ control, machines: named }, index) => {
    checkNames(named, machines, ['waivers', index], issue);
    const places = named
      ? named.map((name, position) => ({ name, at: ['waivers', index, 'machines', position] }))
      : machines.map(({ name }) => ({ name, at: ['waivers', index] }));
    const twice = places.find(({ name }, i) => {
      const before = places.slice(0, i).some((other) => other.name === name);
      return before || waived.has(`${control} ${name}`);
    });
    if (twice)
      issue(twice.at, `found ${control} waived twice for ${twice.name}; expected one waiver, with one owner`);
    for (const { name } of places) waived.add(`${control} ${name}`);
  });
}

/** The method of the portal by which a way of verification is chosen there. */
const methodOf = (way: z.infer<typeof verification>): string =>
  way.by === 'person' ? way.method : METHOD_OF[way.by];

const METHOD_OF = {
  mailbox: 'email',
  imap: 'email',
  smsWebhook: 'sms',
  smsApi: 'sms',
  questions: 'questions',
} as const;

const CREDENTIALS = ['clientSecret', 'certificate', 'workloadIdentity', 'managedIdentity'] as const;

function checkCredential(found: z.infer<typeof tenant>, issue: Issue): void {
  const given = CREDENTIALS.filter((key) => found[key] !== undefined);
  if (given.length !== 1)
    issue(
      ['tenant'],
      `found ${given.join(' and ') || 'no credential'}; expected exactly one of ${CREDENTIALS.join(', ')}`,
    );
  if (found.certificatePassword !== undefined && found.certificate === undefined)
    issue(['tenant', 'certificatePassword'], 'found without certificate; expected both, or neither');
  if (found.clientId === undefined && found.managedIdentity === undefined)
    issue(['tenant'], 'clientId is missing; only the managed identity of a machine does without');
}

export type Config = z.infer<typeof configSchema>;
export type MachineConfig = Config['machines'][number];
export type Account = z.infer<typeof account>;
export type VerificationConfig = z.infer<typeof verification>;
export type PasswordKeeping = Config['passwords'];
export type AccountBudget = Config['accountBudget'];
export type Limits = Config['limits'];
export type RefusalConfig = z.infer<typeof refusal>;
