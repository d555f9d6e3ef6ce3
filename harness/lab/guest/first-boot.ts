import { LANGUAGES, type Language } from '../../core/languages.ts';
import { type HiveEdit } from './hive.ts';
import { INBOX_FILTER, type InboxProvider, type Profile } from './profile.ts';
import { type RegistryValue, dword, expandSz, multiSz, sz } from './registry-value.ts';

/*
 * What the registry of a guest holds when it is new, beyond Wine's own: as much of a well-kept Windows as the checks
 * and the logon screen look at.
 */

const WINDOWS_NT = 'Microsoft\\Windows NT\\CurrentVersion';
const WINDOWS = 'Microsoft\\Windows\\CurrentVersion';
/** Type of a language of the user interface that needs no other one beneath it, as Windows writes it. */
const SINGLE_LANGUAGE = 0x91;
/** Below HKEY_LOCAL_MACHINE. */
export const LANGUAGE_KEY = 'System\\CurrentControlSet\\Control\\Nls\\Language';
/** State of a Component Based Servicing package: installed. */
const INSTALLED = 0x70;
/** `DefaultSecureProtocols`: TLS 1.1 (0x200) and TLS 1.2 (0x800), the value of KB3140245's text. */
const TLS_1_1_AND_1_2 = 0xa00;

/** Edits of HKEY_LOCAL_MACHINE. @param machineSid `S-1-5-21-a-b-c` */
export function machineHive(profile: Profile, machineSid: string, language: Language): HiveEdit[] {
  return [
    ...languageOfMachine(language),
    ...bothViews(WINDOWS_NT, version(profile)),
    { key: 'System\\CurrentControlSet\\Control\\Windows', values: servicePackNumber(profile) },
    { key: 'System\\CurrentControlSet\\Control\\ProductOptions', values: { ProductType: sz('WinNT') } },
    ...profile.credentialProviders.flatMap((provider) => registration('Credential Providers', provider)),
    ...registration('Credential Provider Filters', INBOX_FILTER),
    {
      key: `Software\\${WINDOWS_NT}\\ProfileList\\${machineSid}-500`,
      values: userProfile('Administrator', 'Administrator'),
    },
    ...profile.updates.map(({ kb, version }) => ({
      key: `Software\\${WINDOWS}\\Component Based Servicing\\Packages\\Package_for_${kb}~31bf3856ad364e35~amd64~~${version}`,
      values: { CurrentState: dword(INSTALLED), InstallClient: sz('WindowsUpdateAgent') },
    })),
    {
      key: 'System\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client',
      values: { Enabled: dword(1), DisabledByDefault: dword(0) },
    },
    ...bothViews(`${WINDOWS}\\Internet Settings\\WinHttp`, {
      DefaultSecureProtocols: dword(TLS_1_1_AND_1_2),
    }),
    {
      key: `Software\\${WINDOWS}\\Policies\\System`,
      values: { EnableLUA: dword(1), ConsentPromptBehaviorAdmin: dword(5) },
    },
  ];
}

/** The language in which Windows was installed, and the only one that it has. */
function languageOfMachine(language: Language): HiveEdit[] {
  const { lcid, culture } = LANGUAGES[language];
  const control = 'System\\CurrentControlSet\\Control';
  return [
    { key: LANGUAGE_KEY, values: { Default: sz(lcid), InstallLanguage: sz(lcid) } },
    { key: `${control}\\Nls\\Locale`, values: { '': sz(lcid.padStart(8, '0')) } },
    {
      key: `${control}\\MUI\\UILanguages\\${culture}`,
      values: { LCID: dword(parseInt(lcid, 16)), Type: dword(SINGLE_LANGUAGE) },
    },
  ];
}

/**
 * Edits of HKEY_CURRENT_USER: its language, and which of Wine's own programs the lab replaces; `*` is for those outside
 * system32.
 */
export const userHive = (tools: readonly string[], language: Language): HiveEdit[] => [
  {
    key: 'Control Panel\\Desktop',
    values: { PreferredUILanguages: multiSz(LANGUAGES[language].culture) },
  },
  {
    key: 'Control Panel\\Desktop\\MuiCached',
    values: { MachinePreferredUILanguages: multiSz(LANGUAGES[language].culture) },
  },
  {
    key: 'Software\\Wine\\DllOverrides',
    values: Object.fromEntries(
      tools.flatMap((tool) => [
        [`${tool}.exe`, sz('native')],
        [`*${tool}.exe`, sz('native,builtin')],
      ]),
    ),
  },
];

/** Values of an entry in the list of profiles. The full name is the lab's: Windows keeps it in the SAM. */
export const userProfile = (account: string, displayName: string): Record<string, RegistryValue> => ({
  ProfileImagePath: expandSz(`%SystemDrive%\\Users\\${account}`),
  Flags: dword(0),
  State: dword(0),
  LabFullName: sz(displayName),
});

/** Of a credential provider or filter, and of the COM class that it is. */
const registration = (kind: string, { clsid, name, dll }: InboxProvider): HiveEdit[] => [
  { key: `Software\\${WINDOWS}\\Authentication\\${kind}\\${clsid}`, values: { '': sz(name) } },
  { key: `Software\\Classes\\CLSID\\${clsid}`, values: { '': sz(name) } },
  {
    key: `Software\\Classes\\CLSID\\${clsid}\\InprocServer32`,
    values: { '': expandSz(`%SystemRoot%\\system32\\${dll}`), ThreadingModel: sz('Apartment') },
  },
];

const bothViews = (key: string, values: HiveEdit['values']): HiveEdit[] =>
  ['Software', 'Software\\Wow6432Node'].map((root) => ({ key: `${root}\\${key}`, values }));

function version({ productName, editionId, version, buildLabEx, servicePack }: Profile): HiveEdit['values'] {
  const [major, minor, build] = version;
  return {
    ProductName: sz(productName),
    EditionID: sz(editionId),
    CurrentVersion: sz(`${major}.${minor}`),
    CurrentBuild: sz(build.toString()),
    CurrentBuildNumber: sz(build.toString()),
    BuildLabEx: sz(buildLabEx),
    InstallationType: sz('Client'),
    CurrentType: sz('Multiprocessor Free'),
    RegisteredOwner: sz('Lab'),
    RegisteredOrganization: sz('LAB'),
    CSDVersion: servicePack ? sz(servicePack.text) : null,
    // Wine's, but of Windows 10 and later only.
    CurrentMajorVersionNumber: null,
    CurrentMinorVersionNumber: null,
  };
}

const servicePackNumber = ({ servicePack }: Profile): HiveEdit['values'] => ({
  CSDVersion: dword((servicePack?.number ?? 0) << 8),
});
