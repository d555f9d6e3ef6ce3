/** What distinguishes the three Windows of the lab. Names, class ids and updates are those of the real ones. */
export interface Profile {
  readonly theme: 'win7' | 'win8' | 'win81';
  readonly productName: string;
  readonly editionId: string;
  /** Major, minor, build. */
  readonly version: readonly [number, number, number];
  readonly buildLabEx: string;
  readonly servicePack: { readonly text: string; readonly number: number } | undefined;
  /** ClientType that the stand-in add-in names itself with to the portal. Microsoft's own values are not documented. */
  readonly clientType: string;
  /** Updates of a well-patched machine, with the version part of their package names. */
  readonly updates: readonly { readonly kb: string; readonly version: string }[];
  readonly credentialProviders: readonly InboxProvider[];
}

export interface InboxProvider {
  readonly clsid: string;
  readonly name: string;
  /** File in system32 that serves it. */
  readonly dll: string;
}

const provider = (clsid: string, name: string, dll: string): InboxProvider => ({ clsid, name, dll });

const SINCE_WINDOWS_7: readonly InboxProvider[] = [
  provider('{25CBB996-92ED-457e-B28C-4774084BD562}', 'GenericProvider', 'authui.dll'),
  provider('{3dd6bec0-8193-4ffe-ae25-e08e39ea4063}', 'NPProvider', 'authui.dll'),
  provider('{503739d0-4c5e-4cfd-b3ba-d881334f0df2}', 'VaultProvider', 'VaultCredProvider.dll'),
  provider(
    '{94596c7e-3744-41ce-893e-bbf09122f76a}',
    'Smartcard Pin Provider',
    'SmartcardCredentialProvider.dll',
  ),
  provider('{e74e57b0-6c6d-44d5-9cda-fb2df5ed7435}', 'CertCredProvider', 'certCredProvider.dll'),
];

const WINDOWS_7_ONLY: readonly InboxProvider[] = [
  provider('{6f45dc1e-5384-457a-bc13-2cd81b0d28ed}', 'PasswordProvider', 'authui.dll'),
  provider(
    '{8bf9a910-a8ff-457f-999f-a5ca10b4a885}',
    'Smartcard Credential Provider',
    'SmartcardCredentialProvider.dll',
  ),
  provider('{AC3AC249-E820-4343-A65B-377AC634DC09}', 'WinBio Credential Provider', 'BioCredProv.dll'),
];

const SINCE_WINDOWS_8: readonly InboxProvider[] = [
  provider('{60b78e88-ead8-445c-9cfd-0b87f74ea6cd}', 'PasswordProvider', 'authui.dll'),
  provider('{2135f72a-90b5-4ed3-a7f1-8bb705ac276a}', 'PicturePasswordLogonProvider', 'authui.dll'),
  provider('{cb82ea12-9f71-446d-89e1-8d0924e1256e}', 'PINLogonProvider', 'authui.dll'),
  provider(
    '{8FD7E19C-3BF7-489B-A72C-846AB3678C96}',
    'Smartcard Credential Provider',
    'SmartcardCredentialProvider.dll',
  ),
  provider(
    '{1b283861-754f-4022-ad47-a5eaaa618894}',
    'Smartcard Reader Selection Provider',
    'SmartcardCredentialProvider.dll',
  ),
  provider('{BEC09223-B018-416D-A0AC-523971B639F5}', 'WinBio Credential Provider', 'BioCredProv.dll'),
  provider('{F8A0B131-5F68-486c-8040-7E8FC3C85BB6}', 'WLIDCredentialProvider', 'wlidcredprov.dll'),
];

/** Windows' own credential provider filter. It hides nothing at the logon screen. */
export const INBOX_FILTER = provider('{DDC0EED2-ADBE-40B6-A217-EDE16A79A0DE}', 'GenericFilter', 'authui.dll');

export const PROFILES = {
  win7: {
    theme: 'win7',
    productName: 'Windows 7 Professional',
    editionId: 'Professional',
    version: [6, 1, 7601],
    buildLabEx: '7601.24545.amd64fre.win7sp1_ldr_escrow.200102-1707',
    servicePack: { text: 'Service Pack 1', number: 1 },
    clientType: 'Windows7LogonScreen',
    updates: [
      { kb: 'KB976932', version: '6.1.1.17514' },
      { kb: 'KB3020369', version: '6.1.1.1' },
      { kb: 'KB3042058', version: '6.1.1.2' },
      { kb: 'KB3125574', version: '6.1.4.4' },
      { kb: 'KB3140245', version: '6.1.1.1' },
      { kb: 'KB4474419', version: '6.1.3.2' },
      { kb: 'KB4490628', version: '6.1.1.2' },
    ],
    credentialProviders: [...SINCE_WINDOWS_7, ...WINDOWS_7_ONLY],
  },
  win8: {
    theme: 'win8',
    productName: 'Windows 8 Pro',
    editionId: 'Professional',
    version: [6, 2, 9200],
    buildLabEx: '9200.22099.amd64fre.win8_ldr.170212-0600',
    servicePack: undefined,
    clientType: 'Windows8LogonScreen',
    updates: [
      { kb: 'KB3042058', version: '6.2.1.2' },
      { kb: 'KB3140245', version: '6.2.1.1' },
      { kb: 'KB3154519', version: '6.2.1.0' },
    ],
    credentialProviders: [...SINCE_WINDOWS_7, ...SINCE_WINDOWS_8],
  },
  win81: {
    theme: 'win81',
    productName: 'Windows 8.1 Pro',
    editionId: 'Professional',
    version: [6, 3, 9600],
    buildLabEx: '9600.19676.amd64fre.winblue_ltsb_escrow.200321-0600',
    servicePack: undefined,
    clientType: 'Windows81LogonScreen',
    updates: [
      { kb: 'KB2919355', version: '6.3.1.14' },
      { kb: 'KB2919442', version: '6.3.1.2' },
      { kb: 'KB3042058', version: '6.3.1.2' },
      { kb: 'KB3154520', version: '6.3.1.0' },
    ],
    credentialProviders: [...SINCE_WINDOWS_7, ...SINCE_WINDOWS_8],
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

/** `6.1.7601` */
export const versionText = (profile: Profile): string => profile.version.join('.');

/** The class id of the add-in's credential provider (English document, section Troubleshooting). */
export const SSPR_CLSID = '{86D2F0AC-2171-46CF-9998-4E33B3D7FD4F}';

export const isProfileName = (name: string): name is ProfileName => Object.hasOwn(PROFILES, name);
