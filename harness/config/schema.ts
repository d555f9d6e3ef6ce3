import * as z from 'zod';
import { WINRM_AUTHENTICATIONS } from '../core/endpoints.ts';
import { isConfidential } from './confidential.ts';

/** `env:NAME` or `file:PATH`: where a secret stands. The secret itself is refused. */
const secretReference = z
  .string()
  .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, 'expected env:NAME or file:PATH, never the secret itself');

const seconds = (fallback: number) => z.number().int().min(1).max(86_400).default(fallback);
const port = z.number().int().min(0).max(65_535);

const account = z
  .strictObject({
    upn: z.email().describe('User principal name: what is typed as User ID'),
    displayName: z.string().min(1).describe('Name beneath the tile at the logon screen'),
    mailbox: z
      .email()
      .describe('Mailbox that receives the verification codes; the app may read it (Mail.Read)'),
  })
  .describe('A test user, registered for self-service password reset. Never an administrator.');

const machine = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,14}$/, 'expected a lower-case name of at most 15 letters, digits, hyphens'),
  os: z.enum(['win7', 'win8', 'win81']).describe('Which Windows runs there'),
  provider: z.enum(['lab', 'virtualbox', 'vmware_desktop', 'hyperv', 'libvirt']).default('lab'),
  language: z.enum(['en']).default('en').describe('Language of the logon screen'),
  account: account.optional().describe('The user whose password is reset there; the lab has its own'),
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
    clientId: z.uuid().describe('Application (client) id of the app registration that reads Graph'),
    clientSecret: secretReference,
    authority: z.url().default('https://login.microsoftonline.com'),
    graph: z.url().default('https://graph.microsoft.com'),
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

const policy = z
  .strictObject({
    tls: z
      .enum(['strict', 'osDefault'])
      .default('strict')
      .describe(
        'strict: TLS 1.2 must be enabled explicitly; osDefault: absence is fine where it is on by default',
      ),
    portalHost: z.hostname().default('passwordreset.microsoftonline.com'),
    egressAddresses: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .default([])
      .describe(
        'Addresses under which your network reaches Azure; empty: the audit entry’s address is only recorded',
      ),
  })
  .prefault({});

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
    package: z
      .strictObject({ path: z.string().min(1).describe('Your copy of SsprWindowsLogon.PROD.msi') })
      .optional()
      .describe('The add-in to install; the lab has a stand-in'),
    tenant: tenant.optional(),
    winrm,
    console,
    limits,
    policy,
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
      if (entry.provider !== 'lab' && !entry.account)
        issue(['machines', index], `account is missing; a real machine needs a test user to reset`);
    });
    if (inLab > 0 && inLab < config.machines.length)
      issue(
        ['machines'],
        'found lab machines beside real ones; expected all of one kind, or the report could not say which it is',
      );
    if (inLab === 0 && !config.tenant) issue([], 'tenant is missing; real machines need a real tenant');
    if (inLab === 0 && !config.package)
      issue([], 'package is missing; real machines need your SsprWindowsLogon.PROD.msi');
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

export type Config = z.infer<typeof configSchema>;
export type MachineConfig = Config['machines'][number];
export type Account = z.infer<typeof account>;
export type Limits = Config['limits'];
