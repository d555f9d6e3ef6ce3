/** A fact beside the English document that a control rests on, and where it can be read. */
export interface FactSource {
  readonly title: string;
  readonly evidence: string;
}

/**
 * Facts that the English document does not hold, by their section. `evidence` names Microsoft's own page where there is
 * one; what only others have observed is called observed.
 */
export const FACTS = {
  '1.3': {
    title: 'Known limitations of password reset at the logon screen',
    evidence:
      'MicrosoftDocs/entra-docs, docs/identity/authentication/howto-sspr-windows.md, General limitations',
  },
  '1.5': {
    title: 'Proxies that ask the user to sign in, and the hosts that the portal needs on Windows 10',
    evidence:
      'MicrosoftDocs/entra-docs, docs/identity/authentication/howto-sspr-windows.md, Windows 11 and 10',
  },
  '1.6': {
    title: 'Which account and proxy settings the add-in goes by: not documented',
    evidence:
      'inferred: credential providers run as LocalSystem in LogonUI.exe, no page of Microsoft says more',
  },
  '2.1': {
    title: 'The registry values of SCHANNEL, and that a change may need a restart',
    evidence: 'MicrosoftDocs/windowsserverdocs, WindowsServerDocs/security/tls/tls-registry-settings.md',
  },
  '2.3': {
    title: 'WinHTTP: DefaultSecureProtocols',
    evidence: 'support.microsoft.com KB3140245',
  },
  '2.4': {
    title: 'WinINET: SecureProtocols',
    evidence: 'background knowledge: the bits are those of WinHTTP, no page of Microsoft confirms the paths',
  },
  '2.6': {
    title: 'Cipher suites of TLS 1.2',
    evidence: 'MicrosoftDocs/win32, desktop-src/SecAuthN/tls-cipher-suites-in-windows-7.md, -8.md, -8-1.md',
  },
  '3.2': {
    title: 'Marks of a pending restart',
    evidence: 'observed; the states of packages: Microsoft, "CBS Servicing States Chart"',
  },
  '4.1': {
    title: 'Where the proxy settings of a machine are',
    evidence: 'support.microsoft.com KB4494447 for WinHTTP; observed for the layout of its settings',
  },
  '4.2': {
    title: 'Proxy settings of WinINET: of an account, of SYSTEM, of the machine',
    evidence:
      'observed for their layout; Microsoft documents copying them to S-1-5-18 for services of SYSTEM',
  },
  '5.3': {
    title: 'What the audit log calls the steps of a reset, a refusal and a block',
    evidence: 'MicrosoftDocs/entra-docs, reference-audit-activities.md and howto-sspr-reporting.md',
  },
  '5.4': {
    title: 'The audit rows of one reset share a correlation id',
    evidence:
      'observed in tenants; MicrosoftDocs/entra-docs, reference-audit-activities.md for the activities',
  },
  '5.6': {
    title: 'lastPasswordChangeDateTime and registration details of a user',
    evidence: 'microsoftgraph/microsoft-graph-docs-contrib, user and userRegistrationDetails resources',
  },
  '6.5': {
    title: 'Gates, throttling and password rules of the portal',
    evidence:
      'MicrosoftDocs/entra-docs, concept-sspr-howitworks.md, concept-sspr-policy.md and troubleshoot-sspr.md',
  },
  '6.6': {
    title: 'Numbers by which the portal turns users away',
    evidence: 'MicrosoftDocs/entra-docs, troubleshoot-sspr.md',
  },
  '7.4': {
    title: 'msiexec over WinRM',
    evidence: 'observed: /norestart and a verbose log are what makes a silent installation traceable',
  },
  '8': {
    title: 'Exit codes and entries of Windows Installer',
    evidence: 'MicrosoftDocs/win32, desktop-src/Msi/error-codes.md and uninstall-registry-key.md',
  },
  '9': {
    title: 'What a check of the whole job adds',
    evidence: 'derived from the sections above; no page of Microsoft states it',
  },
} as const satisfies Record<string, FactSource>;

export type FactSection = keyof typeof FACTS;
