const CURRENT_VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion';
const NT_VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
const INTERNET = `${CURRENT_VERSION}\\Internet Settings`;
const WOW64_INTERNET = 'HKLM\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const SYSTEM_INTERNET = 'HKU\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const POLICY_INTERNET = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const TLS_CLIENT =
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client';
const PROVIDERS = `${CURRENT_VERSION}\\Authentication\\Credential Providers`;
const SSPR = '{86D2F0AC-2171-46CF-9998-4E33B3D7FD4F}';

const value = (key: string, name: string): string => `reg query "${key}" /v "${name}"`;

/** The facts that the probe reads at once, each asked for by a command of its own; connections are left out. */
export const ONE_BY_ONE: readonly string[] = [
  value(NT_VERSION, 'CurrentVersion'),
  value(NT_VERSION, 'CurrentBuild'),
  value(NT_VERSION, 'ProductName'),
  value(NT_VERSION, 'CSDVersion'),
  'echo %PROCESSOR_ARCHITECTURE% %COMPUTERNAME%',
  value('HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language', 'InstallLanguage'),
  'wmic os get LastBootUpTime /value',
  value(TLS_CLIENT, 'Enabled'),
  value(TLS_CLIENT, 'DisabledByDefault'),
  value(`${INTERNET}\\WinHttp`, 'DefaultSecureProtocols'),
  value(`${WOW64_INTERNET}\\WinHttp`, 'DefaultSecureProtocols'),
  value('HKLM\\SOFTWARE\\Policies\\Microsoft\\Cryptography\\Configuration\\SSL\\00010002', 'Functions'),
  value(`${INTERNET}\\Connections`, 'WinHttpSettings'),
  value(SYSTEM_INTERNET, 'ProxyEnable'),
  value(SYSTEM_INTERNET, 'ProxyServer'),
  value(SYSTEM_INTERNET, 'AutoConfigURL'),
  value(POLICY_INTERNET, 'ProxySettingsPerUser'),
  value(INTERNET, 'ProxyEnable'),
  value(INTERNET, 'ProxyServer'),
  `reg query "${CURRENT_VERSION}\\Component Based Servicing\\Packages" /s /v CurrentState`,
  `reg query "${CURRENT_VERSION}\\Component Based Servicing"`,
  `reg query "${CURRENT_VERSION}\\WindowsUpdate\\Auto Update"`,
  value('HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager', 'PendingFileRenameOperations'),
  `reg query "${PROVIDERS}" /s`,
  `reg query "HKCR\\CLSID\\${SSPR}\\InprocServer32" /ve`,
  `reg query "${CURRENT_VERSION}\\Uninstall" /s /v DisplayName`,
  'reg query "HKLM\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall" /s /v DisplayName',
  value(`${PROVIDERS}\\${SSPR}`, 'EnableLogging'),
  value(`${CURRENT_VERSION}\\Policies\\System`, 'EnableLUA'),
];
