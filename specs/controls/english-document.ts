/** One statement of the English document, in our own words. */
export interface Statement {
  readonly id: string;
  /** First and last line in the document. */
  readonly lines: readonly [first: number, last: number];
  readonly says: string;
  /** The controls that check it. */
  readonly controls: readonly string[];
}

/**
 * Microsoft's "How to: Enable password reset from Windows 7, 8, and 8.1" (09/11/2018), English: the requirements' text.
 * The file itself is not part of this project; its hash tells when another version is read.
 */
export const ENGLISH_DOCUMENT = {
  date: '09/11/2018',
  sha256: 'f5e175cfa5f74e49f26f892ebe371a4763914124637cacb78cb0c3fbe38e6344',
  lines: 82,
  /** Front matter, headings and the closing list of links: they ask for nothing. */
  structure: [
    [1, 17],
    [26, 26],
    [35, 35],
    [48, 48],
    [53, 53],
    [63, 63],
    [80, 82],
  ],
} as const satisfies {
  readonly date: string;
  readonly sha256: string;
  readonly lines: number;
  readonly structure: readonly (readonly [first: number, last: number])[];
};

/** Every statement of the document, in its order. */
export const STATEMENTS: readonly Statement[] = [
  {
    id: 'title.versions',
    lines: [18, 18],
    says: 'Passwords can be reset from Windows 7, 8 and 8.1.',
    controls: [
      'prerequisites.os-supported',
      'prerequisites.windows-8-documented',
      'logon.sign-in-with-new-password',
    ],
  },
  {
    id: 'intro.enabled',
    lines: [20, 20],
    says: 'The administrator has already enabled self-service password reset.',
    controls: ['prerequisites.sspr-enabled'],
  },
  {
    id: 'intro.logon-screen',
    lines: [20, 20],
    says: 'Users who cannot get to a browser can reset the password at the Windows logon screen and work again.',
    controls: ['logon.link-shown', 'logon.sign-in-with-new-password'],
  },
  {
    id: 'intro.windows-10',
    lines: [20, 20],
    says: 'Windows 10 is covered by another guide.',
    controls: ['prerequisites.os-supported'],
  },
  {
    id: 'intro.no-join',
    lines: [22, 22],
    says: 'Other than Windows 10, these machines need to be joined neither to Azure AD nor to an Active Directory domain.',
    controls: ['prerequisites.no-join-needed'],
  },
  {
    id: 'intro.picture-link',
    lines: [24, 24],
    says: 'A picture shows the logon screen of Windows 7 with the link "Forgot password?".',
    controls: ['logon.link-shown'],
  },
  {
    id: 'prerequisites.sspr',
    lines: [28, 28],
    says: 'Self-service password reset is on in Azure AD.',
    controls: ['prerequisites.sspr-enabled'],
  },
  {
    id: 'prerequisites.patched',
    lines: [29, 29],
    says: 'The machine runs Windows 7 or 8.1 with its updates. Windows 8 is not named here.',
    controls: ['prerequisites.os-supported', 'prerequisites.windows-8-documented', 'prerequisites.patched'],
  },
  {
    id: 'prerequisites.tls',
    lines: [30, 30],
    says: 'TLS 1.2 is enabled as the registry settings article of Windows Server describes.',
    controls: ['tls.client-enabled', 'tls.handshake'],
  },
  {
    id: 'prerequisites.tls-warning',
    lines: [32, 33],
    says: 'Warning: automatic negotiation does not do, TLS 1.2 has to be switched on.',
    controls: ['tls.client-enabled', 'tls.handshake'],
  },
  {
    id: 'install.installer',
    lines: [37, 37],
    says: 'The installer for this version of Windows is used.',
    controls: ['install.package-fits-machine'],
  },
  {
    id: 'install.download',
    lines: [39, 39],
    says: 'The software comes from the Microsoft Download Center, https://aka.ms/sspraddin.',
    controls: ['install.package-identified'],
  },
  {
    id: 'install.run',
    lines: [41, 41],
    says: 'The installer is run on the machine by somebody who is signed in there.',
    controls: ['install.exit-code', 'install.registered'],
  },
  {
    id: 'install.restart',
    lines: [42, 42],
    says: 'A restart afterwards is strongly advised.',
    controls: ['install.restarted'],
  },
  {
    id: 'install.click',
    lines: [43, 43],
    says: 'After the restart one chooses a user at the logon screen and starts the reset with "Forgot password?".',
    controls: ['logon.screen-reached', 'logon.link-shown', 'logon.reset-page-opens'],
  },
  {
    id: 'install.complete',
    lines: [44, 44],
    says: 'The steps on the screen lead to the new password.',
    controls: ['logon.user-id-accepted', 'logon.verification-passed', 'logon.password-reset'],
  },
  {
    id: 'install.picture-flow',
    lines: [46, 46],
    says: 'A picture shows the flow on Windows 7 after the click.',
    controls: ['logon.reset-page-opens'],
  },
  {
    id: 'silent.install',
    lines: [50, 50],
    says: 'The silent installation is: msiexec /i SsprWindowsLogon.PROD.msi /qn',
    controls: ['install.exit-code'],
  },
  {
    id: 'silent.uninstall',
    lines: [51, 51],
    says: 'The silent removal is: msiexec /x SsprWindowsLogon.PROD.msi /qn',
    controls: [
      'uninstall.exit-code',
      'uninstall.registration-gone',
      'uninstall.no-leftovers',
      'uninstall.link-gone',
    ],
  },
  {
    id: 'caveats.registered',
    lines: [55, 55],
    says: 'The link is of use only to a user who has registered for the reset.',
    controls: ['prerequisites.user-registered', 'refusals.not-registered'],
  },
  {
    id: 'caveats.picture-security-info',
    lines: [57, 57],
    says: 'A picture shows the page that others get: more security info is needed.',
    controls: ['prerequisites.user-registered', 'refusals.not-registered'],
  },
  {
    id: 'caveats.authenticator',
    lines: [59, 59],
    says: 'Notifications and codes of the Microsoft Authenticator app do not work in the first release.',
    controls: ['prerequisites.alternate-methods', 'logon.verification-passed', 'refusals.authenticator-only'],
  },
  {
    id: 'caveats.other-methods',
    lines: [59, 59],
    says: 'Users have registered other methods, as many as the policy asks for.',
    controls: ['prerequisites.alternate-methods'],
  },
  {
    id: 'caveats.credential-providers',
    lines: [61, 61],
    says: 'With more than one credential provider of other makers enabled, users see more than one profile.',
    controls: ['install.provider-count', 'logon.tiles'],
  },
  {
    id: 'troubleshooting.machine-events',
    lines: [65, 65],
    says: 'The machine logs events.',
    controls: ['logging.events-on-machine'],
  },
  {
    id: 'troubleshooting.tenant-events',
    lines: [65, 65],
    says: 'Azure AD logs events.',
    controls: ['audit.flow-entries', 'audit.reset-entry'],
  },
  {
    id: 'troubleshooting.ip-address',
    lines: [67, 67],
    says: 'The events of Azure AD hold the IP address where the reset was made.',
    controls: ['audit.ip-address'],
  },
  {
    id: 'troubleshooting.client-type',
    lines: [67, 67],
    says: 'The events of Azure AD hold a ClientType.',
    controls: ['audit.client-type'],
  },
  {
    id: 'troubleshooting.picture-audit',
    lines: [69, 69],
    says: 'A picture shows a reset from Windows 7 in the audit log.',
    controls: ['audit.reset-entry'],
  },
  {
    id: 'troubleshooting.verbose',
    lines: [71, 71],
    says: 'A registry key of the machine switches verbose logging on where more is needed.',
    controls: ['logging.verbose-on'],
  },
  {
    id: 'troubleshooting.verbose-only-for-this',
    lines: [71, 71],
    says: 'Verbose logging is for troubleshooting only.',
    controls: ['logging.verbose-not-left-on'],
  },
  {
    id: 'troubleshooting.verbose-key',
    lines: [73, 73],
    says: 'The key is that of the credential provider {86D2F0AC-2171-46CF-9998-4E33B3D7FD4F}.',
    controls: ['install.registered', 'logging.verbose-on'],
  },
  {
    id: 'troubleshooting.verbose-on',
    lines: [75, 75],
    says: 'On: a REG_DWORD EnableLogging with the value 1.',
    controls: ['logging.verbose-on'],
  },
  {
    id: 'troubleshooting.verbose-off',
    lines: [76, 76],
    says: 'Off: EnableLogging with the value 0.',
    controls: ['logging.verbose-off', 'logging.none-when-off'],
  },
  {
    id: 'troubleshooting.proxy',
    lines: [78, 78],
    says: 'Proxy and firewall let HTTPS (443) to passwordreset.microsoftonline.com through.',
    controls: ['proxy.portal-reachable'],
  },
];
